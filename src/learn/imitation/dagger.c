// Dataset aggregation, round by round: drive, train on all frames so far, evaluate. What a round is
// done with follows from the definition and from the folders of the rounds before; so after an
// interruption each step is asked for again, and finds in its folder that it is done. The algorithm
// is DAgger (Ross, Gordon & Bagnell 2011): beta, the expert's share of driving, falls from round to
// round. Data of all rounds is kept, and training continues from the weights of the round before.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/folder_lock.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "evaluate/evaluation/evaluate.h"
#include "imprint/learn.h"
#include "learn/collection/collector.h"
#include "learn/data_loader/training_samples.h"
#include "learn/imitation/dagger_table.h"
#include "learn/imitation/take_overs.h"
#include "learn/imitation/train.h"
#include "learn/settings/settings_tables.h"
#include "learn/training/training.h"

// A round adds one dataset, and a training takes a limited number of them. EVAL_INDEX is the
// environment whose random streams belong to evaluation alone.
enum { ROUNDS_MAX = IMP_SAMPLE_PARTS_MAX - 1, EVAL_INDEX = 1 };

// The state of one call. Folders hold what lasts between calls.
typedef struct dagger_run {
    const imp_dagger_def *def;
    imp_communicator *ranks; // that share the work; rank 0 alone writes to the folder
    const char *folder;
    int lock; // of the folder
    imp_dagger_result *out;
    int finished_rounds; // rounds that were done before this call
    char *definition;    // lines of what rounds follow from besides their driving
    const imp_monitor *monitor;
    char stages[2][48]; // names of the present stage of work and of the one before
    int stage;
} dagger_run;

// Progress of a stage is reported under its own name. Two stages in a row have different ones, by
// whose addresses a display tells where one ends.
static void report_progress_of_stage(void *context, const imp_progress *progress)
{
    dagger_run *r = context;
    imp_progress named = *progress;
    named.task = r->stages[r->stage];
    imp_monitor_progress(r->monitor, &named);
}

static bool is_run_interrupted(void *context)
{
    return imp_monitor_should_stop(((dagger_run *)context)->monitor);
}

// Returns a monitor for one stage, and alternates between two names. It asks the run's monitor
// whether to stop, and reports progress only if somebody listens.
static imp_monitor make_stage_monitor(dagger_run *r, int round, const char *what)
{
    r->stage = 1 - r->stage;
    snprintf(r->stages[r->stage], sizeof r->stages[r->stage], "round %d, %s", round, what);
    const bool heard = r->monitor != NULL && r->monitor->progress != NULL;
    return (imp_monitor){heard ? report_progress_of_stage : NULL, is_run_interrupted, r};
}

// DIR/<what>-<round>. `what` is "data" or "model".
static imp_status round_folder(char out[IMP_PATH_MAX], const dagger_run *r, const char *what,
                               int round, imp_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "%s-%03d", what, round);
    return imp_path_join(out, r->folder, name, err);
}

// Returns beta of a round. NaN stands for safe switching, where the state decides who drives. Ross
// et al. name the exponential schedule as an example.
static double compute_beta_of_round(const imp_dagger_def *def, int round)
{
    if (round == 0)
        return 1.0;
    switch (def->beta) {
    case IMP_BETA_LINEAR:
        return fmax(0.0, 1.0 - def->beta_decay * round);
    case IMP_BETA_EXPONENTIAL:
        return imp_pow(1.0 - def->beta_decay, round);
    case IMP_BETA_SWITCH:
        break;
    }
    return NAN;
}

// Opens the policy of a round.
static imp_status open_round_policy(imp_policy_factory **out, const dagger_run *r, int round,
                                    imp_error *err)
{
    const imp_dagger_trainer *trainer = r->def->policy_trainer;
    char model[IMP_PATH_MAX];
    IMP_TRY(round_folder(model, r, "model", round, err));
    return trainer != NULL ? trainer->open(trainer->context, model, out, err)
                           : imp_policy_factory_open(out, model, &r->def->collect.sim.expert, err);
}

