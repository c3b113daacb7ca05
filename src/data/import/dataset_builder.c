// Builds a dataset from images that arrive one by one. The images of the current episode are
// collected in memory; long episodes are written in pieces.
// The dataset is written beside its final path (".partial") and renamed at the end, so an
// interrupted import leaves nothing that looks like a dataset.
#include "data/import/dataset_builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "data/dataset/partial_dataset.h"

// A piece of an episode has at most this much image memory, but at least two images.
enum { PIECE_BYTES = 16 << 20 };

struct imp_dataset_builder {
    char folder[IMP_PATH_MAX], partial[IMP_PATH_MAX];
    imp_dataset_info info;
    imp_dataset_writer *writer;
    bool finished;
    double time_step; // of the following episodes [s]; 0: the dataset's
    int episodes;
    int64_t steps;
    // The current episode.
    size_t image;               // bytes of one
    int rows, capacity, max;    // images present, allocated, and per piece
    uint8_t *images;            // (capacity x image)
    imp_import_step *step_data; // (capacity)
};

// Begins the dataset beside its folder.
static imp_status open_writer(imp_dataset_builder *r, imp_error *err)
{
    int written;
    IMP_TRY(imp_partial_dataset_begin(r->partial, r->folder, true, err));
    return imp_dataset_writer_create(&r->writer, r->partial, &r->info, false, &written, err);
}

