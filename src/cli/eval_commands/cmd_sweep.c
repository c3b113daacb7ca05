// imprint sweep: trains one network per seed with the same options, evaluates each from the same
// starts, and reports how much the results differ. So it shows whether a difference between two
// settings is larger than the spread over seeds. Everything behind "--" is parsed as options of
// `imprint train`, with its own option table. Each seed has a folder with its model and
// evaluation.json. That record holds the settings it belongs to; --resume reuses it only if they
// are equal, so changed options never mix with old results. --require-... turns the sweep into a
// test: exit code 1 if any network is below a bound.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/folder_lock.h"
#include "base/text/plural.h"
#include "cli/eval_commands/sweep.h"
#include "cli/options/settings_file.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "evaluate/evaluation/eval_settings.h"
#include "learn/training/training.h"

// SEEDS_MAX bounds the table; EXACT_DIGITS because records are read back and must not lose digits.
enum { SEEDS_MAX = 1000, RECORD_BYTES_MAX = 1 << 20, EXACT_DIGITS = 17 };

// Settings, the options of the trainings, and the results.
// The rows are allocated when the number of seeds is known.
typedef struct sweep_state {
    imp_sweep_settings settings;
    imp_options training; // of the trainings
    imp_sweep_row *rows;  // (seeds)
    int lock;             // of the folder
} sweep_state;

// The bounds are transient: they do not change what is computed.
static void add_sweep_options(imp_options *options, imp_sweep_settings *s)
{
    const imp_option table[] = {
        {"seeds", 'n', IMP_OPTION_INT, &s->seeds, "N",
         "number of trainings, each with its own seed", IMP_TRANSIENT},
        {"first-seed", 0, IMP_OPTION_SEED, &s->first_seed, "N",
         "seed of the first training; the others follow", IMP_TRANSIENT},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR",
         "folder of the sweep: sweep.json, and each model in seed-<n>", IMP_TRANSIENT},
        IMP_MEMBER_OPTION_WITH_HELP("episodes", 0, IMP_SETTING,
                                    "episodes that evaluate each network"),
        IMP_MEMBER_OPTION("steps", 0, IMP_SETTING),
        IMP_MEMBER_OPTION_WITH_HELP("settle_steps", 0, IMP_SETTING, IMP_SETTLE_STEPS_HELP),
        // bounds, which make the exit code 1
        {"require-completed", 0, IMP_OPTION_REAL, &s->require_completed, "SHARE",
         "exit code 1 unless every network completes this share of its episodes: to the last "
         "step, without a stall",
         IMP_TRANSIENT},
        {"require-progress", 0, IMP_OPTION_REAL, &s->require_progress, "SHARE",
         "exit code 1 unless every network reaches this share of the expert's progress",
         IMP_TRANSIENT},
        {"require-survival", 0, IMP_OPTION_REAL, &s->require_survival, "SHARE",
         "exit code 1 unless every network survives this share of its episodes, including "
         "those in which it stands still",
         IMP_TRANSIENT},
        {"require-lane-distance", 0, IMP_OPTION_REAL, &s->require_lane_distance, "M",
         "exit code 1 unless the mean |lane distance| of every network is at most this; 0: no "
         "limit",
         IMP_TRANSIENT},
        {"resume", 0, IMP_OPTION_FLAG, &s->resume, NULL,
         "continue: finished trainings and evaluations are kept", IMP_TRANSIENT},
    };
    imp_sim_options_add_multi_map(options, &s->sim);
    imp_options_add_members(options, NULL, table, (int)(sizeof table / sizeof table[0]),
                            &imp_eval_members, &s->eval);
}

// Parses the options behind "--" as `imprint train` does.
static imp_status parse_train_options(imp_sweep_settings *s, const imp_options *options,
                                      imp_options *training, imp_error *err)
{
    // the first argument stands for the name of the command
    char *argv[IMP_LIST_MAX + 2] = {(char *)(uintptr_t) "train"};
    for (int k = 0; k < options->operand_count; k++)
        argv[k + 1] = (char *)(uintptr_t)options->operands[k];
    imp_options_init(training, &imp_command_train);
    imp_train_options_add(training, &s->train);
    // the help of `imprint train` is printed instead of a sweep
    imp_status status = imp_options_parse(training, options->operand_count + 1, argv, err);
    if (status != IMP_OK || training->help)
        return status;
    // the sweep sets these itself
    const char *refused = imp_option_is_given(training, &s->train.out)             ? "out"
                          : imp_option_is_given(training, &s->train.train->seed)   ? "seed"
                          : imp_option_is_given(training, &s->train.train->resume) ? "resume"
                          : imp_option_is_given(training, &s->train.force)         ? "force"
                          : training->json                                         ? "json"
                                                                                   : NULL;
    if (refused != NULL)
        return imp_fail(err, IMP_USAGE, "--%s after --: a sweep sets it itself", refused);
    return imp_train_settings_apply(&s->train, err);
}

