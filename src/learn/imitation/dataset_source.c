// Samples of datasets: a share of the episodes is held out, the others are gone through once in
// every epoch. All datasets must hold observations of one kind, so that they can be mixed. The
// observations stay in the mapped files; a sample is a pointer into them. A hash of all datasets
// becomes part of the training's identity.
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/text/plural.h"
#include "learn/imitation/sample_sources.h"
#include "learn/settings/settings_tables.h"

// A hash as 16 hexadecimal digits, and the space or zero byte after it.
enum { HASH_BYTES = 17 };

typedef struct dataset_source {
    imp_episode_source episodes; // first: it is the source
    imp_dataset **datasets;
    int count;
    imp_validation_split split;
    uint64_t hash;            // of all datasets together
    char *hashes;             // of each, with spaces between
    const char *const *paths; // borrowed
} dataset_source;

// Says how dataset k differs from the first.
static imp_status fail_datasets_differ(const imp_dataset_info *first, const imp_dataset_info *info,
                                       const char *const *paths, int k, imp_error *err)
{
    return imp_fail(err, IMP_BAD_INPUT,
                    "%s has %s of %d x %d, lens %s, every %g s; %s has %s of %d x %d, lens %s, "
                    "every %g s: they do not mix",
                    paths[k], info->observation, info->width, info->height, info->lens,
                    info->time_step, paths[0], first->observation, first->width, first->height,
                    first->lens, first->time_step);
}

// Fails unless dataset k has the size, lens and kind of observation of the first. One network
// cannot learn from images of different cameras.
static imp_status check_same_image_format(const imp_dataset_info *first,
                                          const imp_dataset_info *info, const char *const *paths,
                                          int k, imp_error *err)
{
    return info->width == first->width && info->height == first->height &&
                   strcmp(info->lens, first->lens) == 0 &&
                   strcmp(info->observation, first->observation) == 0
               ? IMP_OK
               : fail_datasets_differ(first, info, paths, k, err);
}

// Fails if the datasets have several time steps, of which the network is not told.
static imp_status check_same_time_step(const dataset_source *s, const imp_network *network,
                                       imp_error *err)
{
    const imp_dataset_info *first = imp_dataset_get_info(s->datasets[0]);
    for (int k = 1; k < s->count && !imp_network_inputs(network)->takes[IMP_INPUT_TIME_STEP]; k++) {
        const imp_dataset_info *info = imp_dataset_get_info(s->datasets[k]);
        if (info->time_step != first->time_step)
            return fail_datasets_differ(first, info, s->paths, k, err);
    }
    return IMP_OK;
}

// Opens all datasets and splits each into training and held-out episodes. On failure s->count
// datasets are open, which the caller closes.
static imp_status open_datasets(dataset_source *s, const char *const *paths, int count,
                                imp_error *err)
{
    imp_episode_source *episodes = &s->episodes;
    imp_dataset_info *common = &episodes->info;
    s->datasets = calloc((size_t)count, sizeof *s->datasets);
    s->split = (imp_validation_split){.validation = episodes->def->validation,
                                      .seed = episodes->def->seed};
    if (s->datasets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "dataset"));
    for (int k = 0; k < count; k++) {
        IMP_TRY(imp_dataset_open(&s->datasets[k], paths[k], err));
        // it counts as open, so that it is closed if anything below fails
        s->count++;
        const imp_dataset_info *info = imp_dataset_get_info(s->datasets[k]);
        // the first says what all must be like; its episodes and the others' are split and added
        if (k == 0)
            *common = *info;
        IMP_TRY(check_same_image_format(common, info, paths, k, err));
        IMP_TRY(imp_training_samples_add(&episodes->training, &episodes->held_out, &s->split,
                                         s->datasets[k], err));
        // how much of an epoch comes from it
        if (episodes->def->data_weights != NULL)
            episodes->training.parts[k].weight = episodes->def->data_weights[k];
        // and what models say of all of them
        if (strcmp(common->map, info->map) != 0)
            strcpy(common->map, "several");
        if (strcmp(common->policy, info->policy) != 0)
            strcpy(common->policy, "several");
        if (strcmp(common->robot, info->robot) != 0)
            common->robot[0] = '\0';
    }
    episodes->base.width = common->width;
    episodes->base.height = common->height;
    return IMP_OK;
}

