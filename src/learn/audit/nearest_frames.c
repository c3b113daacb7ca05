// Finds nearest frames by comparing each with all. The numbers of frames are kept by columns, so
// that a distance to many frames is one pass over a column. Squared distances are computed once for
// each group of columns; a set of inputs adds the distances of its groups.
#include "learn/audit/nearest_frames.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "base/threads/thread_pool.h"

// Columns that belong together.
typedef enum column_group {
    IMAGE,
    EARLIER, // and the two after it
    COMMAND = EARLIER + IMP_AUDIT_DELAYS,
    ACTIONS,
    MOTION,
    LANE,
    GROUPS,
} column_group;

static const int GROUP_SIZES[GROUPS] = {
    [IMAGE] = IMP_IMAGE_FEATURES,         [EARLIER] = IMP_IMAGE_FEATURES,
    [EARLIER + 1] = IMP_IMAGE_FEATURES,   [EARLIER + 2] = IMP_IMAGE_FEATURES,
    [COMMAND] = IMP_AUDIT_COMMAND_VALUES, [ACTIONS] = IMP_AUDIT_ACTION_VALUES,
    [MOTION] = IMP_AUDIT_MOTION_VALUES,   [LANE] = IMP_AUDIT_LANE_VALUES,
};
enum {
    OTHER_COLUMNS = IMP_AUDIT_COMMAND_VALUES + IMP_AUDIT_ACTION_VALUES + IMP_AUDIT_MOTION_VALUES +
                    IMP_AUDIT_LANE_VALUES,
    COLUMNS = (1 + IMP_AUDIT_DELAYS) * IMP_IMAGE_FEATURES + OTHER_COLUMNS,
};

#define BIT(group) (1U << (group))
// What each set of inputs holds besides the image.
static const unsigned GROUPS_OF_INPUT[IMP_AUDIT_INPUT_COUNT] = {
    [IMP_AUDIT_COMMAND] = BIT(COMMAND),
    [IMP_AUDIT_ACTIONS] = BIT(ACTIONS),
    [IMP_AUDIT_COMMAND_ACTIONS] = BIT(COMMAND) | BIT(ACTIONS),
    [IMP_AUDIT_EARLIER_100] = BIT(EARLIER),
    [IMP_AUDIT_EARLIER_300] = BIT(EARLIER + 1),
    [IMP_AUDIT_EARLIER_500] = BIT(EARLIER + 2),
    [IMP_AUDIT_MOTION] = BIT(MOTION),
    [IMP_AUDIT_LANE] = BIT(LANE),
    [IMP_AUDIT_EVERYTHING] = BIT(COMMAND) | BIT(MOTION) | BIT(LANE),
};

static const float WEIGHTS[IMP_AUDIT_WEIGHTS] = {0.5f, 1.0f, 2.0f, 4.0f};

// Two commands are this far apart before the weight.
static const float COMMAND_SCALE = 2.0f;
// Where a number that should be known is not, in standard deviations from the mean.
static const float UNKNOWN = 4.0f;

// The first column of a group.
static int first_column(int group)
{
    int column = 0;
    for (int k = 0; k < group; k++)
        column += GROUP_SIZES[k];
    return column;
}

typedef struct table_job {
    imp_frame_table *table;
    const imp_image_features *features;
} table_job;

// Stores numbers of one frame in the columns of a group.
static void store_group(const imp_frame_table *table, int place, int group, const float *values)
{
    float *column = table->columns + (size_t)first_column(group) * (size_t)table->count + place;
    for (int k = 0; k < GROUP_SIZES[group]; k++)
        column[(size_t)k * (size_t)table->count] = values[k];
}

// Describes a frame and the images before it.
static void fill_table_row(void *context, int place, int worker)
{
    const table_job *job = context;
    const imp_frame_table *table = job->table;
    const imp_audit_frame *frame = &table->sample->frames[table->frames[place]];
    const size_t image = 3 * (size_t)table->sample->width * (size_t)table->sample->height;
    float values[IMP_IMAGE_FEATURES];
    (void)worker;
    for (int k = 0; k <= IMP_AUDIT_DELAYS; k++) {
        const int step = k == 0 ? frame->step : frame->earlier[k - 1];
        imp_image_features_compute(job->features, frame->data->observations + (size_t)step * image,
                                   values);
        store_group(table, place, k == 0 ? IMAGE : EARLIER + k - 1, values);
    }
    float command[IMP_AUDIT_COMMAND_VALUES];
    for (int k = 0; k < IMP_AUDIT_COMMAND_VALUES; k++)
        command[k] = COMMAND_SCALE * frame->command[k];
    store_group(table, place, COMMAND, command);
    store_group(table, place, ACTIONS, frame->actions);
    store_group(table, place, MOTION, frame->motion);
    store_group(table, place, LANE, frame->lane);
}

