// The audit: draws frames, learns to describe images from a third of the episodes, finds the
// neighbours of some of the other frames, and turns their errors into shares, spreads, places and
// pairs.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "base/threads/thread_pool.h"
#include "learn/audit/nearest_frames.h"

enum { COOKIE = 0xA0D17, EPISODES_MIN = 6 };
enum { FRAMES_MIN = 1000, FRAMES_MAX = 1000000 };

#define NAME_OF(name, text) [name] = (text),
#define NAME_OF_INPUT(name, text, privileged) [name] = (text),

const char *imp_audit_label_name(int label)
{
    static const char *const names[] = {IMP_AUDIT_LABEL_MAP(NAME_OF)};
    return label >= 0 && label < IMP_AUDIT_LABEL_COUNT ? names[label] : NULL;
}

const char *imp_audit_input_name(int input)
{
    static const char *const names[] = {IMP_AUDIT_INPUT_MAP(NAME_OF_INPUT)};
    return input >= 0 && input < IMP_AUDIT_INPUT_COUNT ? names[input] : NULL;
}

const char *imp_audit_situation_name(int situation)
{
    static const char *const names[] = {IMP_AUDIT_SITUATION_MAP(NAME_OF)};
    return situation >= 0 && situation < IMP_AUDIT_SITUATION_COUNT ? names[situation] : NULL;
}

bool imp_audit_input_is_privileged(int input)
{
#define PRIVILEGED_OF(name, text, privileged) [name] = (privileged),
    static const bool privileged[] = {IMP_AUDIT_INPUT_MAP(PRIVILEGED_OF)};
#undef PRIVILEGED_OF
    return input >= 0 && input < IMP_AUDIT_INPUT_COUNT && privileged[input];
}

imp_audit_def imp_default_audit_def(void)
{
    return (imp_audit_def){
        .frames = 30000, .queries = 4000, .neighbours = 8, .seed = 1, .cookie = COOKIE};
}

static imp_status check_def(const imp_audit_def *def, imp_error *err)
{
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "use imp_default_audit_def()");
    if (def->frames < FRAMES_MIN || def->frames > FRAMES_MAX)
        return imp_fail(err, IMP_USAGE, "frames: %d is not within %d to %d", def->frames,
                        (int)FRAMES_MIN, (int)FRAMES_MAX);
    if (def->queries < 1 || def->queries > def->frames)
        return imp_fail(err, IMP_USAGE, "queries: %d is not within 1 to %d", def->queries,
                        def->frames);
    if (def->neighbours < 2 || def->neighbours > IMP_NEIGHBOURS_MAX)
        return imp_fail(err, IMP_USAGE, "neighbours: %d is not within 2 to %d", def->neighbours,
                        (int)IMP_NEIGHBOURS_MAX);
    if (def->threads < 0)
        return imp_fail(err, IMP_USAGE, "threads: %d is negative", def->threads);
    return IMP_OK;
}

// Labels that vary by less than this are constant, but for rounding.
static const double LEAST_DEVIATION = 1e-6;

// What an audit works with.
typedef struct audit_job {
    const imp_audit_def *def;
    imp_audit_sample sample;
    bool *fits; // (sample.count) whether images are described by what was learned from this frame
    imp_image_features *features;
    imp_frame_table table;
    int *places; // (queries) of the frames whose neighbours are sought
    int queries;
    imp_neighbour_result *results; // (queries)
    imp_thread_pool *pool;
    imp_audit *out;
} audit_job;

// The frame of a query.
static const imp_audit_frame *frame_of_query(const audit_job *job, int query)
{
    return &job->sample.frames[job->table.frames[job->places[query]]];
}

// Every third episode with frames teaches how to describe images; the others are compared.
static imp_status assign_frames_to_fit(audit_job *job, imp_error *err)
{
    const imp_audit_sample *sample = &job->sample;
    if (sample->used_episodes < EPISODES_MIN)
        return imp_fail(
            err, IMP_BAD_INPUT,
            "%d of %s can be compared (with labels, over 0.5 s long): an audit needs %d, "
            "record more",
            sample->used_episodes, IMP_PLURAL(sample->episodes, "episode"), (int)EPISODES_MIN);
    job->fits = calloc((size_t)sample->count, sizeof *job->fits);
    if (job->fits == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(sample->count, "frame"));
    for (int f = 0, used = -1, last = -1; f < sample->count; f++) {
        used += sample->frames[f].episode != last;
        last = sample->frames[f].episode;
        job->fits[f] = used % 3 == 2;
    }
    return IMP_OK;
}