// The common hash depends on the order of datasets, since the order of samples does too.
static imp_status hash_datasets(dataset_source *s, imp_error *err)
{
    s->hashes = calloc((size_t)s->count, HASH_BYTES);
    if (s->hashes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    for (int k = 0; k < s->count; k++) {
        const uint64_t one = imp_dataset_hash(s->datasets[k]);
        s->hash = s->hash * IMP_HASH_PRIME + one;
        snprintf(s->hashes + (size_t)k * HASH_BYTES, HASH_BYTES, "%016llx",
                 (unsigned long long)one);
        if (k > 0)
            s->hashes[(size_t)k * HASH_BYTES - 1] = ' ';
    }
    return IMP_OK;
}

// Gives the names of the maps of all episodes, with repetitions, to the common part.
static imp_status list_maps_of_datasets(dataset_source *s, imp_error *err)
{
    size_t count = 0;
    for (int d = 0; d < s->count; d++)
        count += (size_t)imp_dataset_episode_count(s->datasets[d]);
    const char **names = calloc(count + 1, sizeof *names);
    if (names == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for map names");
    count = 0;
    for (int d = 0; d < s->count; d++)
        for (int e = 0; e < imp_dataset_episode_count(s->datasets[d]); e++)
            names[count++] = imp_dataset_episode(s->datasets[d], e)->map;
    const imp_status status = imp_episode_source_set_maps(&s->episodes, names, count, err);
    free(names);
    return status;
}

// Called once the network is known: its inputs decide how many images and actions make a sample.
static imp_status dataset_source_create_loaders(imp_sample_source *source,
                                                const imp_network *network, imp_error *err)
{
    dataset_source *s = (dataset_source *)source;
    const int window = s->episodes.def->shuffle_buffer;
    IMP_TRY(check_same_time_step(s, network, err));
    // loaders, then what models and states say of the data
    IMP_TRY(imp_episode_source_set_network(&s->episodes, network, err));
    IMP_TRY(imp_episode_source_create_loaders(&s->episodes, window, err));
    IMP_TRY(hash_datasets(s, err));
    IMP_TRY(list_maps_of_datasets(s, err));
    // a window of all samples is as good as none
    const bool streams = s->episodes.loader.def.streams;
    // the identity holds the window only where it has an effect
    source->window = streams ? window : 0;
    source->data_weight_count = s->episodes.def->data_weights != NULL ? s->count : 0;
    for (int k = 0; streams && k < s->count; k++) {
        imp_dataset_advise_readahead(s->datasets[k], NULL, 0,
                                     IMP_READ_DONE); // all of it was just hashed
        imp_dataset_advise_readahead(s->datasets[k], NULL, 0, IMP_READ_RANDOM);
    }
    return IMP_OK;
}

// One line stands for all data: the hash of the bytes of the datasets.
static void dataset_source_write_identity(const imp_sample_source *source, FILE *out)
{
    imp_settings_write_hash(out, "data", ((const dataset_source *)source)->hash);
}

// The identity is not needed, since files have hashes of their own.
static json_t *dataset_source_describe(const imp_sample_source *source, const char *identity)
{
    (void)identity;
    const dataset_source *s = (const dataset_source *)source;
    return imp_episode_source_describe(&s->episodes, s->hash, s->hashes);
}

// Samples point into the datasets, so that the loaders end before these close.
static void dataset_source_destroy(imp_sample_source *source)
{
    dataset_source *s = (dataset_source *)source;
    imp_episode_source_free(&s->episodes);
    imp_validation_split_free(&s->split);
    for (int k = 0; k < s->count; k++)
        imp_dataset_close(s->datasets[k]);
    free(s->datasets);
    free(s->hashes);
    free(s);
}

static const imp_sample_source_vtable VTABLE = {
    .task = "train",
    .unit = "samples",
    .prepare = dataset_source_create_loaders,
    .begin_epoch = imp_episode_source_begin_epoch,
    .get_batch = imp_episode_source_get_batch,
    .get_held_out_batch = imp_episode_source_get_held_out_batch,
    .get_image = imp_episode_source_get_image,
    .write_identity = dataset_source_write_identity,
    .describe = dataset_source_describe,
    .destroy = dataset_source_destroy,
};

// *repeated_episodes is the number of episodes that occur more than once in the data.
imp_status imp_dataset_source_open(imp_sample_source **out, int *repeated_episodes,
                                   const char *const *paths, int count, const imp_train_def *def,
                                   imp_error *err)
{
    dataset_source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "dataset"));
    s->episodes.base.vtable = &VTABLE;
    s->episodes.def = def;
    s->paths = paths;
    const imp_status status = open_datasets(s, paths, count, err);
    *repeated_episodes = s->split.repeated;
    if (status == IMP_OK)
        *out = &s->episodes.base;
    else
        dataset_source_destroy(&s->episodes.base);
    return status;
}
