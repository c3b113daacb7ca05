#include "pipeline/samples.h"

#include <math.h>
#include <stdlib.h>

// Makes room for so many more samples.
static imp_status reserve(imp_samples *samples, size_t more, imp_error *err)
{
    size_t count = samples->count + more + 1;
    const uint8_t **frames = realloc(samples->frames, count * sizeof *frames);
    if (frames != NULL)
        samples->frames = frames;
    float *labels = realloc(samples->labels, 2 * count * sizeof *labels);
    if (labels != NULL)
        samples->labels = labels;
    if (frames == NULL || labels == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %zu samples", count);
    return IMP_OK;
}

static void add_episode(imp_samples *samples, const imp_episode *episode, size_t picture)
{
    for (int k = 0; k < episode->steps; k++) {
        size_t i = samples->count++;
        samples->frames[i] = episode->observations + (size_t)k * picture;
        samples->labels[2 * i] = episode->expert_actions[2 * k];
        samples->labels[2 * i + 1] = episode->expert_actions[2 * k + 1];
    }
}

imp_status imp_samples_add(imp_samples *training, imp_samples *held_out, const imp_dataset *dataset,
                           int number, double validation, uint64_t seed, imp_error *err)
{
    const int episodes = imp_dataset_episode_count(dataset);
    const size_t steps = (size_t)imp_dataset_step_count(dataset);
    const imp_dataset_info *info = imp_dataset_facts(dataset);
    const size_t picture = (size_t)info->width * (size_t)info->height * 3;
    if (episodes == 0)
        return imp_fail(err, IMP_BAD_INPUT, "dataset %d has no episodes", number + 1);
    uint32_t *order = malloc((size_t)episodes * sizeof *order);
    if (order == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %d episodes", episodes);
    imp_status status = reserve(training, steps, err);
    if (status == IMP_OK)
        status = reserve(held_out, steps, err);
    if (status == IMP_OK) {
        for (int k = 0; k < episodes; k++)
            order[k] = (uint32_t)k;
        imp_random random = imp_random_stream(seed, (uint32_t)number, 0, IMP_PURPOSE_SPLIT);
        imp_random_shuffle(&random, order, (size_t)episodes);
        int kept_apart = (int)lround(validation * episodes);
        kept_apart = kept_apart < episodes ? kept_apart : episodes - 1;
        for (int k = 0; k < episodes; k++)
            add_episode(k < kept_apart ? held_out : training,
                        imp_dataset_episode(dataset, (int)order[k]), picture);
    }
    free(order);
    return status;
}

void imp_samples_free(imp_samples *samples)
{
    free(samples->frames);
    free(samples->labels);
    *samples = (imp_samples){0};
}