// Sets who drives a round and who labels it. *policy: the caller's policy of the round before, to
// be closed after the round; NULL if there is none. name: (64) text for collect->policy_name.
static imp_status set_driver_of_round(imp_collect_def *collect, char name[64],
                                      imp_policy_factory **policy, const dagger_run *r, int round,
                                      imp_error *err)
{
    const imp_collect_def *given = &r->def->collect;
    const char *label_policy = imp_label_policy_name(given);
    // datasets must not contain paths: a plug-in is named by its identity
    const bool own_expert = given->labeller == NULL && strcmp(label_policy, "expert") == 0;
    collect->policy = label_policy;
    collect->driver = given->labeller;
    snprintf(name, 64, "expert");
    collect->policy_name = round > 0 || own_expert ? name : NULL;
    if (round == 0)
        return IMP_OK;
    snprintf(name, 64, "model-%03d and %s", round - 1, own_expert ? "expert" : "another expert");
    collect->label_policy = label_policy;
    IMP_TRY(open_round_policy(policy, r, round - 1, err));
    collect->driver = *policy;
    return IMP_OK;
}

// What rank 0 sees in the folder, which it may be changing, is what all ranks go by.
static imp_status broadcast_answer_of_rank_0(const dagger_run *r, bool *answer, imp_error *err)
{
    return imp_communicator_broadcast(r->ranks, answer, sizeof *answer, err);
}

// Whether a round's data are take-overs. Imports them, if they are to be.
static imp_status find_or_import_take_overs(dagger_run *r, int round, const char *data, bool *found,
                                            imp_error *err)
{
    const imp_dagger_def *def = r->def;
    const bool imports = round == def->rounds && def->take_over_count > 0;
    // those of an earlier call stay as they are
    *found = imports;
    imp_status status = IMP_OK;
    if (!imports && def->resume && r->ranks->rank == 0)
        status = imp_is_take_over_dataset(found, data, err);
    IMP_TRY(imp_communicator_agree_on_status(r->ranks, status, err));
    IMP_TRY(broadcast_answer_of_rank_0(r, found, err));
    if (!imports)
        return IMP_OK;
    const imp_monitor importing = make_stage_monitor(r, round, "take-overs");
    if (r->ranks->rank == 0)
        status = imp_take_overs_import(data, def, &importing, err);
    return imp_communicator_agree_on_status(r->ranks, status, err);
}

// Drives a round's episodes, or finds that they are there; then its settings are those that it was
// driven with. The network of round k - 1 drives round k together with the expert; the expert
// labels every step.
static imp_status collect_round(dagger_run *r, int round, imp_error *err)
{
    const imp_dagger_def *def = r->def;
    const double share = compute_beta_of_round(def, round);
    char data[IMP_PATH_MAX], name[64];
    imp_collect_def collect = def->collect;
    imp_policy_factory *policy = NULL;
    imp_collect_summary summary;
    IMP_TRY(round_folder(data, r, "data", round, err));
    bool take_overs;
    IMP_TRY(find_or_import_take_overs(r, round, data, &take_overs, err));
    if (take_overs)
        return IMP_OK;
    // a copy of the definition changes for this round
    imp_status status = set_driver_of_round(&collect, name, &policy, r, round, err);
    status = imp_communicator_agree_on_status(r->ranks, status, err);
    // the expert drives round 0, with noise; the policy shares later rounds, without noise
    if (round > 0)
        collect.noise = collect.speed_spread = 0.0;
    else if (def->first_episodes > 0)
        collect.episodes = def->first_episodes;
    collect.expert_share = isnan(share) || round == 0 ? 0.0 : share;
    collect.safe_switching = isnan(share);
    // streams that nothing else draws from, evaluation least of all
    collect.sim.env.index = round == 0 ? 0 : (uint32_t)round + EVAL_INDEX;
    collect.resume = def->resume;
    collect.settings = def->settings;
    const imp_monitor monitor = make_stage_monitor(r, round, "driving");
    if (status == IMP_OK)
        status = imp_collect_with_identity(&summary, data, &collect, r->definition, &monitor, err);
    imp_policy_factory_close(policy);
    return status;
}

// What a round's dataset holds; told by itself, because it may have been there before. Fills the
// frames of a round and how many of its episodes ended early.
static imp_status summarize_round_data(const dagger_run *r, int round, imp_dagger_round *row,
                                       imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_dataset *dataset;
    imp_dataset_summary summary;
    IMP_TRY(round_folder(path, r, "data", round, err));
    IMP_TRY(imp_dataset_open(&dataset, path, err));
    imp_dataset_summarize(dataset, &summary);
    imp_dataset_close(dataset);
    row->frames = summary.steps;
    row->terminated = summary.terminated;
    bool is_take_over;
    IMP_TRY(imp_is_take_over_dataset(&is_take_over, path, err));
    return is_take_over ? imp_take_overs_person_fraction(&row->expert_share, path, err) : IMP_OK;
}

