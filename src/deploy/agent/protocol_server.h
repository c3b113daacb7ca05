// deploy/agent/protocol_server.h: the agent's side of the conversation, whoever decides.
#ifndef IMP_DEPLOY_AGENT_PROTOCOL_SERVER_H
#define IMP_DEPLOY_AGENT_PROTOCOL_SERVER_H

#include "deploy/agent/async_inference.h"

enum {
    // longest message that is read: a camera's picture has some 100 kB, a state some 10
    IMP_PROTOCOL_MESSAGE_MAX = 8 << 20,
};

typedef struct imp_protocol_server_def {
    imp_async_inference *inference;
    double deadline;  // for a decision [s]
    double time_step; // at which it should decide [s]; 0: at any
    void (*report_warning)(void *context, const char *text); // nullable
    void *context;
    const imp_monitor *monitor; // nullable
} imp_protocol_server_def;

// See imp_agent_serve().
imp_status imp_protocol_server_run(const imp_protocol_server_def *def, int input, int output,
                                   imp_error *err);

#endif
