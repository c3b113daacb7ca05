// Scores of segmenters: a matrix of confusion over the cells of all images, from which each class's
// intersection over union follows. Every thread fills a matrix of its own, and counts add up to the
// same in any order, so that scores do not depend on threads. Intersection over union is the
// Jaccard index, as in Pascal VOC and Cityscapes: cells in both sets, divided by cells in either.
#include "learn/segmentation_training/segmentation_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "imprint/report.h"

// The class of a cell. Shares are stored class by class: (classes x cells). Of equal shares the
// first class counts.
static int class_of_largest_share(const float *shares, int cells, int cell)
{
    int most = 0;
    for (int c = 1; c < IMP_CLASS_COUNT; c++)
        if (shares[c * cells + cell] > shares[most * cells + cell])
            most = c;
    return most;
}

// Rows of the matrix are true classes, columns found ones.
void imp_confusion_matrix_add(imp_confusion_matrix *confusion, const float *truth,
                              const float *found, int cells)
{
    for (int cell = 0; cell < cells; cell++)
        confusion->counts[class_of_largest_share(truth, cells, cell)]
                         [class_of_largest_share(found, cells, cell)]++;
}

// Computes the score from the matrix; values without data are NaN.
imp_seg_score imp_confusion_matrix_score(const imp_confusion_matrix *confusion)
{
    imp_seg_score score = {0};
    int64_t right = 0, all = 0;
    int occurring = 0;
    for (int c = 0; c < IMP_CLASS_COUNT; c++) {
        // cells of the class, cells taken for it, and those that are both
        int64_t is = 0, found = 0;
        for (int k = 0; k < IMP_CLASS_COUNT; k++) {
            is += confusion->counts[c][k];
            found += confusion->counts[k][c];
        }
        const int64_t both = confusion->counts[c][c];
        right += both;
        all += is;
        score.iou[c] = is > 0 ? (double)both / (double)(is + found - both) : NAN;
        if (is > 0) {
            score.mean_iou += score.iou[c];
            occurring++;
        }
    }
    // classes that never occur do not count
    score.mean_iou = occurring > 0 ? score.mean_iou / occurring : NAN;
    score.accuracy = all > 0 ? (double)right / (double)all : NAN;
    return score;
}

// A segmenter for every thread, and the matrix that this thread fills.
typedef struct seg_worker {
    imp_segmenter *segmenter;
    imp_confusion_matrix confusion;
} seg_worker;

// What the jobs of the thread pool share. `cells` is the number of cells of an image.
typedef struct evaluator_run {
    const imp_seg_evaluator *evaluator;
    seg_worker *seg_workers; // (threads)
    size_t image;            // bytes
    int cells;
} evaluator_run;

// The job of the thread pool: segments image `index` of those rendered, and adds its cells to the
// thread's matrix.
static void segment_and_score_image(void *context, int index, int worker)
{
    const evaluator_run *e = context;
    seg_worker *l = &e->seg_workers[worker];
    const float *found =
        imp_segmenter_run(l->segmenter, e->evaluator->images + (size_t)index * e->image);
    imp_confusion_matrix_add(
        &l->confusion, e->evaluator->shares + (size_t)index * IMP_CLASS_COUNT * (size_t)e->cells,
        found, e->cells);
}

