// agent/node.h: the agent's side of the conversation, whoever decides.
#ifndef IMP_AGENT_NODE_H
#define IMP_AGENT_NODE_H

#include "agent/mind.h"

enum {
    // longest message that is read: a camera's picture has some 100 kB, a state some 10
    IMP_NODE_MESSAGE_MAX = 8 << 20,
};

typedef struct imp_node_def {
    imp_mind *mind;
    double deadline;                                 // for a decision [s]
    double time_step;                                // at which it should decide [s]; 0: at any
    void (*notice)(void *context, const char *text); // nullable
    void *context;
    const imp_monitor *monitor; // nullable
} imp_node_def;

// See imp_agent_serve().
imp_status imp_node_serve(const imp_node_def *def, int input, int output, imp_error *err);

#endif
