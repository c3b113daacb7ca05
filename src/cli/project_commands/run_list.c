// Finds runs by the settings.yaml that every command leaves in its folder. Its first line names the
// command; the other lines are `key: value`, as imp_options_to_yaml() writes them.
#include "cli/project_commands/run_list.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/try.h"
#include "base/io/folder_reader.h"
#include "cli/options/options.h"
#include "data/dataset/dataset_files.h"

enum { DEPTH_MAX = 3, SETTINGS_LIMIT = 1 << 20 };

// Cuts the text of a run's settings into keys and values.
static void parse_settings_of_run(imp_run *run)
{
    char version[32];
    // NOLINTNEXTLINE(cert-err34-c): words only
    sscanf(run->text, "# imprint %31s %31[a-z-]", version, run->command);
    for (char *line = run->text, *next; line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        char *colon = strstr(line, ": ");
        if (line[0] == '#' || colon == NULL || run->setting_count == IMP_RUN_SETTINGS_MAX)
            continue;
        *colon = '\0';
        run->keys[run->setting_count] = line;
        run->values[run->setting_count++] = colon + 2;
    }
}

// Appends a run and reads its settings. The list doubles when it is full.
static imp_status add_run(imp_run_list *list, const char *folder, const char *settings,
                          time_t modified, imp_error *err)
{
    size_t length;
    if (list->count == list->capacity) {
        const int capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        imp_run *runs = realloc(list->runs, (size_t)capacity * sizeof *runs);
        if (runs == NULL)
            return imp_fail(err, IMP_NO_MEMORY, "out of memory");
        list->runs = runs;
        list->capacity = capacity;
    }
    imp_run *run = &list->runs[list->count];
    *run = (imp_run){.modified = modified, .rank = INFINITY};
    snprintf(run->path, sizeof run->path, "%s", folder);
    IMP_TRY(imp_file_read(&run->text, &length, settings, SETTINGS_LIMIT, err));
    list->count++;
    parse_settings_of_run(run);
    return IMP_OK;
}

static imp_status add_runs_of_folder(imp_run_list *list, const char *folder, int depth,
                                     imp_error *err);

// Searches the subfolders of a folder. Links are not followed.
static imp_status
add_runs_of_subfolders(imp_run_list *list, const char *folder, int depth,
                       imp_error *err) // NOLINT(misc-no-recursion): DEPTH_MAX levels
{
    imp_folder_reader reader;
    char path[IMP_PATH_MAX];
    struct stat info;
    imp_status status = imp_folder_reader_open(&reader, folder, err);
    for (const char *name = ""; status == IMP_OK;) {
        status = imp_folder_reader_next(&reader, &name, err);
        if (status != IMP_OK || name == NULL)
            break;
        if (name[0] != '.' && imp_path_join(path, folder, name, NULL) == IMP_OK &&
            lstat(path, &info) == 0 && S_ISDIR(info.st_mode))
            status = add_runs_of_folder(list, path, depth + 1, err);
    }
    imp_folder_reader_close(&reader);
    return status;
}

// A folder with settings is a run; others are searched for runs.
static imp_status add_runs_of_folder(imp_run_list *list, const char *folder, int depth,
                                     imp_error *err) // NOLINT(misc-no-recursion): DEPTH_MAX levels
{
    char settings[IMP_PATH_MAX];
    struct stat info;
    IMP_TRY(imp_path_join(settings, folder, IMP_SETTINGS_FILE_NAME, err));
    if (stat(settings, &info) == 0 && S_ISREG(info.st_mode))
        return add_run(list, folder, settings, info.st_mtime, err);
    return depth < DEPTH_MAX ? add_runs_of_subfolders(list, folder, depth, err) : IMP_OK;
}

imp_status imp_run_list_add(imp_run_list *list, const char *folder, imp_error *err)
{
    return add_runs_of_folder(list, folder, 0, err);
}

void imp_run_list_free(imp_run_list *list)
{
    for (int k = 0; k < list->count; k++)
        free(list->runs[k].text);
    free(list->runs);
    *list = (imp_run_list){0};
}

const char *imp_run_find_setting(const imp_run *run, const char *key)
{
    if (strcmp(key, "command") == 0)
        return run->command;
    for (int k = 0; k < run->setting_count; k++)
        if (strcmp(run->keys[k], key) == 0)
            return run->values[k];
    return NULL;
}