// A round is ended with as many epochs as it was begun with: it may have been the last one then, or
// is it now. other_epochs is the alternative number of epochs, or 0 if there is none. A state with
// other settings is reported as IMP_BAD_INPUT, which starts the second attempt.
static imp_status train_with_either_epoch_count(imp_train_summary *summary, const char *folder,
                                                const char *const *datasets, int count,
                                                imp_train_def *def, int other_epochs,
                                                const imp_monitor *monitor, imp_error *err)
{
    const imp_status status = imp_train(summary, folder, datasets, count, def, monitor, err);
    if (status != IMP_BAD_INPUT || other_epochs == 0 || other_epochs == def->epochs)
        return status;
    imp_error second = {0};
    def->epochs = other_epochs;
    const imp_status again = imp_train(summary, folder, datasets, count, def, monitor, &second);
    if (again == IMP_BAD_INPUT)
        return status;
    *err = second;
    return again;
}

// The paths of a round's training.
typedef struct training_paths {
    char (*data)[IMP_PATH_MAX]; // (round + 1)
    const char **datasets;      // (round + 1) the same
    char folder[IMP_PATH_MAX], previous[IMP_PATH_MAX];
} training_paths;

static void free_training_paths(training_paths *paths)
{
    free(paths->data);
    free(paths->datasets);
}

// The data of all rounds, the model of the round before, and where the new one goes. Freed with
// free_training_paths(), also after a failure.
static imp_status fill_training_paths(training_paths *paths, const dagger_run *r, int round,
                                      imp_error *err)
{
    paths->data = calloc((size_t)round + 1, sizeof *paths->data);
    paths->datasets = calloc((size_t)round + 1, sizeof *paths->datasets);
    if (paths->data == NULL || paths->datasets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(round, "round"));
    for (int k = 0; k <= round; k++) {
        // datasets in the order of rounds, so that a resumed training reads the same samples
        paths->datasets[k] = paths->data[k];
        IMP_TRY(round_folder(paths->data[k], r, "data", k, err));
    }
    IMP_TRY(round_folder(paths->folder, r, "model", round, err));
    if (round > 0)
        IMP_TRY(round_folder(paths->previous, r, "model", round - 1, err));
    return IMP_OK;
}

static imp_status train_with_caller_callback(const dagger_run *r, int round,
                                             const training_paths *paths,
                                             const imp_monitor *monitor, imp_dagger_round *row,
                                             imp_error *err)
{
    const imp_dagger_trainer *trainer = r->def->policy_trainer;
    const imp_dagger_training training = {.round = round,
                                          .datasets = paths->datasets,
                                          .dataset_count = round + 1,
                                          .folder = paths->folder,
                                          .previous = round > 0 ? paths->previous : NULL,
                                          .monitor = monitor};
    IMP_TRY(imp_folder_create(paths->folder, err));
    row->loss = row->validation_loss = NAN;
    return trainer->train(trainer->context, &training, &row->loss, &row->validation_loss, err);
}

// Trains our network further. Training resumes in the round's folder, so that an interrupted round
// continues at its last checkpoint.
static imp_status train_network(const dagger_run *r, int round, const training_paths *paths,
                                const imp_monitor *monitor, imp_dagger_round *row, imp_error *err)
{
    imp_train_summary summary = {0};
    imp_train_def def = r->def->train;
    def.initial = round > 0 ? paths->previous : def.initial;
    // the last round may have an epoch count of its own
    const int epochs[2] = {r->def->train.epochs, r->def->last_epochs};
    const int last = round == r->def->rounds && epochs[1] > 0;
    def.epochs = epochs[last];
    def.tensorboard = false; // its logs tell the time, and rounds are to be the same again
    def.resume = true;
    def.settings = r->def->settings;
    IMP_TRY(train_with_either_epoch_count(&summary, paths->folder, paths->datasets, round + 1, &def,
                                          epochs[1 - last], monitor, err));
    row->loss = summary.loss;
    row->validation_loss = summary.validation_loss;
    return IMP_OK;
}

