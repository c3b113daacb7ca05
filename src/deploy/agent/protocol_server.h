// deploy/agent/protocol_server.h: the agent's side of the conversation, whoever decides.
#ifndef IMP_DEPLOY_AGENT_PROTOCOL_SERVER_H
#define IMP_DEPLOY_AGENT_PROTOCOL_SERVER_H

#include "deploy/agent/async_inference.h"
#include "imprint/robot.h"

enum {
    // longest message accepted; an observation has about 100 kB, a robot state about 10 kB
    IMP_PROTOCOL_MESSAGE_MAX = 8 << 20,
};

typedef struct imp_protocol_server_def {
    imp_async_inference *inference;
    double deadline;          // for one inference [s]
    double time_step;         // that the network was trained at [s]; 0: any
    const imp_wheels *wheels; // nullable: commands are corrected for them
    void (*report_warning)(void *context, const char *text); // nullable
    void *context;
    const imp_monitor *monitor; // nullable
} imp_protocol_server_def;

// See imp_agent_serve().
imp_status imp_protocol_server_run(const imp_protocol_server_def *def, int input, int output,
                                   imp_error *err);

#endif
