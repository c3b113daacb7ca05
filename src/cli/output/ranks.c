// Joins the processes that mpirun started. Their number stands in the environment, so that a
// program that was started by itself, or with -n 1, needs no plug-in and loads none. The plug-in
// lies beside the program, or where installed libraries are; IMPRINT_MPI_PLUGIN names another one.
#include "cli/output/ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/output/console.h"

// A launcher, by the variable that tells how many processes there are.
typedef struct launcher {
    const char *size;
    const char *plugin;
    const char *package; // that it comes with
} launcher;

static const launcher LAUNCHERS[] = {
    {"OMPI_COMM_WORLD_SIZE", "imprint-ompi.so", "Open MPI"},
    {"PMI_SIZE", "imprint-mpich.so", "MPICH"},
};

// The launcher that started several processes, or NULL.
static const launcher *find_launcher(void)
{
    for (size_t k = 0; k < sizeof LAUNCHERS / sizeof LAUNCHERS[0]; k++) {
        const char *size = getenv(LAUNCHERS[k].size);
        if (size != NULL && strtol(size, NULL, 10) > 1)
            return &LAUNCHERS[k];
    }
    return NULL;
}

// The path of its plug-in.
static imp_status find_plugin(char out[IMP_PATH_MAX], const launcher *by, imp_error *err)
{
    const char *given = getenv("IMPRINT_MPI_PLUGIN");
    char name[64];
    if (given != NULL) {
        snprintf(out, IMP_PATH_MAX, "%s", given);
        return IMP_OK;
    }
    imp_sibling_program_path(out, by->plugin);
    if (imp_path_exists(out))
        return IMP_OK;
    snprintf(name, sizeof name, "../" IMP_LIBRARY_FOLDER "/imprint/%s", by->plugin);
    imp_sibling_program_path(out, name);
    if (imp_path_exists(out))
        return IMP_OK;
    return imp_fail(err, IMP_IO,
                    "mpirun of %s started several processes, and %s is not there: build imprint "
                    "with IMPRINT_MPI=ON, or start one process",
                    by->package, by->plugin);
}

// What this process prints from now on goes nowhere.
static imp_status silence_output(imp_error *err)
{
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const bool silent = nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0;
    if (nowhere >= 0)
        close(nowhere);
    return silent ? IMP_OK : imp_fail(err, IMP_IO, "/dev/null: %s", strerror(errno));
}

imp_status imp_command_open_communicator(imp_communicator *out, const imp_command *command,
                                         imp_error *err)
{
    char path[IMP_PATH_MAX];
    const launcher *by = find_launcher();
    *out = imp_communicator_single_process();
    if (by == NULL)
        return IMP_OK;
    IMP_TRY(find_plugin(path, by, err));
    IMP_TRY(imp_communicator_open(out, path, err));
    // one of them speaks for all
    if (out->rank > 0)
        IMP_TRY(silence_output(err));
    if (!command->works_in_ranks)
        return imp_fail(err, IMP_USAGE, "imprint %s works in one process: start it without mpirun",
                        command->name);
    return IMP_OK;
}

void imp_command_close_communicator(imp_communicator *ranks, int code)
{
    // others may wait for this process
    if (code != 0)
        imp_communicator_abort(ranks, code);
    imp_communicator_close(ranks);
}
