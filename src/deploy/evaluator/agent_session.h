// deploy/evaluator/agent_session.h: the evaluator's side of the conversation with an agent: what it
// says, and how strictly it listens.
#ifndef IMP_DEPLOY_EVALUATOR_AGENT_SESSION_H
#define IMP_DEPLOY_EVALUATOR_AGENT_SESSION_H

#include "deploy/evaluator/agent_process.h"
#include "imprint/evaluator.h"

#include <stdio.h>

typedef struct imp_agent_session {
    imp_agent_process
        *agent;          // NULL until imp_agent_session_start(), and after imp_agent_session_stop()
    imp_cbor_writer out; // the message under construction
    FILE *log; // nullable, the caller's: gets all topic messages of both sides, the agent's
               // and the simulator's as remarks, so that it can be fed to an agent
} imp_agent_session;

// Whether settings are sound.
imp_status imp_agent_process_def_check(const imp_agent_process_def *def, imp_error *err);

// What an agent is shown.
typedef struct imp_agent_session_frame {
    const uint8_t *jpeg;
    size_t length;
    double time;        // of the episode [s]
    double left, right; // how far the wheels have turned since its start [rad]
} imp_agent_session_frame;

imp_status imp_agent_session_open(imp_agent_session *session, imp_error *err);
// Ends the agent as well, gently.
void imp_agent_session_close(imp_agent_session *session);

// Starts the agent and shakes hands with it: capabilities, its protocol if it offers one, the seed.
imp_status imp_agent_session_start(imp_agent_session *session, const imp_agent_process_def *def,
                                   uint64_t seed, imp_error *err);
void imp_agent_session_stop(imp_agent_session *session, bool gently);

// Each of these waits for the reply, until a time [imp_monotonic_seconds()] at most.
imp_status imp_agent_session_begin_episode(imp_agent_session *session, const char *episode,
                                           double until, imp_error *err);
imp_status imp_agent_session_send_image(imp_agent_session *session,
                                        const imp_agent_session_frame *view, double until,
                                        imp_error *err);
imp_status imp_agent_session_get_action(imp_agent_session *session, double time, imp_action *out,
                                        double until, imp_error *err);

// Writes a message of the simulator's to the log: where the robot is, as it tells evaluators.
void imp_agent_session_log_pose(imp_agent_session *session, double time, imp_pose pose);

#endif
