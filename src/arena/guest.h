// arena/guest.h: an agent's process with its two FIFOs, watched: whatever it does, it costs no more
// than the time and memory granted here.
#ifndef IMP_ARENA_GUEST_H
#define IMP_ARENA_GUEST_H

#include "agent/message.h"
#include "imprint/arena.h"

typedef struct imp_guest imp_guest;

// Starts a definition's command in a process group of its own, in a sandbox if it says so, and
// opens its streams, until a time [imp_clock()] at most. Messages say what it wrote last.
imp_status imp_guest_start(imp_guest **out, const imp_guest_def *def, double until, imp_error *err);

// Ends its input, and its processes; gently: unless they soon end by themselves. nullable
void imp_guest_stop(imp_guest *guest, bool gently);

// Sends bytes, until a time at most.
imp_status imp_guest_send(imp_guest *guest, const imp_cbor_out *message, double until,
                          imp_error *err);

// Receives the next message, until a time at most. It is valid until the next call.
imp_status imp_guest_receive(imp_guest *guest, imp_message *out, double until, imp_error *err);

// The memory that its processes have at hand [bytes]; 0 if it cannot be told.
int64_t imp_guest_memory(const imp_guest *guest);

#endif