// The folder of a seed: OUT/seed-N.
static imp_status seed_folder_path(char out[IMP_PATH_MAX], const imp_sweep_settings *s,
                                   uint64_t seed, imp_error *err)
{
    char name[40];
    snprintf(name, sizeof name, "seed-%" PRIu64, seed);
    return imp_path_join(out, s->out, name, err);
}

// The identity of a result: the settings of evaluation and training as one text. The caller frees
// it.
static char *combined_settings_json(const imp_options *options, const imp_options *training)
{
    // options that are transient do not belong to the identity
    char *eval = imp_options_to_json(options), *train = imp_options_to_json(training);
    char *both = NULL;
    if (eval != NULL && train != NULL && asprintf(&both, "%s %s", eval, train) < 0)
        both = NULL;
    free(eval);
    free(train);
    return both;
}

// Reads the record of an earlier call. False if there is none, or its settings differ.
static bool read_seed_result(imp_sweep_row *row, const char *path, const char *identity)
{
    char *text;
    size_t length;
    // a missing or unreadable record is the same as none
    if (!imp_path_exists(path) ||
        imp_file_read(&text, &length, path, RECORD_BYTES_MAX, NULL) != IMP_OK)
        return false;
    // the record is valid only if its settings are equal to the present ones
    json_t *root = json_loads(text, 0, NULL);
    const char *of = "";
    const bool same = root != NULL && json_unpack(root, "{s:s}", "of", &of) == 0 &&
                      strcmp(of, identity) == 0 && imp_sweep_row_from_json(row, root);
    json_decref(root);
    free(text);
    return same;
}

// Evaluates a model or the expert, and stores the figures in a row.
static imp_status evaluate_policy(imp_sweep_row *row, const imp_sweep_settings *s,
                                  const imp_options *options, const char *policy,
                                  const imp_monitor *monitor, imp_error *err)
{
    imp_policy_factory *driver = NULL;
    imp_eval_def eval = s->eval;
    imp_evaluation evaluation = {0};
    imp_status status = imp_policy_factory_open(&driver, policy, &s->eval.sim.expert, err);
    if (status == IMP_OK)
        status = imp_sim_options_match_camera(options, &s->sim, driver, &eval.sim.camera, err);
    if (status == IMP_OK)
        status = imp_evaluate(&evaluation, driver, &eval, monitor, err);
    imp_console_clear_progress();
    // only the figures are kept; trajectories and episodes are freed
    if (status == IMP_OK)
        imp_sweep_row_from_evaluation(row, &evaluation);
    imp_evaluation_free(&evaluation);
    imp_policy_factory_close(driver);
    return status;
}

// Trains with the present seed. A training that was interrupted is continued.
static imp_status train_seed(imp_sweep_row *row, imp_sweep_settings *s, imp_options *training,
                             const char *folder, const imp_monitor *monitor, imp_error *err)
{
    imp_train_summary summary = {0};
    imp_train_def *def = s->train.train;
    // the trainer stores the settings in the model
    char *json = imp_options_to_json(training);
    def->resume = true;
    def->settings = json != NULL ? json : "{}";
    imp_status status =
        imp_train(&summary, folder, s->train.folders, s->train.data.count, def, monitor, err);
    imp_console_clear_progress();
    free(json);
    def->settings = "{}";
    if (status == IMP_OK)
        status = imp_output_folder_save_settings(training, folder, err);
    row->loss = summary.best_loss;
    row->best_epoch = summary.best_epoch;
    row->train_seconds = summary.seconds;
    return status;
}

