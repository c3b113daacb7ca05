// What a recorded step's action may depend on beside images and actions. Commands are an array, and
// the time step has an attribute of its own. The other numbers of the table of conditions are
// attributes of an episode: those alone that are neither usual nor the dataset's robot's, so that
// old files have none.
#include "data/dataset/episode_conditions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "imprint/robot_file.h"

enum { NAME_MAX_LENGTH = 64 };

imp_conditions imp_episode_conditions(const imp_episode *episode, int step)
{
    imp_conditions conditions =
        episode->has_conditions ? episode->conditions : imp_usual_conditions();
    imp_conditions_set_command(&conditions, episode->commands != NULL
                                                ? (imp_navigation_command)episode->commands[step]
                                                : IMP_COMMAND_NONE);
    if (episode->time_step > 0.0)
        conditions.numbers[IMP_CONDITION_TIME_STEP] = episode->time_step;
    return conditions;
}

imp_conditions imp_dataset_default_conditions(const imp_dataset_info *info)
{
    imp_conditions conditions = imp_usual_conditions();
    imp_robot_def robot;
    // a text that no release can read tells nothing
    if (info->robot[0] == '\0' ||
        imp_robot_parse(&robot, NULL, info->robot, strlen(info->robot), "robot", NULL) != IMP_OK)
        return conditions;
    imp_drive_def drive = imp_default_drive_def();
    imp_robot_set_camera_and_drive(&robot, NULL, &drive);
    imp_conditions_set_robot(&conditions, &drive, robot.camera.pitch, robot.camera.mount_height);
    return conditions;
}

bool imp_episode_has_condition(const imp_episode *episode, const imp_conditions *defaults,
                               int condition)
{
    const imp_condition_info *info = imp_condition_get_info(condition);
    const bool elsewhere = info->input == IMP_INPUT_COMMAND || info->input == IMP_INPUT_TIME_STEP;
    return episode->has_conditions && !elsewhere &&
           episode->conditions.numbers[condition] != defaults->numbers[condition];
}

// The attribute of a number.
static void format_attribute_name(char out[NAME_MAX_LENGTH], int condition)
{
    snprintf(out, NAME_MAX_LENGTH, "condition_%s", imp_condition_get_info(condition)->name);
}

bool imp_episode_conditions_write(hid_t group, const imp_conditions *defaults,
                                  const imp_episode *episode)
{
    char name[NAME_MAX_LENGTH];
    bool good = true;
    for (int k = 0; k < IMP_CONDITION_COUNT && good; k++) {
        format_attribute_name(name, k);
        if (imp_episode_has_condition(episode, defaults, k))
            good = imp_hdf5_write_double(group, name, episode->conditions.numbers[k]);
    }
    return good;
}

bool imp_episode_conditions_read(hid_t group, const imp_conditions *defaults, imp_episode *episode)
{
    char name[NAME_MAX_LENGTH];
    episode->conditions = *defaults;
    episode->has_conditions = true;
    for (int k = 0; k < IMP_CONDITION_COUNT; k++) {
        double *number = &episode->conditions.numbers[k];
        format_attribute_name(name, k);
        if (H5Aexists(group, name) > 0 &&
            !(imp_hdf5_read_double(group, name, number) && isfinite(*number)))
            return false;
    }
    return true;
}
