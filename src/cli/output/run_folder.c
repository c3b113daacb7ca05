// Folders of runs that can be continued. The settings are saved before the work starts, so that
// a run that was killed can be continued with --resume alone. If the continuation is refused
// because settings differ, the old settings are restored, and the message lists the differences:
// which settings the run was begun with, and which were given. Settings are compared line by
// line in their YAML form; old names of options count as the new ones.
#include "cli/output/run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/folder_reader.h"
#include "cli/options/settings_file.h"

// Limits of the settings file and of the list of differences in a message.
enum { SETTINGS_BYTES_MAX = 1 << 20, CHANGES_TEXT_MAX = 320 };

// Whether the command line or a settings file gives any setting. A resume without settings needs a
// folder that has them.
static bool is_any_setting_given(const imp_options *options)
{
    // transient options do not count: they say nothing about the run
    bool any = false;
    for (int k = 0; k < options->count; k++)
        any = any || (options->given[k] && options->table[k].kind != IMP_TRANSIENT);
    return any;
}

imp_status imp_run_folder_check_resume(const imp_options *options, const char *folder, bool resume,
                                       bool force, imp_error *err)
{
    return resume && !force && !imp_path_exists(folder) && !is_any_setting_given(options)
               ? imp_fail(err, IMP_USAGE,
                          "%s: no such folder, so there is nothing to resume: begin without "
                          "--resume",
                          folder)
               : IMP_OK;
}

// Checks the folder, remembers its settings, and saves the present ones.
imp_status imp_run_folder_create_or_resume(imp_run_folder *run, const imp_options *options,
                                           const char *folder, bool resume, bool force,
                                           imp_error *err)
{
    char path[IMP_PATH_MAX];
    size_t length;
    // the structure borrows the path
    *run = (imp_run_folder){.created = false};
    IMP_TRY(imp_run_folder_check_resume(options, folder, resume, force, err));
    imp_status status =
        imp_output_folder_check_and_back_up(&run->output, options, folder, resume, force, err);
    if (status == IMP_OK)
        status = imp_path_join(path, folder, IMP_SETTINGS_FILE_NAME, err);
    if (status == IMP_OK && resume && imp_path_exists(folder) && !imp_path_exists(path) &&
        !is_any_setting_given(options))
        status = imp_fail(
            err, IMP_USAGE,
            "%s is missing, from which --resume takes the settings: copy it there, or give the "
            "settings of the run",
            path);
    if (status != IMP_OK)
        return status;
    // keep the old settings in memory, in case the run is refused
    run->created = !imp_path_exists(folder);
    if (imp_path_exists(path))
        status = imp_file_read(&run->saved_settings, &length, path, SETTINGS_BYTES_MAX, err);
    if (status == IMP_OK)
        status = imp_output_folder_save_settings(options, folder, err);
    if (status != IMP_OK) {
        imp_output_folder_restore_or_drop_backup(&run->output, status, err);
        free(run->saved_settings);
    }
    return status;
}

// The option that a line of YAML sets, by any of its names; -1: none.
static int option_index_of_line(const imp_options *options, const char *line)
{
    return imp_option_find_n(options, line, strcspn(line, ":\r\n"));
}

// Whether a YAML text gives a setting the same value as a line of `length` characters.
static bool text_has_same_setting(const imp_options *options, const char *text, const char *line,
                                  size_t length)
{
    // the value begins behind the colon
    const size_t name = strcspn(line, ":");
    // equal value, and the same option, perhaps under another name
    for (const char *at = text; *at != '\0';) {
        const size_t here = strcspn(at, "\r\n"), its_name = strcspn(at, ":\r\n");
        if (here - its_name == length - name &&
            strncmp(at + its_name, line + name, length - name) == 0 &&
            option_index_of_line(options, at) == option_index_of_line(options, line))
            return true;
        at += here + strspn(at + here, "\r\n");
    }
    return false;
}

// Whether a line sets an option that must stay the same when a run is continued.
static bool is_fixed_setting_line(const imp_options *options, const char *line)
{
    // a line that sets no known option is not fixed
    const int k = option_index_of_line(options, line);
    return k >= 0 &&
           (options->table[k].kind == IMP_SETTING || options->table[k].kind == IMP_INPUT_PATH);
}

// Appends the settings of one text that the other lacks, each shortened if it is long.
static void append_changed_settings(char changes[CHANGES_TEXT_MAX], const char *intro,
                                    const imp_options *options, const char *text, const char *other)
{
    enum { SHOWN = 48 };
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\r\n"), used = strlen(changes);
        // a long value is cut off, so that several differences fit into the message
        const size_t shown = length < SHOWN ? length : SHOWN;
        if (is_fixed_setting_line(options, line) &&
            !text_has_same_setting(options, other, line, length)) {
            snprintf(changes + used, CHANGES_TEXT_MAX - used, "%s%.*s%s", intro, (int)shown, line,
                     shown < length ? "..." : "");
            intro = ", ";
        }
        line += length + strspn(line + length, "\r\n");
    }
}

