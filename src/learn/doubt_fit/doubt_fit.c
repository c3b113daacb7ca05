// Fits the doubt of a model: drives with pushes, a regression on three of four episodes, and two
// numbers, scale and offset of the log-odds, on those held out (Platt 1999), because a regression
// with hundreds of weights is surer of itself than it should be. The model is written with the
// weights among its metadata.
#include "imprint/doubt_fit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "evaluate/evaluation/doubt_statistics.h"
#include "learn/doubt_fit/logistic_regression.h"
#include "learn/doubt_fit/pushes.h"
#include "nn/model_files/model_file.h"
#include "nn/network/doubt_head.h"

enum { DOUBT_FIT_COOKIE = 0xD0B7, HELD_OUT_OF = 4, FAILED_MIN = 2 };

imp_doubt_fit_def imp_default_doubt_fit_def(void)
{
    return (imp_doubt_fit_def){.sim = imp_default_sim_def(),
                               .episodes = 1000,
                               .steps = 300,
                               .ridge = 30.0,
                               .cookie = DOUBT_FIT_COOKIE};
}

// The parts of a fit.
typedef struct fit {
    const imp_doubt_fit_def *def;
    imp_doubt_fit_summary *out;
    imp_decision_list *episodes; // (def->episodes)
    int features;
    double *weights; // (features)
    double bias;
} fit;

static bool is_held_out(int episode)
{
    return episode % HELD_OUT_OF == HELD_OUT_OF - 1;
}

// Log-odds of a decision by the weights so far.
static double compute_odds(const fit *f, const float *features)
{
    double odds = f->bias;
    for (int k = 0; k < f->features; k++)
        odds += f->weights[k] * (double)features[k];
    return odds;
}

// Drives all episodes with the model.
static imp_status drive(fit *f, const char *model, const imp_monitor *monitor, imp_error *err)
{
    imp_policy_factory *policy;
    imp_rollout_workers workers;
    IMP_TRY(imp_policy_factory_open(&policy, model, NULL, err));
    imp_rollout_workers_def workers_def = {.sim = f->def->sim,
                                           .steps = f->def->steps,
                                           .policy = policy,
                                           .episodes = f->def->episodes,
                                           .monitor = monitor};
    workers_def.sim.observation = imp_policy_factory_observation(policy);
    imp_status status = imp_rollout_workers_create(&workers, &workers_def, err);
    workers.progress.task = imp_policy_factory_name(policy);
    workers.progress.total = (double)f->def->episodes * f->def->steps;
    if (status == IMP_OK)
        status = imp_drive_with_pushes(f->episodes, f->def->episodes, f->def->steps, &f->features,
                                       &workers, err);
    imp_rollout_workers_destroy(&workers);
    imp_policy_factory_close(policy);
    return status;
}

// Counts the decisions of one part, and its episodes that fail.
static int count_decisions(const fit *f, bool held_out, int *failed)
{
    int count = 0;
    *failed = 0;
    for (int e = 0; e < f->def->episodes; e++)
        if (is_held_out(e) == held_out) {
            count += f->episodes[e].count;
            *failed += f->episodes[e].failing > 0;
        }
    return count;
}

// Fits weights of `features` to the decisions of one part. odds: nullable, the single feature of
// each decision instead of its own, in the same order.
static imp_status fit_part(const fit *f, bool held_out, const float *odds, int features,
                           double ridge, double *weights, double *bias, imp_error *err)
{
    int failed, n = 0;
    const int count = count_decisions(f, held_out, &failed);
    if (failed < FAILED_MIN)
        return imp_fail(err, IMP_CHECK_FAILED,
                        "%s of the %s failed, too few to learn doubt from: drive more episodes, or "
                        "harder ones",
                        IMP_PLURAL(failed, "episode"), held_out ? "quarter held out" : "others");
    const float **rows = malloc((size_t)count * sizeof *rows);
    bool *labels = malloc((size_t)count * sizeof *labels);
    imp_status status = rows != NULL && labels != NULL
                            ? IMP_OK
                            : imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
    for (int e = 0; e < f->def->episodes && status == IMP_OK; e++) {
        const imp_decision_list *list = &f->episodes[e];
        for (int k = 0; k < list->count && is_held_out(e) == held_out; k++, n++) {
            rows[n] = odds != NULL ? odds + n : list->features + (size_t)k * (size_t)f->features;
            labels[n] = k >= list->count - list->failing;
        }
    }
    const imp_regression_data data = {rows, labels, n, features};
    if (status == IMP_OK)
        status = imp_logistic_regression_fit(weights, bias, &data, ridge, err);
    free((void *)rows);
    free(labels);
    return status;
}

