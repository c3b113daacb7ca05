// Makes batches of samples. An epoch is a list of runs: blocks of samples, in the share that each
// dataset is to have. Runs are shuffled, then samples within windows, so that large datasets are
// read nearly in order (a shuffle buffer). There are two slots: the caller uses one while a thread
// fills the other. Which samples a batch holds follows from seed, epoch and position, never from
// timing.
#include "learn/data_loader/data_loader.h"

#include "base/common/try.h"
#include "base/text/plural.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Bytes between two accesses that make the system load a mapped file.
enum { PAGE = 4096 };

// How many samples of an epoch come from a part. Without weights it is all that the part has. With
// weights, the epoch's size stays, and parts share it in proportion.
static size_t epoch_samples_from_part(const imp_training_samples *samples, int part)
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

// Runs that an epoch has at most. A part with a large weight is repeated, so that its blocks occur
// several times.
static size_t max_sample_ranges_per_epoch(const imp_training_samples *samples)
{
    size_t runs = 1;
    for (int k = 0; k < samples->part_count; k++) {
        const imp_sample_part *part = &samples->parts[k];
        if (part->count > 0)
            runs += (epoch_samples_from_part(samples, k) / part->count + 1) * part->block_count;
    }
    return runs;
}

// Allocates the arrays of a batch; weights and images only where they are used. On failure the
// loader's free function frees what is there.
static imp_status alloc_slot(imp_data_loader_slot *slot, const imp_data_loader *loader,
                             imp_error *err)
{
    const imp_data_loader_def *def = &loader->def;
    const size_t frames = def->batch * (size_t)def->inputs.frames;
    slot->position = SIZE_MAX;
    slot->frames = calloc(frames, sizeof *slot->frames);
    slot->values =
        calloc(def->batch * (size_t)imp_input_value_count(&def->inputs) + 1, sizeof(float));
    slot->labels = calloc(2 * def->batch, sizeof *slot->labels);
    bool whole = slot->frames != NULL && slot->values != NULL && slot->labels != NULL;
    if (def->turn_weight > 0.0) {
        slot->weights = calloc(def->batch, sizeof *slot->weights);
        whole = whole && slot->weights != NULL;
    }
    if (def->augmenter != NULL) {
        slot->images = malloc(frames * loader->samples->image + 1);
        whole = whole && slot->images != NULL;
    }
    return whole ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for a batch");
}

// The work of the prefetch thread; it is defined below, with what it calls.
static void prefetch_next_batch(void *context);

// A prefetch thread pays off only where a batch costs work: augmentation, or reading from the disk.
imp_status imp_data_loader_init(imp_data_loader *loader, const imp_training_samples *samples,
                                const imp_data_loader_def *def, imp_error *err)
{
    *loader = (imp_data_loader){.def = *def, .samples = samples};
    for (int k = 0; k < samples->part_count; k++)
        loader->count += epoch_samples_from_part(samples, k);
    // a window beyond the epoch is the same as none
    if (def->window == 0 || def->window > loader->count)
        loader->def.window = loader->count;
    loader->order = malloc((loader->count + 1) * sizeof *loader->order);
    loader->runs = malloc(max_sample_ranges_per_epoch(samples) * sizeof *loader->runs);
    loader->blocks = malloc((samples->block_count + 1) * sizeof *loader->blocks);
    if (loader->order == NULL || loader->runs == NULL || loader->blocks == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the order of %s",
                        IMP_PLURAL(loader->count, "sample"));
    for (int k = 0; k < 2; k++)
        IMP_TRY(alloc_slot(&loader->slots[k], loader, err));
    if (def->augmenter != NULL)
        IMP_TRY(imp_augment_workspace_create(&loader->workspace, def->augmenter, err));
    if (def->augmenter != NULL || def->streams)
        IMP_TRY(imp_prefetcher_create(&loader->prefetcher, prefetch_next_batch, loader, err));
    return IMP_OK;
}