// Spreads the queries evenly over the table.
static imp_status choose_queries(audit_job *job, imp_error *err)
{
    const int count = job->table.count;
    job->queries = job->def->queries < count ? job->def->queries : count;
    job->places = calloc((size_t)job->queries + 1, sizeof *job->places);
    job->results = calloc((size_t)job->queries + 1, sizeof *job->results);
    if (job->places == NULL || job->results == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(job->queries, "frame"));
    for (int q = 0; q < job->queries; q++)
        job->places[q] = (int)((int64_t)q * count / job->queries);
    return IMP_OK;
}

// Means, deviations and number of the labels in a situation.
static void summarise_labels(const audit_job *job, int situation,
                             double mean[IMP_AUDIT_LABEL_COUNT])
{
    imp_audit *out = job->out;
    double square[IMP_AUDIT_LABEL_COUNT] = {0};
    int count = 0;
    for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++)
        mean[label] = 0.0;
    for (int q = 0; q < job->queries; q++) {
        const imp_audit_frame *frame = frame_of_query(job, q);
        if ((frame->situations >> situation & 1) == 0)
            continue;
        count++;
        for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++) {
            mean[label] += (double)frame->label[label];
            square[label] += (double)frame->label[label] * (double)frame->label[label];
        }
    }
    out->situation_queries[situation] = count;
    for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++) {
        mean[label] /= count > 0 ? count : 1;
        const double variance = square[label] / (count > 0 ? count : 1) - mean[label] * mean[label];
        out->deviation[situation][label] = count > 0 ? sqrt(fmax(0.0, variance)) : (double)NAN;
    }
}

// The weight that leaves least of the labels open.
static int choose_weight(const audit_job *job, int input)
{
    int best = 0;
    double least = INFINITY;
    for (int w = 0; w < IMP_AUDIT_WEIGHTS; w++) {
        double sum = 0.0;
        for (int q = 0; q < job->queries; q++)
            for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++) {
                const double deviation = job->out->deviation[IMP_AUDIT_ANYWHERE][label];
                if (deviation > LEAST_DEVIATION)
                    sum +=
                        (double)job->results[q].squared[input][w][label] / (deviation * deviation);
            }
        // weights that were not tried have errors of 0
        if (sum > 0.0 && sum < least) {
            least = sum;
            best = w;
        }
    }
    return best;
}

// The unexplained share of a label with its interval: errors over variances, summed by episode.
static imp_status estimate_unexplained(imp_estimate *out, const audit_job *job, int input,
                                       int weight, int label, double mean, imp_error *err)
{
    const int episodes = job->sample.episodes;
    *out = (imp_estimate){(double)NAN, (double)NAN, (double)NAN};
    if (job->out->deviation[IMP_AUDIT_ANYWHERE][label] < LEAST_DEVIATION)
        return IMP_OK;
    double *errors = calloc(2 * (size_t)episodes + 1, sizeof *errors);
    if (errors == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(episodes, "episode"));
    double *variances = errors + episodes;
    for (int q = 0; q < job->queries; q++) {
        const imp_audit_frame *frame = frame_of_query(job, q);
        const double difference = (double)frame->label[label] - mean;
        errors[frame->episode] += (double)job->results[q].squared[input][weight][label];
        variances[frame->episode] += difference * difference;
    }
    *out = imp_estimate_ratio(errors, variances, episodes);
    free(errors);
    return IMP_OK;
}

// Root mean square errors in each situation.
static void summarise_spreads(imp_audit_row *row, const audit_job *job, int input, int weight)
{
    for (int s = 0; s < IMP_AUDIT_SITUATION_COUNT; s++)
        for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++) {
            double sum = 0.0;
            for (int q = 0; q < job->queries; q++)
                if ((frame_of_query(job, q)->situations >> s & 1) != 0)
                    sum += (double)job->results[q].squared[input][weight][label];
            const int count = job->out->situation_queries[s];
            row->spread[s][label] = count > 0 ? sqrt(sum / count) : (double)NAN;
        }
}

static imp_status summarise_inputs(audit_job *job, const double mean[IMP_AUDIT_LABEL_COUNT],
                                   imp_error *err)
{
    for (int input = 0; input < IMP_AUDIT_INPUT_COUNT; input++) {
        imp_audit_row *row = &job->out->rows[input];
        row->known = job->table.known[input];
        if (!row->known)
            continue;
        const int weight = choose_weight(job, input);
        for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++)
            IMP_TRY(estimate_unexplained(&row->unexplained[label], job, input, weight, label,
                                         mean[label], err));
        summarise_spreads(row, job, input, weight);
    }
    return IMP_OK;
}

