#include "learn/segmentation_training/segmentation_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/vector2.h"
#include "base/io/file.h"
#include "base/text/plural.h"

enum {
    SEG_TRAIN_COOKIE = 0x5E67,
    TEST_INDEX = 1,
    IMAGES_PER_CAMERA = 8,
    TEST_IMAGES_PER_CAMERA = 2
};

imp_seg_train_def imp_default_seg_train_def(void)
{
    imp_seg_train_def def = {
        .split = IMP_SPLIT_TRAIN,
        .env = imp_default_env_def(),
        .camera = imp_default_camera_def(),
        .scene = imp_default_scene_def(),
        .randomization = imp_randomization_none(),
        .network = imp_default_network_def(),
        .trainer = imp_default_trainer_def(),
        .epochs = 8,
        .pictures = 4096,
        .held_out = 256,
        .seed = 1,
        .checkpoint_steps = 200,
        .settings = "{}",
        .cookie = SEG_TRAIN_COOKIE,
    };
    def.env.randomize_objects = true;
    imp_randomization_parse_list(&def.randomization, "looks", NULL);
    strcpy(def.network.architecture, "segmenter");
    def.network.outputs = 0;
    def.network.batch_norm = true;
    def.trainer.batch = 16;
    def.trainer.loss = IMP_LOSS_CROSS_ENTROPY;
    def.trainer.classes = IMP_CLASS_COUNT;
    def.trainer.learning_rate = 3e-3;
    return def;
}

int imp_seg_train_epoch_steps(const imp_seg_train_run *r)
{
    const int batch = r->def->trainer.batch;
    return (r->def->pictures + batch - 1) / batch;
}

static imp_status load_maps(imp_map_set *out, const imp_seg_train_def *def, imp_error *err)
{
    const int count = def->maps != NULL ? def->map_count : imp_builtin_map_count();
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (names == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "map"));
    for (int k = 0; k < count; k++)
        names[k] = def->maps != NULL ? def->maps[k] : imp_builtin_map_name(k);
    const imp_status status = imp_map_set_load(out, names, count, &def->scene, err);
    free(names);
    return status;
}

// The maps of a part, borrowed from the set of all.
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
    return out->count > 0 ? IMP_OK
                          : imp_fail(err, IMP_USAGE,
                                     "none of the maps is for %sing: take more of them, or --split "
                                     "all",
                                     imp_map_split_name((int)split));
}

static imp_status prepare_maps(imp_seg_train_run *r, imp_error *err)
{
    const imp_seg_train_def *def = r->def;
    const imp_map_split other = def->split == IMP_SPLIT_TRAIN  ? IMP_SPLIT_TEST
                                : def->split == IMP_SPLIT_TEST ? IMP_SPLIT_TRAIN
                                                               : IMP_SPLIT_ALL;
    r->env = r->test_env = def->env;
    r->env.seed = r->test_env.seed = def->seed;
    r->test_env.index = TEST_INDEX;
    imp_status status = load_maps(&r->all, def, err);
    if (status == IMP_OK)
        status = select_split_maps(&r->maps, &r->all, def->split, err);
    return status == IMP_OK ? select_split_maps(&r->test_maps, &r->all, other, err) : status;
}

static imp_status prepare_network(imp_seg_train_run *r, imp_error *err)
{
    imp_network_def network = r->def->network;
    imp_trainer_def trainer = r->def->trainer;
    network.width = r->def->camera.width;
    network.height = r->def->camera.height;
    network.outputs = 0;
    trainer.seed = r->def->seed;
    trainer.loss = IMP_LOSS_CROSS_ENTROPY;
    trainer.classes = IMP_CLASS_COUNT;
    imp_status status = imp_network_create(&r->network, &network, r->def->seed, err);
    if (status == IMP_OK)
        status = imp_segmenter_layout_find(&r->layout, r->network, err);
    if (status == IMP_OK)
        status = imp_trainer_create(&r->trainer, r->network, &trainer, err);
    return status;
}

