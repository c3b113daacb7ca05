// deploy/evaluator/agent_session.h: the evaluator's side of the protocol. It sends the messages of
// a host and checks the replies as strictly.
#ifndef IMP_DEPLOY_EVALUATOR_AGENT_SESSION_H
#define IMP_DEPLOY_EVALUATOR_AGENT_SESSION_H

#include "deploy/evaluator/agent_process.h"
#include "imprint/evaluator.h"

#include <stdio.h>

typedef struct imp_agent_session {
    imp_agent_process
        *agent;          // NULL until imp_agent_session_start(), and after imp_agent_session_stop()
    imp_cbor_writer out; // the message under construction
    FILE *log; // nullable, the caller's: receives all topic messages. Those of the agent and
               // the simulator are marked, so that an agent ignores them in a replay
} imp_agent_session;

// Checks the settings.
imp_status imp_agent_process_def_check(const imp_agent_process_def *def, imp_error *err);

// One observation for the agent.
typedef struct imp_agent_session_frame {
    const uint8_t *jpeg;
    size_t length;
    double time;        // of the episode [s]
    double left, right; // angle that each wheel has turned since its start [rad]
} imp_agent_session_frame;

imp_status imp_agent_session_alloc(imp_agent_session *session, imp_error *err);
// Also stops the agent, gently.
void imp_agent_session_close(imp_agent_session *session);

// Starts the agent and performs the handshake: capabilities, protocol description if the agent
// offers one, seed.
imp_status imp_agent_session_start(imp_agent_session *session, const imp_agent_process_def *def,
                                   uint64_t seed, imp_error *err);
void imp_agent_session_stop(imp_agent_session *session, bool gently);

// Each of these waits for the reply, at most until the time `until` [imp_monotonic_seconds()].
imp_status imp_agent_session_begin_episode(imp_agent_session *session, const char *episode,
                                           double until, imp_error *err);
imp_status imp_agent_session_send_image(imp_agent_session *session,
                                        const imp_agent_session_frame *view, double until,
                                        imp_error *err);
imp_status imp_agent_session_get_action(imp_agent_session *session, double time, imp_action *out,
                                        double until, imp_error *err);

// Logs the robot's pose as a message that the simulator sends to evaluators.
void imp_agent_session_log_pose(imp_agent_session *session, double time, imp_pose pose);

#endif