// Trains on the frames of all rounds.
static imp_status train_round(dagger_run *r, int round, imp_dagger_round *row, imp_error *err)
{
    training_paths paths = {0};
    imp_status status = fill_training_paths(&paths, r, round, err);
    if (status == IMP_OK) {
        const imp_monitor monitor = make_stage_monitor(r, round, "training");
        status = r->def->policy_trainer != NULL
                     ? train_with_caller_callback(r, round, &paths, &monitor, row, err)
                     : train_network(r, round, &paths, &monitor, row, err);
    }
    free_training_paths(&paths);
    // rank 0 has written the model that all open next
    return imp_communicator_agree_on_status(r->ranks, status, err);
}

// All rounds are evaluated on the same starts, so that their results can be compared.
static imp_eval_def round_eval_def(const imp_dagger_def *def)
{
    imp_eval_def out = def->eval;
    out.sim.env.index = EVAL_INDEX;
    out.sim.expert = def->collect.sim.expert;
    // of short episodes, too, something is to be seen
    out.settle_steps = out.settle_steps < out.steps / 2 ? out.settle_steps : out.steps / 2;
    out.plot_episodes = 0;
    return out;
}

// The policy of a round as it is evaluated: behind the segmenter, if masks are found by one.
static imp_status open_evaluated_policy(imp_policy_factory **out, const dagger_run *r, int round,
                                        imp_error *err)
{
    const char *segmenter = r->def->collect.segmenter;
    IMP_TRY(open_round_policy(out, r, round, err));
    const imp_status status =
        segmenter != NULL ? imp_policy_factory_set_segmenter(*out, segmenter, err) : IMP_OK;
    if (status != IMP_OK) {
        imp_policy_factory_close(*out);
        *out = NULL;
    }
    return status;
}

// Evaluates a round's policy and fills its row.
static imp_status evaluate_round(dagger_run *r, int round, imp_dagger_round *row, imp_error *err)
{
    imp_policy_factory *policy = NULL;
    imp_evaluation evaluation;
    const imp_eval_def def = round_eval_def(r->def);
    imp_status status = open_evaluated_policy(&policy, r, round, err);
    status = imp_communicator_agree_on_status(r->ranks, status, err);
    const imp_monitor monitor = make_stage_monitor(r, round, "evaluating");
    if (status == IMP_OK)
        status = imp_evaluate(&evaluation, policy, &def, &monitor, err);
    imp_policy_factory_close(policy);
    IMP_TRY(imp_communicator_agree_on_status(r->ranks, status, err));
    // into the row of the table
    row->survived = evaluation.survived;
    row->completed = evaluation.completed;
    row->stalled = evaluation.stalled;
    row->progress = evaluation.stats.progress.value;
    row->net_distance = evaluation.stats.net_distance.value;
    row->lane_distance = evaluation.lane_distance_mean;
    row->distance = evaluation.distance_mean;
    row->speed = evaluation.speed_mean;
    imp_evaluation_free(&evaluation);
    // rank 0 has the whole evaluation
    return imp_communicator_broadcast(r->ranks, row, sizeof *row, err);
}

// Puts a round's model where the best one is; policies of the caller's stay where they are. The
// file is read whole and written at once, so that a kill leaves the old one or the new one.
static imp_status copy_round_model_as_best(const dagger_run *r, int round, imp_error *err)
{
    enum { BYTES_MAX = 1 << 30 };
    char folder[IMP_PATH_MAX], from[IMP_PATH_MAX], to[IMP_PATH_MAX];
    char *bytes = NULL;
    size_t length;
    if (r->def->policy_trainer != NULL)
        return IMP_OK;
    imp_status status = round_folder(folder, r, "model", round, err);
    if (status == IMP_OK)
        status = imp_path_join(from, folder, "model.safetensors", err);
    if (status == IMP_OK)
        status = imp_path_join(to, r->folder, "model.safetensors", err);
    if (status == IMP_OK)
        status = imp_file_read(&bytes, &length, from, BYTES_MAX, err);
    if (status == IMP_OK)
        status = imp_file_write(to, bytes, length, err);
    free(bytes);
    return status;
}

// Whether a file of a round's training is not there, as far as we know its files. A folder whose
// path is too long counts as complete, because training reports that error itself.
static bool is_round_training_incomplete(const dagger_run *r, int round)
{
    char folder[IMP_PATH_MAX];
    return r->def->policy_trainer == NULL &&
           round_folder(folder, r, "model", round, NULL) == IMP_OK &&
           !imp_training_is_complete(folder);
}