// Restores the settings of a run that was refused, and adds the differences to the message.
static void restore_saved_settings(const imp_run_folder *run, const char *path,
                                   const imp_options *options, imp_status status, imp_error *err)
{
    // the settings as they were given in this call
    char changes[CHANGES_TEXT_MAX] = "", *given;
    // the first error is the one to tell; without memory, the differences are not
    (void)imp_options_to_yaml(&given, options, NULL);
    if (run->saved_settings == NULL) {
        unlink(path);
    } else if (given != NULL) {
        (void)imp_file_write(path, run->saved_settings, strlen(run->saved_settings), NULL);
        append_changed_settings(changes, "; begun with ", options, run->saved_settings, given);
        append_changed_settings(changes, "; now ", options, given, run->saved_settings);
        const imp_error first = *err;
        (void)imp_add_hint(err, first.hint, imp_fail(err, status, "%s%s", first.message, changes));
    }
    free(given);
}

// Whether a folder holds nothing but the settings. A folder that cannot be read may hold anything:
// false.
static bool folder_has_only_settings_file(const char *folder)
{
    imp_folder_reader reader;
    const char *name = "";
    // any other name ends the search
    bool alone = imp_folder_reader_open(&reader, folder, NULL) == IMP_OK;
    while (alone && name != NULL)
        alone = imp_folder_reader_next(&reader, &name, NULL) == IMP_OK &&
                (name == NULL || strcmp(name, IMP_SETTINGS_FILE_NAME) == 0);
    imp_folder_reader_close(&reader);
    return alone;
}

// Adds to the message of an interruption what continues the run, unless the message says it.
static imp_status add_resume_command_to_message(const char *folder, imp_error *err)
{
    const imp_error first = *err;
    return first.hint != IMP_HINT_RESUME
               ? IMP_INTERRUPTED
               : imp_fail(err, IMP_INTERRUPTED, "%s, continue with --out %s --resume",
                          first.message, folder);
}

// Settles the settings, then the folder.
imp_status imp_run_folder_keep_or_restore(imp_run_folder *run, const imp_options *options,
                                          imp_status status, imp_error *err)
{
    char path[IMP_PATH_MAX];
    // an interruption keeps what is complete, so it counts as a success here
    const bool good = status == IMP_OK || status == IMP_INTERRUPTED;
    if (imp_path_join(path, run->output.path, IMP_SETTINGS_FILE_NAME, NULL) == IMP_OK) {
        // refused: nothing was continued
        if ((status == IMP_USAGE || status == IMP_BAD_INPUT) && !run->created)
            restore_saved_settings(run, path, options, status, err);
        // settings that nothing was made with are worth no folder
        if (run->created && folder_has_only_settings_file(run->output.path))
            unlink(path);
    }
    free(run->saved_settings);
    run->saved_settings = NULL;
    // what was interrupted is going to be continued in the place of what was there
    const bool written =
        imp_output_folder_restore_or_drop_backup(&run->output, good ? IMP_OK : status, err);
    if (status != IMP_INTERRUPTED)
        return status;
    return written ? add_resume_command_to_message(run->output.path, err)
                   : imp_fail(err, status, "interrupted before anything was written");
}

// Removes the lines that set `name` from a text.
static void remove_setting(char *text, const char *name)
{
    const size_t length = strlen(name);
    char *out = text;
    for (const char *at = text; *at != '\0';) {
        const char *end = strchr(at, '\n');
        const size_t line = end != NULL ? (size_t)(end - at) + 1 : strlen(at);
        if (strncmp(at, name, length) != 0 || at[length] != ':') {
            memmove(out, at, line);
            out += line;
        }
        at += line;
    }
    *out = '\0';
}

imp_status imp_run_folder_copy_settings(const char *to, const char *from, const char *without,
                                        imp_error *err)
{
    char path[IMP_PATH_MAX], *text;
    size_t length;
    IMP_TRY(imp_path_join(path, from, IMP_SETTINGS_FILE_NAME, err));
    if (!imp_path_exists(path))
        return IMP_OK;
    IMP_TRY(imp_file_read(&text, &length, path, SETTINGS_BYTES_MAX, err));
    remove_setting(text, without);
    imp_status status = imp_path_join(path, to, IMP_SETTINGS_FILE_NAME, err);
    if (status == IMP_OK)
        status = imp_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}
