#include "pipeline/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Long enough to be read in one go, short enough to mix well.
enum { BLOCK_SAMPLES = 64 };

// Makes room for so many more samples in so many more episodes.
static imp_status reserve(imp_samples *samples, size_t more, size_t episodes, imp_error *err)
{
    const size_t count = samples->count + more + 1;
    const size_t blocks = samples->block_count + more / BLOCK_SAMPLES + episodes;
    if (count > UINT32_MAX)
        return imp_fail(err, IMP_BAD_INPUT, "%zu samples are too many", count);
    const uint8_t **frames = realloc(samples->frames, count * sizeof *frames);
    if (frames != NULL)
        samples->frames = frames;
    float *labels = realloc(samples->labels, 2 * count * sizeof *labels);
    if (labels != NULL)
        samples->labels = labels;
    const float **actions = realloc(samples->actions, count * sizeof *actions);
    if (actions != NULL)
        samples->actions = actions;
    uint32_t *steps = realloc(samples->steps, count * sizeof *steps);
    if (steps != NULL)
        samples->steps = steps;
    imp_sample_block *grown = realloc(samples->blocks, blocks * sizeof *grown);
    if (grown != NULL)
        samples->blocks = grown;
    if (frames == NULL || labels == NULL || actions == NULL || steps == NULL || grown == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %zu samples", count);
    return IMP_OK;
}

static void add_episode(imp_samples *samples, const imp_dataset *dataset,
                        const imp_episode *episode)
{
    for (int k = 0; k < episode->steps; k++) {
        const size_t i = samples->count++;
        samples->frames[i] = episode->observations + (size_t)k * samples->picture;
        samples->labels[2 * i] = episode->expert_actions[2 * k];
        samples->labels[2 * i + 1] = episode->expert_actions[2 * k + 1];
        samples->turning +=
            fabs((double)samples->labels[2 * i + 1] - (double)samples->labels[2 * i]);
        samples->actions[i] = episode->actions + 2 * (size_t)k;
        samples->steps[i] = (uint32_t)k;
        if (k % BLOCK_SAMPLES == 0)
            samples->blocks[samples->block_count++] = (imp_sample_block){dataset, (uint32_t)i, 0};
        samples->blocks[samples->block_count - 1].count++;
    }
}

imp_status imp_samples_add(imp_samples *training, imp_samples *held_out, const imp_dataset *dataset,
                           int number, double validation, uint64_t seed, imp_error *err)
{
    const int episodes = imp_dataset_episode_count(dataset);
    const size_t steps = (size_t)imp_dataset_step_count(dataset);
    const imp_dataset_info *info = imp_dataset_facts(dataset);
    training->picture = held_out->picture = (size_t)info->width * (size_t)info->height * 3;
    if (episodes == 0)
        return imp_fail(err, IMP_BAD_INPUT, "dataset %d has no episodes", number + 1);
    uint32_t *order = malloc((size_t)episodes * sizeof *order);
    if (order == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %d episodes", episodes);
    imp_status status = reserve(training, steps, (size_t)episodes, err);
    if (status == IMP_OK)
        status = reserve(held_out, steps, (size_t)episodes, err);
    if (status == IMP_OK) {
        for (int k = 0; k < episodes; k++)
            order[k] = (uint32_t)k;
        imp_random random = imp_random_stream(seed, (uint32_t)number, 0, IMP_PURPOSE_SPLIT);
        imp_random_shuffle(&random, order, (size_t)episodes);
        int kept_apart = (int)lround(validation * episodes);
        kept_apart = kept_apart < episodes ? kept_apart : episodes - 1;
        for (int k = 0; k < episodes; k++)
            add_episode(k < kept_apart ? held_out : training, dataset,
                        imp_dataset_episode(dataset, (int)order[k]));
    }
    free(order);
    return status;
}

imp_status imp_samples_add_episode(imp_samples *samples, const imp_episode *episode, imp_error *err)
{
    const imp_status status = reserve(samples, (size_t)episode->steps, 1, err);
    if (status == IMP_OK)
        add_episode(samples, NULL, episode);
    return status;
}

void imp_samples_free(imp_samples *samples)
{
    free(samples->frames);
    free(samples->labels);
    free(samples->actions);
    free(samples->steps);
    free(samples->blocks);
    *samples = (imp_samples){0};
}

imp_status imp_feed_init(imp_feed *feed, const imp_samples *samples, const imp_feed_def *def,
                         imp_error *err)
{
    const size_t window = def->window, batch = def->batch;
    *feed = (imp_feed){.samples = samples,
                       .inputs = def->inputs,
                       .head = def->head,
                       .weight_turns = def->weight_turns,
                       .window = window == 0 || window > samples->count ? samples->count : window,
                       .batch = batch,
                       .shuffle = def->shuffle,
                       .streams = def->streams};
    feed->order = malloc((samples->count + 1) * sizeof *feed->order);
    feed->blocks = malloc((samples->block_count + 1) * sizeof *feed->blocks);
    feed->frames = calloc(batch * (size_t)def->inputs.frames, sizeof *feed->frames);
    feed->actions = calloc(batch * 2 * (size_t)def->inputs.actions + 1, sizeof *feed->actions);
    feed->labels = malloc(2 * batch * sizeof *feed->labels);
    if (def->weight_turns > 0.0)
        feed->weights = malloc(batch * sizeof *feed->weights);
    if (feed->order == NULL || feed->blocks == NULL || feed->frames == NULL ||
        feed->actions == NULL || feed->labels == NULL ||
        (def->weight_turns > 0.0 && feed->weights == NULL))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the order of %zu samples",
                        samples->count);
    return IMP_OK;
}

void imp_feed_free(imp_feed *feed)
{
    free(feed->order);
    free(feed->blocks);
    free(feed->frames);
    free(feed->actions);
    free(feed->labels);
    free(feed->weights);
    *feed = (imp_feed){0};
}

static void count_up(uint32_t *indices, size_t count)
{
    for (size_t k = 0; k < count; k++)
        indices[k] = (uint32_t)k;
}

void imp_feed_start(imp_feed *feed, uint64_t seed, uint32_t epoch)
{
    const imp_samples *samples = feed->samples;
    imp_random random = imp_random_stream(seed, 0, epoch, IMP_PURPOSE_SHUFFLE);
    feed->soon = feed->done = (struct imp_feed_edge){0, 0};
    count_up(feed->order, samples->count);
    count_up(feed->blocks, samples->block_count);
    if (!feed->shuffle)
        return;
    // with one window for all, the blocks' own order would make no difference
    if (feed->window < samples->count) {
        imp_random_shuffle(&random, feed->blocks, samples->block_count);
        size_t at = 0;
        for (size_t b = 0; b < samples->block_count; b++) {
            const imp_sample_block *block = &samples->blocks[feed->blocks[b]];
            for (uint32_t k = 0; k < block->count; k++)
                feed->order[at++] = block->first + k;
        }
    }
    for (size_t at = 0; at < samples->count; at += feed->window) {
        const size_t left = samples->count - at;
        imp_random_shuffle(&random, feed->order + at, left < feed->window ? left : feed->window);
    }
}

// Tells the system about blocks up to the one that holds a position; all of it, or, for what is
// done with, those that end before it.
static void advise(imp_feed *feed, struct imp_feed_edge *edge, size_t position, imp_advice advice)
{
    const imp_samples *samples = feed->samples;
    while (edge->block < samples->block_count && edge->sample < position) {
        const imp_sample_block *block = &samples->blocks[feed->blocks[edge->block]];
        if (advice == IMP_ADVICE_DONE && edge->sample + block->count > position)
            break;
        imp_dataset_advise(block->dataset, samples->frames[block->first],
                           block->count * samples->picture, advice);
        edge->sample += block->count;
        edge->block++;
    }
}

// A label of duty cycles to place k of the batch.
static void put_label(imp_feed *feed, size_t k, const float duty[2])
{
    float *label = &feed->labels[2 * k];
    memcpy(label, duty, 2 * sizeof *label);
    if (feed->head == IMP_HEAD_VELOCITIES) {
        double speed, turn_rate;
        imp_velocity_from_action((imp_action){(double)duty[0], (double)duty[1]}, &speed,
                                 &turn_rate);
        label[0] = (float)speed;
        label[1] = (float)turn_rate;
    }
    if (feed->weights != NULL) {
        const double mean = feed->samples->turning / (double)feed->samples->count;
        const double turn = fabs((double)duty[1] - (double)duty[0]);
        const double sharpness = mean > 0.0 ? turn / mean : 1.0;
        feed->weights[k] =
            (float)((1.0 + feed->weight_turns * sharpness) / (1.0 + feed->weight_turns));
    }
}

// Sample i to place k of the batch.
static void put_sample(imp_feed *feed, size_t k, size_t i)
{
    const imp_samples *samples = feed->samples;
    const size_t step = samples->steps[i], every = (size_t)feed->inputs.every;
    const size_t frames = (size_t)feed->inputs.frames, actions = (size_t)feed->inputs.actions;
    for (size_t past = 0; past < frames; past++) {
        const size_t back = past * every < step ? past * every : step;
        feed->frames[k * frames + past] = samples->frames[i] - back * samples->picture;
    }
    float *done = feed->actions + k * 2 * actions;
    for (size_t past = 1; past <= actions; past++, done += 2) {
        const bool before = past > step;
        done[0] = before ? 0.0F : samples->actions[i][-2 * (ptrdiff_t)past];
        done[1] = before ? 0.0F : samples->actions[i][-2 * (ptrdiff_t)past + 1];
    }
    put_label(feed, k, &samples->labels[2 * i]);
}

imp_batch imp_feed_batch(imp_feed *feed, size_t position)
{
    const size_t left = feed->samples->count - position;
    const size_t count = left < feed->batch ? left : feed->batch;
    if (feed->streams) {
        advise(feed, &feed->done, position / feed->window * feed->window, IMP_ADVICE_DONE);
        if (feed->soon.block < feed->done.block) // began in the middle of the epoch
            feed->soon = feed->done;
        advise(feed, &feed->soon, position + count + feed->window, IMP_ADVICE_SOON);
    }
    for (size_t k = 0; k < count; k++)
        put_sample(feed, k, feed->order[position + k]);
    return (imp_batch){.count = (int)count,
                       .frames = feed->frames,
                       .actions = feed->actions,
                       .labels = feed->labels,
                       .weights = feed->weights};
}
