// imprint init: writes a folder to start a project or an assignment from. Files that are there are
// never changed: if any is, nothing is written.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/project_commands/project_template.h"

// Refuses a folder that holds one of the files.
static imp_status refuse_folder_with_files(const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX];
    for (const imp_project_file *file = imp_project_files; file->name != NULL; file++) {
        IMP_TRY(imp_path_join(path, folder, file->name, err));
        if (imp_path_exists(path))
            return imp_fail(err, IMP_IO, "%s exists: choose another folder", path);
    }
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
