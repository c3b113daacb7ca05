// Training segmenters: the training loop on images that are rendered as they are wanted, each seen
// once. The n-th image is a function of the settings and n. What is held out is rendered again for
// every validation, on other maps if there are some. The loss is the cross-entropy between the
// shares of classes in each cell and the network's softmax.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "learn/segmentation_training/segmentation_score.h"
#include "learn/settings/settings_tables.h"
#include "learn/training/training.h"
#include "nn/segmentation/segmenter_layout.h"
#include "nn/trainer/trainer_ranks.h"

// TEST_INDEX is the environment of held-out images, whose random streams training never uses. The
// last two are numbers of images that share one draw of the randomisation.
enum { TEST_INDEX = 1, IMAGES_PER_CAMERA = 8, TEST_IMAGES_PER_CAMERA = 2 };

// One training is its own source of samples: the loop calls it by its first member.
typedef struct seg_train_run {
    imp_sample_source base; // first, so that the one is a pointer to the other
    const imp_seg_train_def *def;
    imp_train_def train;              // the definition's, with what must be as it is
    imp_map_set all, maps, test_maps; // the latter two borrow from the first
    imp_env_def env, test_env;
    imp_thread_pool *pool;
    imp_segmenter_layout layout;
    size_t outputs; // of the network
    imp_seg_source *source;
    imp_seg_evaluator evaluator; // its buffers serve training too
    float *labels;               // (batch x outputs) in the network's order
    const uint8_t **frames;      // (batch)
    int epoch;                   // in progress
} seg_train_run;

// Loads the maps of the definition, or all built-in ones if it names none.
static imp_status load_maps(imp_map_set *out, const imp_seg_train_def *def, imp_error *err)
{
    const int count = def->sim.maps != NULL ? def->sim.map_count : imp_builtin_map_count();
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (names == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "map"));
    for (int k = 0; k < count; k++)
        names[k] = def->sim.maps != NULL ? def->sim.maps[k] : imp_builtin_map_name(k);
    const imp_status status = imp_map_set_load(out, names, count, &def->sim.scene, err);
    free(names);
    return status;
}

// The maps of a part, borrowed from the set of all. The arrays of the part are the caller's to
// free.
static imp_status select_split_maps(imp_map_set *out, const imp_map_set *all, imp_map_split split,
                                    imp_error *err)
{
    out->worlds = calloc((size_t)all->count, sizeof(imp_world *));
    out->scenes = calloc((size_t)all->count, sizeof(imp_scene *));
    if (out->worlds == NULL || out->scenes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(all->count, "map"));
    for (int k = 0; k < all->count; k++) {
        const bool testing = imp_map_is_in_test_split(all->worlds[k]->name);
        if (split != IMP_SPLIT_ALL && testing != (split == IMP_SPLIT_TEST))
            continue;
        out->worlds[out->count] = all->worlds[k];
        out->scenes[out->count++] = all->scenes[k];
    }
    return out->count > 0
               ? IMP_OK
               : imp_add_hint(
                     err, IMP_HINT_SETTING,
                     imp_fail(err, IMP_USAGE,
                              "split: none of the maps is for %sing: take more of them, or the "
                              "split 'all'",
                              imp_map_split_name((int)split)));
}

// Held-out images are from the other split, so that validation measures what transfers to new maps.
// If training takes all maps, validation does too.
static imp_status load_and_split_maps(seg_train_run *r, imp_error *err)
{
    const imp_seg_train_def *def = r->def;
    const imp_map_split other = def->sim.split == IMP_SPLIT_TRAIN  ? IMP_SPLIT_TEST
                                : def->sim.split == IMP_SPLIT_TEST ? IMP_SPLIT_TRAIN
                                                                   : IMP_SPLIT_ALL;
    r->env = r->test_env = def->sim.env;
    r->env.seed = r->test_env.seed = def->train.seed;
    r->test_env.index = TEST_INDEX;
    IMP_TRY(load_maps(&r->all, def, err));
    IMP_TRY(select_split_maps(&r->maps, &r->all, def->sim.split, err));
    return select_split_maps(&r->test_maps, &r->all, other, err);
}

// Creates two sources that differ in maps, environment and images per camera.
static imp_status create_sources(seg_train_run *r, imp_error *err)
{
    const imp_seg_train_def *def = r->def;
    imp_seg_source_def source = {
        .maps = &r->maps,
        .env = &r->env,
        .camera = &def->sim.camera,
        .cells_width = imp_segmenter_layout_width(&r->layout),
        .cells_height = imp_segmenter_layout_height(&r->layout),
        .roll = IMAGES_PER_CAMERA,
        .randomization =
            imp_randomization_is_on(&def->sim.randomization) ? &def->sim.randomization : NULL,
    };
    IMP_TRY(imp_seg_source_create(&r->source, &source, r->pool, err));
    // the second source differs in these members only
    source.roll = TEST_IMAGES_PER_CAMERA; // more looks to judge by
    source.maps = &r->test_maps;
    source.env = &r->test_env;
    return imp_seg_source_create(&r->evaluator.source, &source, r->pool, err);
}

