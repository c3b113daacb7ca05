// imprint page: writes the simulator as one HTML file, with maps and policies. page/writer does the
// work; this file opens the policies and converts the options.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "cli/page_commands/page_of_dataset.h"
#include "imprint/page.h"
#include "learn/collection/drive_files.h"
#include "sim/env/env_settings.h"

// Options, the policies that are open, and the file's size for the report.
typedef struct settings {
    imp_page_def page;
    imp_text_list maps, policies, episodes;
    imp_policy_factory *open[IMP_PAGE_POLICIES_MAX];
    imp_drive_files files; // of episodes
    imp_demonstration *drives;
    imp_page_episode *named;
    char (*names)[64];
    double start_angle_deg;
    const char *out;
    long long bytes;
    imp_page_of_dataset dataset;
} settings;

// Opens the policies. Experts are in every page, so that naming them is no error.
static imp_status open_policies(settings *s, imp_error *err)
{
    if (s->policies.count > IMP_PAGE_POLICIES_MAX)
        return imp_fail(err, IMP_USAGE, "a page holds at most %d policies", IMP_PAGE_POLICIES_MAX);
    for (int k = 0; k < s->policies.count; k++) {
        imp_policy_factory *policy = NULL;
        IMP_TRY(imp_policy_factory_open(&policy, s->policies.items[k], NULL, err));
        s->open[s->page.policy_count++] = policy;
        if (strcmp(imp_policy_factory_name(policy), "expert") == 0 ||
            strcmp(imp_policy_factory_name(policy), "pure-pursuit") == 0) {
            imp_policy_factory_close(policy);
            s->open[--s->page.policy_count] = NULL;
        }
    }
    s->page.policies = (const imp_policy_factory *const *)s->open;
    return IMP_OK;
}

// The name of a file without its folder and its ending.
static void copy_base_name(char out[64], const char *path)
{
    const char *name = imp_path_base_name(path);
    const size_t length = strlen(name), end = strlen(IMP_DRIVE_SUFFIX);
    const size_t kept = imp_path_has_suffix(name, IMP_DRIVE_SUFFIX) ? length - end : length;
    snprintf(out, 64, "%.*s", (int)(kept < 63 ? kept : 63), name);
}

// Reads the drives of --drive.
static imp_status read_episodes(settings *s, const imp_options *options, imp_error *err)
{
    if (s->episodes.count == 0)
        return IMP_OK;
    const imp_monitor monitor = imp_console_create_monitor(options);
    IMP_TRY(imp_drive_files_list(&s->files, s->episodes.items, s->episodes.count, &monitor, err));
    const size_t count = (size_t)s->files.count;
    if (s->files.count > IMP_PAGE_EPISODES_MAX)
        return imp_fail(err, IMP_USAGE, "--drive: a page holds at most %d, not %d",
                        IMP_PAGE_EPISODES_MAX, s->files.count);
    // three arrays, since the page borrows names and drives
    s->drives = calloc(count, sizeof *s->drives);
    s->named = calloc(count, sizeof *s->named);
    s->names = calloc(count, sizeof *s->names);
    if (s->drives == NULL || s->named == NULL || s->names == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(s->files.count, "episode"));
    for (int k = 0; k < s->files.count; k++) {
        IMP_TRY(imp_demonstration_read(&s->drives[k], s->files.paths[k], err));
        copy_base_name(s->names[k], s->files.paths[k]);
        s->named[k] = (imp_page_episode){s->names[k], &s->drives[k]};
    }
    s->page.episodes = s->named;
    s->page.episode_count = s->files.count;
    return IMP_OK;
}

// Checks everything, opens the policies, and writes the page.
static imp_status run_page_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    static const char *const extensions[] = {".html", ".htm", NULL};
    if (options->operand_count != 1)
        return imp_fail(err, IMP_USAGE, "give one file to write, such as page.html");
    s->out = options->operands[0];
    IMP_TRY(imp_output_check_file(s->out, extensions, err));
    if (s->dataset.folder[0] != '\0')
        return imp_page_of_dataset_write(&s->dataset, s->out, s->page.title, options, err);
    if (!(s->start_angle_deg > 0.0 && s->start_angle_deg <= 180.0))
        return imp_fail(err, IMP_USAGE, "--start-angle-deg %g is not within 0 to 180",
                        s->start_angle_deg);
    s->page.env.accept_start_angle = s->start_angle_deg * IMP_PI / 180.0;
    s->page.maps = s->maps.items;
    s->page.map_count = s->maps.count;
    IMP_TRY(open_policies(s, err));
    IMP_TRY(read_episodes(s, options, err));
    IMP_TRY(imp_page_write(s->out, &s->page, err));
    struct stat info;
    s->bytes = stat(s->out, &info) == 0 ? (long long)info.st_size : 0;
    return IMP_OK;
}

