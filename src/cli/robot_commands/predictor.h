// cli/robot_commands/predictor.h: several policies, each as an agent that looks at images.
#ifndef IMP_CLI_ROBOT_COMMANDS_PREDICTOR_H
#define IMP_CLI_ROBOT_COMMANDS_PREDICTOR_H

#include "cli/options/options.h"
#include "cli/robot_commands/image_frames.h"
#include "imprint/agent.h"
#include "imprint/robot_file.h"

enum { IMP_PREDICTOR_POLICIES_MAX = 16 };

typedef struct imp_predictor {
    int count;
    const char *names[IMP_PREDICTOR_POLICIES_MAX]; // borrowed
    imp_agent *agents[IMP_PREDICTOR_POLICIES_MAX];
    imp_robot_def robot;                            // whose camera took the images
    imp_action actions[IMP_PREDICTOR_POLICIES_MAX]; // for the last image
    double doubts[IMP_PREDICTOR_POLICIES_MAX];      // the same; -1: a policy has none
} imp_predictor;

// Opens the models. segmenter, robot: "" for none. Notes go to standard error unless quiet. Closed
// with imp_predictor_close(), also after a failure.
imp_status imp_predictor_open(imp_predictor *predictor, const imp_text_list *models,
                              const char *segmenter, const char *robot, bool quiet, imp_error *err);
void imp_predictor_close(imp_predictor *predictor);

// Computes the actions of all policies for an image.
imp_status imp_predictor_act(imp_predictor *predictor, const imp_image_frame *frame,
                             imp_error *err);

// The side that an action steers to: 1 left, 0 about straight, -1 right. straight: the largest
// difference of the duty cycles that counts as straight.
int imp_action_turn_direction(imp_action action, double straight);

#endif
