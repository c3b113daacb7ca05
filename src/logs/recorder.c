#include "logs/recorder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

// Pictures of a piece of an episode take so much memory at most, and of two at least.
enum { PIECE_BYTES = 16 << 20 };

struct imp_recorder {
    char folder[IMP_PATH_MAX], partial[IMP_PATH_MAX];
    imp_dataset_info info;
    imp_dataset_writer *writer;
    bool finished;
    double time_step; // of the episodes that follow [s]; 0: the dataset's
    int episodes;
    int64_t steps;
    // the episode under way
    size_t picture;           // bytes of one
    int rows, capacity, most; // present, allocated, and when a piece ends
    uint8_t *pictures;        // (capacity x picture)
    imp_moment *moments;      // (capacity)
};

static bool is_of_a_dataset(const char *name)
{
    int used = 0;
    if (imp_path_ends(name, ".tmp"))
        return true;
    if (strcmp(name, "main_data.hdf5") == 0 || strcmp(name, "metadata.json") == 0)
        return true;
    return sscanf(name, "shard-%*9[0-9].hdf5%n", &used) == 0 && used > 0 && name[used] == '\0';
}

// Removes the files of a dataset that never became one, and their folder if nothing else is in it.
static imp_status remove_partial(const char *folder, imp_error *err)
{
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return errno == ENOENT ? IMP_OK : imp_fail(err, IMP_IO, "%s: %s", folder, strerror(errno));
    if (flock(dirfd(directory), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        closedir(directory);
        return imp_fail(err, IMP_IO, "%s: another import is writing here", folder);
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (is_of_a_dataset(entry->d_name))
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    if (rmdir(folder) != 0)
        return imp_fail(err, IMP_IO, "%s is left from an import that was killed: remove it (%s)",
                        folder, strerror(errno));
    return IMP_OK;
}

static imp_status open_writer(imp_recorder *r, imp_error *err)
{
    size_t length = strlen(r->folder);
    while (length > 1 && r->folder[length - 1] == '/')
        r->folder[--length] = '\0';
    if (length + strlen(".partial") >= sizeof r->partial)
        return imp_fail(err, IMP_IO, "%.100s...: path too long", r->folder);
    memcpy(r->partial, r->folder, length);
    strcpy(r->partial + length, ".partial");
    if (imp_path_exists(r->folder))
        return imp_fail(err, IMP_IO, "%s exists: use --force to replace it", r->folder);
    int written;
    const imp_status status = remove_partial(r->partial, err);
    if (status != IMP_OK)
        return status;
    return imp_dataset_writer_create(&r->writer, r->partial, &r->info, false, &written, err);
}

imp_status imp_recorder_create(imp_recorder **out, const char *folder, const imp_dataset_info *info,
                               imp_error *err)
{
    imp_recorder *r = calloc(1, sizeof *r);
    if (r == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", folder);
    r->info = *info;
    r->picture = (size_t)info->width * (size_t)info->height * 3;
    r->most = (int)(PIECE_BYTES / r->picture);
    r->most = r->most < 2 ? 2 : r->most;
    snprintf(r->folder, sizeof r->folder, "%s", folder);
    const imp_status status = open_writer(r, err);
    if (status != IMP_OK) {
        free(r);
        return status;
    }
    *out = r;
    return IMP_OK;
}

static bool reserve(imp_recorder *r, int rows)
{
    if (rows <= r->capacity)
        return true;
    int capacity = 2 * r->capacity + 64;
    capacity = capacity > r->most ? r->most : capacity;
    capacity = capacity < rows ? rows : capacity;
    uint8_t *pictures = realloc(r->pictures, (size_t)capacity * r->picture);
    if (pictures != NULL)
        r->pictures = pictures;
    imp_moment *moments = realloc(r->moments, (size_t)capacity * sizeof *moments);
    if (moments != NULL)
        r->moments = moments;
    if (pictures == NULL || moments == NULL)
        return false;
    r->capacity = capacity;
    return true;
}

void imp_recorder_time_step(imp_recorder *r, double time_step)
{
    r->time_step = time_step;
}

uint8_t *imp_recorder_picture(imp_recorder *r)
{
    // one more than a piece has, for a picture that is repeated
    return reserve(r, r->rows + 2) ? r->pictures + (size_t)r->rows * r->picture : NULL;
}

// The arrays of an episode but for the pictures.
typedef struct columns {
    float *actions, *experts, *rewards;
    double *poses, *lane;
    uint8_t *terminations, *truncations;
} columns;

static bool make_columns(columns *c, size_t steps)
{
    *c = (columns){.actions = malloc(2 * steps * sizeof *c->actions),
                   .experts = malloc(2 * steps * sizeof *c->experts),
                   .rewards = malloc(steps * sizeof *c->rewards),
                   .poses = malloc(3 * (steps + 1) * sizeof *c->poses),
                   .lane = malloc(2 * (steps + 1) * sizeof *c->lane),
                   .terminations = calloc(steps, 1),
                   .truncations = calloc(steps, 1)};
    return c->actions != NULL && c->experts != NULL && c->rewards != NULL && c->poses != NULL &&
           c->lane != NULL && c->terminations != NULL && c->truncations != NULL;
}

static void free_columns(columns *c)
{
    free(c->actions);
    free(c->experts);
    free(c->rewards);
    free(c->poses);
    free(c->lane);
    free(c->terminations);
    free(c->truncations);
}

// What is unknown at one moment of an episode is unknown in all of it.
static void fill_columns(const columns *c, const imp_moment *moments, size_t steps)
{
    bool placed = true, rewarded = true;
    for (size_t k = 0; k <= steps; k++) {
        placed = placed && isfinite(moments[k].pose[0] + moments[k].pose[1] + moments[k].pose[2]);
        rewarded = rewarded && (k == steps || isfinite(moments[k].reward));
    }
    for (size_t k = 0; k <= steps; k++) {
        const imp_moment *m = &moments[k];
        const bool in_lane = placed && isfinite(m->lane[0] + m->lane[1]);
        for (size_t i = 0; i < 3; i++)
            c->poses[3 * k + i] = placed ? m->pose[i] : (double)NAN;
        for (size_t i = 0; i < 2; i++)
            c->lane[2 * k + i] = in_lane ? m->lane[i] : (double)NAN;
        if (k == steps)
            break;
        memcpy(c->actions + 2 * k, m->action, sizeof m->action);
        memcpy(c->experts + 2 * k, m->expert, sizeof m->expert);
        c->rewards[k] = rewarded ? m->reward : NAN;
    }
}

// A full disk: nothing of an import is kept, so there is nothing to resume.
static void drop_advice(imp_error *err)
{
    char *advice = err == NULL ? NULL : strstr(err->message, " episodes are safe");
    while (advice != NULL && advice > err->message && *advice != ';')
        advice--;
    if (advice != NULL)
        *advice = '\0';
}

// Records the first steps and the picture after them as an episode.
static imp_status record(imp_recorder *r, int steps, imp_ending ending, imp_error *err)
{
    columns c;
    imp_status status = IMP_OK;
    if (make_columns(&c, (size_t)steps)) {
        fill_columns(&c, r->moments, (size_t)steps);
        c.terminations[steps - 1] = ending == IMP_ENDING_TERMINATED;
        c.truncations[steps - 1] = ending == IMP_ENDING_TRUNCATED;
        imp_episode episode = {.steps = steps,
                               .observations = r->pictures,
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
            drop_advice(err);
    } else {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for an episode");
    }
    free_columns(&c);
    if (status == IMP_OK) {
        r->episodes++;
        r->steps += steps;
    }
    return status;
}

imp_status imp_recorder_add(imp_recorder *r, const imp_moment *moment, imp_error *err)
{
    r->moments[r->rows++] = *moment;
    if (r->rows <= r->most)
        return IMP_OK;
    // the last picture of the piece closes it, and begins the next, which has another one already
    const imp_status status = record(r, r->most - 1, IMP_ENDING_OPEN, err);
    const size_t kept = (size_t)r->most - 1;
    memmove(r->pictures, r->pictures + kept * r->picture, 2 * r->picture);
    memmove(r->moments, r->moments + kept, 2 * sizeof *r->moments);
    r->rows = 2;
    return status;
}

imp_moment *imp_recorder_last(imp_recorder *r)
{
    return r->rows > 0 ? &r->moments[r->rows - 1] : NULL;
}

imp_status imp_recorder_end(imp_recorder *r, imp_ending ending, bool repeat, bool *lonely,
                            imp_error *err)
{
    const int rows = r->rows;
    *lonely = rows == 1 && !repeat;
    r->rows = 0;
    if (rows == 0 || *lonely)
        return IMP_OK;
    if (!repeat)
        return record(r, rows - 1, ending, err);
    const size_t last = (size_t)rows - 1;
    memcpy(r->pictures + (last + 1) * r->picture, r->pictures + last * r->picture, r->picture);
    r->moments[last + 1] = r->moments[last];
    return record(r, rows, ending, err);
}

int imp_recorder_episodes(const imp_recorder *r)
{
    return r->episodes;
}

int64_t imp_recorder_steps(const imp_recorder *r)
{
    return r->steps;
}

imp_status imp_recorder_finish(imp_recorder *r, const char *origin, imp_error *err)
{
    imp_status status = imp_dataset_writer_describe(r->writer, origin, err);
    if (status == IMP_OK)
        status = imp_dataset_writer_finish(r->writer, err);
    if (status != IMP_OK) {
        drop_advice(err);
        return status;
    }
    if (rename(r->partial, r->folder) != 0)
        return imp_fail(err, IMP_IO, "%s: cannot be renamed to %s: %s", r->partial, r->folder,
                        strerror(errno));
    r->finished = true;
    return IMP_OK;
}

void imp_recorder_destroy(imp_recorder *r)
{
    if (r == NULL)
        return;
    imp_dataset_writer_destroy(r->writer);
    if (!r->finished)
        remove_partial(r->partial, NULL);
    free(r->pictures);
    free(r->moments);
    free(r);
}