// The thread ends first, because it writes to the slots.
void imp_data_loader_free(imp_data_loader *loader)
{
    imp_prefetcher_destroy(loader->prefetcher);
    imp_augment_workspace_destroy(loader->workspace);
    for (int k = 0; k < 2; k++) {
        free(loader->slots[k].frames);
        free(loader->slots[k].values);
        free(loader->slots[k].labels);
        free(loader->slots[k].weights);
        free(loader->slots[k].images);
    }
    free(loader->order);
    free(loader->runs);
    free(loader->blocks);
    *loader = (imp_data_loader){0};
}

// Appends the first `count` samples of a block to the runs of the epoch.
static void append_sample_range(imp_data_loader *loader, size_t block, size_t count)
{
    loader->runs[loader->run_count++] = (imp_sample_run){(uint32_t)block, (uint32_t)count};
}

// Lists what an epoch takes of a part: all of it, so often as it goes, and of the rest blocks that
// are drawn. `number` is that of the part; it selects the random stream too.
static void choose_sample_ranges_of_part(imp_data_loader *loader, int number)
{
    const imp_training_samples *samples = loader->samples;
    const imp_sample_part *part = &samples->parts[number];
    size_t left = part->count > 0 ? epoch_samples_from_part(samples, number) : 0;
    for (; left >= part->count && left > 0; left -= part->count)
        for (size_t b = 0; b < part->block_count; b++)
            append_sample_range(loader, part->first_block + b,
                                samples->blocks[part->first_block + b].count);
    if (left == 0)
        return;
    // the rest: blocks without repetition, the last one shortened
    imp_random random =
        imp_random_stream(loader->seed, (uint32_t)number + 1, loader->epoch, IMP_PURPOSE_SHUFFLE);
    for (size_t b = 0; b < part->block_count; b++)
        loader->blocks[b] = (uint32_t)(part->first_block + b);
    imp_random_shuffle(&random, loader->blocks, part->block_count);
    for (size_t b = 0; left > 0; b++) {
        const size_t count = samples->blocks[loader->blocks[b]].count;
        append_sample_range(loader, loader->blocks[b], count < left ? count : left);
        left -= count < left ? count : left;
    }
}

// The Fisher-Yates shuffle.
static void shuffle_sample_ranges(imp_data_loader *loader, imp_random *random)
{
    for (size_t k = loader->run_count; k > 1; k--) {
        const size_t other = imp_random_uniform_int(random, (uint32_t)k);
        const imp_sample_run run = loader->runs[k - 1];
        loader->runs[k - 1] = loader->runs[other];
        loader->runs[other] = run;
    }
}

void imp_data_loader_start_epoch(imp_data_loader *loader, uint64_t seed, uint32_t epoch)
{
    // stream 0 orders runs and windows; streams 1 and up belong to parts
    imp_random random = imp_random_stream(seed, 0, epoch, IMP_PURPOSE_SHUFFLE);
    const size_t window = loader->def.window;
    // the thread may still be filling a slot of the last epoch; what slots hold becomes invalid
    if (loader->prefetcher != NULL)
        imp_prefetcher_wait(loader->prefetcher);
    loader->seed = seed;
    loader->epoch = epoch;
    loader->slots[0].position = loader->slots[1].position = SIZE_MAX;
    loader->soon = loader->done = (struct imp_readahead_edge){0, 0};
    loader->run_count = 0;
    for (int k = 0; k < loader->samples->part_count; k++)
        choose_sample_ranges_of_part(loader, k);
    // with one window for all, the blocks' own order would make no difference
    if (loader->def.shuffle && window < loader->count)
        shuffle_sample_ranges(loader, &random);
    // runs become a list of samples, which windows shuffle
    size_t at = 0;
    for (size_t r = 0; r < loader->run_count; r++)
        for (uint32_t k = 0; k < loader->runs[r].count; k++)
            loader->order[at++] = loader->samples->blocks[loader->runs[r].block].first + k;
    for (at = 0; at < loader->count && loader->def.shuffle; at += window) {
        const size_t left = loader->count - at;
        imp_random_shuffle(&random, loader->order + at, left < window ? left : window);
    }
}

