#include "cli/run_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/config.h"
#include "cli/out_folder.h"

enum { SETTINGS_BYTES_MAX = 1 << 20, TOLD_MAX = 320 };

// Whether anything is given that says what to do.
static bool any_setting_given(const imp_options *options)
{
    bool any = false;
    for (int k = 0; k < options->count; k++)
        any = any || (options->given[k] && options->table[k].kind != IMP_TRANSIENT);
    return any;
}

imp_status imp_run_begin(imp_run_folder *run, const imp_options *options, const char *folder,
                         bool resume, bool force, imp_error *err)
{
    char path[IMP_PATH_MAX];
    size_t length;
    *run = (imp_run_folder){.path = folder, .force = force};
    if (resume && !force && !imp_path_exists(folder) && !any_setting_given(options))
        return imp_fail(err, IMP_USAGE,
                        "%s: no such folder, so there is nothing to resume: begin without --resume",
                        folder);
    imp_status status = imp_out_claim(options, folder, resume, force, err);
    if (status == IMP_OK)
        status = imp_path_join(path, folder, IMP_SETTINGS_NAME, err);
    if (status == IMP_OK && resume && imp_path_exists(folder) && !imp_path_exists(path) &&
        !any_setting_given(options))
        status = imp_fail(err, IMP_USAGE,
                          "%s is missing, which --resume takes the settings from: copy it there, "
                          "or give the settings that the work was begun with",
                          path);
    if (status != IMP_OK)
        return status;
    run->made = !imp_path_exists(folder);
    if (imp_path_exists(path))
        status = imp_file_read(&run->before, &length, path, SETTINGS_BYTES_MAX, err);
    if (status == IMP_OK)
        status = imp_out_save_settings(options, folder, err);
    if (status != IMP_OK) {
        imp_out_settle(folder, force, status, err);
        free(run->before);
    }
    return status;
}

// Whether a text has just this line, of so many characters.
static bool has_line(const char *text, const char *line, size_t length)
{
    for (const char *at = text; *at != '\0';) {
        const size_t here = strcspn(at, "\r\n");
        if (here == length && strncmp(at, line, length) == 0)
            return true;
        at += here + strspn(at + here, "\r\n");
    }
    return false;
}

// Whether a line says a setting that has to stay the same.
static bool is_bound(const imp_options *options, const char *line)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, ":"), line);
    const int k = imp_option_find(options, name);
    return line[0] != '#' && k >= 0 &&
           (options->table[k].kind == IMP_SETTING || options->table[k].kind == IMP_SOURCE);
}

// Adds the settings of one text that another has not, each cut where it gets long.
static void add_lines(char told[TOLD_MAX], const char *intro, const imp_options *options,
                      const char *text, const char *other)
{
    enum { SHOWN = 48 };
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\r\n"), used = strlen(told);
        const size_t shown = length < SHOWN ? length : SHOWN;
        if (is_bound(options, line) && !has_line(other, line, length)) {
            snprintf(told + used, TOLD_MAX - used, "%s%.*s%s", intro, (int)shown, line,
                     shown < length ? "..." : "");
            intro = ", ";
        }
        line += length + strspn(line + length, "\r\n");
    }
}

// What a run was begun with is what it is continued with, unless that was refused.
static void put_back(const imp_run_folder *run, const char *path, const imp_options *options,
                     imp_status status, imp_error *err)
{
    char told[TOLD_MAX] = "", *given = imp_options_yaml(options);
    if (run->before == NULL) {
        unlink(path);
    } else if (given != NULL) {
        imp_file_write(path, run->before, strlen(run->before), NULL);
        add_lines(told, "; begun with ", options, run->before, given);
        add_lines(told, "; now ", options, given, run->before);
        const imp_error first = *err;
        imp_fail(err, status, "%s%s", first.message, told);
    }
    free(given);
}

static bool is_alone(const char *folder)
{
    bool alone = true;
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return false;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        alone = alone && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                          strcmp(entry->d_name, IMP_SETTINGS_NAME) == 0);
    closedir(directory);
    return alone;
}

imp_status imp_run_conclude(imp_run_folder *run, const imp_options *options, imp_status status,
                            imp_error *err)
{
    char path[IMP_PATH_MAX];
    const bool good = status == IMP_OK || status == IMP_INTERRUPTED;
    if (imp_path_join(path, run->path, IMP_SETTINGS_NAME, NULL) == IMP_OK) {
        if ((status == IMP_USAGE || status == IMP_BAD_INPUT) && !run->made)
            put_back(run, path, options, status, err);
        // settings that nothing was made with are worth no folder
        if (run->made && is_alone(run->path))
            unlink(path);
    }
    free(run->before);
    run->before = NULL;
    // what was interrupted is going to be continued in the place of what was there
    const bool written = imp_out_settle(run->path, run->force, good ? IMP_OK : status, err);
    return !written && status == IMP_INTERRUPTED
               ? imp_fail(err, status, "interrupted before anything was written")
               : status;
}