// Scales a column to mean 0 and variance 1; false if most of it is unknown.
static bool standardise_column(float *column, int count)
{
    double sum = 0.0, square = 0.0;
    int known = 0;
    for (int k = 0; k < count; k++)
        if (isfinite(column[k])) {
            sum += (double)column[k];
            known++;
        }
    const double mean = known > 0 ? sum / known : 0.0;
    for (int k = 0; k < count; k++)
        if (isfinite(column[k]))
            square += ((double)column[k] - mean) * ((double)column[k] - mean);
    const double scale = square > 0.0 ? sqrt(known / square) : 0.0;
    for (int k = 0; k < count; k++)
        column[k] = isfinite(column[k]) ? (float)(((double)column[k] - mean) * scale) : UNKNOWN;
    return known > count / 2;
}

// Standardises what does not describe an image, and finds which inputs are known.
static void standardise_table(imp_frame_table *table)
{
    unsigned unknown = table->sample->commands ? 0 : BIT(COMMAND);
    for (int group = ACTIONS; group < GROUPS; group++) {
        float *column = table->columns + (size_t)first_column(group) * (size_t)table->count;
        for (int k = 0; k < GROUP_SIZES[group]; k++)
            if (!standardise_column(column + (size_t)k * (size_t)table->count, table->count))
                unknown |= BIT(group);
    }
    for (int input = 0; input < IMP_AUDIT_INPUT_COUNT; input++)
        table->known[input] = (GROUPS_OF_INPUT[input] & unknown) == 0;
    // without commands, the rest is everything
    if (!table->sample->commands)
        table->known[IMP_AUDIT_EVERYTHING] = (unknown & (BIT(MOTION) | BIT(LANE))) == 0;
}

imp_status imp_frame_table_create(imp_frame_table *out, const imp_audit_sample *sample,
                                  const imp_image_features *features, const bool *fits,
                                  imp_thread_pool *pool, imp_error *err)
{
    table_job job = {out, features};
    *out = (imp_frame_table){.sample = sample};
    for (int f = 0; f < sample->count; f++)
        out->count += !fits[f];
    out->frames = calloc((size_t)out->count + 1, sizeof *out->frames);
    out->columns = calloc((size_t)COLUMNS * (size_t)out->count + 1, sizeof *out->columns);
    if (out->frames == NULL || out->columns == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(out->count, "frame"));
    for (int f = 0, place = 0; f < sample->count; f++)
        if (!fits[f])
            out->frames[place++] = f;
    imp_thread_pool_run(pool, out->count, fill_table_row, &job);
    standardise_table(out);
    return IMP_OK;
}

void imp_frame_table_free(imp_frame_table *table)
{
    free(table->frames);
    free(table->columns);
    *table = (imp_frame_table){0};
}

typedef struct search_job {
    const imp_frame_table *table;
    const int *places;
    int neighbours;
    float *scratch; // (threads x (GROUPS + 1) x table->count) squared distances
    imp_neighbour_result *out;
} search_job;

// Squared distances of one frame to all, within the columns of a group.
static void compute_distances(float *restrict out, const imp_frame_table *table, int group,
                              int place)
{
    const size_t count = (size_t)table->count;
    const float *column = table->columns + (size_t)first_column(group) * count;
    memset(out, 0, count * sizeof *out);
    for (int k = 0; k < GROUP_SIZES[group]; k++, column += count) {
        const float here = column[place];
        for (size_t r = 0; r < count; r++) {
            const float difference = column[r] - here;
            out[r] += difference * difference;
        }
    }
}

// The nearest frames so far, the nearest first.
typedef struct nearest_list {
    int size, capacity;
    float distance[IMP_NEIGHBOURS_MAX];
    int place[IMP_NEIGHBOURS_MAX];
} nearest_list;

static void insert_neighbour(nearest_list *list, float distance, int place)
{
    int k = list->size < list->capacity ? list->size++ : list->capacity - 1;
    for (; k > 0 && list->distance[k - 1] > distance; k--) {
        list->distance[k] = list->distance[k - 1];
        list->place[k] = list->place[k - 1];
    }
    list->distance[k] = distance;
    list->place[k] = place;
}

