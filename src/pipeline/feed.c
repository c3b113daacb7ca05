#include "pipeline/feed.h"

#include "base/plural.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

// How many samples of an epoch come from a part.
static size_t quota(const imp_samples *samples, int part)
{
    double sum = 0.0, before = 0.0;
    // a part that gave nothing, because all it has is held out, can give no share
    if (samples->parts[part].count == 0)
        return 0;
    for (int k = 0; k < samples->part_count; k++) {
        const double weight = samples->parts[k].count > 0 ? samples->parts[k].weight : 0.0;
        sum += weight;
        before += k < part ? weight : 0.0;
    }
    if (sum <= 0.0)
        return samples->parts[part].count;
    // differences of rounded sums add up to the whole
    const double all = (double)samples->count, after = before + samples->parts[part].weight;
    return (size_t)(llround(all * after / sum) - llround(all * before / sum));
}

// Runs that an epoch has at most.
static size_t most_runs(const imp_samples *samples)
{
    size_t runs = 1;
    for (int k = 0; k < samples->part_count; k++) {
        const imp_sample_part *part = &samples->parts[k];
        if (part->count > 0)
            runs += (quota(samples, k) / part->count + 1) * part->block_count;
    }
    return runs;
}

static imp_status make_slot(imp_feed_slot *slot, const imp_feed *feed, imp_error *err)
{
    const imp_feed_def *def = &feed->def;
    const size_t frames = def->batch * (size_t)def->inputs.frames;
    slot->position = SIZE_MAX;
    slot->frames = calloc(frames, sizeof *slot->frames);
    slot->actions = calloc(def->batch * 2 * (size_t)def->inputs.actions + 1, sizeof(float));
    slot->labels = calloc(2 * def->batch, sizeof *slot->labels);
    bool whole = slot->frames != NULL && slot->actions != NULL && slot->labels != NULL;
    if (def->weight_turns > 0.0) {
        slot->weights = calloc(def->batch, sizeof *slot->weights);
        whole = whole && slot->weights != NULL;
    }
    if (def->augmenter != NULL) {
        slot->pictures = malloc(frames * feed->samples->picture + 1);
        whole = whole && slot->pictures != NULL;
    }
    return whole ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for a batch");
}

static void fill_ahead(void *context);

imp_status imp_feed_init(imp_feed *feed, const imp_samples *samples, const imp_feed_def *def,
                         imp_error *err)
{
    *feed = (imp_feed){.def = *def, .samples = samples};
    for (int k = 0; k < samples->part_count; k++)
        feed->count += quota(samples, k);
    if (def->window == 0 || def->window > feed->count)
        feed->def.window = feed->count;
    feed->order = malloc((feed->count + 1) * sizeof *feed->order);
    feed->runs = malloc(most_runs(samples) * sizeof *feed->runs);
    feed->blocks = malloc((samples->block_count + 1) * sizeof *feed->blocks);
    if (feed->order == NULL || feed->runs == NULL || feed->blocks == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the order of %s",
                        IMP_COUNT(feed->count, "sample"));
    imp_status status = IMP_OK;
    for (int k = 0; k < 2 && status == IMP_OK; k++)
        status = make_slot(&feed->slots[k], feed, err);
    if (status == IMP_OK && def->augmenter != NULL)
        status = imp_augment_room_create(&feed->room, def->augmenter, err);
    if (status == IMP_OK && (def->augmenter != NULL || def->streams))
        status = imp_ahead_create(&feed->ahead, fill_ahead, feed, err);
    return status;
}

void imp_feed_free(imp_feed *feed)
{
    imp_ahead_destroy(feed->ahead);
    imp_augment_room_destroy(feed->room);
    for (int k = 0; k < 2; k++) {
        free(feed->slots[k].frames);
        free(feed->slots[k].actions);
        free(feed->slots[k].labels);
        free(feed->slots[k].weights);
        free(feed->slots[k].pictures);
    }
    free(feed->order);
    free(feed->runs);
    free(feed->blocks);
    *feed = (imp_feed){0};
}

static void add_run(imp_feed *feed, size_t block, size_t count)
{
    feed->runs[feed->run_count++] = (imp_feed_run){(uint32_t)block, (uint32_t)count};
}

