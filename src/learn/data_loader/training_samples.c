// Lists the samples of datasets: for each step a pointer to its image, the expert's action and the
// actions before it. Samples are grouped twice: a part is what one dataset gave, and a block is up
// to 64 samples in a row of one episode. Blocks are the unit of shuffling and of reading ahead.
// Whole episodes are held out, because neighbouring images are too similar for a fair validation.
#include "learn/data_loader/training_samples.h"

#include "base/common/try.h"
#include "base/text/plural.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Long enough to be read in one go, short enough to mix well.
enum { BLOCK_SAMPLES = 64 };

// Makes room for so many more samples in so many more blocks.
static imp_status reserve_samples(imp_training_samples *samples, size_t more, size_t more_blocks,
                                  imp_error *err)
{
    // one more than needed, so that no array is empty; indices have 32 bits
    const size_t count = samples->count + more + 1;
    const size_t blocks = samples->block_count + more_blocks;
    if (count > UINT32_MAX)
        return imp_fail(err, IMP_BAD_INPUT, "%zu samples are too many", count);
    // a pointer that grew is kept at once, so that the others stay valid after a failure
    const uint8_t **frames = realloc(samples->frames, count * sizeof *frames);
    if (frames != NULL)
        samples->frames = frames;
    float *labels = realloc(samples->labels, 2 * count * sizeof *labels);
    if (labels != NULL)
        samples->labels = labels;
    const float **actions = realloc(samples->actions, count * sizeof *actions);
    if (actions != NULL)
        samples->actions = actions;
    float *conditions =
        realloc(samples->conditions, count * IMP_CONDITION_COUNT * sizeof *conditions);
    if (conditions != NULL)
        samples->conditions = conditions;
    uint32_t *steps = realloc(samples->steps, count * sizeof *steps);
    if (steps != NULL)
        samples->steps = steps;
    imp_sample_block *grown = realloc(samples->blocks, blocks * sizeof *grown);
    if (grown != NULL)
        samples->blocks = grown;
    if (frames == NULL || labels == NULL || actions == NULL || conditions == NULL ||
        steps == NULL || grown == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "sample"));
    return IMP_OK;
}

// Whether it is known what to do in a step; in a drive with take-overs it may not be.
static bool has_label(const imp_episode *episode, int step)
{
    return !isnan(episode->expert_actions[2 * (size_t)step]);
}

// How many blocks an episode has at most: a step without a label ends a block.
static size_t block_count_max(const imp_episode *episode)
{
    size_t gaps = 0;
    for (int k = 0; k < episode->steps; k++)
        gaps += !has_label(episode, k);
    return (size_t)episode->steps / BLOCK_SAMPLES + 1 + gaps;
}

// Appends the steps of an episode and its blocks; room must be there. `dataset` is NULL for
// episodes in memory.
static void append_episode(imp_training_samples *samples, const imp_dataset *dataset,
                           const imp_episode *episode)
{
    int in_block = 0; // samples in a row in the present block; 0: the next one begins another
    for (int k = 0; k < episode->steps; k++) {
        if (!has_label(episode, k)) {
            in_block = 0;
            continue;
        }
        const size_t i = samples->count++;
        samples->frames[i] = episode->observations + (size_t)k * samples->image;
        samples->labels[2 * i] = episode->expert_actions[2 * k];
        samples->labels[2 * i + 1] = episode->expert_actions[2 * k + 1];
        samples->turn_sum +=
            fabs((double)samples->labels[2 * i + 1] - (double)samples->labels[2 * i]);
        // earlier actions lie before this one, as far back as the episode's first step
        samples->actions[i] = episode->actions + 2 * (size_t)k;
        const imp_conditions conditions = imp_episode_conditions(episode, k);
        imp_conditions_normalise(&conditions, NULL, samples->conditions + i * IMP_CONDITION_COUNT);
        samples->steps[i] = (uint32_t)k;
        if (in_block == 0)
            samples->blocks[samples->block_count++] = (imp_sample_block){dataset, (uint32_t)i, 0};
        samples->blocks[samples->block_count - 1].count++;
        in_block = (in_block + 1) % BLOCK_SAMPLES;
    }
}

