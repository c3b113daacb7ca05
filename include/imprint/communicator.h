/// imprint/communicator.h: processes that work together, each with a number, its rank. The library
/// knows nothing of MPI: a communicator is a table of functions, which a plug-in fills
/// (imprint-mpi), or nobody: one process alone.
///
/// All functions but imp_communicator_abort() are for one thread of each process at a time. Those
/// that say "all" return when all ranks have called them.
#ifndef IMPRINT_COMMUNICATOR_H
#define IMPRINT_COMMUNICATOR_H

#include <stddef.h>

#include "imprint/base.h"

IMP_API_BEGIN

/// Version of this table; a plug-in of another one is refused.
#define IMP_COMMUNICATOR_ABI_VERSION 2

/// What a plug-in does. A function that fails returns a status other than IMP_OK and writes the
/// reason, one line, to reason (256 bytes).
typedef struct imp_communicator_vtable {
    int version;      ///< IMP_COMMUNICATOR_ABI_VERSION
    const char *name; ///< of the plug-in, such as "Open MPI"
    imp_status (*send)(void *context, int to, const void *bytes, size_t count, char *reason);
    imp_status (*receive)(void *context, int from, void *bytes, size_t count, char *reason);
    /// A rank whose message waits to be received, or -1. Returns at once.
    imp_status (*poll)(void *context, int *from, char *reason);
    imp_status (*broadcast)(void *context, void *bytes, size_t count, char *reason);
    imp_status (*all_gather)(void *context, void *bytes, const size_t *counts, char *reason);
    void (*abort)(void *context, int code); ///< ends all processes
    void (*close)(void *context);
} imp_communicator_vtable;

/// Processes that work together. A plain value; obtain it with imp_communicator_single_process() or
/// imp_communicator_open().
typedef struct imp_communicator {
    int rank, size;                        ///< 0 to size - 1
    const imp_communicator_vtable *vtable; ///< NULL: alone
    void *context;                         ///< of the vtable
    void *library;                         ///< the plug-in; NULL: none
    double seconds;                        ///< spent in communication so far, waiting included
} imp_communicator;

/// One process alone: rank 0 of 1. Nothing that is called with it fails.
imp_communicator imp_communicator_single_process(void);

/// Loads a plug-in, the shared object at `path`, which joins this process to the others that
/// `mpirun` started. IMP_BAD_INPUT: it is none, or of another version. IMP_IO: it finds no others.
/// Close it with imp_communicator_close().
imp_status imp_communicator_open(imp_communicator *out, const char *path, imp_error *err);
/// All. Nullable.
void imp_communicator_close(imp_communicator *communicator);

/// What the plug-in at `path` must define: fills rank, size, vtable and context.
typedef imp_status (*imp_communicator_plugin_open)(imp_communicator *out, char *reason);
#define IMP_COMMUNICATOR_PLUGIN_SYMBOL "imp_communicator_plugin"

/// Sends bytes to a rank, which receives as many. May return before they are received.
imp_status imp_communicator_send(imp_communicator *communicator, int to, const void *bytes,
                                 size_t count, imp_error *err);
imp_status imp_communicator_receive(imp_communicator *communicator, int from, void *bytes,
                                    size_t count, imp_error *err);
/// *from: a rank whose message waits to be received, or -1. Does not wait.
imp_status imp_communicator_poll(imp_communicator *communicator, int *from, imp_error *err);
/// All: bytes of rank 0 to all others.
imp_status imp_communicator_broadcast(imp_communicator *communicator, void *bytes, size_t count,
                                      imp_error *err);
/// All: bytes of the rank `from` to all others.
imp_status imp_communicator_broadcast_from(imp_communicator *communicator, int from, void *bytes,
                                           size_t count, imp_error *err);
/// All: bytes holds a part of each rank, one after the other; counts: (size) bytes of each. Each
/// rank gives its own part, and gets those of the others.
imp_status imp_communicator_all_gather(imp_communicator *communicator, void *bytes,
                                       const size_t *counts, imp_error *err);
/// All: returns the first status of a rank that is not IMP_OK, with that rank's message in *err,
/// on all ranks; IMP_OK if there is none. So all go on, or none does. communicator: NULL: a process
/// that is alone.
imp_status imp_communicator_agree_on_status(imp_communicator *communicator, imp_status status,
                                            imp_error *err);
/// All: fails with IMP_USAGE unless text is the same on all ranks; `what` names it in the message.
imp_status imp_communicator_check_same_text(imp_communicator *communicator, const char *text,
                                            const char *what, imp_error *err);
/// Ends all processes at once with this exit code. Does nothing if the process is alone.
void imp_communicator_abort(const imp_communicator *communicator, int code);

IMP_API_END

#endif