// Lists what an epoch takes of a part: all of it, so often as it goes, and of the rest blocks that
// are drawn.
static void list_part(imp_feed *feed, int number)
{
    const imp_samples *samples = feed->samples;
    const imp_sample_part *part = &samples->parts[number];
    size_t left = part->count > 0 ? quota(samples, number) : 0;
    for (; left >= part->count && left > 0; left -= part->count)
        for (size_t b = 0; b < part->block_count; b++)
            add_run(feed, part->first_block + b, samples->blocks[part->first_block + b].count);
    if (left == 0)
        return;
    imp_random random =
        imp_random_stream(feed->seed, (uint32_t)number + 1, feed->epoch, IMP_PURPOSE_SHUFFLE);
    for (size_t b = 0; b < part->block_count; b++)
        feed->blocks[b] = (uint32_t)(part->first_block + b);
    imp_random_shuffle(&random, feed->blocks, part->block_count);
    for (size_t b = 0; left > 0; b++) {
        const size_t count = samples->blocks[feed->blocks[b]].count;
        add_run(feed, feed->blocks[b], count < left ? count : left);
        left -= count < left ? count : left;
    }
}

static void shuffle_runs(imp_feed *feed, imp_random *random)
{
    for (size_t k = feed->run_count; k > 1; k--) {
        const size_t other = imp_random_below(random, (uint32_t)k);
        const imp_feed_run run = feed->runs[k - 1];
        feed->runs[k - 1] = feed->runs[other];
        feed->runs[other] = run;
    }
}

void imp_feed_start(imp_feed *feed, uint64_t seed, uint32_t epoch)
{
    imp_random random = imp_random_stream(seed, 0, epoch, IMP_PURPOSE_SHUFFLE);
    const size_t window = feed->def.window;
    if (feed->ahead != NULL)
        imp_ahead_wait(feed->ahead);
    feed->seed = seed;
    feed->epoch = epoch;
    feed->slots[0].position = feed->slots[1].position = SIZE_MAX;
    feed->soon = feed->done = (struct imp_feed_edge){0, 0};
    feed->run_count = 0;
    for (int k = 0; k < feed->samples->part_count; k++)
        list_part(feed, k);
    // with one window for all, the blocks' own order would make no difference
    if (feed->def.shuffle && window < feed->count)
        shuffle_runs(feed, &random);
    size_t at = 0;
    for (size_t r = 0; r < feed->run_count; r++)
        for (uint32_t k = 0; k < feed->runs[r].count; k++)
            feed->order[at++] = feed->samples->blocks[feed->runs[r].block].first + k;
    for (at = 0; at < feed->count && feed->def.shuffle; at += window) {
        const size_t left = feed->count - at;
        imp_random_shuffle(&random, feed->order + at, left < window ? left : window);
    }
}

// Tells the system about runs up to the one that holds a position; all of it, or, for what is done
// with, those that end before it.
static void advise(imp_feed *feed, struct imp_feed_edge *edge, size_t position, imp_advice advice)
{
    const imp_samples *samples = feed->samples;
    while (edge->run < feed->run_count && edge->sample < position) {
        const imp_feed_run *run = &feed->runs[edge->run];
        const imp_sample_block *block = &samples->blocks[run->block];
        if (advice == IMP_ADVICE_DONE && edge->sample + run->count > position)
            break;
        imp_dataset_advise(block->dataset, samples->frames[block->first],
                           run->count * samples->picture, advice);
        edge->sample += run->count;
        edge->run++;
    }
}

static void put_weight(const imp_feed *feed, imp_feed_slot *slot, size_t k, const float duty[2])
{
    const double mean = feed->samples->turning / (double)feed->samples->count;
    const double turn = fabs((double)duty[1] - (double)duty[0]), more = feed->def.weight_turns;
    slot->weights[k] = (float)((1.0 + more * (mean > 0.0 ? turn / mean : 1.0)) / (1.0 + more));
}

// A label of duty cycles to place k of a batch.
static void put_label(const imp_feed *feed, imp_feed_slot *slot, size_t k, const float duty[2])
{
    float *label = &slot->labels[2 * k];
    memcpy(label, duty, 2 * sizeof *label);
    if (feed->def.head == IMP_HEAD_VELOCITIES) {
        double speed, turn_rate;
        imp_velocity_from_action((imp_action){(double)duty[0], (double)duty[1]}, &speed,
                                 &turn_rate);
        label[0] = (float)speed;
        label[1] = (float)turn_rate;
    }
}