// The size of an image determines how many make a piece.
imp_status imp_dataset_builder_create(imp_dataset_builder **out, const char *folder,
                                      const imp_dataset_info *info, imp_error *err)
{
    imp_dataset_builder *r = calloc(1, sizeof *r);
    if (r == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", folder);
    // the image size is fixed for the whole dataset
    r->info = *info;
    r->image = (size_t)info->width * (size_t)info->height * 3;
    r->max = (int)(PIECE_BYTES / r->image);
    r->max = r->max < 2 ? 2 : r->max;
    snprintf(r->folder, sizeof r->folder, "%s", folder);
    const imp_status status = open_writer(r, err);
    if (status != IMP_OK) {
        free(r);
        return status;
    }
    *out = r;
    return IMP_OK;
}

// Grows both arrays: by doubling, up to the size of a piece, then as needed.
static bool reserve_rows(imp_dataset_builder *r, int rows)
{
    if (rows <= r->capacity)
        return true;
    // double, but not beyond a piece
    int capacity = 2 * r->capacity + 64;
    capacity = capacity > r->max ? r->max : capacity;
    capacity = capacity < rows ? rows : capacity;
    // both arrays grow, or the builder stays as it is
    uint8_t *images = realloc(r->images, (size_t)capacity * r->image);
    if (images != NULL)
        r->images = images;
    imp_import_step *step_data = realloc(r->step_data, (size_t)capacity * sizeof *step_data);
    if (step_data != NULL)
        r->step_data = step_data;
    if (images == NULL || step_data == NULL)
        return false;
    r->capacity = capacity;
    return true;
}

void imp_dataset_builder_set_dt(imp_dataset_builder *r, double time_step)
{
    r->time_step = time_step;
}

// The destination of the next image, at the end of the current ones.
uint8_t *imp_dataset_builder_reserve_image(imp_dataset_builder *r)
{
    // One more than a piece has, for an image that is repeated at the end.
    return reserve_rows(r, r->rows + 2) ? r->images + (size_t)r->rows * r->image : NULL;
}

// The arrays of an episode except the images.
typedef struct episode_columns {
    float *actions, *experts, *rewards;
    double *poses, *lane;
    uint8_t *terminations, *truncations;
} episode_columns;

// Freed by free_columns(), also after a failure.
static bool allocate_columns(episode_columns *c, size_t steps)
{
    // T rows, or T + 1 for data that include the final state
    *c = (episode_columns){.actions = malloc(2 * steps * sizeof *c->actions),
                           .experts = malloc(2 * steps * sizeof *c->experts),
                           .rewards = malloc(steps * sizeof *c->rewards),
                           .poses = malloc(3 * (steps + 1) * sizeof *c->poses),
                           .lane = malloc(2 * (steps + 1) * sizeof *c->lane),
                           .terminations = calloc(steps, 1),
                           .truncations = calloc(steps, 1)};
    return c->actions != NULL && c->experts != NULL && c->rewards != NULL && c->poses != NULL &&
           c->lane != NULL && c->terminations != NULL && c->truncations != NULL;
}

static void free_columns(episode_columns *c)
{
    free(c->actions);
    free(c->experts);
    free(c->rewards);
    free(c->poses);
    free(c->lane);
    free(c->terminations);
    free(c->truncations);
}

// Fills the arrays. Data that are unknown at one moment count as unknown in the whole episode.
static void fill_episode_arrays(const episode_columns *c, const imp_import_step *step_data,
                                size_t steps)
{
    // first find out what is known throughout
    bool poses_known = true, rewards_known = true;
    for (size_t k = 0; k <= steps; k++) {
        poses_known = poses_known &&
                      isfinite(step_data[k].pose[0] + step_data[k].pose[1] + step_data[k].pose[2]);
        rewards_known = rewards_known && (k == steps || isfinite(step_data[k].reward));
    }
    for (size_t k = 0; k <= steps; k++) {
        // moment k is before step k
        const imp_import_step *m = &step_data[k];
        // lane positions may be unknown at single moments
        const bool in_lane = poses_known && isfinite(m->lane[0] + m->lane[1]);
        for (size_t i = 0; i < 3; i++)
            c->poses[3 * k + i] = poses_known ? m->pose[i] : (double)NAN;
        for (size_t i = 0; i < 2; i++)
            c->lane[2 * k + i] = in_lane ? m->lane[i] : (double)NAN;
        // the last row has a position, but no action
        if (k == steps)
            break;
        memcpy(c->actions + 2 * k, m->action, sizeof m->action);
        memcpy(c->experts + 2 * k, m->expert, sizeof m->expert);
        c->rewards[k] = rewards_known ? m->reward : NAN;
    }
}

// Writes the first `steps` steps, and the image after them, as an episode.
static imp_status write_episode(imp_dataset_builder *r, int steps, imp_episode_end ending,
                                imp_error *err)
{
    episode_columns c;
    imp_status status = IMP_OK;
    // the images are passed on without a copy
    if (allocate_columns(&c, (size_t)steps)) {
        fill_episode_arrays(&c, r->step_data, (size_t)steps);
        // only the last step may end an episode
        c.terminations[steps - 1] = ending == IMP_EPISODE_TERMINATED;
        c.truncations[steps - 1] = ending == IMP_EPISODE_TRUNCATED;
        imp_episode episode = {.steps = steps,
                               .observations = r->images,
                               .actions = c.actions,
                               .expert_actions = c.experts,
                               .poses = c.poses,
                               .lane = c.lane,
                               .rewards = c.rewards,
                               .terminations = c.terminations,
                               .truncations = c.truncations,
                               .time_step = r->time_step,
                               .number = (uint32_t)r->episodes};
        memcpy(episode.map, r->info.map, sizeof episode.map);
        status = imp_dataset_writer_add(r->writer, &episode, err);
        if (status != IMP_OK)
            imp_partial_dataset_strip_resume_hint(err);
    } else {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode");
    }
    // counts are used for the episode's number and the summary
    free_columns(&c);
    if (status == IMP_OK) {
        r->episodes++;
        r->steps += steps;
    }
    return status;
}

// The image was written to imp_dataset_builder_reserve_image() before.
imp_status imp_dataset_builder_add_step(imp_dataset_builder *r, const imp_import_step *step,
                                        imp_error *err)
{
    // room was reserved by imp_dataset_builder_reserve_image()
    r->step_data[r->rows++] = *step;
    if (r->rows <= r->max)
        return IMP_OK;
    // The last image of a piece ends it and begins the next one, which already has one more image.
    const imp_status status = write_episode(r, r->max - 1, IMP_EPISODE_UNFINISHED, err);
    const size_t kept = (size_t)r->max - 1;
    memmove(r->images, r->images + kept * r->image, 2 * r->image);
    memmove(r->step_data, r->step_data + kept, 2 * sizeof *r->step_data);
    r->rows = 2;
    return status;
}

// NULL at the beginning of an episode.
imp_import_step *imp_dataset_builder_get_last_step(imp_dataset_builder *r)
{
    return r->rows > 0 ? &r->step_data[r->rows - 1] : NULL;
}

// Ends an episode. Without repeat, the last image only closes it; with repeat, it is doubled.
imp_status imp_dataset_builder_end(imp_dataset_builder *r, imp_episode_end ending, bool repeat,
                                   bool *is_single_image, imp_error *err)
{
    const int rows = r->rows;
    // one image is no step
    *is_single_image = rows == 1 && !repeat;
    r->rows = 0;
    if (rows == 0 || *is_single_image)
        return IMP_OK;
    if (!repeat)
        return write_episode(r, rows - 1, ending, err);
    // double the last image and its data
    const size_t last = (size_t)rows - 1;
    // room for it was reserved
    memcpy(r->images + (last + 1) * r->image, r->images + last * r->image, r->image);
    r->step_data[last + 1] = r->step_data[last];
    return write_episode(r, rows, ending, err);
}

int imp_dataset_builder_episodes(const imp_dataset_builder *r)
{
    return r->episodes;
}

int64_t imp_dataset_builder_steps(const imp_dataset_builder *r)
{
    return r->steps;
}

// The origin is stored with the index, so it is set just before finishing.
imp_status imp_dataset_builder_finish(imp_dataset_builder *r, const char *origin, imp_error *err)
{
    imp_status status = imp_dataset_writer_set_origin(r->writer, origin, err);
    if (status == IMP_OK)
        status = imp_dataset_writer_finish(r->writer, err);
    if (status != IMP_OK) {
        imp_partial_dataset_strip_resume_hint(err);
        return status;
    }
    // the dataset appears under its name
    IMP_TRY(imp_partial_dataset_finish(r->partial, r->folder, err));
    r->finished = true;
    return IMP_OK;
}

// Nullable. An unfinished dataset is removed.
void imp_dataset_builder_destroy(imp_dataset_builder *r)
{
    if (r == NULL)
        return;
    // the writer's lock must be gone before the files are removed
    imp_dataset_writer_destroy(r->writer);
    if (!r->finished)
        (void)imp_partial_dataset_remove(r->partial, NULL); // what stays is named as a part
    free(r->images);
    free(r->step_data);
    free(r);
}