static imp_status prepare_sources(imp_seg_train_run *r, imp_error *err)
{
    const imp_seg_train_def *def = r->def;
    imp_seg_source_def source = {
        .maps = &r->maps,
        .env = &r->env,
        .camera = &def->camera,
        .cells_width = imp_segmenter_layout_width(&r->layout),
        .cells_height = imp_segmenter_layout_height(&r->layout),
        .roll = IMAGES_PER_CAMERA,
        .randomization = imp_randomization_is_on(&def->randomization) ? &def->randomization : NULL,
    };
    imp_status status = imp_seg_source_create(&r->source, &source, r->pool, err);
    source.roll = TEST_IMAGES_PER_CAMERA; // more looks to judge by
    source.maps = &r->test_maps;
    source.env = &r->test_env;
    if (status == IMP_OK)
        status = imp_seg_source_create(&r->evaluator.source, &source, r->pool, err);
    const size_t batch = (size_t)def->trainer.batch;
    const size_t image = (size_t)def->camera.width * (size_t)def->camera.height * 3;
    const size_t outputs = (size_t)imp_network_info(r->network)->outputs;
    r->evaluator.pool = r->pool;
    r->evaluator.count = def->held_out;
    r->evaluator.capacity = def->trainer.batch;
    r->evaluator.pictures = malloc(batch * image);
    r->evaluator.shares = malloc(batch * outputs * sizeof *r->evaluator.shares);
    r->labels = malloc(batch * outputs * sizeof *r->labels);
    r->frames = malloc(batch * sizeof *r->frames);
    if (status == IMP_OK && (r->evaluator.pictures == NULL || r->evaluator.shares == NULL ||
                             r->labels == NULL || r->frames == NULL))
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(batch, "picture"));
    for (size_t k = 0; k < batch && status == IMP_OK; k++)
        r->frames[k] = r->evaluator.pictures + k * image;
    return status;
}

static imp_status prepare_run(imp_seg_train_run *r, imp_error *err)
{
    imp_status status = prepare_maps(r, err);
    if (status == IMP_OK)
        status = imp_thread_pool_create(&r->pool, r->def->trainer.threads, err);
    if (status == IMP_OK)
        status = prepare_network(r, err);
    if (status == IMP_OK)
        status = prepare_sources(r, err);
    if (status == IMP_OK)
        status = imp_folder_create(r->folder, err);
    if (status == IMP_OK)
        status = imp_seg_train_write_identity(r, err);
    if (status != IMP_OK)
        return status;
    r->at = (imp_training_position){.best_loss = INFINITY};
    r->summary->parameters = imp_network_parameter_count(r->network);
    r->summary->held_out = r->def->held_out;
    return r->def->resume ? imp_seg_train_restore_state(r, err) : IMP_OK;
}

// Renders a batch and puts its labels into the network's order.
static void render_batch(imp_seg_train_run *r, imp_seg_source *source, int64_t first, int count)
{
    const size_t outputs = (size_t)imp_network_info(r->network)->outputs;
    imp_seg_source_render(source, (uint32_t)first, count, r->evaluator.pictures,
                          r->evaluator.shares);
    for (int k = 0; k < count; k++)
        imp_segmenter_pixel_unshuffle(&r->layout, r->evaluator.shares + (size_t)k * outputs,
                                      r->labels + (size_t)k * outputs);
}

static void report_progress(const imp_seg_train_run *r)
{
    char detail[96];
    const double seen = (double)r->at.step * r->def->trainer.batch;
    const int last = r->history.count - 1;
    int used = snprintf(detail, sizeof detail, "epoch %d/%d loss %.4f", r->at.epoch + 1,
                        r->def->epochs, r->at.loss_sum / seen);
    if (last >= 0)
        snprintf(detail + used, sizeof detail - (size_t)used, " validation %.4f",
                 r->history.validation_losses[last]);
    const imp_progress progress = {
        .task = "seg-train",
        .unit = "pictures",
        .done = (double)r->at.epoch * r->def->pictures + seen,
        .total = (double)r->def->epochs * r->def->pictures,
        .detail = detail,
    };
    imp_monitor_progress(r->monitor, &progress);
}