// The picture and those before it.
static void put_frames(const imp_feed *feed, const uint8_t **out, size_t i)
{
    const imp_samples *samples = feed->samples;
    const size_t step = samples->steps[i], every = (size_t)feed->def.inputs.every;
    for (size_t past = 0; past < (size_t)feed->def.inputs.frames; past++) {
        const size_t back = past * every < step ? past * every : step;
        out[past] = samples->frames[i] - back * samples->picture;
    }
}

static void put_actions(const imp_feed *feed, float *out, size_t i)
{
    const imp_samples *samples = feed->samples;
    for (size_t past = 1; past <= (size_t)feed->def.inputs.actions; past++, out += 2) {
        const bool before = past > samples->steps[i];
        out[0] = before ? 0.0F : samples->actions[i][-2 * (ptrdiff_t)past];
        out[1] = before ? 0.0F : samples->actions[i][-2 * (ptrdiff_t)past + 1];
    }
}

// Replaces place k's pictures and label by changed ones. What is drawn belongs to the place in the
// epoch, for a sample may come twice.
static void change(const imp_feed *feed, imp_feed_slot *slot, size_t k, float duty[2])
{
    const size_t frames = (size_t)feed->def.inputs.frames;
    const imp_augmenter *augmenter = feed->def.augmenter;
    imp_augment_draw draw;
    imp_random random = imp_random_stream(feed->seed, (uint32_t)(slot->position + k), feed->epoch,
                                          IMP_PURPOSE_AUGMENT);
    imp_augment_draw_one(&draw, augmenter, &random);
    for (size_t past = k * frames; past < (k + 1) * frames; past++) {
        uint8_t *out = slot->pictures + past * feed->samples->picture;
        imp_augment_picture(augmenter, &draw, feed->room, slot->frames[past], out);
        slot->frames[past] = out;
    }
    imp_augment_label(augmenter, &draw, duty);
}

// Makes sure that a picture is in memory when it is wanted.
static void touch(const uint8_t *picture, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PAGE)
        (void)*(const volatile uint8_t *)(picture + at);
}

static void fill(imp_feed *feed, imp_feed_slot *slot, size_t position)
{
    const imp_feed_def *def = &feed->def;
    const imp_samples *samples = feed->samples;
    const size_t left = feed->count - position, frames = (size_t)def->inputs.frames;
    const size_t count = left < def->batch ? left : def->batch;
    if (def->streams) {
        advise(feed, &feed->done, position / def->window * def->window, IMP_ADVICE_DONE);
        if (feed->soon.run < feed->done.run) // began in the middle of the epoch
            feed->soon = feed->done;
        advise(feed, &feed->soon, position + count + def->window, IMP_ADVICE_SOON);
    }
    slot->position = position;
    for (size_t k = 0; k < count; k++) {
        const size_t i = feed->order[position + k];
        float duty[2] = {samples->labels[2 * i], samples->labels[2 * i + 1]};
        put_frames(feed, slot->frames + k * frames, i);
        put_actions(feed, slot->actions + k * 2 * (size_t)def->inputs.actions, i);
        if (slot->weights != NULL)
            put_weight(feed, slot, k, duty);
        if (def->augmenter != NULL)
            change(feed, slot, k, duty);
        for (size_t past = 0; past < frames && def->streams && def->augmenter == NULL; past++)
            touch(slot->frames[k * frames + past], samples->picture);
        put_label(feed, slot, k, duty);
    }
    slot->batch = (imp_batch){.count = (int)count,
                              .frames = slot->frames,
                              .actions = slot->actions,
                              .labels = slot->labels,
                              .weights = slot->weights};
}

// What follows the current slot.
static void fill_ahead(void *context)
{
    imp_feed *feed = context;
    const imp_feed_slot *slot = &feed->slots[feed->current];
    fill(feed, &feed->slots[1 - feed->current], slot->position + (size_t)slot->batch.count);
}

imp_batch imp_feed_batch(imp_feed *feed, size_t position)
{
    if (feed->ahead != NULL)
        imp_ahead_wait(feed->ahead);
    feed->current = 1 - feed->current;
    imp_feed_slot *slot = &feed->slots[feed->current];
    if (slot->position != position)
        fill(feed, slot, position);
    if (feed->ahead != NULL && position + (size_t)slot->batch.count < feed->count)
        imp_ahead_start(feed->ahead);
    return slot->batch;
}