// Starts a part where the samples end at present.
static void begin_sample_part(imp_training_samples *samples)
{
    samples->parts[samples->part_count++] =
        (imp_sample_part){.first = samples->count, .first_block = samples->block_count};
}

// Counts what was appended since begin_sample_part().
static void end_sample_part(imp_training_samples *samples)
{
    imp_sample_part *part = &samples->parts[samples->part_count - 1];
    part->count = samples->count - part->first;
    part->block_count = samples->block_count - part->first_block;
}

// Appends a dataset as a part of both lists, one of which may stay empty. order[k] is an episode's
// index in the dataset, is_held_out[k] its side.
static void append_dataset(imp_training_samples *training, imp_training_samples *held_out,
                           const imp_dataset *dataset, const uint32_t *order,
                           const bool *is_held_out)
{
    const int episodes = imp_dataset_episode_count(dataset);
    begin_sample_part(training);
    begin_sample_part(held_out);
    for (int k = 0; k < episodes; k++)
        append_episode(is_held_out[k] ? held_out : training, dataset,
                       imp_dataset_episode(dataset, (int)order[k]));
    end_sample_part(training);
    end_sample_part(held_out);
}

// Room is reserved on both sides for all samples, since the split of steps is not known before.
imp_status imp_training_samples_add(imp_training_samples *training, imp_training_samples *held_out,
                                    imp_validation_split *holdout, const imp_dataset *dataset,
                                    imp_error *err)
{
    const size_t episodes = (size_t)imp_dataset_episode_count(dataset);
    const size_t steps = (size_t)imp_dataset_step_count(dataset);
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    training->image = held_out->image = (size_t)info->width * (size_t)info->height * 3;
    // the list of parts has a fixed length
    if (training->part_count == IMP_SAMPLE_PARTS_MAX)
        return imp_fail(err, IMP_USAGE, "more than %d datasets: record several into one",
                        IMP_SAMPLE_PARTS_MAX);
    if (episodes == 0)
        return imp_add_hint(err, IMP_HINT_RESUME_DATASET,
                            imp_fail(err, IMP_BAD_INPUT, "dataset %d has no episode that is safe",
                                     holdout->datasets + 1));
    size_t blocks = 0;
    for (size_t k = 0; k < episodes; k++)
        blocks += block_count_max(imp_dataset_episode(dataset, (int)k));
    // split by episodes, then append each side in the order of the split
    uint32_t *order = malloc(episodes * sizeof *order);
    bool *is_held_out = malloc(episodes * sizeof *is_held_out);
    imp_status status =
        order != NULL && is_held_out != NULL
            ? imp_validation_split_add_dataset(holdout, dataset, order, is_held_out, err)
            : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                       IMP_PLURAL((int64_t)episodes, "episode"));
    if (status == IMP_OK)
        status = reserve_samples(training, steps, blocks, err);
    if (status == IMP_OK)
        status = reserve_samples(held_out, steps, blocks, err);
    if (status == IMP_OK)
        append_dataset(training, held_out, dataset, order, is_held_out);
    free(order);
    free(is_held_out);
    return status;
}

// All episodes in memory form one part.
imp_status imp_training_samples_add_episode(imp_training_samples *samples,
                                            const imp_episode *episode, imp_error *err)
{
    IMP_TRY(reserve_samples(samples, (size_t)episode->steps, block_count_max(episode), err));
    if (samples->part_count == 0)
        begin_sample_part(samples);
    append_episode(samples, NULL, episode);
    end_sample_part(samples);
    return IMP_OK;
}

// The images and actions belong to datasets or to the caller.
void imp_training_samples_free(imp_training_samples *samples)
{
    free(samples->frames);
    free(samples->labels);
    free(samples->actions);
    free(samples->conditions);
    free(samples->steps);
    free(samples->blocks);
    *samples = (imp_training_samples){0};
}