// Half a cosine down to a hundredth, after a short warm-up.
static double rate_factor(const imp_seg_train_run *r)
{
    const double floor = 0.01, warm_up = 50.0;
    const double done = (double)r->at.epoch * imp_seg_train_epoch_steps(r) + r->at.step;
    const double share = done / ((double)r->def->epochs * imp_seg_train_epoch_steps(r));
    return (floor + (1.0 - floor) * 0.5 * (1.0 + cos(IMP_PI * share))) *
           fmin(1.0, (done + 1.0) / warm_up);
}

static imp_status train_step(imp_seg_train_run *r, imp_error *err)
{
    const int batch = r->def->trainer.batch, first = r->at.step * batch;
    const int left = r->def->pictures - first, count = left < batch ? left : batch;
    const double start = imp_monotonic_seconds();
    double loss = 0.0;
    render_batch(r, r->source, (int64_t)r->at.epoch * r->def->pictures + first, count);
    imp_trainer_set_lr_factor(r->trainer, rate_factor(r));
    const imp_batch samples = {.count = count, .frames = r->frames, .labels = r->labels};
    const imp_status status = imp_trainer_step(r->trainer, &samples, &loss, err);
    if (status != IMP_OK)
        return status;
    r->at.loss_sum += loss * count;
    r->at.step++;
    r->step_seconds += imp_monotonic_seconds() - start;
    r->step_pictures += count;
    return IMP_OK;
}

// Mean loss on the held-out pictures.
static double validate(imp_seg_train_run *r)
{
    double sum = 0.0;
    for (int first = 0; first < r->evaluator.count; first += r->evaluator.capacity) {
        const int left = r->evaluator.count - first,
                  count = left < r->evaluator.capacity ? left : r->evaluator.capacity;
        render_batch(r, r->evaluator.source, first, count);
        const imp_batch samples = {.count = count, .frames = r->frames, .labels = r->labels};
        sum += count * imp_trainer_evaluate_loss(r->trainer, &samples);
    }
    return sum / r->evaluator.count;
}

static imp_status finish_epoch(imp_seg_train_run *r, imp_error *err)
{
    // results without a state could not be told from those whose state is lost
    if (!r->saved) {
        const imp_status status = imp_seg_train_save_state(r, err);
        if (status != IMP_OK)
            return status;
    }
    const double loss = r->at.loss_sum / r->def->pictures;
    const double rate = rate_factor(r) * r->def->trainer.learning_rate;
    const double validation_loss = validate(r);
    r->at.epoch++;
    r->at.step = 0;
    r->at.loss_sum = 0.0;
    imp_status status =
        imp_training_history_add(&r->history, r->at.epoch, loss, validation_loss, rate, err);
    if (status == IMP_OK && validation_loss < r->at.best_loss) {
        r->at.best_loss = validation_loss;
        r->at.best_epoch = r->at.epoch;
        status = imp_seg_train_save_model(r, "model.safetensors", validation_loss, err);
    }
    if (status == IMP_OK)
        status = imp_seg_train_save_model(r, "last.safetensors", validation_loss, err);
    if (status == IMP_OK)
        status = imp_training_history_write(&r->history, r->folder, err);
    return status == IMP_OK ? imp_seg_train_save_state(r, err) : status;
}

static imp_status train_epoch(imp_seg_train_run *r, imp_error *err)
{
    while (r->at.step < imp_seg_train_epoch_steps(r)) {
        imp_status status = train_step(r, err);
        if (status != IMP_OK)
            return status;
        report_progress(r);
        const bool stop = imp_monitor_should_stop(r->monitor);
        if (stop || r->at.step % r->def->checkpoint_steps == 0)
            status = imp_seg_train_save_state(r, err);
        if (status != IMP_OK)
            return status;
        if (stop)
            return imp_fail(err, IMP_INTERRUPTED,
                            "interrupted in epoch %d: the state is saved, continue with --resume",
                            r->at.epoch + 1);
    }
    return finish_epoch(r, err);
}

