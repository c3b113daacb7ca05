// Creates the folder of a submission: model, the program imprint-agent, and the files that the
// challenge's tools expect. The Dockerfile is based on the Debian release of this machine, because
// the program is linked with that release's libraries. The model is loaded once before anything is
// written, so that an unusable model leaves no folder. The files are written to FOLDER.partial,
// which is renamed at the end; the next call takes over the one that a killed call left.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/io/folder_lock.h"
#include "imprint/agent.h"
#include "imprint/evaluator.h"
#include "nn/model_files/shipped_models.h"

// Templates: version, Debian release and packages; label and version; label.
static const char DOCKERFILE[] =
    "# An agent for the lane following challenges of the AI Driving Olympics, made by imprint %s.\n"
    "# The packages are what imprint-agent is linked with.\n"
    "FROM debian:%s-slim\n"
    "RUN apt-get update && \\\n"
    "    apt-get install -y --no-install-recommends \\\n"
    "        %s && \\\n"
    "    rm -rf /var/lib/apt/lists/*\n"
    "COPY imprint-agent model.safetensors /agent/\n"
    "CMD [\"/agent/imprint-agent\", \"--model\", \"/agent/model.safetensors\"]\n";

static const char SUBMISSION[] = "protocol: aido2_db18_agent-z2\n"
                                 "user-label: %s\n"
                                 "description: a network that imitates an expert, by imprint %s\n";

static const char README[] =
    "# %s\n\n"
    "A submission to AI-DO's simulated lane following challenges, made by `imprint submission "
    "new`.\n"
    "\n"
    "    imprint submission check .      # starts the agent and lets it drive some seconds\n"
    "    imprint eval --protocol aido-lf --agent './imprint-agent --model model.safetensors'\n"
    "    dts challenges evaluate         # the same in containers\n"
    "    dts challenges submit\n\n"
    "`imprint-agent` was built on the Debian release that the Dockerfile names, and for the same\n"
    "kind of processor.\n";

// Package names contain the version of a library, so they differ between releases.
// Debian packages of the libraries that imprint-agent is linked with, by release.
static const struct {
    const char *release, *packages;
} RELEASES[] = {
    {"12", "libjansson4 libjpeg62-turbo libpng16-16 libyaml-0-2"},
    {"13", "libjansson4 libjpeg62-turbo libpng16-16t64 libyaml-0-2"},
};

// Returns the index of this machine's Debian release, 0 (the first) if it is unknown.
static int find_debian_release(void)
{
    char *text;
    size_t length;
    int found = 0;
    if (imp_file_read(&text, &length, "/etc/os-release", 1 << 16, NULL) != IMP_OK)
        return found;
    // Look for the line VERSION_ID="..." of each known release.
    for (int k = 0; k < (int)(sizeof RELEASES / sizeof RELEASES[0]); k++) {
        char line[64];
        snprintf(line, sizeof line, "VERSION_ID=\"%s\"", RELEASES[k].release);
        if (strstr(text, line) != NULL)
            found = k;
    }
    free(text);
    return found;
}