// Tells the system about runs up to the one that holds a position; all of it, or, for what is done
// with, those that end before it. `edge` remembers how far earlier calls came, so that each run is
// passed to the system once.
static void advise_readahead_of_ranges(imp_data_loader *loader, struct imp_readahead_edge *edge,
                                       size_t position, imp_read_advice advice)
{
    const imp_training_samples *samples = loader->samples;
    while (edge->run < loader->run_count && edge->sample < position) {
        const imp_sample_run *run = &loader->runs[edge->run];
        const imp_sample_block *block = &samples->blocks[run->block];
        if (advice == IMP_READ_DONE && edge->sample + run->count > position)
            break;
        imp_dataset_advise_readahead(block->dataset, samples->frames[block->first],
                                     run->count * samples->image, advice);
        edge->sample += run->count;
        edge->run++;
    }
}

// The weight grows with how sharply the label turns, in units of the mean; its mean over all
// samples is 1.
static void set_sample_turn_weight(const imp_data_loader *loader, imp_data_loader_slot *slot,
                                   size_t k, const float duty[2])
{
    // without any turn in the data all weights are 1
    const double mean = loader->samples->turn_sum / (double)loader->samples->count;
    const double turn = fabs((double)duty[1] - (double)duty[0]), more = loader->def.turn_weight;
    slot->weights[k] = (float)((1.0 + more * (mean > 0.0 ? turn / mean : 1.0)) / (1.0 + more));
}

// A label of duty cycles to place k of a batch. Networks that predict velocities learn speed and
// turn rate instead of duty cycles.
static void set_sample_label(const imp_data_loader *loader, imp_data_loader_slot *slot, size_t k,
                             const float duty[2])
{
    float *label = &slot->labels[2 * k];
    memcpy(label, duty, 2 * sizeof *label);
    if (loader->def.head == IMP_OUTPUT_VELOCITIES) {
        double speed, turn_rate;
        imp_velocity_from_action((imp_action){(double)duty[0], (double)duty[1]}, &speed,
                                 &turn_rate);
        label[0] = (float)speed;
        label[1] = (float)turn_rate;
    }
}

// The image and those before it. out[0] is the image of sample i, out[1] the one frame_stride steps
// earlier, and so on. Before the episode's start the first image repeats.
static void set_sample_frames(const imp_data_loader *loader, const uint8_t **out, size_t i)
{
    const imp_training_samples *samples = loader->samples;
    const size_t step = samples->steps[i], every = (size_t)loader->def.inputs.frame_stride;
    for (size_t past = 0; past < (size_t)loader->def.inputs.frames; past++) {
        // steps that lie before the first one are replaced by it
        const size_t back = past * every < step ? past * every : step;
        out[past] = samples->frames[i] - back * samples->image;
    }
}

// The latest action comes first, as left and right duty cycle; before the episode's start they are
// 0.
static void set_sample_values(const imp_data_loader *loader, float *out, size_t i)
{
    const imp_training_samples *samples = loader->samples;
    for (size_t past = 1; past <= (size_t)loader->def.inputs.actions; past++, out += 2) {
        const bool before = past > samples->steps[i];
        out[0] = before ? 0.0F : samples->actions[i][-2 * (ptrdiff_t)past];
        out[1] = before ? 0.0F : samples->actions[i][-2 * (ptrdiff_t)past + 1];
    }
    // the conditions of the step itself follow
    imp_conditions_pick(samples->conditions + i * IMP_CONDITION_COUNT, loader->def.inputs.takes,
                        out);
}