// Called once the network is known: its outputs define the grid of cells.
static imp_status seg_source_prepare(imp_sample_source *source, const imp_network *network,
                                     imp_error *err)
{
    seg_train_run *r = (seg_train_run *)source;
    const size_t batch = (size_t)r->train.trainer.batch;
    const size_t image = (size_t)source->width * (size_t)source->height * 3;
    IMP_TRY(imp_segmenter_layout_from_network(&r->layout, network, err));
    IMP_TRY(create_sources(r, err));
    // buffers of a batch; they serve training and evaluation, which never run at the same time
    r->outputs = (size_t)imp_network_info(network)->outputs;
    r->evaluator.pool = r->pool;
    r->evaluator.count = r->def->validation_images;
    r->evaluator.capacity = (int)batch;
    r->evaluator.images = malloc(batch * image);
    r->evaluator.shares = malloc(batch * r->outputs * sizeof *r->evaluator.shares);
    r->labels = malloc(batch * r->outputs * sizeof *r->labels);
    r->frames = malloc(batch * sizeof *r->frames);
    if (r->evaluator.images == NULL || r->evaluator.shares == NULL || r->labels == NULL ||
        r->frames == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(batch, "image"));
    for (size_t k = 0; k < batch; k++)
        r->frames[k] = r->evaluator.images + k * image;
    source->samples = r->def->images;
    source->held_out = r->def->validation_images;
    return IMP_OK;
}

// There is nothing to shuffle, since every image is new.
static imp_status seg_source_begin_epoch(imp_sample_source *source, const imp_training_position *at,
                                         imp_error *err)
{
    (void)err;
    ((seg_train_run *)source)->epoch = at->epoch;
    return IMP_OK;
}

// Renders images number first to first + count - 1 to a place in the batch, and puts their labels
// into the network's order. Shares are stored class by class; a pixel-unshuffle brings them into
// the order of the outputs.
static void render_images(seg_train_run *r, imp_seg_source *source, int64_t first, int place,
                          int count)
{
    const size_t image = (size_t)r->base.width * (size_t)r->base.height * 3;
    float *shares = r->evaluator.shares + (size_t)place * r->outputs;
    imp_seg_source_render(source, (uint32_t)first, count,
                          r->evaluator.images + (size_t)place * image, shares);
    for (int k = 0; k < count; k++)
        imp_segmenter_pixel_unshuffle(&r->layout, shares + (size_t)k * r->outputs,
                                      r->labels + (size_t)(place + k) * r->outputs);
}

// A batch of the images up to `end`, of which only those are rendered that this rank computes.
static imp_batch render_batch(seg_train_run *r, imp_seg_source *source, int64_t first, int64_t end)
{
    const int batch = r->evaluator.capacity;
    const int count = end - first < batch ? (int)(end - first) : batch;
    int begin, behind;
    imp_trainer_find_samples_of_rank(&begin, &behind, &r->train.trainer, r->train.communicator,
                                     count);
    render_images(r, source, first + begin, begin, behind - begin);
    return (imp_batch){.count = count, .frames = r->frames, .labels = r->labels};
}

// Image numbers count on from epoch to epoch.
static imp_batch seg_source_get_batch(imp_sample_source *source, int64_t first)
{
    seg_train_run *r = (seg_train_run *)source;
    const int64_t before = r->epoch * source->samples; // images of earlier epochs
    return render_batch(r, r->source, before + first, before + source->samples);
}

// The images of every validation are the same.
static imp_batch seg_source_get_held_out_batch(imp_sample_source *source, int64_t first)
{
    seg_train_run *r = (seg_train_run *)source;
    return render_batch(r, r->evaluator.source, first, source->held_out);
}

// The k-th of `count` images that are spread evenly over the epoch in progress.
static const uint8_t *seg_source_get_image(imp_sample_source *source, int k, int count)
{
    seg_train_run *r = (seg_train_run *)source;
    const int64_t number = (r->epoch * count + k) * source->samples / count;
    render_images(r, r->source, number, 0, 1);
    return r->frames[0];
}

// Maps enter the identity by their contents.
static void seg_source_write_identity(const imp_sample_source *source, FILE *out)
{
    const seg_train_run *r = (const seg_train_run *)source;
    imp_settings_write_maps(out, "maps", &r->maps);
    imp_settings_write_maps(out, "test_maps", &r->test_maps);
    imp_settings_write_assets(out, &r->def->sim.scene);
    imp_struct_write_text(out, "", &imp_seg_train_members, r->def);
}