// Where the steering spreads.
static imp_status list_places(audit_job *job, imp_error *err)
{
    imp_audit *out = job->out;
    out->places = calloc((size_t)job->queries + 1, sizeof *out->places);
    if (out->places == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(job->queries, "place"));
    for (int q = 0; q < job->queries; q++) {
        const imp_audit_frame *frame = frame_of_query(job, q);
        out->places[q] =
            (imp_audit_place){frame->episode, frame->x, frame->z, (double)job->results[q].spread};
    }
    return IMP_OK;
}

// Keeps the pairs of nearest frames whose steering differs most, one for each episode.
static void keep_pair(imp_audit *out, const imp_audit_pair *pair)
{
    int place = out->pair_count;
    for (int k = 0; k < out->pair_count; k++)
        if (out->pairs[k].episode[0] == pair->episode[0]) {
            if (out->pairs[k].difference >= pair->difference)
                return;
            place = k;
        }
    if (place == IMP_AUDIT_PAIRS_MAX) {
        place--;
        if (out->pairs[place].difference >= pair->difference)
            return;
    } else if (place == out->pair_count) {
        out->pair_count++;
    }
    for (; place > 0 && out->pairs[place - 1].difference < pair->difference; place--)
        out->pairs[place] = out->pairs[place - 1];
    out->pairs[place] = *pair;
}

static void list_pairs(audit_job *job)
{
    for (int q = 0; q < job->queries; q++) {
        const imp_audit_frame *frames[2] = {
            frame_of_query(job, q),
            &job->sample.frames[job->table.frames[job->results[q].nearest]]};
        imp_audit_pair pair;
        for (int k = 0; k < 2; k++) {
            pair.episode[k] = frames[k]->episode;
            pair.step[k] = frames[k]->step;
            memcpy(pair.action[k], frames[k]->data->expert_actions + 2 * (size_t)pair.step[k],
                   sizeof pair.action[k]);
        }
        pair.difference = fabs((double)frames[0]->label[IMP_AUDIT_STEERING] -
                               (double)frames[1]->label[IMP_AUDIT_STEERING]);
        keep_pair(job->out, &pair);
    }
}

// Everything from the frames to the numbers.
static imp_status run_audit(audit_job *job, const imp_monitor *monitor, imp_error *err)
{
    const imp_audit_def *def = job->def;
    const int threads = def->threads > 0 ? def->threads : imp_cpu_count();
    double means[IMP_AUDIT_SITUATION_COUNT][IMP_AUDIT_LABEL_COUNT];
    IMP_TRY(assign_frames_to_fit(job, err));
    IMP_TRY(imp_thread_pool_create(&job->pool, threads, err));
    IMP_TRY(imp_image_features_fit(&job->features, &job->sample, job->fits, err));
    IMP_TRY(imp_frame_table_create(&job->table, &job->sample, job->features, job->fits, job->pool,
                                   err));
    IMP_TRY(choose_queries(job, err));
    IMP_TRY(imp_nearest_frames_find(job->results, &job->table, job->places, job->queries,
                                    def->neighbours, threads, job->pool, monitor, err));
    job->out->episodes = job->sample.used_episodes;
    job->out->frames = job->sample.count;
    job->out->queries = job->queries;
    for (int s = 0; s < IMP_AUDIT_SITUATION_COUNT; s++)
        summarise_labels(job, s, means[s]);
    IMP_TRY(summarise_inputs(job, means[IMP_AUDIT_ANYWHERE], err));
    IMP_TRY(list_places(job, err));
    list_pairs(job);
    return IMP_OK;
}

imp_status imp_audit_run(imp_audit *out, imp_dataset *const *datasets, int count,
                         const imp_audit_def *def, const imp_monitor *monitor, imp_error *err)
{
    audit_job job = {.def = def, .out = out};
    *out = (imp_audit){0};
    IMP_TRY(check_def(def, err));
    if (count < 1)
        return imp_fail(err, IMP_USAGE, "an audit needs a dataset");
    imp_status status = imp_audit_sample_draw(&job.sample, datasets, count, def, err);
    if (status == IMP_OK)
        status = run_audit(&job, monitor, err);
    imp_thread_pool_destroy(job.pool);
    imp_image_features_destroy(job.features);
    imp_frame_table_free(&job.table);
    free(job.fits);
    free(job.places);
    free(job.results);
    imp_audit_sample_free(&job.sample);
    if (status != IMP_OK)
        imp_audit_free(out);
    return status;
}

void imp_audit_free(imp_audit *audit)
{
    if (audit == NULL)
        return;
    free(audit->places);
    *audit = (imp_audit){0};
}