// Replaces place k's images and label by changed ones. What is drawn belongs to the place in the
// epoch, for a sample may come twice. All images of a sample get the same change, as if one camera
// had moved.
static void augment_sample(const imp_data_loader *loader, imp_data_loader_slot *slot, size_t k,
                           float duty[2])
{
    const size_t frames = (size_t)loader->def.inputs.frames;
    const imp_augmenter *augmenter = loader->def.augmenter;
    imp_augment_params draw;
    imp_random random = imp_random_stream(loader->seed, (uint32_t)(slot->position + k),
                                          loader->epoch, IMP_PURPOSE_AUGMENTATION);
    imp_augment_sample_params(&draw, augmenter, &random);
    for (size_t past = k * frames; past < (k + 1) * frames; past++) {
        uint8_t *out = slot->images + past * loader->samples->image;
        imp_augment_image(augmenter, &draw, loader->workspace, slot->frames[past], out);
        slot->frames[past] = out;
    }
    imp_augment_correct_label(augmenter, &draw, duty);
}

// Makes sure that an image is in memory when it is wanted. One byte of each page is read, and the
// compiler may not remove that.
static void read_pages_into_memory(const uint8_t *image, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PAGE)
        (void)*(const volatile uint8_t *)(image + at);
}

// Fills a slot with the batch that begins at `position` of the epoch. It runs on the caller's
// thread or on the prefetch thread, never on both.
static void fill_batch(imp_data_loader *loader, imp_data_loader_slot *slot, size_t position)
{
    const imp_data_loader_def *def = &loader->def;
    const imp_training_samples *samples = loader->samples;
    // the last batch of an epoch holds what is left
    const size_t left = loader->count - position, frames = (size_t)def->inputs.frames;
    const size_t count = left < def->batch ? left : def->batch;
    // the window in use and the next one stay in memory; those before may be released
    if (def->streams) {
        advise_readahead_of_ranges(loader, &loader->done, position / def->window * def->window,
                                   IMP_READ_DONE);
        if (loader->soon.run < loader->done.run) // began in the middle of the epoch
            loader->soon = loader->done;
        advise_readahead_of_ranges(loader, &loader->soon, position + count + def->window,
                                   IMP_READ_SOON);
    }
    slot->position = position;
    for (size_t k = 0; k < count; k++) {
        const size_t i = loader->order[position + k];
        float duty[2] = {samples->labels[2 * i], samples->labels[2 * i + 1]};
        set_sample_frames(loader, slot->frames + k * frames, i);
        set_sample_values(loader, slot->values + k * (size_t)imp_input_value_count(&def->inputs),
                          i);
        // the weight is of the recorded label, before augmentation corrects it
        if (slot->weights != NULL)
            set_sample_turn_weight(loader, slot, k, duty);
        if (def->augmenter != NULL)
            augment_sample(loader, slot, k, duty);
        // augmented images are copies, so that only plain ones need their pages
        for (size_t past = 0; past < frames && def->streams && def->augmenter == NULL; past++)
            read_pages_into_memory(slot->frames[k * frames + past], samples->image);
        set_sample_label(loader, slot, k, duty);
    }
    slot->batch = (imp_batch){.count = (int)count,
                              .frames = slot->frames,
                              .values = slot->values,
                              .labels = slot->labels,
                              .weights = slot->weights};
}

// What follows the current slot. It is the work of the prefetch thread.
static void prefetch_next_batch(void *context)
{
    imp_data_loader *loader = context;
    const imp_data_loader_slot *slot = &loader->slots[loader->current];
    fill_batch(loader, &loader->slots[1 - loader->current],
               slot->position + (size_t)slot->batch.count);
}

// In an epoch that runs in order, the batch is in the other slot already. After a resume it is not,
// and the caller fills it.
imp_batch imp_data_loader_get_batch(imp_data_loader *loader, size_t position)
{
    if (loader->prefetcher != NULL)
        imp_prefetcher_wait(loader->prefetcher);
    // the slot that the caller had becomes free for the next batch
    loader->current = 1 - loader->current;
    imp_data_loader_slot *slot = &loader->slots[loader->current];
    if (slot->position != position)
        fill_batch(loader, slot, position);
    if (loader->prefetcher != NULL && position + (size_t)slot->batch.count < loader->count)
        imp_prefetcher_start(loader->prefetcher);
    return slot->batch;
}
