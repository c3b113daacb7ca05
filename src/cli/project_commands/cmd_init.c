// imprint init: writes a folder to start a project or an assignment from. Files that are there are
// never changed: if any is, nothing is written. Only what a killed call has left is completed: some
// of the files, as this program writes them.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/project_commands/project_template.h"

// Whether a file is there with the bytes that this command writes.
static bool has_our_bytes(const char *path, const imp_project_file *file)
{
    char *text = NULL;
    size_t length = 0;
    const bool same = imp_file_read(&text, &length, path, strlen(file->text), NULL) == IMP_OK &&
                      length == strlen(file->text) && memcmp(text, file->text, length) == 0;
    free(text);
    return same;
}

// Refuses a folder that holds one of the files, unless a killed call has left some of them.
static imp_status refuse_folder_with_files(const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX], first[IMP_PATH_MAX] = "";
    bool is_complete = true, is_ours = true;
    for (const imp_project_file *file = imp_project_files; file->name != NULL; file++) {
        IMP_TRY(imp_path_join(path, folder, file->name, err));
        const bool exists = imp_path_exists(path), ours = exists && has_our_bytes(path, file);
        is_complete = is_complete && ours && (!file->is_program || access(path, X_OK) == 0);
        is_ours = is_ours && (ours || !exists);
        if (exists && first[0] == '\0')
            snprintf(first, sizeof first, "%s", path);
    }
    if (first[0] == '\0')
        return IMP_OK;
    if (is_complete || !is_ours)
        return imp_fail(err, IMP_IO, "%s exists: choose another folder", first);
    fprintf(stderr, "imprint: note: %s is completed: a process that was killed has begun it\n",
            folder);
    return IMP_OK;
}

// Writes the files of the table; programs become executable.
static imp_status write_project(const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_folder_create(folder, err));
    for (const imp_project_file *file = imp_project_files; file->name != NULL; file++) {
        IMP_TRY(imp_path_join(path, folder, file->name, err));
        IMP_TRY(imp_file_write(path, file->text, strlen(file->text), err));
        if (file->is_program && chmod(path, 0755) != 0)
            return imp_fail(err, IMP_IO, "%s: %s", path, strerror(errno));
    }
    return IMP_OK;
}

// Refuses a folder with files, so that nothing is replaced.
static imp_status run_init_command(void *state, const imp_options *options, imp_error *err)
{
    (void)state;
    if (options->operand_count != 1)
        return imp_fail(err, IMP_USAGE, "give one folder to write, such as my-project");
    const char *folder = options->operands[0];
    IMP_TRY(refuse_folder_with_files(folder, err));
    IMP_TRY(write_project(folder, err));
    if (options->json)
        return imp_console_print_json(json_pack("{s:s}", "out", folder), err);
    printf("%s: a map, settings and a script; %s/run.sh trains a policy and measures it\n", folder,
           folder);
    return IMP_OK;
}

const imp_command imp_command_init = {
    .name = "init",
    .summary = "write a project folder to start from",
    .operands = "DIR",
    .details = "The folder holds a map, settings for training and evaluation with comments, a "
               "script that runs them in order and can be continued, and a README.md. It works as "
               "it is, in a few minutes. Files that exist are never changed.",
    .examples = "  imprint init my-project",
    .run = run_init_command,
};