// Copies a file into the folder; `runs` makes the copy executable.
static imp_status copy_into_folder(const char *folder, const char *name, const char *from,
                                   bool runs, imp_error *err)
{
    // The limit of 1 GiB is above the size of every model of this project.
    enum { BYTES_MAX = 1 << 30 };
    char path[IMP_PATH_MAX], *data;
    size_t length;
    IMP_TRY(imp_file_read(&data, &length, from, BYTES_MAX, err));
    imp_status status = imp_path_join(path, folder, name, err);
    if (status == IMP_OK)
        status = imp_file_write(path, data, length, err);
    free(data);
    if (status == IMP_OK && runs && chmod(path, 0755) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    return status;
}

// Writes one of the folder's text files.
static imp_status write_text_file(const char *folder, const char *name, const char *text,
                                  imp_error *err)
{
    char path[IMP_PATH_MAX];
    const imp_status status = imp_path_join(path, folder, name, err);
    return status == IMP_OK ? imp_file_write(path, text, strlen(text), err) : status;
}

// Fills in and writes the three text files.
static imp_status write_submission_files(const char *folder, const char *label, imp_error *err)
{
    // The longest template with its values is shorter than this.
    char text[2048];
    const int release = find_debian_release();
    snprintf(text, sizeof text, DOCKERFILE, imp_version(), RELEASES[release].release,
             RELEASES[release].packages);
    imp_status status = write_text_file(folder, "Dockerfile", text, err);
    snprintf(text, sizeof text, SUBMISSION, label, imp_version());
    if (status == IMP_OK)
        status = write_text_file(folder, "submission.yaml", text, err);
    snprintf(text, sizeof text, README, label);
    return status == IMP_OK ? write_text_file(folder, "README.md", text, err) : status;
}

// Returns whether a label can be used without quoting in file names and YAML.
static bool is_valid_label(const char *label)
{
    const char *const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const size_t length = strlen(label);
    return length >= 1 && length <= 64 && strspn(label, letters) == length;
}

// Checks that an agent can use the model, by creating one.
static imp_status check_agent_can_load_model(const char *model, imp_error *err)
{
    imp_agent *agent;
    imp_agent_def def = imp_default_agent_def();
    def.model = model;
    const imp_status status = imp_agent_create(&agent, &def, err);
    if (status == IMP_OK)
        imp_agent_destroy(agent);
    return status;
}

// Writes all files to a folder of ours.
static imp_status write_all_files(const char *folder, const char *model,
                                  const imp_submission_def *def, imp_error *err)
{
    IMP_TRY(imp_atomic_file_remove_stale_files(folder, err));
    IMP_TRY(copy_into_folder(folder, "model.safetensors", model, false, err));
    IMP_TRY(copy_into_folder(folder, "imprint-agent", def->program, true, err));
    return write_submission_files(folder, def->label, err);
}

// Removes what was written, and the folder if nothing else is in it.
static void remove_files(const char *folder)
{
    static const char *const names[] = {"model.safetensors", "imprint-agent", "Dockerfile",
                                        "submission.yaml", "README.md"};
    char path[IMP_PATH_MAX];
    for (int k = 0; k < (int)(sizeof names / sizeof names[0]); k++)
        if (imp_path_join(path, folder, names[k], NULL) == IMP_OK)
            unlink(path);
    rmdir(folder);
}

// The folder appears with all of its files, or not at all.
static imp_status create_folder_atomically(const char *folder, const char *model,
                                           const imp_submission_def *def, imp_error *err)
{
    char partial[IMP_PATH_MAX];
    struct stat info;
    int lock;
    IMP_TRY(imp_path_append_suffix(partial, folder, ".partial", err));
    IMP_TRY(imp_folder_create(partial, err));
    if (lstat(partial, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid())
        return imp_fail(err, IMP_IO, "%s: is not a folder of yours: remove it", partial);
    IMP_TRY(imp_folder_lock(&lock, partial, err));
    imp_status status = write_all_files(partial, model, def, err);
    if (status == IMP_OK && rename(partial, folder) != 0)
        status = imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    if (status != IMP_OK)
        remove_files(partial);
    imp_folder_unlock(lock);
    return status;
}

// Creates the folder with all files. It must not exist, or must be empty.
imp_status imp_submission_create(const char *folder, const imp_submission_def *def, imp_error *err)
{
    // Check everything that can be checked before a folder is created.
    char model[IMP_PATH_MAX];
    if (!is_valid_label(def->label))
        return imp_fail(err, IMP_USAGE,
                        "label '%.64s': must be 1 to 64 letters, digits, '-', '_' or '.'",
                        def->label);
    if (access(def->program, X_OK) != 0)
        return imp_fail(err, IMP_IO, "%s: %s; give the path of imprint-agent", def->program,
                        strerror(errno));
    IMP_TRY(check_agent_can_load_model(def->model, err));
    IMP_TRY(imp_model_resolve_path(model, def->model, err));
    IMP_TRY(imp_folder_create(folder, err));
    // rmdir() succeeds only for an empty folder
    if (rmdir(folder) != 0)
        return imp_fail(err, IMP_IO, "%s: %s", folder,
                        errno == ENOTEMPTY || errno == EEXIST
                            ? "is not empty: choose another folder"
                            : strerror(errno));
    return create_folder_atomically(folder, model, def, err);
}