// The nearest frames of other episodes; equally near ones in the order of the table.
static void find_nearest(nearest_list *list, const imp_frame_table *table, const float *distance,
                         int place, int step)
{
    const imp_audit_frame *frames = table->sample->frames;
    const int own = frames[table->frames[place]].episode;
    list->size = 0;
    for (int r = 0; r < table->count; r += step)
        if ((list->size < list->capacity || distance[r] < list->distance[list->size - 1]) &&
            frames[table->frames[r]].episode != own)
            insert_neighbour(list, distance[r], r);
}

// Squared error of the mean label of the neighbours. With k of them it has 1 + 1/k times the
// variance that one label has.
static void compute_squared_errors(float out[IMP_AUDIT_LABEL_COUNT], const nearest_list *list,
                                   const imp_frame_table *table, int place)
{
    const imp_audit_frame *frames = table->sample->frames;
    for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++) {
        double sum = 0.0;
        for (int k = 0; k < list->size; k++)
            sum += (double)frames[table->frames[list->place[k]]].label[label];
        const double error = (double)frames[table->frames[place]].label[label] - sum / list->size;
        out[label] = (float)(error * error / (1.0 + 1.0 / list->size));
    }
}

// How the steering differs among the neighbours themselves.
static float compute_spread(const nearest_list *list, const imp_frame_table *table)
{
    double sum = 0.0, square = 0.0;
    for (int k = 0; k < list->size; k++) {
        const imp_audit_frame *frame = &table->sample->frames[table->frames[list->place[k]]];
        sum += (double)frame->label[IMP_AUDIT_STEERING];
        square +=
            (double)frame->label[IMP_AUDIT_STEERING] * (double)frame->label[IMP_AUDIT_STEERING];
    }
    const double mean = sum / list->size;
    return (float)sqrt(fmax(0.0, square / list->size - mean * mean) * list->size /
                       fmax(1.0, list->size - 1.0));
}

// Finds the neighbours of one frame by every set of inputs and weight.
static void search_for_query(void *context, int index, int worker)
{
    const search_job *job = context;
    const imp_frame_table *table = job->table;
    const size_t count = (size_t)table->count;
    const int place = job->places[index];
    float *distances = job->scratch + (size_t)worker * (GROUPS + 1) * count;
    float *total = distances + GROUPS * count;
    imp_neighbour_result *out = &job->out[index];
    nearest_list list = {.capacity = job->neighbours};
    for (int group = 0; group < GROUPS; group++)
        compute_distances(distances + (size_t)group * count, table, group, place);
    for (int input = 0; input < IMP_AUDIT_INPUT_COUNT; input++) {
        const int weights = GROUPS_OF_INPUT[input] == 0 ? 1 : IMP_AUDIT_WEIGHTS;
        for (int w = 0; w < weights && table->known[input]; w++) {
            memcpy(total, distances, count * sizeof *total); // of the image
            for (int group = EARLIER; group < GROUPS; group++) {
                const float *add = distances + (size_t)group * count;
                if ((GROUPS_OF_INPUT[input] & BIT(group)) != 0)
                    for (size_t r = 0; r < count; r++)
                        total[r] += WEIGHTS[w] * WEIGHTS[w] * add[r];
            }
            find_nearest(&list, table, total, place, input == IMP_AUDIT_IMAGE_OF_HALF ? 2 : 1);
            compute_squared_errors(out->squared[input][w], &list, table, place);
            if (input == IMP_AUDIT_IMAGE) {
                out->spread = compute_spread(&list, table);
                out->nearest = list.place[0];
            }
        }
    }
}

imp_status imp_nearest_frames_find(imp_neighbour_result *out, const imp_frame_table *table,
                                   const int *places, int count, int neighbours, int threads,
                                   imp_thread_pool *pool, const imp_monitor *monitor,
                                   imp_error *err)
{
    enum { BLOCK = 64 }; // frames between two looks at the monitor
    imp_status status = IMP_OK;
    search_job job = {.table = table, .neighbours = neighbours};
    job.scratch = calloc((size_t)threads * (GROUPS + 1) * (size_t)table->count + 1, sizeof(float));
    if (job.scratch == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to compare %s",
                        IMP_PLURAL(table->count, "frame"));
    for (int done = 0; done < count && status == IMP_OK; done += BLOCK) {
        const imp_progress progress = {
            .task = "audit", .unit = "frames", .done = done, .total = count};
        imp_monitor_progress(monitor, &progress);
        job.places = places + done;
        job.out = out + done;
        imp_thread_pool_run(pool, count - done < BLOCK ? count - done : BLOCK, search_for_query,
                            &job);
        if (imp_monitor_should_stop(monitor))
            status = imp_fail(err, IMP_INTERRUPTED, "interrupted");
    }
    free(job.scratch);
    return status;
}
