// What a round of DAgger consists of: driving, training and evaluating. Each part finds in its
// folder what an earlier call has done. The network of round k - 1 drives round k together with the
// expert, whose share is beta.
#include "learn/imitation/dagger_round.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "learn/collection/collector.h"
#include "learn/imitation/take_overs.h"
#include "learn/imitation/train.h"

// The environment whose random streams belong to evaluation alone.
enum { EVAL_INDEX = 1 };

// Progress of a stage is reported under its own name. Two stages in a row have different ones, by
// whose addresses a display tells where one ends.
static void report_progress_of_stage(void *context, const imp_progress *progress)
{
    imp_dagger_run *r = context;
    imp_progress named = *progress;
    named.task = r->stages[r->stage];
    imp_monitor_progress(r->monitor, &named);
}

static bool is_run_interrupted(void *context)
{
    return imp_monitor_should_stop(((imp_dagger_run *)context)->monitor);
}

// Returns a monitor for one stage, and alternates between two names. It asks the run's monitor
// whether to stop, and reports progress only if somebody listens.
static imp_monitor make_stage_monitor(imp_dagger_run *r, int round, const char *what)
{
    r->stage = 1 - r->stage;
    snprintf(r->stages[r->stage], sizeof r->stages[r->stage], "round %d, %s", round, what);
    const bool heard = r->monitor != NULL && r->monitor->progress != NULL;
    return (imp_monitor){heard ? report_progress_of_stage : NULL, is_run_interrupted, r};
}

// DIR/<what>-<round>. `what` is "data" or "model".
imp_status imp_dagger_round_folder(char out[IMP_PATH_MAX], const imp_dagger_run *r,
                                   const char *what, int round, imp_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "%s-%03d", what, round);
    return imp_path_join(out, r->folder, name, err);
}

// Returns beta of a round. NaN stands for safe switching, where the state decides who drives. Ross
// et al. name the exponential schedule as an example.
double imp_dagger_round_beta(const imp_dagger_def *def, int round)
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
static imp_status open_round_policy(imp_policy_factory **out, const imp_dagger_run *r, int round,
                                    imp_error *err)
{
    const imp_dagger_trainer *trainer = r->def->policy_trainer;
    char model[IMP_PATH_MAX];
    IMP_TRY(imp_dagger_round_folder(model, r, "model", round, err));
    return trainer != NULL ? trainer->open(trainer->context, model, out, err)
                           : imp_policy_factory_open(out, model, &r->def->collect.sim.expert, err);
}

// Sets who drives a round and who labels it. *policy: the caller's policy of the round before, to
// be closed after the round; NULL if there is none. name: (64) text for collect->policy_name.
static imp_status set_driver_of_round(imp_collect_def *collect, char name[64],
                                      imp_policy_factory **policy, const imp_dagger_run *r,
                                      int round, imp_error *err)
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
imp_status imp_dagger_broadcast_answer(const imp_dagger_run *r, bool *answer, imp_error *err)
{
    return imp_communicator_broadcast(r->ranks, answer, sizeof *answer, err);
}

// Whether a round's data are take-overs. Imports them, if they are to be.
static imp_status find_or_import_take_overs(imp_dagger_run *r, int round, const char *data,
                                            bool *found, imp_error *err)
{
    const imp_dagger_def *def = r->def;
    const bool imports = round == def->rounds && def->take_over_count > 0;
    // those of an earlier call stay as they are
    *found = imports;
    imp_status status = IMP_OK;
    if (!imports && def->resume && r->ranks->rank == 0)
        status = imp_is_take_over_dataset(found, data, err);
    IMP_TRY(imp_communicator_agree_on_status(r->ranks, status, err));
    IMP_TRY(imp_dagger_broadcast_answer(r, found, err));
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
imp_status imp_dagger_collect_round(imp_dagger_run *r, int round, imp_error *err)
{
    const imp_dagger_def *def = r->def;
    const double share = imp_dagger_round_beta(def, round);
    char data[IMP_PATH_MAX], name[64];
    imp_collect_def collect = def->collect;
    imp_policy_factory *policy = NULL;
    imp_collect_summary summary;
    IMP_TRY(imp_dagger_round_folder(data, r, "data", round, err));
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
imp_status imp_dagger_summarize_round_data(const imp_dagger_run *r, int round,
                                           imp_dagger_round *row, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_dataset *dataset;
    imp_dataset_summary summary;
    IMP_TRY(imp_dagger_round_folder(path, r, "data", round, err));
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
static imp_status fill_training_paths(training_paths *paths, const imp_dagger_run *r, int round,
                                      imp_error *err)
{
    paths->data = calloc((size_t)round + 1, sizeof *paths->data);
    paths->datasets = calloc((size_t)round + 1, sizeof *paths->datasets);
    if (paths->data == NULL || paths->datasets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(round, "round"));
    for (int k = 0; k <= round; k++) {
        // datasets in the order of rounds, so that a resumed training reads the same samples
        paths->datasets[k] = paths->data[k];
        IMP_TRY(imp_dagger_round_folder(paths->data[k], r, "data", k, err));
    }
    IMP_TRY(imp_dagger_round_folder(paths->folder, r, "model", round, err));
    if (round > 0)
        IMP_TRY(imp_dagger_round_folder(paths->previous, r, "model", round - 1, err));
    return IMP_OK;
}

static imp_status train_with_caller_callback(const imp_dagger_run *r, int round,
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
static imp_status train_network(const imp_dagger_run *r, int round, const training_paths *paths,
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
imp_status imp_dagger_train_round(imp_dagger_run *r, int round, imp_dagger_round *row,
                                  imp_error *err)
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
imp_eval_def imp_dagger_round_eval_def(const imp_dagger_def *def)
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
static imp_status open_evaluated_policy(imp_policy_factory **out, const imp_dagger_run *r,
                                        int round, imp_error *err)
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
imp_status imp_dagger_evaluate_round(imp_dagger_run *r, int round, imp_dagger_round *row,
                                     imp_error *err)
{
    imp_policy_factory *policy = NULL;
    imp_evaluation evaluation;
    const imp_eval_def def = imp_dagger_round_eval_def(r->def);
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
