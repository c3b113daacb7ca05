// deploy/agent/agent.h: the parts of an agent: image preprocessing, networks and history.
#ifndef IMP_DEPLOY_AGENT_AGENT_H
#define IMP_DEPLOY_AGENT_AGENT_H

#include "base/image/jpeg_codec.h"
#include "deploy/agent/async_inference.h"
#include "imprint/agent.h"
#include "imprint/segmentation.h"
#include "sim/robot/image_preprocessor.h"

struct imp_agent {
    imp_image_preprocessor *preprocessor;
    imp_segmenter *segmenter; // NULL: the network takes camera images
    imp_inference *inference;
    imp_obs_history *recall;
    double doubt;                        // of the last action; -1: none
    bool velocities;                     // the network outputs velocities, not duty cycles
    imp_action_history action_history;   // of imp_agent_act()
    uint8_t *observation, *segmentation; // outputs of preprocessor and segmenter
    bool corrects_wheels;                // for the robot's, which follow
    imp_wheels wheels;
    int width, height;            // of the network's input
    double deadline;              // [s]
    double time_step;             // that the network must be run at [s]; 0: any
    imp_conditions conditions;    // of images to come; the clock may tell another time step
    double slow_down_at, stop_at; // doubts; both 0: off
    void (*report_warning)(void *context, const char *text);
    void *context;
};

// An imp_async_function whose context is an agent.
bool imp_agent_infer(void *context, const imp_action_history *action_history, const uint8_t *jpeg,
                     size_t length, imp_action *out, char *why, size_t capacity);

#endif
