// agent/mind.h: decides about pictures on a thread of its own, so that whoever asks can stop
// waiting.
#ifndef IMP_AGENT_MIND_H
#define IMP_AGENT_MIND_H

#include "imprint/robot.h"

enum { IMP_MIND_WHY = 256, IMP_MIND_ANSWERS = 64 };

// What happened since the picture that was decided about before.
typedef struct imp_mind_news {
    bool begins; // an episode; what follows is of it
    int count;   // answers; of many the last ones
    imp_action answers[IMP_MIND_ANSWERS];
} imp_mind_news;

// What a picture calls for; false if it cannot be read, and why (capacity bytes) says why.
typedef bool (*imp_decide)(void *context, const imp_mind_news *news, const uint8_t *jpeg,
                           size_t length, imp_action *out, char *why, size_t capacity);

typedef enum imp_mind_state {
    IMP_MIND_NOTHING, // it was not shown anything
    IMP_MIND_READY,
    IMP_MIND_UNREADABLE,
    IMP_MIND_LATE,
} imp_mind_state;

typedef struct imp_mind imp_mind;

// Starts the thread that calls decide(context, ...), never twice at once.
imp_status imp_mind_create(imp_mind **out, imp_decide decide, void *context, imp_error *err);
// Waits for a decision under way.
void imp_mind_destroy(imp_mind *mind); // nullable

// Shows it a picture, which is copied; one that it has not begun with is forgotten. Allocates only
// for the largest pictures so far. False without memory.
bool imp_mind_show(imp_mind *mind, const uint8_t *jpeg, size_t length);

// The action for the last picture shown, waiting at most so long [s] for it. Unless READY the
// action is zeros; why (nullable, IMP_MIND_WHY bytes): of UNREADABLE.
imp_mind_state imp_mind_ask(imp_mind *mind, double seconds, imp_action *out, char *why);

// Forgets what it was shown: an episode begins.
void imp_mind_forget(imp_mind *mind);

#endif