// One seed: trains and evaluates, unless a valid record exists.
static imp_status train_and_evaluate_seed(imp_sweep_row *row, imp_sweep_settings *s,
                                          const imp_options *options, imp_options *training,
                                          const imp_monitor *monitor, imp_error *err)
{
    char folder[IMP_PATH_MAX], path[IMP_PATH_MAX], settings[IMP_PATH_MAX];
    imp_status status = seed_folder_path(folder, s, row->seed, err);
    if (status == IMP_OK)
        status = imp_path_join(path, folder, "evaluation.json", err);
    if (status == IMP_OK)
        status = imp_path_join(settings, folder, IMP_SETTINGS_FILE_NAME, err);
    if (status != IMP_OK)
        return status;
    s->train.train->seed = row->seed;
    // the seed is part of the identity
    // evaluations of different settings must never be mixed
    char *identity = combined_settings_json(options, training);
    if (identity == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
    row->train_seconds = NAN;
    if (!imp_training_is_complete(folder) || !imp_path_exists(settings) ||
        !read_seed_result(row, path, identity)) {
        // no valid record: do the work and write one
        status = train_seed(row, s, training, folder, monitor, err);
        if (status == IMP_OK)
            status = evaluate_policy(row, s, options, folder, monitor, err);
        if (status == IMP_OK) {
            json_t *record = imp_sweep_row_to_json(row);
            if (json_object_set_new(record, "of", json_string(identity)) != 0) {
                json_decref(record);
                record = NULL; // told as out of memory
            }
            status = imp_json_write_file(path, record, EXACT_DIGITS, err);
        }
    }
    free(identity);
    return status;
}

// Checks everything that can fail early: datasets must open, and the folder must be usable.
static imp_status check_sweep_and_prepare_out(const imp_sweep_settings *s,
                                              const imp_options *options, imp_error *err)
{
    // the limit bounds the table of rows
    if (s->seeds < 1 || s->seeds > SEEDS_MAX)
        return imp_fail(err, IMP_USAGE, "--seeds %d is not within 1 to %d", s->seeds, SEEDS_MAX);
    // what cannot be learned from is better known before the expert has driven for a minute
    for (int k = 0; k < s->train.data.count; k++) {
        imp_dataset *dataset;
        IMP_TRY(imp_dataset_open(&dataset, s->train.folders[k], err));
        imp_dataset_close(dataset);
    }
    return imp_output_folder_prepare(options, s->out, s->resume, false, err);
}

// Evaluates the expert, then every seed, and prints each row as soon as it is known.
static imp_status run_all_seeds(imp_sweep_settings *s, const imp_options *options,
                                imp_options *training, imp_sweep_row *rows, imp_error *err)
{
    char path[IMP_PATH_MAX];
    const imp_monitor monitor = imp_console_monitor(options);
    imp_status status = imp_path_join(path, s->out, "sweep.json", err);
    if (status == IMP_OK)
        status = evaluate_policy(&s->expert, s, options, "expert", &monitor, err);
    if (status == IMP_OK && !options->json)
        imp_sweep_print_header(s);
    // seeds are consecutive, and one network is trained at a time
    for (int k = 0; k < s->seeds && status == IMP_OK; k++) {
        rows[k].seed = s->first_seed + (uint64_t)k;
        status = train_and_evaluate_seed(&rows[k], s, options, training, &monitor, err);
        if (status == IMP_OK && !options->json)
            imp_sweep_print_row(&rows[k]);
        // finished seeds are kept
        if (status == IMP_INTERRUPTED)
            return imp_fail(err, status,
                            "interrupted with seed %" PRIu64
                            ": continue with --resume and the same "
                            "options",
                            rows[k].seed);
    }
    return status == IMP_OK
               ? imp_json_write_file(path, imp_sweep_to_json(s, rows), EXACT_DIGITS, err)
               : status;
}

// Parses both sets of options, prepares the evaluation, and runs all seeds.
static imp_status run_sweep_command(void *state, const imp_options *options, imp_error *err)
{
    imp_sweep_settings *s = &((sweep_state *)state)->settings;
    imp_options *training = &((sweep_state *)state)->training;
    imp_sweep_row **rows = &((sweep_state *)state)->rows;
    // the options behind "--" are parsed first, because they decide about --help
    imp_status status = parse_train_options(s, options, training, err);
    if (status != IMP_OK || training->help)
        return status;
    // what can fail early, then the options of the simulation
    IMP_TRY(check_sweep_and_prepare_out(s, options, err));
    IMP_TRY(imp_sim_options_complete_def(options, &s->sim, &s->assets, err));
    // trajectories are not drawn, so none are kept
    s->eval.keep = 0;
    if (!imp_option_is_given(options, &s->eval.settle_steps))
        s->eval.settle_steps = s->eval.steps >= 300 ? 60 : 0;
    if (s->eval.settle_steps >= s->eval.steps)
        return imp_fail(err, IMP_USAGE, "--settle-steps %d: episodes have at most %s",
                        s->eval.settle_steps, IMP_PLURAL(s->eval.steps, "step"));
    s->eval.ask_expert = true;
    IMP_TRY(imp_folder_create(s->out, err));
    IMP_TRY(imp_folder_lock(&((sweep_state *)state)->lock, s->out, err));
    *rows = calloc((size_t)s->seeds, sizeof **rows);
    return *rows != NULL
               ? run_all_seeds(s, options, training, *rows, err)
               : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(s->seeds, "seed"));
}

