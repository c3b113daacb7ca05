// deploy/agent/agent.h: what an agent is made of.
#ifndef IMP_DEPLOY_AGENT_AGENT_H
#define IMP_DEPLOY_AGENT_AGENT_H

#include "base/image/jpeg_codec.h"
#include "deploy/agent/async_inference.h"
#include "imprint/agent.h"
#include "imprint/segmentation.h"
#include "sim/robot/image_preprocessor.h"

struct imp_agent {
    imp_image_preprocessor *preprocessor;
    imp_segmenter *segmenter; // NULL: the network looks at pictures itself
    imp_inference *inference;
    imp_obs_history *recall;
    bool velocities;                     // what the network gives
    imp_action_history action_history;   // of imp_agent_act()
    uint8_t *observation, *segmentation; // of the eye, and of the segmenter
    double deadline;                     // [s]
    double time_step;                    // at which it should decide [s]; 0: at any
    void (*report_warning)(void *context, const char *text);
    void *context;
};

// An imp_async_function whose context is an agent.
bool imp_agent_infer(void *context, const imp_action_history *action_history, const uint8_t *jpeg,
                     size_t length, imp_action *out, char *why, size_t capacity);

#endif
