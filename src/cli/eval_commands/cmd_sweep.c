// imprint sweep: runs a training command several times and evaluates each policy from the same
// starts. Without --grid and --random the runs differ in their training seed alone, which shows how
// much results differ by chance. With them they differ in options. What stands behind "--" is the
// command, `imprint train` if it begins with an option, and is read with the command's own option
// table (sweep_job.c). All runs are checked before the first one starts. Each run has a folder and
// a record of its results (sweep_trial.c), so a sweep that was interrupted goes on where it was.
// Successive halving trains all candidates for a while and goes on with the best ones.
// --require-... turns a sweep over seeds into a test: exit code 1 if any network is below a bound.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/folder_lock.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "cli/eval_commands/sweep_report.h"
#include "cli/eval_commands/sweep_runs.h"
#include "cli/eval_commands/sweep_table.h"
#include "cli/eval_commands/sweep_trial.h"
#include "cli/options/settings_file.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "cli/output/run_folder.h"
#include "evaluate/evaluation/eval_settings.h"

// SEEDS_MAX bounds the table; EXACT_DIGITS because figures must not lose digits.
enum { SEEDS_MAX = 1000, DEFAULT_SEEDS = 5, EXACT_DIGITS = 17 };

// Settings and results, and what is held while it runs.
typedef struct sweep_state {
    imp_sweep_settings settings;
    bool help; // of the command was printed instead
    int lock;  // of the folder
} sweep_state;

// Options of what differs from run to run. They may be given otherwise when a sweep is continued:
// runs that are there are found by their values.
static void add_search_options(imp_options *options, imp_sweep_settings *s)
{
    const imp_option table[] = {
        {"grid", 0, IMP_OPTION_LIST, &s->grid, "NAME=A,B,...",
         "values of an option of the command; may be repeated: all combinations are tried. "
         "Semicolons separate values that have commas",
         IMP_FLEXIBLE},
        {"random", 0, IMP_OPTION_LIST, &s->random, "NAME=LOW..HIGH",
         "draw values of an option from a range, with :log behind it evenly over its logarithm, "
         "or from values such as A,B; may be repeated",
         IMP_FLEXIBLE},
        {"draws", 0, IMP_OPTION_INT, &s->trials, "N",
         "draws of --random for each combination of --grid", IMP_FLEXIBLE},
        {"draw-seed", 0, IMP_OPTION_SEED, &s->draw_seed, "N", "seed of the draws", IMP_FLEXIBLE},
        {"halving", 0, IMP_OPTION_INT, &s->halving, "N",
         "successive halving: train all for --first-rung, go on with the best 1/N for N times as "
         "long, and so on; 0: train all to the end",
         IMP_FLEXIBLE},
        {"first-rung", 0, IMP_OPTION_INT, &s->first_rung, "N",
         "epochs of the first rung, rounds of imprint dagger", IMP_FLEXIBLE},
        {"rank-by", 0, IMP_OPTION_TEXT, &s->rank_by, "NAME",
         "what makes a combination better, as the mean over its seeds: progress, completed, "
         "lane-distance, reward or loss",
         IMP_FLEXIBLE},
        {"command", 0, IMP_OPTION_LIST, &s->words, "WORD",
         "the command and its options, word by word, as a settings file has them; on the command "
         "line they stand behind --",
         IMP_FLEXIBLE},
    };
    imp_options_add_group(options, "What differs", table, (int)(sizeof table / sizeof table[0]));
}

// The bounds are transient: they do not change what is computed.
static void add_sweep_options(imp_options *options, imp_sweep_settings *s)
{
    const imp_option table[] = {
        {"seeds", 'n', IMP_OPTION_INT, &s->seeds, "N",
         "trainings, each with its own seed; 1 with --grid or --random", IMP_FLEXIBLE},
        {"first-seed", 0, IMP_OPTION_SEED, &s->first_seed, "N",
         "seed of the first training; the others follow", IMP_FLEXIBLE},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR",
         "folder of the sweep: sweep.json, trials.csv, and a folder for each model", IMP_TRANSIENT},
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
    imp_sim_options_add_for_many_maps(options, &s->sim);
    imp_options_add_members(options, NULL, table, (int)(sizeof table / sizeof table[0]),
                            &imp_eval_members, &s->eval);
}