// Writes what follows from a round that is done. The row comes last: with it the round is done.
static imp_status write_round(const dagger_run *r, int round, imp_error *err)
{
    imp_status status = IMP_OK;
    if (r->ranks->rank == 0 && r->out->best == round)
        status = copy_round_model_as_best(r, round, err);
    if (r->ranks->rank == 0 && status == IMP_OK)
        status = imp_dagger_table_write(r->out, r->folder, &r->def->eval, err);
    return imp_communicator_agree_on_status(r->ranks, status, err);
}

// Does what is missing of a round. A finished round is only checked: its dataset must have the same
// definition, and its model files must exist.
static imp_status collect_train_evaluate_round(dagger_run *r, int round, imp_error *err)
{
    imp_dagger_result *out = r->out;
    imp_dagger_round row = {.expert_share = compute_beta_of_round(r->def, round)};
    IMP_TRY(collect_round(r, round, err));
    if (round < r->finished_rounds) {
        bool incomplete = is_round_training_incomplete(r, round);
        IMP_TRY(broadcast_answer_of_rank_0(r, &incomplete, err));
        // makes again what it can, or refuses
        return incomplete ? train_round(r, round, &row, err) : IMP_OK;
    }
    const imp_status status = summarize_round_data(r, round, &row, err);
    IMP_TRY(imp_communicator_agree_on_status(r->ranks, status, err));
    IMP_TRY(train_round(r, round, &row, err));
    IMP_TRY(evaluate_round(r, round, &row, err));
    // the best round is chosen anew, since a later round can replace it
    out->rounds[round] = row;
    out->count = round + 1;
    out->best = imp_dagger_table_find_best_round(out, r->def->eval.episodes);
    return write_round(r, round, err);
}

// Whether `patience` rounds in a row have not improved on the best.
static bool is_patience_exhausted(const imp_dagger_result *out, const imp_dagger_def *def)
{
    return def->patience > 0 && out->count > 0 && out->count - 1 - out->best >= def->patience;
}

// What several processes cannot share.
static imp_status check_ranks(const imp_dagger_def *def, imp_error *err)
{
    const int ranks = def->collect.communicator != NULL ? def->collect.communicator->size : 1;
    if (ranks > 1 && def->policy_trainer != NULL)
        return imp_fail(err, IMP_USAGE,
                        "a trainer of the caller's works in one process: start it without mpirun");
    if (ranks > def->eval.episodes)
        return imp_fail(err, IMP_USAGE, "%s of evaluation for %s: start at most as many processes",
                        IMP_PLURAL(def->eval.episodes, "episode"), IMP_PLURAL(ranks, "process"));
    return IMP_OK;
}

// Whatever a later round would refuse is refused before the first. Collecting, evaluation and
// training check their own parts.
static imp_status check_dagger_def(const imp_dagger_def *def, imp_error *err)
{
    IMP_TRY(imp_struct_check_ranges(&imp_dagger_members, def, err));
    if (def->rounds > ROUNDS_MAX)
        return imp_fail(err, IMP_USAGE, "%s: at most %d are possible",
                        IMP_PLURAL(def->rounds, "round"), ROUNDS_MAX);
    if (def->take_over_count > 0 && def->rounds < 1)
        return imp_fail(err, IMP_USAGE, "take-overs need a round after round 0");
    if (imp_beta_schedule_name((int)def->beta) == NULL)
        return imp_fail(err, IMP_USAGE, "unknown schedule of the expert's share");
    // each part by those who will read it
    IMP_TRY(check_ranks(def, err));
    const imp_eval_def eval = round_eval_def(def);
    const imp_camera_def *camera = &def->collect.sim.camera;
    imp_status status = imp_collector_check_def(&def->collect, err);
    if (status == IMP_OK)
        status = imp_eval_check_def(&eval, err);
    return status == IMP_OK && def->policy_trainer == NULL
               ? imp_train_check_def(&def->train, camera->width, camera->height, err)
               : status;
}

// What is compared with each round's dataset. The lines become part of the hash in each dataset's
// files.
static imp_status write_dagger_identity(dagger_run *r, imp_error *err)
{
    static const char what[] = "a definition";
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, what, err));
    FILE *lines = text.out;
    fprintf(lines, "dagger.collect.episodes: %d\n", r->def->collect.episodes);
    imp_settings_write_starts(lines, &r->def->eval);
    imp_struct_write_text(lines, "dagger", &imp_dagger_members, r->def);
    const imp_status status = imp_text_stream_close(&text, what, err);
    r->definition = text.bytes;
    return status;
}

