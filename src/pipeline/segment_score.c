#include "pipeline/segment_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "imprint/report.h"

static int class_of(const float *shares, int cells, int cell)
{
    int most = 0;
    for (int c = 1; c < IMP_CLASS_COUNT; c++)
        if (shares[c * cells + cell] > shares[most * cells + cell])
            most = c;
    return most;
}

void imp_confusion_add(imp_confusion *confusion, const float *truth, const float *found, int cells)
{
    for (int cell = 0; cell < cells; cell++)
        confusion->counts[class_of(truth, cells, cell)][class_of(found, cells, cell)]++;
}

imp_seg_score imp_confusion_score(const imp_confusion *confusion)
{
    imp_seg_score score = {0};
    int64_t right = 0, all = 0;
    int occurring = 0;
    for (int c = 0; c < IMP_CLASS_COUNT; c++) {
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
    score.mean_iou = occurring > 0 ? score.mean_iou / occurring : NAN;
    score.accuracy = all > 0 ? (double)right / (double)all : NAN;
    return score;
}

// A segmenter for every thread.
typedef struct looker {
    imp_segmenter *segmenter;
    imp_confusion confusion;
} looker;

typedef struct examination {
    const imp_segment_exam *exam;
    looker *lookers; // (threads)
    size_t picture;  // bytes
    int cells;
} examination;

static void look(void *context, int index, int worker)
{
    const examination *e = context;
    looker *l = &e->lookers[worker];
    const float *found =
        imp_segmenter_look(l->segmenter, e->exam->pictures + (size_t)index * e->picture);
    imp_confusion_add(&l->confusion,
                      e->exam->shares + (size_t)index * IMP_CLASS_COUNT * (size_t)e->cells, found,
                      e->cells);
}

static imp_status equip(examination *e, const imp_network *network, imp_error *err)
{
    const imp_network_def *def = imp_network_facts(network);
    const int threads = imp_pool_threads(e->exam->pool);
    e->picture = (size_t)def->width * (size_t)def->height * 3;
    e->lookers = calloc((size_t)threads, sizeof *e->lookers);
    if (e->lookers == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to judge a segmenter");
    for (int k = 0; k < threads; k++) {
        const imp_status status = imp_segmenter_create(&e->lookers[k].segmenter, network, err);
        if (status != IMP_OK)
            return status;
    }
    const imp_segmenter *segmenter = e->lookers[0].segmenter;
    e->cells = imp_segmenter_width(segmenter) * imp_segmenter_height(segmenter);
    return IMP_OK;
}

static void dismiss(examination *e)
{
    for (int k = 0; e->lookers != NULL && k < imp_pool_threads(e->exam->pool); k++)
        imp_segmenter_destroy(e->lookers[k].segmenter);
    free(e->lookers);
}

imp_status imp_segment_examine(imp_seg_score *out, const imp_segment_exam *exam,
                               const imp_network *network, imp_error *err)
{
    examination e = {.exam = exam};
    imp_confusion sum = {0};
    const imp_status status = equip(&e, network, err);
    for (int first = 0; status == IMP_OK && first < exam->count; first += exam->room) {
        const int count = exam->count - first < exam->room ? exam->count - first : exam->room;
        imp_segment_source_fill(exam->source, (uint32_t)first, count, exam->pictures, exam->shares);
        imp_pool_run(exam->pool, count, look, &e);
    }
    for (int k = 0; status == IMP_OK && k < imp_pool_threads(exam->pool); k++)
        for (int c = 0; c < IMP_CLASS_COUNT; c++)
            for (int i = 0; i < IMP_CLASS_COUNT; i++)
                sum.counts[c][i] += e.lookers[k].confusion.counts[c][i];
    dismiss(&e);
    if (status == IMP_OK)
        *out = imp_confusion_score(&sum);
    return status;
}

// A picture of cells at the size of a picture whose cells they are.
static void enlarge(uint8_t *out, int width, int height, const uint8_t *cells, int cells_width)
{
    const int side = width / cells_width;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(out + 3 * (y * width + x), cells + 3 * (y / side * cells_width + x / side), 3);
}

imp_status imp_segment_sheet(const char *path, const imp_segment_exam *exam,
                             const imp_network *network, imp_error *err)
{
    enum { ROWS = 8, COLUMNS = 2 };
    const imp_network_def *def = imp_network_facts(network);
    const int count = exam->count < ROWS * COLUMNS ? exam->count : ROWS * COLUMNS;
    const size_t picture = (size_t)def->width * (size_t)def->height * 3;
    imp_segmenter *segmenter;
    imp_status status = imp_segmenter_create(&segmenter, network, err);
    if (status != IMP_OK)
        return status;
    const int width = imp_segmenter_width(segmenter);
    const int cells = width * imp_segmenter_height(segmenter);
    uint8_t *frames = malloc((size_t)count * 3 * picture), *painted = malloc((size_t)cells * 3);
    if (frames == NULL || painted == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    for (int k = 0; status == IMP_OK && k < count; k++) {
        uint8_t *frame = frames + (size_t)k * 3 * picture;
        imp_segment_source_fill(exam->source, (uint32_t)k, 1, frame, exam->shares);
        imp_classes_paint(exam->shares, cells, painted);
        enlarge(frame + picture, def->width, def->height, painted, width);
        imp_segmenter_paint(segmenter, frame, painted);
        enlarge(frame + 2 * picture, def->width, def->height, painted, width);
    }
    const imp_strip strip = {
        frames, NULL, 3 * count, def->width, def->height, 3 * COLUMNS, def->width < 160 ? 2 : 1};
    if (status == IMP_OK)
        status = imp_report_strip(path, &strip, err);
    imp_segmenter_destroy(segmenter);
    free(frames);
    free(painted);
    return status;
}
