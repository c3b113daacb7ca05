// `imprint data drop`, merge, split, append and join: datasets of datasets; data/edit does the
// work. An option that the subcommand does not have is an error, because it would have no effect.
// `list`, which shows what filters look at, is in data_list.c.
#include "cli/data_commands/data_edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/number_format.h"
#include "base/text/plural.h"
#include "cli/data_commands/data_list.h"
#include "cli/data_commands/dataset_preview.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "cli/output/run_folder.h"
#include "cli/output/staged_dataset.h"

enum { RANGES_MAX = 4096 };

void imp_data_edit_add_options(imp_data_edit *edit, imp_options *options)
{
    edit->drop = imp_default_dataset_drop_def();
    edit->out = edit->episodes = edit->marks = "";
    edit->validation = 0.1;
    edit->seed = 123;
    imp_episode_filter *filter = &edit->drop.filter;
    // each help text begins with the actions that the option is for
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &edit->out, "DIR",
         "drop, copy, merge, split, join: folder to write", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &edit->force, NULL,
         "drop, copy, merge, split, join: replace the folder if it exists", IMP_TRANSIENT},
        {"compress", 0, IMP_OPTION_FLAG, &edit->compress, NULL,
         "copy, merge: store the images compressed, without loss; --no-compress: as they are "
         "[copy: compressed, merge: as in the first dataset]",
         IMP_SETTING},
        {"dry-run", 0, IMP_OPTION_FLAG, &edit->dry_run, NULL,
         "drop: only say what would be left out", IMP_TRANSIENT},
        {"marks", 0, IMP_OPTION_TEXT, &edit->marks, "FILE",
         "drop: leave out what a page of imprint page --data marked", IMP_INPUT_PATH},
        {"episodes", 0, IMP_OPTION_TEXT, &edit->episodes, "LIST",
         "drop: leave out these episodes, such as 3,7-9", IMP_SETTING},
        {"ended-badly", 0, IMP_OPTION_FLAG, &filter->ended_badly, NULL,
         "list, drop: episodes that left the road or collided", IMP_SETTING},
        {"difference", 0, IMP_OPTION_REAL, &filter->difference, "X",
         "list, drop: where the duty cycles differ more from the expert's (root mean square); 0: "
         "any",
         IMP_SETTING},
        {"jerk", 0, IMP_OPTION_REAL, &filter->jerk, "X",
         "list, drop: where the duty cycles change faster, in 1/s (root mean square); 0: any",
         IMP_SETTING},
        {"standing", 0, IMP_OPTION_REAL, &filter->standing, "S",
         "list, drop: where the robot stands still longer; 0: any", IMP_SETTING},
        {"outlier", 0, IMP_OPTION_REAL, &filter->outlier, "X",
         "list, drop: that are farther from the other episodes, in deviations; 0: any",
         IMP_SETTING},
        {"validation", 0, IMP_OPTION_REAL, &edit->validation, "SHARE",
         "split: share of the episodes in DIR/validation", IMP_SETTING},
        {"seed", 's', IMP_OPTION_SEED, &edit->seed, "N",
         "split: seed of the choice, which is the one of `imprint train`", IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

imp_status imp_data_edit_check_action_options(const imp_data_edit *edit, imp_data_action action,
                                              const imp_options *options, imp_error *err)
{
    // sets of actions, one bit each
    enum {
        LIST = 1 << IMP_DATA_LIST,
        DROP = 1 << IMP_DATA_DROP,
        SPLIT = 1 << IMP_DATA_SPLIT,
        STORED = 1 << IMP_DATA_COPY | 1 << IMP_DATA_MERGE,
        NEW = STORED | DROP | SPLIT | 1 << IMP_DATA_JOIN
    };
    const imp_episode_filter *filter = &edit->drop.filter;
    const struct {
        const void *value;
        const char *name, *of;
        int actions;
    } rows[] = {{&edit->out, "--out", "drop, copy, merge, split and join", NEW},
                {&edit->force, "--force", "drop, copy, merge, split and join", NEW},
                {&edit->compress, "--compress", "copy and merge", STORED},
                {&edit->dry_run, "--dry-run", "drop", DROP},
                {&edit->marks, "--marks", "drop", DROP},
                {&edit->episodes, "--episodes", "drop", DROP},
                {&filter->ended_badly, "--ended-badly", "list and drop", LIST | DROP},
                {&filter->difference, "--difference", "list and drop", LIST | DROP},
                {&filter->jerk, "--jerk", "list and drop", LIST | DROP},
                {&filter->standing, "--standing", "list and drop", LIST | DROP},
                {&filter->outlier, "--outlier", "list and drop", LIST | DROP},
                {&edit->validation, "--validation", "split", SPLIT},
                {&edit->seed, "--seed", "split", SPLIT}};
    // defaults pass: only what was given can be out of place
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        if ((rows[k].actions & 1 << action) == 0 && imp_option_is_given(options, rows[k].value))
            return imp_fail(err, IMP_USAGE, "%s is for imprint data %s", rows[k].name, rows[k].of);
    return IMP_OK;
}

// Reads "3" or "7-9". A number that is too large is one that no episode has.
static bool parse_episode_range(imp_episode_range *out, const char **at)
{
    if (!imp_number_parse_whole(&out->first, at))
        return false;
    out->last = out->first;
    if (**at != '-')
        return true;
    ++*at;
    return imp_number_parse_whole(&out->last, at);
}

// Reads numbers and ranges with commas between them: "3,7-9".
static imp_status parse_episode_ranges(imp_episode_range *out, int *count, const char *text,
                                       imp_error *err)
{
    const char *at = text;
    for (*count = 0; *at != '\0'; (*count)++) {
        if (*count == RANGES_MAX)
            return imp_fail(err, IMP_USAGE, "--episodes: more than %d ranges", RANGES_MAX);
        if (!parse_episode_range(&out[*count], &at) || (*at != ',' && *at != '\0') ||
            (*at == ',' && at[1] == '\0'))
            return imp_fail(err, IMP_USAGE, "--episodes %s: give numbers and ranges, such as 3,7-9",
                            text);
        at += *at == ',';
    }
    return IMP_OK;
}

// Without any of these nothing would be left out.
static imp_status check_drop_options(const imp_data_edit *edit, imp_error *err)
{
    const imp_episode_filter *filter = &edit->drop.filter;
    if (!(filter->difference >= 0.0 && filter->jerk >= 0.0 && filter->standing >= 0.0 &&
          filter->outlier >= 0.0))
        return imp_fail(err, IMP_USAGE,
                        "--difference, --jerk, --standing and --outlier must not be negative");
    if (edit->marks[0] != '\0' || edit->episodes[0] != '\0' || filter->ended_badly ||
        filter->difference > 0.0 || filter->jerk > 0.0 || filter->standing > 0.0 ||
        filter->outlier > 0.0)
        return IMP_OK;
    return imp_fail(err, IMP_USAGE,
                    "say what to leave out: --marks, --episodes, --ended-badly, --difference, "
                    "--jerk, --standing or --outlier");
}

// Converts the options of `data drop`, and drops.
static imp_status drop_episodes(imp_data_edit *edit, const imp_options *options, const char *folder,
                                const imp_monitor *monitor, imp_error *err)
{
    imp_episode_range *ranges = calloc(RANGES_MAX, sizeof *ranges);
    if (ranges == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    imp_status status =
        parse_episode_ranges(ranges, &edit->drop.episode_range_count, edit->episodes, err);
    edit->drop.episodes = ranges;
    edit->drop.marks = edit->marks[0] != '\0' ? edit->marks : NULL;
    if (status == IMP_OK)
        status = imp_dataset_drop_episodes(&edit->summary, folder, options->operands[1],
                                           &edit->drop, monitor, err);
    free(ranges);
    return status;
}

// Puts settings and a preview into a new folder of one dataset.
static imp_status add_settings_and_preview(const imp_options *options, const char *folder,
                                           imp_error *err)
{
    IMP_TRY(imp_output_folder_save_settings(options, folder, err));
    return imp_dataset_preview_write(folder, err);
}

// Gives a dataset that was put together the settings of its parts, which are those of the whole,
// and a preview.
static imp_status write_joined_settings_and_preview(const char *folder, const char *part,
                                                    imp_error *err)
{
    IMP_TRY(imp_run_folder_copy_settings(folder, part, "share", err));
    return imp_dataset_preview_write(folder, err);
}

// A copy is there to be compressed, unless something else was asked for.
static imp_dataset_storage choose_dataset_compression(const imp_data_edit *edit,
                                                      imp_data_action action,
                                                      const imp_options *options)
{
    if (!imp_option_is_given(options, &edit->compress))
        return action == IMP_DATA_COPY ? IMP_STORAGE_COMPRESSED : IMP_STORAGE_SAME;
    return edit->compress ? IMP_STORAGE_COMPRESSED : IMP_STORAGE_PLAIN;
}

// Writes the dataset of an action, without settings.
static imp_status write_dataset_of_action(imp_data_edit *edit, imp_data_action action,
                                          const char *folder, const imp_options *options,
                                          const imp_monitor *monitor, imp_error *err)
{
    const char *const *sources = options->operands + 1;
    const int count = options->operand_count - 1;
    if (action == IMP_DATA_DROP)
        return drop_episodes(edit, options, folder, monitor, err);
    if (action == IMP_DATA_MERGE || action == IMP_DATA_COPY)
        return imp_dataset_merge(&edit->summary, folder, sources, count,
                                 choose_dataset_compression(edit, action, options), monitor, err);
    if (action == IMP_DATA_JOIN)
        return imp_dataset_join(&edit->summary, folder, sources, count, monitor, err);
    return imp_dataset_divide(&edit->summary, folder, sources[0], edit->validation, edit->seed,
                              monitor, err);
}

// Adds settings and a preview to the dataset of an action; a split has two datasets.
static imp_status complete_dataset_of_action(imp_data_action action, const char *folder,
                                             const imp_options *options, imp_error *err)
{
    // of a joined dataset the settings are those of its parts, not of this command
    if (action == IMP_DATA_JOIN)
        return write_joined_settings_and_preview(folder, options->operands[1], err);
    if (action != IMP_DATA_SPLIT)
        return add_settings_and_preview(options, folder, err);
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(path, folder, "train", err));
    IMP_TRY(add_settings_and_preview(options, path, err));
    IMP_TRY(imp_path_join(path, folder, "validation", err));
    return add_settings_and_preview(options, path, err);
}

// The actions that write a new folder. It appears when all of it is written.
static imp_status write_edited_dataset(imp_data_edit *edit, imp_data_action action,
                                       const imp_options *options, const imp_monitor *monitor,
                                       imp_error *err)
{
    imp_staged_dataset staged;
    imp_output_folder folder;
    if (edit->out[0] == '\0')
        return imp_fail(err, IMP_USAGE, "say with --out where to write");
    IMP_TRY(
        imp_output_folder_check_and_back_up(&folder, options, edit->out, false, edit->force, err));
    imp_status status = imp_staged_dataset_begin(&staged, edit->out, err);
    if (status == IMP_OK) {
        status = write_dataset_of_action(edit, action, staged.path, options, monitor, err);
        imp_console_clear_progress();
        if (status == IMP_OK)
            status = complete_dataset_of_action(action, staged.path, options, err);
        status = imp_staged_dataset_end(&staged, status, err);
    }
    // a failure brings back what was in the place
    imp_output_folder_restore_or_drop_backup(&folder, status, err);
    return status;
}

// Says if what an appended dataset was made from could not be removed.
static imp_status append_datasets(imp_data_edit *edit, const imp_options *options,
                                  const imp_monitor *monitor, imp_error *err)
{
    char partial[IMP_PATH_MAX];
    const char *folder = options->operands[1];
    IMP_TRY(imp_dataset_append(&edit->summary, folder, options->operands + 2,
                               options->operand_count - 2, monitor, err));
    if (imp_path_append_suffix(partial, folder, ".partial", NULL) == IMP_OK &&
        imp_path_exists(partial))
        fprintf(stderr, "imprint: note: %s could not be removed: the next append does it\n",
                partial);
    return IMP_OK;
}

// What was made of how many episodes and steps. Keys depend on the action.
static json_t *summary_json(const imp_data_edit *edit, imp_data_action action, const char *out)
{
    const imp_dataset_edit_summary *s = &edit->summary;
    json_t *dropped = json_object();
    for (int k = 0; k < IMP_DROP_REASON_COUNT; k++)
        if (s->dropped[k] > 0)
            imp_json_set(dropped, imp_drop_reason_name(k), json_integer(s->dropped[k]));
    json_t *all = json_pack(
        "{s:o, s:i, s:i, s:I, s:i, s:I}", "out", edit->dry_run ? json_null() : json_string(out),
        "sources", s->sources, "source_episodes", s->source_episodes, "source_steps",
        (json_int_t)s->source_steps, "episodes", s->episodes, "steps", (json_int_t)s->steps);
    if (action == IMP_DATA_SPLIT) {
        imp_json_set(all, "validation_episodes", json_integer(s->validation_episodes));
        imp_json_set(all, "validation_steps", json_integer(s->validation_steps));
    }
    if (action == IMP_DATA_DROP) {
        imp_json_set(all, "dropped", json_incref(dropped));
        imp_json_set(all, "cut_episodes", json_integer(s->cut));
        imp_json_set(all, "cut_steps", json_integer(s->cut_steps));
    }
    json_decref(dropped);
    return all;
}

// What was left out, reason by reason.
static void print_dropped_episodes(const imp_data_edit *edit)
{
    const imp_dataset_edit_summary *s = &edit->summary;
    for (int k = 0; k < IMP_DROP_REASON_COUNT; k++)
        if (s->dropped[k] > 0)
            printf("%s: %s (%s)\n", edit->dry_run ? "would leave out" : "left out",
                   IMP_PLURAL(s->dropped[k], "episode"), imp_drop_reason_name(k));
    if (s->cut > 0)
        printf("%s: %s of %s\n", edit->dry_run ? "would cut out" : "cut out",
               IMP_PLURAL(s->cut_steps, "step"), IMP_PLURAL(s->cut, "episode"));
}

// The same in a line or two; a dry run says what would be left.
static imp_status print_summary(const imp_data_edit *edit, imp_data_action action,
                                const imp_options *options, imp_error *err)
{
    const imp_dataset_edit_summary *s = &edit->summary;
    const char *out = action == IMP_DATA_APPEND ? options->operands[1] : edit->out;
    if (options->json)
        return imp_console_print_json(summary_json(edit, action, out), err);
    print_dropped_episodes(edit);
    if (action == IMP_DATA_SPLIT) {
        printf("%s/train: %s, %s\n", out, IMP_PLURAL(s->episodes, "episode"),
               IMP_PLURAL(s->steps, "step"));
        printf("%s/validation: %s, %s\n", out, IMP_PLURAL(s->validation_episodes, "episode"),
               IMP_PLURAL(s->validation_steps, "step"));
    } else {
        printf("%s: %s, %s, of %s with %s\n", edit->dry_run ? "would be left" : out,
               IMP_PLURAL(s->episodes, "episode"), IMP_PLURAL(s->steps, "step"),
               IMP_PLURAL(s->sources, "dataset"), IMP_PLURAL(s->source_episodes, "episode"));
    }
    return IMP_OK;
}

imp_status imp_data_edit_run(imp_data_edit *edit, imp_data_action action,
                             const imp_options *options, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    if (action == IMP_DATA_LIST)
        return imp_data_list(options->operands[1], &edit->drop.filter, options, err);
    if (action == IMP_DATA_DROP)
        IMP_TRY(check_drop_options(edit, err));
    imp_status status;
    if (action == IMP_DATA_APPEND)
        status = append_datasets(edit, options, &monitor, err);
    else if (edit->dry_run)
        status = drop_episodes(edit, options, NULL, &monitor, err);
    else
        status = write_edited_dataset(edit, action, options, &monitor, err);
    imp_console_clear_progress();
    return status == IMP_OK ? print_summary(edit, action, options, err) : status;
}
