// Several policies, each as an agent that looks at images, as on a robot: images are converted if
// the robot's camera differs from that of the training. Actions stay those of the usual wheels, so
// that they can be compared.
#include "cli/robot_commands/predictor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "imprint/nn.h"
#include "imprint/segmentation.h"

static void print_note_unless_quiet(void *context, const char *text)
{
    if (!*(const bool *)context)
        fprintf(stderr, "imprint: %s\n", text);
}

// Only policies that were trained on masks look through the segmenter.
static imp_status needs_segmenter(bool *wants, const char *model, imp_error *err)
{
    imp_network *network;
    IMP_TRY(imp_network_load(&network, model, err));
    *wants = imp_network_observation_kind(network) == IMP_OBSERVATION_SEGMENTATION;
    imp_network_destroy(network);
    return IMP_OK;
}

imp_status imp_predictor_open(imp_predictor *predictor, const imp_text_list *models,
                              const char *segmenter, const char *robot, bool quiet, imp_error *err)
{
    *predictor = (imp_predictor){.robot = imp_default_robot_def()};
    if (models->count < 1 || models->count > IMP_PREDICTOR_POLICIES_MAX)
        return imp_fail(err, IMP_USAGE, "give one to %d models with --policy",
                        (int)IMP_PREDICTOR_POLICIES_MAX);
    if (robot[0] != '\0')
        IMP_TRY(imp_robot_read(&predictor->robot, NULL, robot, err));
    for (int k = 0; k < models->count; k++) {
        imp_agent_def def = imp_default_agent_def();
        bool wants, silent = quiet;
        IMP_TRY(needs_segmenter(&wants, models->items[k], err));
        def.model = models->items[k];
        def.segmenter = wants ? segmenter : "";
        def.robot = robot;
        def.report_warning = print_note_unless_quiet;
        def.context = &silent;
        IMP_TRY(imp_agent_create(&predictor->agents[k], &def, err));
        predictor->names[k] = imp_path_shortest_unique_tail(models->items, models->count, k);
        predictor->count = k + 1;
    }
    return IMP_OK;
}

void imp_predictor_close(imp_predictor *predictor)
{
    for (int k = 0; k < IMP_PREDICTOR_POLICIES_MAX; k++)
        imp_agent_destroy(predictor->agents[k]);
}

imp_status imp_predictor_act(imp_predictor *predictor, const imp_image_frame *frame, imp_error *err)
{
    for (int k = 0; k < predictor->count; k++) {
        if (frame->begins)
            imp_agent_reset(predictor->agents[k]);
        IMP_TRY(imp_agent_act_on_image(predictor->agents[k], frame->rgb, frame->width,
                                       frame->height, &predictor->actions[k], err));
        predictor->doubts[k] = imp_agent_doubt(predictor->agents[k]);
        predictor->actions[k] = imp_action_clip(
            imp_wheels_normalise_action(&predictor->robot.wheels, predictor->actions[k]));
    }
    return IMP_OK;
}

int imp_action_turn_direction(imp_action action, double straight)
{
    const double difference = action.right - action.left;
    return difference > straight ? 1 : difference < -straight ? -1 : 0;
}
