// deploy/evaluator/agent_process.h: an agent's process with its two FIFOs, watched: whatever it
// does, it costs no more than the time and memory granted here.
#ifndef IMP_DEPLOY_EVALUATOR_AGENT_PROCESS_H
#define IMP_DEPLOY_EVALUATOR_AGENT_PROCESS_H

#include "deploy/protocol/protocol_message.h"
#include "imprint/evaluator.h"

typedef struct imp_agent_process imp_agent_process;

// Starts a definition's command in a process group of its own, in a sandbox if it says so, and
// opens its streams, until a time [imp_monotonic_seconds()] at most. Messages say what it wrote
// last.
imp_status imp_agent_process_start(imp_agent_process **out, const imp_agent_process_def *def,
                                   double until, imp_error *err);

// Ends its input, and its processes; gently: unless they soon end by themselves. nullable
void imp_agent_process_stop(imp_agent_process *agent, bool gently);

// Sends bytes, until a time at most.
imp_status imp_agent_process_send(imp_agent_process *agent, const imp_cbor_writer *message,
                                  double until, imp_error *err);

// Receives the next message, until a time at most. It is valid until the next call.
imp_status imp_agent_process_receive(imp_agent_process *agent, imp_protocol_message *out,
                                     double until, imp_error *err);

// The memory that its processes have at hand [bytes]; 0 if it cannot be told.
int64_t imp_agent_process_memory(const imp_agent_process *agent);

#endif