// A model that sees through a segmenter reads classes and lens from here.
static json_t *seg_source_describe(const imp_sample_source *source, const char *identity)
{
    (void)identity;
    char classes[256];
    imp_class_join_names(classes, sizeof classes);
    const imp_sim_def *sim = &((const seg_train_run *)source)->def->sim;
    json_t *described = json_pack("{s:s, s:s, s:s}", "purpose", IMP_SEGMENTER_PURPOSE, "classes",
                                  classes, "lens", imp_lens_name(sim->camera.lens.kind));
    if (sim->robot != NULL && described != NULL &&
        json_object_set_new(described, "robot", json_string(sim->robot)) != 0) {
        json_decref(described);
        return NULL;
    }
    return described;
}

// Sources before maps and threads, which they borrow. The value itself lives on the caller's stack.
static void seg_source_destroy(imp_sample_source *source)
{
    seg_train_run *r = (seg_train_run *)source;
    imp_seg_source_destroy(r->source);
    imp_seg_source_destroy(r->evaluator.source);
    imp_thread_pool_destroy(r->pool);
    free(r->maps.worlds);
    free(r->maps.scenes);
    free(r->test_maps.worlds);
    free(r->test_maps.scenes);
    imp_map_set_free(&r->all);
    free(r->evaluator.images);
    free(r->evaluator.shares);
    free(r->labels);
    free(r->frames);
}

static const imp_sample_source_vtable VTABLE = {
    .task = "seg-train",
    .unit = "pictures",
    .schedule_counts_steps = true,
    .prepare = seg_source_prepare,
    .begin_epoch = seg_source_begin_epoch,
    .get_batch = seg_source_get_batch,
    .get_held_out_batch = seg_source_get_held_out_batch,
    .get_image = seg_source_get_image,
    .write_identity = seg_source_write_identity,
    .describe = seg_source_describe,
    .destroy = seg_source_destroy,
};

// Numbers of images must fit into 32 bits, because they are keys of random streams.
static imp_status check_seg_train_def(const imp_seg_train_def *def, imp_error *err)
{
    IMP_TRY(imp_struct_check_ranges(&imp_seg_train_members, def, err));
    if ((double)def->train.epochs * def->images > (double)UINT32_MAX)
        return imp_fail(err, IMP_USAGE, "%s of %s are too many",
                        IMP_PLURAL(def->train.epochs, "epoch"), IMP_PLURAL(def->images, "image"));
    return IMP_OK;
}

static imp_status score_best_model_and_draw_examples(imp_seg_train_summary *summary,
                                                     const char *folder, const seg_train_run *r,
                                                     imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_network *best = NULL;
    imp_status status = imp_segmenter_load(&best, folder, err);
    if (status == IMP_OK)
        status = imp_seg_evaluate(&summary->score, &r->evaluator, best, err);
    if (status == IMP_OK)
        status = imp_path_join(path, folder, "segments.png", err);
    if (status == IMP_OK)
        status = imp_seg_write_examples(path, &r->evaluator, best, err);
    imp_network_destroy(best);
    return status;
}

// Trains, and scores the best model on the held-out images: on the first rank, which has written
// it.
static imp_status train_and_score(imp_seg_train_summary *summary, const char *folder,
                                  seg_train_run *r, imp_status prepared, const imp_monitor *monitor,
                                  imp_error *err)
{
    imp_communicator *ranks = r->train.communicator;
    IMP_TRY(imp_communicator_agree_on_status(ranks, prepared, err));
    IMP_TRY(imp_training_run(&summary->train, folder, &r->base, &r->train, monitor, err));
    imp_status status = IMP_OK;
    if (ranks == NULL || ranks->rank == 0)
        status = score_best_model_and_draw_examples(summary, folder, r, err);
    return imp_communicator_agree_on_status(ranks, status, err);
}

imp_status imp_train_segmenter(imp_seg_train_summary *summary, const char *folder,
                               const imp_seg_train_def *def, const imp_monitor *monitor,
                               imp_error *err)
{
    *summary = (imp_seg_train_summary){0};
    IMP_TRY(check_seg_train_def(def, err));
    const double start = imp_monotonic_seconds();
    seg_train_run r = {
        .base = {.vtable = &VTABLE,
                 .width = def->sim.camera.width,
                 .height = def->sim.camera.height},
        .def = def,
        .train = def->train,
    };
    // what makes the network a segmenter, whatever the definition says
    r.train.network.outputs = 0;
    r.train.trainer.loss = IMP_LOSS_CROSS_ENTROPY;
    r.train.trainer.classes = IMP_CLASS_COUNT;
    // maps and threads first: the sources of images borrow them
    imp_status status = load_and_split_maps(&r, err);
    if (status == IMP_OK)
        status = imp_thread_pool_create(&r.pool, def->train.trainer.threads, err);
    status = train_and_score(summary, folder, &r, status, monitor, err);
    seg_source_destroy(&r.base);
    summary->train.seconds = imp_monotonic_seconds() - start;
    return status;
}
