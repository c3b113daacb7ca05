// One training of a sweep. It runs in a folder of its own and is then evaluated. A record beside
// the model holds the figures and the settings that they belong to, and is used again only if these
// are equal. A training that was interrupted goes on from its checkpoint. With successive halving
// there is a record for each rung, because the same folder is trained on; a training that cannot go
// on with the same result has a folder for each rung.
#include "cli/eval_commands/sweep_trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/csv_table.h"
#include "cli/options/command_table.h"
#include "cli/options/settings_file.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "data/dataset/dataset_files.h"
#include "evaluate/report/report_formats/hyperparameters.h"
#include "learn/training/training.h"

// EXACT_DIGITS because records are read back and must not lose digits.
enum { RECORD_BYTES_MAX = 1 << 20, HISTORY_BYTES_MAX = 1 << 26, EXACT_DIGITS = 17 };

imp_status imp_sweep_trial_open(imp_sweep_job *job, const imp_sweep_settings *s, int candidate,
                                int seed, int budget, imp_error *err)
{
    char number[32];
    IMP_TRY(imp_sweep_job_open(job, s->command, &s->words, s->first_word, err));
    for (int k = 0; k < s->space.axis_count; k++)
        IMP_TRY(imp_sweep_job_add_option(job, s->space.axes[k].name,
                                         s->space.candidates[candidate].values[k], err));
    snprintf(number, sizeof number, "%" PRIu64, s->first_seed + (uint64_t)seed);
    IMP_TRY(imp_sweep_job_add_option(job, s->command->seed, number, err));
    snprintf(number, sizeof number, "%d", budget);
    if (budget > 0 && budget != s->budget)
        IMP_TRY(imp_sweep_job_add_option(job, s->command->budget, number, err));
    return imp_sweep_job_parse(job, err);
}

imp_status imp_sweep_trial_folder(char out[IMP_PATH_MAX], const imp_sweep_settings *s,
                                  const imp_sweep_job *job, int candidate, int seed, int budget,
                                  imp_error *err)
{
    char name[128], number[40];
    snprintf(number, sizeof number, "seed-%" PRIu64, s->first_seed + (uint64_t)seed);
    if (s->space.axis_count == 0)
        snprintf(name, sizeof name, "%s", number);
    else if (budget == 0 || imp_sweep_job_can_extend_training(job))
        snprintf(name, sizeof name, "%s-%s", s->space.candidates[candidate].name, number);
    else
        snprintf(name, sizeof name, "%s-%s-%s-%d", s->space.candidates[candidate].name, number,
                 s->command->budget, budget);
    return imp_path_join(out, s->out, name, err);
}

// The identity of a result: the settings of evaluation and training as one text. The caller frees
// it.
static imp_status combined_settings_json(char **out, const imp_options *options,
                                         const imp_sweep_job *job, imp_error *err)
{
    char *eval, *train;
    // options that are transient do not belong to the identity
    IMP_TRY(imp_options_to_json(&eval, options, err));
    imp_status status = imp_options_to_json(&train, &job->options, err);
    if (status == IMP_OK && asprintf(out, "%s %s %s %d", eval, train, job->of->budget,
                                     imp_sweep_job_training_budget(job)) < 0) {
        *out = NULL;
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for settings");
    }
    free(eval);
    free(train);
    return status;
}

// Reads the record of an earlier call. False if there is none, or its settings differ.
static bool read_trial_record(imp_sweep_row *row, const char *path, const char *identity)
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

static imp_status write_trial_record(const imp_sweep_row *row, const char *path,
                                     const char *identity, imp_error *err)
{
    json_t *record = imp_sweep_row_to_json(row);
    imp_json_set(record, "of", json_string(identity));
    return imp_json_write_file(path, record, EXACT_DIGITS, err);
}