// Whether a network misses a bound on completion or progress; the message is then in *err.
static bool misses_requirement(const imp_sweep_settings *s, const imp_sweep_row *row,
                               imp_error *err)
{
    char progress[24];
    // the bounds are shares: of the episodes, and of the expert's progress
    if ((double)row->completed < s->require_completed * row->episodes)
        imp_fail(err, IMP_CHECK_FAILED,
                 "seed %" PRIu64 ": %d of %s %s completed (%d stalled), a share of %g is required",
                 row->seed, row->completed, IMP_PLURAL(row->episodes, "episode"),
                 row->episodes == 1 ? "was" : "were", row->stalled, s->require_completed);
    else if (s->require_progress > 0.0 && !(row->progress >= s->require_progress))
        imp_fail(err, IMP_CHECK_FAILED,
                 "seed %" PRIu64 ": progress is %s of the expert's, %g is required", row->seed,
                 imp_format_real_or_dash(progress, row->progress, 3), s->require_progress);
    return err->status != IMP_OK;
}

// Prints the statistics, then checks the bounds.
static int print_sweep_and_requirements(const void *state, const imp_options *options)
{
    const sweep_state *sweep = state;
    const imp_sweep_settings *s = &sweep->settings;
    const imp_sweep_row *rows = sweep->rows;
    imp_error err = {0};
    char lane[24];
    if (sweep->training.help) // was printed instead
        return imp_console_flush();
    if (!options->json)
        imp_sweep_print_statistics(s, rows);
    // the report first: it is complete even if a bound is missed
    const int code = options->json ? imp_console_finish_with_json(imp_sweep_to_json(s, rows))
                                   : imp_console_flush();
    if (code != 0)
        return code;
    // the first network below a bound decides
    for (int k = 0; k < s->seeds; k++) {
        if (misses_requirement(s, &rows[k], &err))
            return imp_console_print_error(IMP_CHECK_FAILED, &err);
        if ((double)rows[k].survived < s->require_survival * rows[k].episodes)
            return imp_console_print_error(
                imp_fail(&err, IMP_CHECK_FAILED,
                         "seed %" PRIu64 ": %d of %s survived, a share of %g is required",
                         rows[k].seed, rows[k].survived, IMP_PLURAL(rows[k].episodes, "episode"),
                         s->require_survival),
                &err);
        if (s->require_lane_distance > 0.0 && !(rows[k].lane_distance <= s->require_lane_distance))
            return imp_console_print_error(
                imp_fail(&err, IMP_CHECK_FAILED,
                         "seed %" PRIu64
                         ": the mean |lane distance| is %s m, at most %g m is allowed",
                         rows[k].seed, imp_format_real_or_dash(lane, rows[k].lane_distance, 4),
                         s->require_lane_distance),
                &err);
    }
    return 0;
}

// More and longer episodes than `imprint eval`: spreads need precision.
static void set_up_sweep_command(void *state, imp_options *options)
{
    imp_sweep_settings *s = &((sweep_state *)state)->settings;
    ((sweep_state *)state)->lock = IMP_FOLDER_UNLOCKED;
    s->eval = imp_default_eval_def();
    s->sim = imp_default_sim_options(&s->eval.sim);
    s->eval.episodes = 100;
    s->eval.steps = 1500;
    s->train_def = imp_default_train_def();
    s->train = imp_default_train_settings(&s->train_def);
    s->seeds = 5;
    s->first_seed = 1;
    s->out = "runs/sweep";
    add_sweep_options(options, s);
}

static void free_sweep_command(void *state)
{
    sweep_state *sweep = state;
    free(sweep->rows);
    imp_folder_unlock(sweep->lock);
    imp_assets_close(sweep->settings.assets);
    imp_options_free(&sweep->training);
    imp_train_settings_free(&sweep->settings.train);
}

const imp_command imp_command_sweep = {
    .name = "sweep",
    .summary = "train with several seeds and measure the spread",
    .operands = "-- [options of imprint train]",
    .details = "Trains one network per seed on the same data, in seed-<n> of the folder. Each "
               "network drives from the same starts. Prints the spread over seeds next to the "
               "expert. --resume continues an interrupted sweep, or adds seeds; finished seeds are "
               "kept.",
    .examples = "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-sweep-d --force &&\n"
                "  imprint sweep --seeds 2 --episodes 5 --steps 100 --out /tmp/imprint-sweep "
                "--resume \\\n"
                "    -- --data /tmp/imprint-sweep-d --epochs 2",
    .state_size = sizeof(sweep_state),
    .set_up = set_up_sweep_command,
    .run = run_sweep_command,
    .report = print_sweep_and_requirements,
    .tear_down = free_sweep_command,
};