// The size of the file, and what is in it.
static int print_page_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    if (s->dataset.folder[0] != '\0')
        return imp_page_of_dataset_print(&s->dataset, s->out, options);
    if (options->json)
        return imp_console_finish_with_json(
            json_pack("{s:s, s:I, s:i, s:i}", "out", s->out, "bytes", (json_int_t)s->bytes,
                      "policies", s->page.policy_count, "episodes", s->page.episode_count));
    printf("%s: %.2f MB, with %s beside the experts", s->out, (double)s->bytes / 1e6,
           IMP_PLURAL(s->page.policy_count, "model"));
    if (s->page.episode_count > 0)
        printf(" and %s", IMP_PLURAL(s->page.episode_count, "episode"));
    puts("; open it in a browser");
    return imp_console_flush();
}

// Defaults and options of both kinds of page: of the simulator, and of a dataset.
static void set_up_page_command(void *state, imp_options *options)
{
    settings *s = state;
    s->page = imp_default_page_def();
    s->start_angle_deg = IMP_DEFAULT_START_ANGLE_DEG;
    const imp_option table[] = {
        {"map", 'm', IMP_OPTION_LIST, &s->maps, "MAP",
         "name or path of a map, or a folder of maps, beside the built-in ones; may be repeated; "
         "the first one is shown first",
         IMP_INPUT_PATH},
        {"policy", 'p', IMP_OPTION_LIST, &s->policies, "MODEL",
         "model of imprint train; may be repeated; the first one drives first", IMP_INPUT_PATH},
        {"drive", 0, IMP_OPTION_LIST, &s->episodes, "FILE",
         "drive (*.drive.json), or a folder of drives, to look at and to drive on from; `imprint "
         "eval --out DIR` writes those of its worst episodes to DIR, and more to DIR/drives; may "
         "be repeated",
         IMP_INPUT_PATH},
        {"start-angle-deg", 0, IMP_OPTION_REAL, &s->start_angle_deg, "DEG",
         "largest angle to the lane at the start", IMP_SETTING},
        {"randomize", 0, IMP_OPTION_TEXT, &s->page.randomize, "LIST",
         "what differs from episode to episode at first, as for imprint eval", IMP_SETTING},
        {"title", 0, IMP_OPTION_TEXT, &s->page.title, "TEXT", "heading of the page", IMP_SETTING},
        IMP_MEMBER_OPTION("seed", 's', IMP_SETTING),
        IMP_MEMBER_OPTION("max_steps", 0, IMP_SETTING),
    };
    imp_options_add_members(options, NULL, table, (int)(sizeof table / sizeof table[0]),
                            &imp_env_members, &s->page.env);
    imp_page_of_dataset_add_options(&s->dataset, options);
}

// Policies and drives live until the page is written.
static void free_page_command(void *state)
{
    settings *s = state;
    for (int k = 0; k < IMP_PAGE_POLICIES_MAX; k++)
        imp_policy_factory_close(s->open[k]);
    for (int k = 0; k < s->files.count && s->drives != NULL; k++)
        imp_demonstration_free(&s->drives[k]);
    free(s->drives);
    free(s->named);
    free(s->names);
    imp_drive_files_free(&s->files);
}

const imp_command imp_command_page = {
    .name = "page",
    .summary = "write the simulator, or a dataset, as one HTML file",
    .operands = "OUT.html",
    .details = "The file opens in a browser without a network or a server. In it one can watch "
               "policies drive, drive by keyboard, gamepad, touch or mouse, take the wheel from a "
               "policy, and save what was driven for `imprint import drive`. It computes the same "
               "images and states as this program, bit for bit.\n\n"
               "With --data it is a page of a dataset instead: frames and plots of all episodes, "
               "filters that find bad ones, and marks, which are saved as a file for `imprint "
               "data drop --marks`.",
    .examples = "  imprint page /tmp/imprint.html\n"
                "  imprint page /tmp/udem1.html --map udem1 --seed 7 --title \"Udem 1\"\n"
                "  imprint log --episodes 4 --steps 60 --out /tmp/imprint-p --force &&\n"
                "  imprint page /tmp/imprint-data.html --data /tmp/imprint-p\n"
                "  imprint eval --policy expert --episodes 3 --out /tmp/imprint-drives "
                "--force &&\n"
                "  imprint page /tmp/drives.html --drive /tmp/imprint-drives/drives",
    .state_size = sizeof(settings),
    .set_up = set_up_page_command,
    .run = run_page_command,
    .report = print_page_summary,
    .tear_down = free_page_command,
};