imp_status imp_sweep_evaluate(imp_sweep_row *row, const imp_sweep_settings *s,
                              const imp_options *options, const char *policy,
                              const imp_monitor *monitor, imp_error *err)
{
    imp_policy_factory *driver = NULL;
    imp_eval_def eval = s->eval;
    imp_evaluation evaluation = {0};
    imp_status status = imp_policy_factory_open(&driver, policy, &s->eval.sim.expert, err);
    if (status == IMP_OK)
        status =
            imp_sim_options_fit_camera_to_policy(options, &s->sim, driver, &eval.sim.camera, err);
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

// Finds the smallest loss in the table of a training: of validation, where that is known.
static imp_status read_best_loss(imp_sweep_row *row, const char *folder, const char *name,
                                 imp_error *err)
{
    static const char *const names[][2] = {{"validation_loss", "validation_loss"},
                                           {"loss", "loss"}};
    static const imp_csv_columns columns = {names, 2, 2, "epochs or rounds",
                                            "it is written by imprint"};
    char path[IMP_PATH_MAX], *text = NULL;
    size_t length;
    imp_csv_table table;
    IMP_TRY(imp_path_join(path, folder, name, err));
    imp_status status = imp_file_read(&text, &length, path, HISTORY_BYTES_MAX, err);
    if (status == IMP_OK)
        status = imp_csv_table_init(&table, text, path, &columns, err);
    // the smallest number of each column, and its row
    double best[2] = {INFINITY, INFINITY};
    int epochs[2] = {0};
    for (int row_number = 1; status == IMP_OK && imp_csv_table_next(&table); row_number++)
        for (int k = 0; k < 2; k++) {
            char *end;
            const char *field = imp_csv_field(&table, k);
            const double value = strtod(field, &end);
            if (end != field && value < best[k]) {
                best[k] = value;
                epochs[k] = row_number;
            }
        }
    // validation is known if it has a number at all
    const int known = epochs[0] > 0 ? 0 : 1;
    row->loss = epochs[known] > 0 ? best[known] : (double)NAN;
    row->best_epoch = epochs[known];
    free(text);
    return status;
}

// Adds the settings of a run and how its policy drives to its log for TensorBoard, unless the
// options say that there is none. The log is a new one, behind that of the training.
static imp_status log_trial_to_tensorboard(const imp_sweep_row *row, const imp_sweep_job *job,
                                           const char *folder, imp_error *err)
{
    const int wanted = imp_option_find(&job->options, "tensorboard");
    imp_tensorboard *events = NULL;
    char *settings;
    if (wanted >= 0 && !*(const bool *)job->options.table[wanted].value)
        return IMP_OK;
    IMP_TRY(imp_options_to_json(&settings, &job->options, err));
    // no event of the training has this step, so none is discarded
    imp_status status = imp_tensorboard_open(&events, folder, INT32_MAX, err);
    if (status == IMP_OK) {
        const int64_t at = imp_sweep_job_training_budget(job);
        imp_tensorboard_add_hyperparameters(events, settings);
        imp_tensorboard_add_scalar(events, at, "drive/completed",
                                   (double)row->completed / row->episodes);
        for (int k = 0; imp_sweep_metric_name(k) != NULL; k++) {
            char tag[64];
            snprintf(tag, sizeof tag, "drive/%s", imp_sweep_metric_name(k));
            if (isfinite(imp_sweep_row_metric(row, k)))
                imp_tensorboard_add_scalar(events, at, tag, imp_sweep_row_metric(row, k));
        }
        imp_tensorboard_add_session_end(events);
        status = imp_tensorboard_flush(events, err);
    }
    imp_tensorboard_destroy(events);
    free(settings);
    return status;
}

// Trains in a folder, or goes on there, and evaluates.
static imp_status train_and_evaluate(imp_sweep_row *row, const imp_sweep_settings *s,
                                     imp_sweep_job *job, const imp_options *options,
                                     const char *folder, const imp_monitor *monitor, imp_error *err)
{
    const double started = imp_monotonic_seconds();
    const imp_status status = imp_sweep_job_run(job, err);
    row->train_seconds = imp_monotonic_seconds() - started;
    // a training that exploded is a result, too: the worst one
    if (status == IMP_CHECK_FAILED && s->space.axis_count > 0) {
        snprintf(row->failure, sizeof row->failure, "%.*s", IMP_SWEEP_FAILURE_TEXT_MAX - 1,
                 err->message);
        row->loss = row->progress = row->lane_distance = row->lane_distance_p95 = row->distance =
            row->speed = row->reward = row->action_error = NAN;
        row->episodes = s->eval.episodes;
        *err = (imp_error){0};
        return imp_folder_create(folder, err);
    }
    if (status != IMP_OK)
        return status;
    IMP_TRY(read_best_loss(row, folder, job->of->history, err));
    IMP_TRY(imp_sweep_evaluate(row, s, options, folder, monitor, err));
    return log_trial_to_tensorboard(row, job, folder, err);
}

// Whether a run has all of its files. Without one of them it is run again: the command makes the
// file anew, or says that it cannot.
static bool is_run_complete(const imp_sweep_job *job, const char *folder)
{
    const char *const names[] = {"model.safetensors", IMP_SETTINGS_FILE_NAME, job->of->history};
    char path[IMP_PATH_MAX];
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (imp_path_join(path, folder, names[k], NULL) != IMP_OK || !imp_path_exists(path))
            return false;
    return job->of->command != &imp_command_train || imp_training_is_complete(folder);
}

// Skips a trial whose record is valid. A training that exploded has nothing but its record.
imp_status imp_sweep_trial_run(imp_sweep_settings *s, bool *worked, const imp_options *options,
                               int candidate, int seed, int budget, const imp_monitor *monitor,
                               imp_error *err)
{
    char folder[IMP_PATH_MAX], path[IMP_PATH_MAX], name[48];
    imp_sweep_job job = {0};
    char *identity = NULL;
    imp_sweep_row *row = imp_sweep_row_at(s, candidate, seed);
    *row = (imp_sweep_row){.seed = s->first_seed + (uint64_t)seed, .train_seconds = NAN};
    *worked = false;
    // a rung of halving has a record of its own
    snprintf(name, sizeof name, budget > 0 ? "evaluation-%d.json" : "evaluation.json", budget);
    imp_status status = imp_sweep_trial_open(&job, s, candidate, seed, budget, err);
    if (status == IMP_OK)
        status = imp_sweep_job_check_settings(&job, err);
    if (status == IMP_OK)
        status = imp_sweep_trial_folder(folder, s, &job, candidate, seed, budget, err);
    if (status == IMP_OK)
        status = imp_path_join(path, folder, name, err);
    // the job trains in that folder, and is as quiet as the sweep
    if (status == IMP_OK) {
        const int out = imp_option_find(&job.options, "out");
        *(const char **)job.options.table[out].value = folder;
        job.options.quiet = job.options.quiet || options->quiet;
        status = combined_settings_json(&identity, options, &job, err);
    }
    // the work, unless a valid record and all files are there
    if (status == IMP_OK && !(read_trial_record(row, path, identity) &&
                              (row->failure[0] != '\0' || is_run_complete(&job, folder)))) {
        *worked = true;
        status = train_and_evaluate(row, s, &job, options, folder, monitor, err);
        if (status == IMP_OK)
            status = write_trial_record(row, path, identity, err);
    }
    free(identity);
    imp_sweep_job_close(&job);
    return status;
}
