// The plug-in imprint-mpi: a communicator of the processes that mpirun started. It is compiled once
// against each MPI library, and links nothing of imprint. MPI counts in int, so long messages are
// sent in pieces. The errors of MPI end all processes, which is MPI's default.
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mpi.h>

#include "imprint/communicator.h"

// The longest piece of a message [bytes].
enum { PIECE = 1 << 30, REASON_MAX = 256 };

static imp_status check(int code, char *reason)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    if (code == MPI_SUCCESS)
        return IMP_OK;
    MPI_Error_string(code, text, &length);
    snprintf(reason, REASON_MAX, "%.200s", text);
    return IMP_IO;
}

static int piece_at(size_t at, size_t count)
{
    return count - at < PIECE ? (int)(count - at) : PIECE;
}

static imp_status send_bytes(void *context, int to, const void *bytes, size_t count, char *reason)
{
    imp_status status = IMP_OK;
    (void)context;
    for (size_t at = 0; at < count && status == IMP_OK; at += PIECE)
        status = check(MPI_Send((const char *)bytes + at, piece_at(at, count), MPI_BYTE, to, 0,
                                MPI_COMM_WORLD),
                       reason);
    return status;
}

// Whether a message of a rank, or of any, waits to be received, and of which.
static imp_status probe(int from, int *found, char *reason)
{
    MPI_Status message;
    int waits = 0;
    const imp_status status = check(MPI_Iprobe(from, 0, MPI_COMM_WORLD, &waits, &message), reason);
    *found = status == IMP_OK && waits != 0 ? message.MPI_SOURCE : -1;
    return status;
}

static imp_status poll_ranks(void *context, int *from, char *reason)
{
    (void)context;
    return probe(MPI_ANY_SOURCE, from, reason);
}

// Waits for a message. MPI itself waits with a busy processor, which others may need.
static imp_status wait_for_message(int from, char *reason)
{
    const long longest = 1000 * 1000; // [ns]
    struct timespec pause = {.tv_nsec = 1000};
    for (;;) {
        int found;
        const imp_status status = probe(from, &found, reason);
        if (status != IMP_OK || found >= 0)
            return status;
        nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec < longest / 2 ? 2 * pause.tv_nsec : longest;
    }
}

static imp_status receive_bytes(void *context, int from, void *bytes, size_t count, char *reason)
{
    (void)context;
    imp_status status = count > 0 ? wait_for_message(from, reason) : IMP_OK;
    for (size_t at = 0; at < count && status == IMP_OK; at += PIECE)
        status = check(MPI_Recv((char *)bytes + at, piece_at(at, count), MPI_BYTE, from, 0,
                                MPI_COMM_WORLD, MPI_STATUS_IGNORE),
                       reason);
    return status;
}

static imp_status broadcast_from(int root, void *bytes, size_t count, char *reason)
{
    imp_status status = IMP_OK;
    for (size_t at = 0; at < count && status == IMP_OK; at += PIECE)
        status = check(
            MPI_Bcast((char *)bytes + at, piece_at(at, count), MPI_BYTE, root, MPI_COMM_WORLD),
            reason);
    return status;
}

static imp_status broadcast_bytes(void *context, void *bytes, size_t count, char *reason)
{
    (void)context;
    return broadcast_from(0, bytes, count, reason);
}

// Each rank broadcasts its part. Where all parts together are short, the library gathers them.
static imp_status gather_bytes(void *context, void *bytes, const size_t *counts, char *reason)
{
    enum { RANKS_MAX = 1024 };
    static int lengths[RANKS_MAX], places[RANKS_MAX];
    int ranks;
    size_t total = 0;
    (void)context;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (int k = 0; k < ranks; k++)
        total += counts[k];
    if (ranks <= RANKS_MAX && total <= PIECE) {
        for (int k = 0, place = 0; k < ranks; place += lengths[k++]) {
            lengths[k] = (int)counts[k];
            places[k] = place;
        }
        return check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes, lengths, places,
                                    MPI_BYTE, MPI_COMM_WORLD),
                     reason);
    }
    imp_status status = IMP_OK;
    char *part = bytes;
    for (int k = 0; k < ranks && status == IMP_OK; part += counts[k++])
        status = broadcast_from(k, part, counts[k], reason);
    return status;
}

// MPICH's launcher drops what it has not read of the processes' messages when it is told to abort.
static void abort_all(void *context, int code)
{
    const struct timespec until_messages_are_read = {.tv_nsec = 200 * 1000 * 1000};
    (void)context;
    nanosleep(&until_messages_are_read, NULL);
    MPI_Abort(MPI_COMM_WORLD, code);
}

static void close_mpi(void *context)
{
    (void)context;
    MPI_Finalize();
}

static const imp_communicator_vtable VTABLE = {
    .version = IMP_COMMUNICATOR_ABI_VERSION,
    .name = IMP_MPI_NAME,
    .send = send_bytes,
    .receive = receive_bytes,
    .poll = poll_ranks,
    .broadcast = broadcast_bytes,
    .all_gather = gather_bytes,
    .abort = abort_all,
    .close = close_mpi,
};

// Its type is imp_communicator_plugin_open.
imp_status imp_communicator_plugin(imp_communicator *out, char *reason);

__attribute__((visibility("default"))) imp_status imp_communicator_plugin(imp_communicator *out,
                                                                          char *reason)
{
    int provided;
    const imp_status status =
        check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), reason);
    if (status != IMP_OK)
        return status;
    MPI_Comm_rank(MPI_COMM_WORLD, &out->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &out->size);
    out->vtable = &VTABLE;
    return IMP_OK;
}
