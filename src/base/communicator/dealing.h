// base/communicator/dealing.h: numbered pieces of work, dealt to ranks as they ask for them. A rank
// that is slow does fewer of them. What the pieces make is settled on rank 0 in the order of their
// numbers, so that it does not depend on who did them, or when.
#ifndef IMP_BASE_COMMUNICATOR_DEALING_H
#define IMP_BASE_COMMUNICATOR_DEALING_H

#include "imprint/communicator.h"

typedef struct imp_dealing {
    int pieces; // numbered from 0
    // A piece is dealt only if it is one of so many from the first that is not settled. So rank 0
    // keeps that many at most. 0: any number.
    int ahead;
    void *context;
    // Does a piece; on rank 0 it also keeps what it made. There it runs in a thread of its own.
    imp_status (*work)(void *context, int piece, imp_error *err);
    // Other ranks: sends what work() made to rank 0, which receives and keeps it.
    imp_status (*send)(void *context, int piece, imp_error *err);
    imp_status (*receive)(void *context, int piece, int from, imp_error *err);
    // Rank 0, in the thread of work(): takes up what is kept of a piece. In the order of pieces.
    imp_status (*settle)(void *context, int piece, imp_error *err);
} imp_dealing;

// All: does all pieces. After a piece that failed nothing is settled, and no more is dealt; the
// first that failed is reported, on rank 0. Other ranks fail only if messages do. At
// least two ranks.
imp_status imp_deal(imp_communicator *communicator, const imp_dealing *dealing, imp_error *err);

#endif
