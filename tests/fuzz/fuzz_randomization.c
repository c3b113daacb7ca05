// Any bytes at all, read as a file of distributions: something to draw from that the definitions
// take, or one line that says why not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/randomize.h"

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
    imp_randomization spec = imp_randomization_none();
    char notice[IMP_NOTICE_MAX];
    imp_status status =
        imp_randomization_parse(&spec, "fuzz.json", (const char *)data, size, notice, &err);
    wanted(strchr(notice, '\n') == NULL, "the notice is one line");
    if (status != IMP_OK) {
        wanted(status == IMP_BAD_INPUT && err.status == status, "bad input is the only failure");
        wanted(strncmp(err.message, "fuzz.json:", 10) == 0, "the message names the file");
        wanted(strchr(err.message, '\n') == NULL, "the message is one line");
        return 0;
    }
    for (uint32_t episode = 0; episode < 4; episode++) {
        const imp_draw draw = imp_draw_episode(&spec, 1, 0, episode);
        imp_camera_def camera = imp_default_camera_def();
        imp_degrade_def degrade = imp_default_degrade_def();
        imp_camera probe;
        char text[IMP_DRAW_TEXT_MAX];
        camera.lens = imp_lens_none();
        imp_draw_camera(&draw, &camera);
        imp_draw_degrade(&draw, &degrade);
        imp_draw_text(&draw, text);
        wanted(imp_camera_init(&probe, &camera, NULL) == IMP_OK, "every camera is taken");
        wanted(imp_degrade_check(&degrade, NULL) == IMP_OK, "every degradation is taken");
        wanted(strlen(text) >= 2 && text[strlen(text) - 1] == '}', "the text is whole");
    }
    return 0;
}
