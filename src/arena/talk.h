// arena/talk.h: the evaluator's side of the conversation with an agent: what it says, and how
// strictly it listens.
#ifndef IMP_ARENA_TALK_H
#define IMP_ARENA_TALK_H

#include "arena/guest.h"
#include "imprint/arena.h"

#include <stdio.h>

typedef struct imp_talk {
    imp_guest *guest; // NULL until imp_talk_start(), and after imp_talk_stop()
    imp_cbor_out out; // the message under construction
    FILE *log;        // nullable, the caller's: gets all topic messages of both sides, the agent's
                      // and the simulator's as remarks, so that it can be fed to an agent
} imp_talk;

// Whether settings are sound.
imp_status imp_guest_check(const imp_guest_def *def, imp_error *err);

// What an agent is shown.
typedef struct imp_talk_view {
    const uint8_t *jpeg;
    size_t length;
    double time;        // of the episode [s]
    double left, right; // how far the wheels have turned since its start [rad]
} imp_talk_view;

imp_status imp_talk_open(imp_talk *talk, imp_error *err);
// Ends the agent as well, gently.
void imp_talk_close(imp_talk *talk);

// Starts the agent and shakes hands with it: capabilities, its protocol if it offers one, the seed.
imp_status imp_talk_start(imp_talk *talk, const imp_guest_def *def, uint64_t seed, imp_error *err);
void imp_talk_stop(imp_talk *talk, bool gently);

// Each of these waits for the reply, until a time [imp_clock()] at most.
imp_status imp_talk_begin(imp_talk *talk, const char *episode, double until, imp_error *err);
imp_status imp_talk_show(imp_talk *talk, const imp_talk_view *view, double until, imp_error *err);
imp_status imp_talk_ask(imp_talk *talk, double time, imp_action *out, double until, imp_error *err);

// Writes a message of the simulator's to the log: where the robot is, as it tells evaluators.
void imp_talk_note_pose(imp_talk *talk, double time, imp_pose pose);

#endif