// Scores the model that is kept, and shows what it finds.
static imp_status score_best_model(imp_seg_train_run *r, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_network *best = NULL;
    imp_status status = imp_segmenter_load(&best, r->folder, err);
    if (status == IMP_OK)
        status = imp_seg_evaluate(&r->summary->score, &r->evaluator, best, err);
    if (status == IMP_OK)
        status = imp_path_join(path, r->folder, "segments.png", err);
    if (status == IMP_OK)
        status = imp_seg_write_examples(path, &r->evaluator, best, err);
    imp_network_destroy(best);
    return status;
}

static void summarize_run(imp_seg_train_run *r)
{
    imp_seg_train_summary *summary = r->summary;
    const int last = r->history.count - 1;
    summary->pictures =
        (int64_t)r->at.epoch * r->def->pictures + (int64_t)r->at.step * r->def->trainer.batch;
    summary->loss = last >= 0 ? r->history.losses[last] : NAN;
    summary->validation_loss = last >= 0 ? r->history.validation_losses[last] : NAN;
    summary->best_loss = r->at.best_loss;
    summary->best_epoch = r->at.best_epoch;
    summary->pictures_per_second =
        r->step_seconds > 0.0 ? (double)r->step_pictures / r->step_seconds : 0.0;
}

static void free_run(imp_seg_train_run *r)
{
    imp_seg_source_destroy(r->source);
    imp_seg_source_destroy(r->evaluator.source);
    imp_trainer_destroy(r->trainer);
    imp_network_destroy(r->network);
    imp_thread_pool_destroy(r->pool);
    free(r->maps.worlds);
    free(r->maps.scenes);
    free(r->test_maps.worlds);
    free(r->test_maps.scenes);
    imp_map_set_free(&r->all);
    imp_training_history_free(&r->history);
    free(r->evaluator.pictures);
    free(r->evaluator.shares);
    free(r->labels);
    free(r->frames);
    free(r->identity);
}

static imp_status check_seg_train_def(const imp_seg_train_def *def, imp_error *err)
{
    if (def->cookie != SEG_TRAIN_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "imp_seg_train_def was not made with imp_default_seg_train_def()");
    if (def->epochs < 1 || def->pictures < 1 || def->held_out < 1 || def->checkpoint_steps < 1)
        return imp_fail(err, IMP_USAGE,
                        "epochs (%d), pictures (%d), held-out ones (%d) and checkpoint steps (%d) "
                        "must be at least 1",
                        def->epochs, def->pictures, def->held_out, def->checkpoint_steps);
    if ((double)def->epochs * def->pictures > (double)UINT32_MAX)
        return imp_fail(err, IMP_USAGE, "%s of %s are too many", IMP_PLURAL(def->epochs, "epoch"),
                        IMP_PLURAL(def->pictures, "picture"));
    return IMP_OK;
}

imp_status imp_train_segmenter(imp_seg_train_summary *summary, const char *folder,
                               const imp_seg_train_def *def, const imp_monitor *monitor,
                               imp_error *err)
{
    imp_status status = check_seg_train_def(def, err);
    if (status != IMP_OK)
        return status;
    const double start = imp_monotonic_seconds();
    *summary = (imp_seg_train_summary){0};
    imp_seg_train_run r = {.def = def, .folder = folder, .monitor = monitor, .summary = summary};
    status = prepare_run(&r, err);
    while (status == IMP_OK && r.at.epoch < def->epochs)
        status = train_epoch(&r, err);
    if (status == IMP_OK)
        status = score_best_model(&r, err);
    summarize_run(&r);
    free_run(&r);
    summary->seconds = imp_monotonic_seconds() - start;
    return status;
}