// Refuses to sweep what says where or how to run, and the seed, which has options of its own.
static imp_status check_swept_options(const imp_sweep_settings *s, const imp_options *command,
                                      imp_error *err)
{
    for (int k = 0; k < s->space.axis_count; k++) {
        const char *name = s->space.axes[k].name;
        if (strcmp(name, s->command->seed) == 0)
            return imp_fail(err, IMP_USAGE, "--%s cannot be swept: use --seeds and --first-seed",
                            name);
        if (command->table[imp_option_find(command, name)].kind == IMP_TRANSIENT)
            return imp_fail(err, IMP_USAGE,
                            "--%s cannot be swept: it does not change what is trained", name);
    }
    return IMP_OK;
}

// Reads the command and what differs; makes the candidates. *help: the command's help was printed.
static imp_status prepare_candidates(imp_sweep_settings *s, const imp_options *options, bool *help,
                                     imp_error *err)
{
    imp_sweep_job job = {0};
    int rank = 0;
    // what is given behind -- replaces what a settings file says
    for (int k = 0; k < options->operand_count; k++)
        s->words.items[k] = options->operands[k];
    s->words.count = options->operand_count > 0 ? options->operand_count : s->words.count;
    IMP_TRY(imp_name_lookup(&rank, "--rank-by: ", s->rank_by, imp_sweep_criterion_name, err));
    s->rank = (imp_sweep_rank)rank;
    IMP_TRY(imp_sweep_command_find(&s->command, &s->first_word, &s->words, err));
    imp_status status = imp_sweep_job_open(&job, s->command, &s->words, s->first_word, err);
    if (status == IMP_OK)
        status = imp_sweep_job_parse(&job, err);
    *help = job.options.help;
    if (status == IMP_OK && !*help)
        status = imp_sweep_job_check_free(&job, err);
    if (status == IMP_OK && !*help)
        status = imp_sweep_space_read(&s->space, &s->grid, &s->random, &job.options, err);
    if (status == IMP_OK && !*help)
        status = check_swept_options(s, &job.options, err);
    if (status == IMP_OK && !*help)
        status = imp_sweep_space_generate_candidates(&s->space, s->trials, s->draw_seed, err);
    imp_sweep_job_close(&job);
    return status;
}

// Checks the settings of a candidate as its command does. A message names its values.
static imp_status check_candidate(imp_sweep_settings *s, int candidate, imp_error *err)
{
    imp_sweep_job job = {0};
    imp_status status = imp_sweep_trial_open(&job, s, candidate, 0, 0, err);
    if (status == IMP_OK)
        status = imp_sweep_job_check_settings(&job, err);
    if (status == IMP_OK) {
        s->space.candidates[candidate].budget = imp_sweep_job_training_budget(&job);
        s->budget = imp_sweep_job_training_budget(&job);
    }
    imp_sweep_job_close(&job);
    return status;
}

// Also sets the default number of seeds: one where options are swept.
static imp_status check_seeds_and_halving(imp_sweep_settings *s, const imp_options *options,
                                          imp_error *err)
{
    if (s->space.axis_count > 0 && !imp_option_is_given(options, &s->seeds))
        s->seeds = 1;
    // the limit bounds the table of rows
    if (s->seeds < 1 || s->seeds > SEEDS_MAX / s->space.candidate_count)
        return imp_fail(err, IMP_USAGE, "--seeds %d is not within 1 to %d%s", s->seeds,
                        SEEDS_MAX / s->space.candidate_count,
                        s->space.axis_count > 0 ? ", with so many combinations" : "");
    if (s->halving == 0)
        return IMP_OK;
    if (s->space.axis_count == 0)
        return imp_fail(err, IMP_USAGE,
                        "--halving: there is nothing to choose from: give --grid or --random");
    for (int k = 0; k < s->space.axis_count; k++)
        if (strcmp(s->space.axes[k].name, s->command->budget) == 0)
            return imp_fail(err, IMP_USAGE, "--halving sets --%s itself: it cannot be swept",
                            s->command->budget);
    if (s->halving < 2 || s->first_rung < 1)
        return imp_fail(err, IMP_USAGE,
                        "--halving %d and --first-rung %d: must be at least 2 and 1", s->halving,
                        s->first_rung);
    return IMP_OK;
}