// Creates a segmenter for each thread, and finds the sizes of images and results. On failure the
// caller destroys what is there.
static imp_status create_seg_workers(evaluator_run *e, const imp_network *network, imp_error *err)
{
    const imp_network_def *def = imp_network_info(network);
    const int threads = imp_thread_pool_size(e->evaluator->pool);
    e->image = (size_t)def->width * (size_t)def->height * 3;
    e->seg_workers = calloc((size_t)threads, sizeof *e->seg_workers);
    if (e->seg_workers == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to judge a segmenter");
    for (int k = 0; k < threads; k++) {
        IMP_TRY(imp_segmenter_create(&e->seg_workers[k].segmenter, network, err));
    }
    const imp_segmenter *segmenter = e->seg_workers[0].segmenter;
    e->cells = imp_segmenter_width(segmenter) * imp_segmenter_height(segmenter);
    return IMP_OK;
}

// Also after only some of them were created.
static void destroy_seg_workers(evaluator_run *e)
{
    for (int k = 0; e->seg_workers != NULL && k < imp_thread_pool_size(e->evaluator->pool); k++)
        imp_segmenter_destroy(e->seg_workers[k].segmenter);
    free(e->seg_workers);
}

// Renders the held-out images, segments each and scores the cells against the ground truth.
imp_status imp_seg_evaluate(imp_seg_score *out, const imp_seg_evaluator *evaluator,
                            const imp_network *network, imp_error *err)
{
    evaluator_run e = {.evaluator = evaluator};
    imp_confusion_matrix sum = {0};
    const imp_status status = create_seg_workers(&e, network, err);
    // as many images at a time as the buffers hold: rendered, then compared
    for (int first = 0; status == IMP_OK && first < evaluator->count;
         first += evaluator->capacity) {
        const int count = evaluator->count - first < evaluator->capacity ? evaluator->count - first
                                                                         : evaluator->capacity;
        imp_seg_source_render(evaluator->source, (uint32_t)first, count, evaluator->images,
                              evaluator->shares);
        imp_thread_pool_run(evaluator->pool, count, segment_and_score_image, &e);
    }
    // the matrices of all threads together
    for (int k = 0; status == IMP_OK && k < imp_thread_pool_size(evaluator->pool); k++)
        for (int c = 0; c < IMP_CLASS_COUNT; c++)
            for (int i = 0; i < IMP_CLASS_COUNT; i++)
                sum.counts[c][i] += e.seg_workers[k].confusion.counts[c][i];
    destroy_seg_workers(&e);
    if (status == IMP_OK)
        *out = imp_confusion_matrix_score(&sum);
    return status;
}

// Enlarges an image of cells to the size of the image that they belong to. Each cell becomes a
// square of `side` pixels. Both images are RGB, and the width must be a multiple of cells_width.
static void upscale_image(uint8_t *out, int width, int height, const uint8_t *cells,
                          int cells_width)
{
    const int side = width / cells_width;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(out + 3 * (y * width + x), cells + 3 * (y / side * cells_width + x / side), 3);
}

// Writes a contact sheet of up to 16 held-out images, two in a row.
imp_status imp_seg_write_examples(const char *path, const imp_seg_evaluator *evaluator,
                                  const imp_network *network, imp_error *err)
{
    enum { ROWS = 8, COLUMNS = 2 };
    const imp_network_def *def = imp_network_info(network);
    const int count = evaluator->count < ROWS * COLUMNS ? evaluator->count : ROWS * COLUMNS;
    const size_t image = (size_t)def->width * (size_t)def->height * 3;
    imp_segmenter *segmenter;
    imp_status status = imp_segmenter_create(&segmenter, network, err);
    if (status != IMP_OK)
        return status;
    const int width = imp_segmenter_width(segmenter);
    const int cells = width * imp_segmenter_height(segmenter);
    uint8_t *frames = malloc((size_t)count * 3 * image), *painted = malloc((size_t)cells * 3);
    if (frames == NULL || painted == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    for (int k = 0; status == IMP_OK && k < count; k++) {
        // side by side: the image, what is there, what the network finds
        uint8_t *frame = frames + (size_t)k * 3 * image;
        imp_seg_source_render(evaluator->source, (uint32_t)k, 1, frame, evaluator->shares);
        imp_class_shares_to_rgb(evaluator->shares, cells, painted);
        upscale_image(frame + image, def->width, def->height, painted, width);
        imp_segmenter_run_to_rgb(segmenter, frame, painted);
        upscale_image(frame + 2 * image, def->width, def->height, painted, width);
    }
    const imp_contact_sheet strip = {
        frames, NULL, 3 * count, def->width, def->height, 3 * COLUMNS, def->width < 160 ? 2 : 1};
    if (status == IMP_OK)
        status = imp_contact_sheet_write(path, &strip, err);
    imp_segmenter_destroy(segmenter);
    free(frames);
    free(painted);
    return status;
}
