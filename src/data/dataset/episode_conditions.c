// What a recorded step's action may depend on beside images and actions, in the form that networks
// and the simulator share. Episodes hold it as the arrays and attributes of their format.
#include "imprint/dataset.h"

imp_conditions imp_episode_conditions(const imp_episode *episode, int step)
{
    imp_conditions conditions = imp_usual_conditions();
    if (episode->commands != NULL)
        imp_conditions_set_command(&conditions, (imp_navigation_command)episode->commands[step]);
    return conditions;
}
