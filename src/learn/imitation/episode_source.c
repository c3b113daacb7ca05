// What sources of recorded episodes have in common: their samples go through a data loader that
// shuffles and augments them, and models name the maps that they were recorded on, so that nobody
// tests them there unknowingly.
#include "learn/imitation/episode_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Samples that are read ahead during validation. Held-out samples are not shuffled, so that a small
// window suffices.
enum { VALIDATION_WINDOW = 1024 };

// The augmenter is created only if some augmentation has a positive strength.
imp_status imp_episode_source_set_network(imp_episode_source *s, const imp_network *network,
                                          imp_error *err)
{
    bool any;
    s->network = network;
    const imp_status status = imp_augment_check(&s->def->augment, &any, err);
    return status == IMP_OK && any
               ? imp_augmenter_create(&s->augmenter, &s->def->augment, &s->info, err)
               : status;
}

// A window of 0 shuffles all samples of an epoch together.
imp_status imp_episode_source_create_loaders(imp_episode_source *s, int window, imp_error *err)
{
    const imp_data_loader_def training = {
        .inputs = *imp_network_inputs(s->network),
        .head = imp_network_output_kind(s->network),
        .turn_weight = s->def->turn_weight,
        .augmenter = s->augmenter,
        .window = (size_t)window,
        .batch = (size_t)s->def->trainer.batch,
        .shuffle = true,
        .streams = window > 0 && (size_t)window < s->training.count,
    };
    // held-out samples stay as they are and come in their own order
    imp_data_loader_def held_out = training;
    held_out.turn_weight = 0.0;
    held_out.augmenter = NULL;
    held_out.window = VALIDATION_WINDOW;
    held_out.shuffle = false;
    // in the place of those of the samples before
    imp_data_loader_free(&s->loader);
    imp_data_loader_free(&s->held_out_loader);
    s->base.samples = (int64_t)s->training.count;
    s->base.held_out = (int64_t)s->held_out.count;
    const imp_status status = imp_data_loader_init(&s->loader, &s->training, &training, err);
    return status == IMP_OK
               ? imp_data_loader_init(&s->held_out_loader, &s->held_out, &held_out, err)
               : status;
}

// The order of qsort() for an array of strings.
static int compare_map_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// s->maps becomes a list of distinct names with spaces between. The array of names is reordered.
imp_status imp_episode_source_set_maps(imp_episode_source *s, const char **names, size_t count,
                                       imp_error *err)
{
    // sorted, equal names are neighbours, of which the first is taken
    size_t length = 1;
    qsort(names, count, sizeof *names, compare_map_names);
    for (size_t k = 0; k < count; k++)
        length += strlen(names[k]) + 1;
    s->maps = calloc(length, 1);
    char *end = s->maps;
    for (size_t k = 0; k < count && end != NULL; k++)
        if (k == 0 || strcmp(names[k], names[k - 1]) != 0) {
            end = k > 0 ? stpcpy(end, " ") : end;
            end = stpcpy(end, names[k]);
        }
    return s->maps != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for map names");
}

// Loaders first: their threads read samples and use the augmenter.
void imp_episode_source_free(imp_episode_source *s)
{
    imp_data_loader_free(&s->loader);
    imp_data_loader_free(&s->held_out_loader);
    imp_augmenter_destroy(s->augmenter);
    imp_training_samples_free(&s->training);
    imp_training_samples_free(&s->held_out);
    free(s->maps);
}

// The order of samples follows from the seed and the epoch alone.
imp_status imp_episode_source_begin_epoch(imp_sample_source *source,
                                          const imp_training_position *at, imp_error *err)
{
    (void)err;
    imp_episode_source *s = (imp_episode_source *)source;
    imp_data_loader_start_epoch(&s->loader, s->def->seed, (uint32_t)at->epoch);
    return IMP_OK;
}

imp_batch imp_episode_source_get_batch(imp_sample_source *source, int64_t first)
{
    return imp_data_loader_get_batch(&((imp_episode_source *)source)->loader, (size_t)first);
}

imp_batch imp_episode_source_get_held_out_batch(imp_sample_source *source, int64_t first)
{
    // validation starts from the first held-out sample each time, in an order without randomness
    imp_data_loader *loader = &((imp_episode_source *)source)->held_out_loader;
    if (first == 0)
        imp_data_loader_start_epoch(loader, 0, 0);
    return imp_data_loader_get_batch(loader, (size_t)first);
}

// The k-th of `count` images that are spread evenly over the training samples.
const uint8_t *imp_episode_source_get_image(imp_sample_source *source, int k, int count)
{
    const imp_training_samples *samples = &((const imp_episode_source *)source)->training;
    return samples->frames[(size_t)k * samples->count / (size_t)count];
}

// Keys of the metadata in model files; readers of earlier releases know them, so that they must not
// change.
json_t *imp_episode_source_describe(const imp_episode_source *s, uint64_t hash, const char *hashes)
{
    char time_step[32], all[17];
    snprintf(time_step, sizeof time_step, "%.9g", s->info.time_step);
    snprintf(all, sizeof all, "%016" PRIx64, hash);
    json_t *described =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "time_step", time_step, "observation",
                  s->info.observation, "lens", s->info.lens, "map", s->info.map, "maps", s->maps,
                  "teacher", s->info.policy, "dataset_hash", all, "dataset_hashes", hashes);
    // only what differs from the default robot
    if (s->info.robot[0] != '\0' && described != NULL &&
        json_object_set_new(described, "robot", json_string(s->info.robot)) != 0) {
        json_decref(described);
        return NULL;
    }
    return described;
}