// Checks everything that can fail early, before anything is written.
static imp_status check_sweep_command(void *state, const imp_options *options, imp_error *err)
{
    sweep_state *sweep = state;
    imp_sweep_settings *s = &sweep->settings;
    IMP_TRY(imp_run_folder_check_resume(options, s->out, s->resume, false, err));
    IMP_TRY(prepare_candidates(s, options, &sweep->help, err));
    if (sweep->help)
        return IMP_OK;
    IMP_TRY(check_seeds_and_halving(s, options, err));
    for (int k = 0; k < s->space.candidate_count; k++)
        IMP_TRY(check_candidate(s, k, err));
    IMP_TRY(imp_sim_options_complete_def(options, &s->sim, &s->assets, err));
    // trajectories are not drawn, so none are kept
    s->eval.plot_episodes = 0;
    if (!imp_option_is_given(options, &s->eval.steps))
        s->eval.steps = imp_route_options_default_steps(&s->eval.sim.env, s->eval.steps);
    if (!imp_option_is_given(options, &s->eval.settle_steps))
        s->eval.settle_steps = s->eval.steps >= 300 ? 60 : 0;
    if (s->eval.settle_steps >= s->eval.steps)
        return imp_fail(err, IMP_USAGE, "--settle-steps %d: episodes have at most %s",
                        s->eval.settle_steps, IMP_PLURAL(s->eval.steps, "step"));
    s->eval.ask_expert = true;
    s->rows = calloc((size_t)s->space.candidate_count * (size_t)s->seeds, sizeof *s->rows);
    return s->rows != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for results");
}

// Epochs or rounds of the next rung.
static int compute_next_halving_budget(const imp_sweep_settings *s, int rung)
{
    return rung > s->budget / s->halving ? s->budget : rung * s->halving;
}

// The candidates that go on after a rung.
static int count_halving_survivors(const imp_sweep_settings *s, int count)
{
    return (count + s->halving - 1) / s->halving;
}

// Successive halving. The order is that of the rung: all that are left were trained for as long.
static imp_status run_successive_halving(imp_sweep_settings *s, const imp_options *options,
                                         int *candidates, imp_error *err)
{
    int count = s->space.candidate_count, rung = 0;
    imp_sweep_clock clock = {.started = imp_monotonic_seconds()};
    for (int next = s->first_rung < s->budget ? s->first_rung : s->budget, left = count;
         rung < next; left = count_halving_survivors(s, left)) {
        clock.total += (double)left * s->seeds * (next - rung);
        rung = next;
        next = compute_next_halving_budget(s, rung);
    }
    rung = 0;
    for (int next = s->first_rung < s->budget ? s->first_rung : s->budget; rung < next;) {
        IMP_TRY(imp_sweep_run_candidates(s, options, candidates, count, next, next - rung, &clock,
                                         err));
        imp_sweep_sort(candidates, count, s);
        count = count_halving_survivors(s, count);
        rung = next;
        next = compute_next_halving_budget(s, rung);
    }
    return IMP_OK;
}