// What follows from the rounds that are known, if it is not there. A kill can come between the
// table and these files, and a user can delete them.
static imp_status rewrite_missing_model_and_plot(const dagger_run *r, imp_error *err)
{
    char policy[IMP_PATH_MAX], plot[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(policy, r->folder, "model.safetensors", err));
    IMP_TRY(imp_path_join(plot, r->folder, "rounds.svg", err));
    if (r->out->count > 0 && !imp_path_exists(policy))
        IMP_TRY(copy_round_model_as_best(r, r->out->best, err));
    if (r->out->count > 0 && !imp_path_exists(plot))
        IMP_TRY(imp_dagger_table_write(r->out, r->folder, &r->def->eval, err));
    return IMP_OK;
}

// Claims the folder and reads its table: a finished round has a row in it, so that it says where to
// go on.
static imp_status open_dagger_folder(dagger_run *r, imp_error *err)
{
    IMP_TRY(imp_folder_create(r->folder, err));
    IMP_TRY(imp_folder_lock(&r->lock, r->folder, err));
    return r->def->resume ? imp_dagger_table_read(r->out, r->folder, r->def->rounds, err) : IMP_OK;
}

// Opens the folder on rank 0, which tells the others of the rounds that are done.
static imp_status open_and_broadcast_done_rounds(dagger_run *r, imp_error *err)
{
    imp_dagger_result *out = r->out;
    imp_status status = write_dagger_identity(r, err);
    if (status == IMP_OK && r->ranks->rank == 0)
        status = open_dagger_folder(r, err);
    IMP_TRY(imp_communicator_agree_on_status(r->ranks, status, err));
    IMP_TRY(imp_communicator_check_same_text(r->ranks, r->definition, "the settings", err));
    IMP_TRY(imp_communicator_broadcast(r->ranks, &out->count, sizeof out->count, err));
    IMP_TRY(imp_communicator_broadcast(r->ranks, out->rounds,
                                       (size_t)out->count * sizeof *out->rounds, err));
    r->finished_rounds = out->count;
    out->best = imp_dagger_table_find_best_round(out, r->def->eval.episodes);
    return IMP_OK;
}

// Runs rounds 0 to def->rounds, and stops early if patience has run out. Round 0 is behaviour
// cloning of the expert.
static imp_status run_rounds(dagger_run *r, imp_error *err)
{
    const imp_dagger_def *def = r->def;
    const imp_dagger_result *out = r->out;
    IMP_TRY(open_and_broadcast_done_rounds(r, err));
    for (int k = 0; k <= def->rounds; k++) {
        if (k >= out->count && is_patience_exhausted(out, def))
            break;
        IMP_TRY(collect_train_evaluate_round(r, k, err));
    }
    const imp_status status = r->ranks->rank == 0 ? rewrite_missing_model_and_plot(r, err) : IMP_OK;
    return imp_communicator_agree_on_status(r->ranks, status, err);
}

// Rounds that were finished before this call are in *out too.
imp_status imp_run_dagger(imp_dagger_result *out, const char *folder, const imp_dagger_def *def,
                          const imp_monitor *monitor, imp_error *err)
{
    *out = (imp_dagger_result){0};
    imp_communicator alone = imp_communicator_single_process(), *ranks = def->collect.communicator;
    imp_dagger_def shared = *def;
    shared.train.communicator = shared.eval.communicator = ranks;
    IMP_TRY(check_dagger_def(&shared, err));
    // room for all rounds, since the table is read into it
    const double start = imp_monotonic_seconds();
    dagger_run r = {.def = &shared,
                    .ranks = ranks != NULL ? ranks : &alone,
                    .folder = folder,
                    .lock = IMP_FOLDER_UNLOCKED,
                    .out = out,
                    .monitor = monitor};
    out->rounds = calloc((size_t)def->rounds + 1, sizeof *out->rounds);
    const imp_status status = out->rounds != NULL
                                  ? run_rounds(&r, err)
                                  : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                                             IMP_PLURAL(def->rounds, "round"));
    free(r.definition);
    imp_folder_unlock(r.lock);
    for (int k = 0; k < out->count; k++)
        out->frames += out->rounds[k].frames;
    out->stopped_early = status == IMP_OK && out->count <= def->rounds;
    out->seconds = imp_monotonic_seconds() - start;
    return status;
}

void imp_dagger_result_free(imp_dagger_result *dagger)
{
    if (dagger == NULL)
        return;
    free(dagger->rounds);
    *dagger = (imp_dagger_result){0};
}
