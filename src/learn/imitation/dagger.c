// Dataset aggregation, round by round: drive, train on all frames so far, evaluate. What a round is
// done with follows from the definition and from the folders of the rounds before; so after an
// interruption each step is asked for again, and finds in its folder that it is done. The algorithm
// is DAgger (Ross, Gordon & Bagnell 2011): beta, the expert's share of driving, falls from round to
// round. Data of all rounds is kept, and training continues from the weights of the round before.
#include <stdio.h>
#include <stdlib.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/folder_lock.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "learn/collection/collector.h"
#include "learn/data_loader/training_samples.h"
#include "learn/imitation/dagger_round.h"
#include "learn/imitation/dagger_table.h"
#include "learn/imitation/train.h"
#include "learn/settings/settings_tables.h"
#include "learn/training/training.h"

// A round adds one dataset, and a training takes a limited number of them.
enum { ROUNDS_MAX = IMP_SAMPLE_PARTS_MAX - 1 };

// Puts a round's model where the best one is; policies of the caller's stay where they are. The
// file is read whole and written at once, so that a kill leaves the old one or the new one.
static imp_status copy_round_model_as_best(const imp_dagger_run *r, int round, imp_error *err)
{
    enum { BYTES_MAX = 1 << 30 };
    char folder[IMP_PATH_MAX], from[IMP_PATH_MAX], to[IMP_PATH_MAX];
    char *bytes = NULL;
    size_t length;
    if (r->def->policy_trainer != NULL)
        return IMP_OK;
    imp_status status = imp_dagger_round_folder(folder, r, "model", round, err);
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
static bool is_round_training_incomplete(const imp_dagger_run *r, int round)
{
    char folder[IMP_PATH_MAX];
    return r->def->policy_trainer == NULL &&
           imp_dagger_round_folder(folder, r, "model", round, NULL) == IMP_OK &&
           !imp_training_is_complete(folder);
}

// Writes what follows from a round that is done. The row comes last: with it the round is done.
static imp_status write_round(const imp_dagger_run *r, int round, imp_error *err)
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
static imp_status collect_train_evaluate_round(imp_dagger_run *r, int round, imp_error *err)
{
    imp_dagger_result *out = r->out;
    imp_dagger_round row = {.expert_share = imp_dagger_round_beta(r->def, round)};
    IMP_TRY(imp_dagger_collect_round(r, round, err));
    if (round < r->finished_rounds) {
        bool incomplete = is_round_training_incomplete(r, round);
        IMP_TRY(imp_dagger_broadcast_answer(r, &incomplete, err));
        // makes again what it can, or refuses
        return incomplete ? imp_dagger_train_round(r, round, &row, err) : IMP_OK;
    }
    const imp_status status = imp_dagger_summarize_round_data(r, round, &row, err);
    IMP_TRY(imp_communicator_agree_on_status(r->ranks, status, err));
    IMP_TRY(imp_dagger_train_round(r, round, &row, err));
    IMP_TRY(imp_dagger_evaluate_round(r, round, &row, err));
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
    const imp_eval_def eval = imp_dagger_round_eval_def(def);
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
static imp_status write_dagger_identity(imp_dagger_run *r, imp_error *err)
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
static imp_status rewrite_missing_model_and_plot(const imp_dagger_run *r, imp_error *err)
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
static imp_status open_dagger_folder(imp_dagger_run *r, imp_error *err)
{
    IMP_TRY(imp_folder_create(r->folder, err));
    IMP_TRY(imp_folder_lock(&r->lock, r->folder, err));
    return r->def->resume ? imp_dagger_table_read(r->out, r->folder, r->def->rounds, err) : IMP_OK;
}

// Opens the folder on rank 0, which tells the others of the rounds that are done.
static imp_status open_and_broadcast_done_rounds(imp_dagger_run *r, imp_error *err)
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
static imp_status run_rounds(imp_dagger_run *r, imp_error *err)
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
    imp_dagger_run r = {.def = &shared,
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
