// Any bytes at all, read as a robot's file: a robot that can be drawn and driven, that its own text
// gives back, or one line that says why not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/robot_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_error err = {0};
    imp_robot_def robot, again;
    imp_robot_remarks remarks;
    char text[IMP_ROBOT_TEXT_MAX], other[IMP_ROBOT_TEXT_MAX];
    if (imp_robot_parse(&robot, &remarks, (const char *)data, size, "fuzz.yaml", &err) != IMP_OK) {
        wanted(err.status == IMP_BAD_INPUT || err.status == IMP_NO_MEMORY, "the file is at fault");
        wanted(strncmp(err.message, "fuzz.yaml", 9) == 0, "the message names the file");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
        return 0;
    }
    for (int k = 0; k < remarks.count; k++)
        wanted(strchr(remarks.list[k].text, '\n') == NULL, "a remark is one line");
    imp_camera_def camera = imp_default_camera_def();
    imp_drive_def drive = imp_default_drive_def();
    imp_camera probe;
    imp_drive moving;
    imp_pose pose = {0};
    imp_robot_set_camera_and_drive(&robot, &camera, &drive);
    wanted(imp_camera_init(&probe, &camera, NULL) == IMP_OK, "every camera is taken");
    imp_drive_reset(&moving, &drive);
    imp_drive_step(&moving, &pose, (imp_action){1.0, -1.0});
    wanted(imp_robot_frame_skip(&robot, drive.time_step) >= 1, "there are decisions");
    imp_robot_format(&robot, text);
    wanted(imp_robot_parse(&again, NULL, text, strlen(text), "text", NULL) == IMP_OK,
           "the text is a robot");
    wanted(strcmp(text, imp_robot_format(&again, other)) == 0, "the text gives the robot back");
    return 0;
}