// Evaluates the expert, then trains and evaluates all that is asked for.
static imp_status run_expert_and_all_trials(imp_sweep_settings *s, const imp_options *options,
                                            imp_error *err)
{
    imp_sweep_clock clock = {0};
    IMP_TRY(imp_sweep_run_expert(s, options, err));
    if (!options->json && s->space.axis_count > 0)
        imp_sweep_print_candidates_header(s);
    else if (!options->json)
        imp_sweep_print_header(s);
    int *candidates = calloc((size_t)s->space.candidate_count, sizeof *candidates);
    if (candidates == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    for (int k = 0; k < s->space.candidate_count; k++)
        candidates[k] = k;
    clock = (imp_sweep_clock){.started = imp_monotonic_seconds(),
                              .total = (double)s->space.candidate_count * s->seeds};
    const imp_status status =
        s->halving > 0 ? run_successive_halving(s, options, candidates, err)
                       : imp_sweep_run_candidates(s, options, candidates, s->space.candidate_count,
                                                  0, 1.0, &clock, err);
    free(candidates);
    return status;
}

// On rank 0: claims the folder, which replaces nothing and is locked by the sweep itself.
static imp_status claim_folder(sweep_state *sweep, const imp_options *options, imp_error *err)
{
    const imp_sweep_settings *s = &sweep->settings;
    imp_output_folder folder;
    if (!imp_options_is_writing_rank(options))
        return IMP_OK;
    IMP_TRY(imp_output_folder_check_and_back_up(&folder, options, s->out, s->resume, false, err));
    IMP_TRY(imp_folder_create(s->out, err));
    IMP_TRY(imp_folder_lock(&sweep->lock, s->out, err));
    return imp_output_folder_save_settings(options, s->out, err);
}

static imp_status write_tables(const imp_sweep_settings *s, const imp_options *options,
                               imp_error *err)
{
    char path[IMP_PATH_MAX];
    if (!imp_options_is_writing_rank(options))
        return IMP_OK;
    IMP_TRY(imp_path_join(path, s->out, "sweep.json", err));
    IMP_TRY(imp_json_write_file(path, imp_sweep_to_json(s), EXACT_DIGITS, err));
    IMP_TRY(imp_sweep_write_csv(s, err));
    return s->space.axis_count > 0 ? imp_sweep_write_report(s, err) : IMP_OK;
}

// Claims the folder, runs, writes the tables.
static imp_status run_sweep_command(void *state, const imp_options *options, imp_error *err)
{
    sweep_state *sweep = state;
    imp_sweep_settings *s = &sweep->settings;
    if (sweep->help)
        return IMP_OK;
    imp_status status = claim_folder(sweep, options, err);
    IMP_TRY(imp_communicator_agree_on_status(options->ranks, status, err));
    status = run_expert_and_all_trials(s, options, err);
    // finished runs are kept
    if (status == IMP_INTERRUPTED)
        return imp_fail(err, status, "interrupted: continue with --out %s --resume", s->out);
    IMP_TRY(status);
    status = write_tables(s, options, err);
    return imp_communicator_agree_on_status(options->ranks, status, err);
}

// Whether a network misses a bound on completion or progress; the message is then in *err.
static bool is_trial_below_requirement(const imp_sweep_settings *s, const imp_sweep_row *row,
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
    const imp_sweep_row *rows = s->rows;
    imp_error err = {0};
    char lane[24];
    // printed instead, or by rank 0
    if (sweep->help || !imp_options_is_writing_rank(options))
        return imp_console_flush();
    if (!options->json && s->space.axis_count > 0)
        imp_sweep_print_candidates(s);
    else if (!options->json)
        imp_sweep_print_statistics(s);
    // the report first: it is complete even if a bound is missed
    const int code =
        options->json ? imp_console_finish_with_json(imp_sweep_to_json(s)) : imp_console_flush();
    if (code != 0)
        return code;
    // the first network below a bound decides
    for (int k = 0; k < s->seeds * s->space.candidate_count; k++) {
        if (is_trial_below_requirement(s, &rows[k], &err))
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
    s->trials = 10;
    s->draw_seed = 1;
    s->first_rung = 1;
    s->rank_by = "progress";
    s->seeds = DEFAULT_SEEDS;
    s->first_seed = 1;
    s->out = "runs/sweep";
    add_sweep_options(options, s);
    add_search_options(options, s);
    // models have their own
    imp_options_save_only_if_given(options, &s->eval.sim.camera.width);
    imp_options_save_only_if_given(options, &s->sim.lens);
}

static void free_sweep_command(void *state)
{
    sweep_state *sweep = state;
    free(sweep->settings.rows);
    imp_folder_unlock(sweep->lock);
    imp_assets_close(sweep->settings.assets);
    imp_sweep_space_free(&sweep->settings.space);
}

const imp_command imp_command_sweep = {
    .name = "sweep",
    .summary = "train with several seeds or settings and compare them",
    .operands = "-- [train|dagger] [options of the command]",
    .details = "Trains several times, each time in a folder of its own. Each policy "
               "drives from the same starts. Without --grid and --random the trainings differ in "
               "their seed, and the spread over seeds is printed next to the expert. With them "
               "they differ in options of the command: a table puts the combinations in order, and "
               "report.html draws them. All values are checked before the first training. "
               "--resume continues an interrupted sweep, or adds seeds, values or draws; finished "
               "trainings are kept.",
    .examples = "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-sweep-d --force &&\n"
                "  imprint sweep --seeds 2 --episodes 5 --steps 100 --out /tmp/imprint-sweep "
                "--resume \\\n"
                "    -- --data /tmp/imprint-sweep-d --epochs 2\n"
                "  imprint sweep --random learning-rate=1e-4..1e-2:log --grid loss=mse,huber "
                "--draws 2 \\\n"
                "    --halving 2 --episodes 5 --steps 100 --out /tmp/imprint-sweep-h --resume \\\n"
                "    -- train --data /tmp/imprint-sweep-d --network small --epochs 2",
    .works_in_ranks = true,
    .state_size = sizeof(sweep_state),
    .set_up = set_up_sweep_command,
    .check = check_sweep_command,
    .run = run_sweep_command,
    .report = print_sweep_and_requirements,
    .tear_down = free_sweep_command,
};