// Scales and shifts the log-odds to what happened in the episodes held out.
static imp_status calibrate(fit *f, imp_error *err)
{
    int failed, n = 0;
    double scale, offset;
    float *odds = malloc(((size_t)count_decisions(f, true, &failed) + 1) * sizeof *odds);
    if (odds == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
    for (int e = 0; e < f->def->episodes; e++)
        for (int k = 0; k < f->episodes[e].count && is_held_out(e); k++)
            odds[n++] =
                (float)compute_odds(f, f->episodes[e].features + (size_t)k * (size_t)f->features);
    const imp_status status = fit_part(f, true, odds, 1, 1e-3, &scale, &offset, err);
    free(odds);
    if (status != IMP_OK)
        return status;
    for (int k = 0; k < f->features; k++)
        f->weights[k] *= scale;
    f->bias = f->bias * scale + offset;
    return IMP_OK;
}

// Fills the summary: counts, and how well doubt does in the episodes held out.
static imp_status summarise(const fit *f, imp_error *err)
{
    static const imp_doubt_counts none = {.episodes = 0};
    imp_doubt_counts *counts = malloc(sizeof *counts);
    if (counts == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
    *counts = none;
    for (int e = 0; e < f->def->episodes; e++) {
        const imp_decision_list *list = &f->episodes[e];
        const int safe = list->count - list->failing;
        f->out->decisions += list->count;
        f->out->failing += list->failing;
        for (int k = 0; k < list->count && is_held_out(e); k++) {
            const double odds = compute_odds(f, list->features + (size_t)k * (size_t)f->features);
            const int bin = imp_doubt_bin(1.0 / (1.0 + imp_exp(-odds)));
            (k < safe ? counts->safe : counts->failing)[bin]++;
        }
        counts->episodes += is_held_out(e) && safe > 0;
        counts->failed_episodes += is_held_out(e) && list->failing > 0;
    }
    f->out->fresh = imp_doubt_compute_stats(counts->safe, counts->failing, counts->episodes,
                                            counts->failed_episodes);
    f->out->episodes = f->def->episodes;
    f->out->features = f->features;
    free(counts);
    return IMP_OK;
}

// The weights as a model stores them. The caller frees text->bytes.
static imp_status format_weights(imp_text_stream *text, const fit *f, imp_error *err)
{
    static const char what[] = "the weights of doubt";
    IMP_TRY(imp_text_stream_open(text, what, err));
    fprintf(text->out, "%.9g", f->bias);
    for (int k = 0; k < f->features; k++)
        fprintf(text->out, " %.9g", f->weights[k]);
    return imp_text_stream_close(text, what, err);
}

// The model's metadata without those that are written anyway, and with the doubt.
static imp_status format_metadata(char **out, const imp_network *network, const fit *f,
                                  imp_error *err)
{
    imp_text_stream weights;
    char figures[160];
    IMP_TRY(format_weights(&weights, f, err));
    const imp_doubt_stats *fresh = &f->out->fresh;
    snprintf(figures, sizeof figures,
             "AUROC %.4f on a quarter of %s with pushes, held out; %.2f %% of their decisions fail",
             fresh->auroc.value, IMP_PLURAL(f->def->episodes, "episode"),
             100.0 * (double)fresh->failing / (double)fresh->decisions);
    char *text = imp_network_metadata_json(network);
    json_t *all = text != NULL ? json_loads(text, 0, NULL) : json_object();
    json_t *written = imp_network_build_metadata(network, "");
    const char *key;
    json_t *value;
    json_object_foreach(written, key, value) json_object_del(all, key);
    bool failed = all == NULL || written == NULL ||
                  json_object_set_new(all, IMP_DOUBT_KEY, json_string(weights.bytes)) != 0 ||
                  json_object_set_new(all, IMP_DOUBT_KEY "_fit", json_string(figures)) != 0;
    *out = failed ? NULL : json_dumps(all, 0);
    json_decref(all);
    json_decref(written);
    free(text);
    free(weights.bytes);
    return *out != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for metadata");
}

// Drives, fits, calibrates, and writes.
static imp_status run_fit(fit *f, const char *path, const char *model, const imp_monitor *monitor,
                          imp_error *err)
{
    imp_network *network;
    char *metadata;
    IMP_TRY(drive(f, model, monitor, err));
    f->weights = calloc((size_t)f->features, sizeof *f->weights);
    if (f->weights == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a fit");
    IMP_TRY(fit_part(f, false, NULL, f->features, f->def->ridge, f->weights, &f->bias, err));
    IMP_TRY(calibrate(f, err));
    IMP_TRY(summarise(f, err));
    IMP_TRY(imp_network_load(&network, model, err));
    imp_status status = format_metadata(&metadata, network, f, err);
    if (status == IMP_OK) {
        status = imp_network_save(network, path, metadata, err);
        free(metadata);
    }
    imp_network_destroy(network);
    return status;
}

imp_status imp_fit_doubt(imp_doubt_fit_summary *summary, const char *path, const char *model,
                         const imp_doubt_fit_def *def, const imp_monitor *monitor, imp_error *err)
{
    const double start = imp_monotonic_seconds();
    *summary = (imp_doubt_fit_summary){.episodes = 0};
    if (def->cookie != DOUBT_FIT_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_doubt_fit_def was not made with imp_default_doubt_fit_def()");
    if (def->episodes < HELD_OUT_OF || def->steps < 1 || !(def->ridge > 0.0))
        return imp_fail(err, IMP_USAGE, "a fit needs at least %s, one step and a ridge above 0",
                        IMP_PLURAL(HELD_OUT_OF, "episode"));
    IMP_TRY(imp_rollout_check_length(def->steps, def->sim.env.frame_skip, err));
    fit f = {.def = def, .out = summary};
    f.episodes = calloc((size_t)def->episodes, sizeof *f.episodes);
    imp_status status = f.episodes != NULL ? IMP_OK
                                           : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                                                      IMP_PLURAL(def->episodes, "episode"));
    if (status == IMP_OK)
        status = run_fit(&f, path, model, monitor, err);
    for (int e = 0; e < def->episodes && f.episodes != NULL; e++)
        free(f.episodes[e].features);
    free(f.episodes);
    free(f.weights);
    summary->seconds = imp_monotonic_seconds() - start;
    return status;
}
