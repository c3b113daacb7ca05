// deploy/evaluator/agent_process.h: an agent's process with its two FIFOs. Whatever the process
// does, calls here end within the time granted to them.
#ifndef IMP_DEPLOY_EVALUATOR_AGENT_PROCESS_H
#define IMP_DEPLOY_EVALUATOR_AGENT_PROCESS_H

#include "deploy/protocol/protocol_message.h"
#include "imprint/evaluator.h"

typedef struct imp_agent_process imp_agent_process;

// Starts a definition's command in a process group of its own, in a sandbox if it says so, and
// opens its streams. Fails if that takes longer than `until` [imp_monotonic_seconds()]. Error
// messages include the end of the process's output.
imp_status imp_agent_process_start(imp_agent_process **out, const imp_agent_process_def *def,
                                   double until, imp_error *err);

// Closes the agent's input and kills its processes. gently: gives them a moment to exit first.
// nullable
void imp_agent_process_stop(imp_agent_process *agent, bool gently);

// Sends a message; fails at the time `until`.
imp_status imp_agent_process_send(imp_agent_process *agent, const imp_cbor_writer *message,
                                  double until, imp_error *err);

// Receives the next message; fails at the time `until`. The message is valid until the next call.
imp_status imp_agent_process_receive(imp_agent_process *agent, imp_protocol_message *out,
                                     double until, imp_error *err);

// Resident memory of all its processes [bytes]; 0 if unknown.
int64_t imp_agent_process_memory(const imp_agent_process *agent);

#endif
