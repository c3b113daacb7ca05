// agent/agent.h: what an agent is made of.
#ifndef IMP_AGENT_AGENT_H
#define IMP_AGENT_AGENT_H

#include "agent/mind.h"
#include "base/jpeg.h"
#include "imprint/agent.h"
#include "imprint/vision.h"
#include "robot/eye.h"

struct imp_agent {
    imp_eye *eye;
    imp_segmenter *segmenter; // NULL: the network looks at pictures itself
    imp_inference *inference;
    imp_recall *recall;
    bool velocities;                // what the network gives
    imp_mind_news news;             // of imp_agent_decide()
    uint8_t *observation, *painted; // of the eye, and of the segmenter
    double deadline;                // [s]
    double time_step;               // at which it should decide [s]; 0: at any
    void (*notice)(void *context, const char *text);
    void *context;
};

// An imp_decide whose context is an agent.
bool imp_agent_think(void *context, const imp_mind_news *news, const uint8_t *jpeg, size_t length,
                     imp_action *out, char *why, size_t capacity);

#endif
