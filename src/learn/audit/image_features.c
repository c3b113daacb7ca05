// Describes images by few numbers. An image becomes 16 x 12 cells of mean colour. Two linear maps
// follow, both learned from the covariance of the cells: onto their main components, which keep how
// images differ, and onto what a ridge regression predicts of labels and lane positions, which
// keeps what matters for driving. Main components are found by orthogonal iteration (Golub and Van
// Loan, Matrix Computations, 8.2.4).
#include "learn/audit/image_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/cholesky.h"
#include "base/common/try.h"

enum { COLUMNS = 16, ROWS = 12, CELLS = COLUMNS * ROWS * 3, ITERATIONS = 40 };

// Of the regression: a share of the cells' mean variance.
static const double RIDGE = 0.01;

struct imp_image_features {
    int width, height;
    double mean[CELLS];
    double maps[IMP_IMAGE_FEATURES][CELLS]; // components, then targets, each with its scale
};

// What the fit works with.
typedef struct feature_fit {
    double covariance[CELLS][CELLS];
    double factor[CELLS][CELLS]; // its Cholesky factor, with the ridge
    double target_mean[IMP_FEATURE_TARGETS];
    double with_target[IMP_FEATURE_TARGETS][CELLS]; // covariance of cells and targets
    int count;
} feature_fit;

// Mean colours of the cells, 0 to 1. Every cell has at least one pixel.
static void compute_cells(double out[CELLS], const uint8_t *rgb, int width, int height)
{
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            const int top = r * height / ROWS, left = c * width / COLUMNS;
            const int bottom = (r + 1) * height / ROWS, right = (c + 1) * width / COLUMNS;
            const int down = bottom > top ? bottom : top + 1;
            const int across = right > left ? right : left + 1;
            int sum[3] = {0, 0, 0};
            for (int y = top; y < down; y++)
                for (int x = left; x < across; x++)
                    for (int k = 0; k < 3; k++)
                        sum[k] += rgb[3 * ((size_t)y * (size_t)width + (size_t)x) + (size_t)k];
            for (int k = 0; k < 3; k++)
                out[(r * COLUMNS + c) * 3 + k] = sum[k] / (255.0 * (down - top) * (across - left));
        }
}

// What the regression predicts. An unknown lane position counts as the middle.
static void read_targets(double out[IMP_FEATURE_TARGETS], const imp_audit_frame *frame)
{
    for (int k = 0; k < IMP_AUDIT_LABEL_COUNT; k++)
        out[k] = (double)frame->label[k];
    for (int k = 0; k < IMP_AUDIT_LANE_VALUES; k++) {
        const double value = (double)frame->lane[k];
        out[IMP_AUDIT_LABEL_COUNT + k] = isfinite(value) ? value : 0.0;
    }
}

// The cells of a frame's image, and its targets.
static void read_cells_and_targets(double cells[CELLS], double targets[IMP_FEATURE_TARGETS],
                                   const imp_audit_sample *sample, int index)
{
    const imp_audit_frame *frame = &sample->frames[index];
    const size_t bytes = 3 * (size_t)sample->width * (size_t)sample->height;
    compute_cells(cells, frame->data->observations + (size_t)frame->step * bytes, sample->width,
                  sample->height);
    read_targets(targets, frame);
}

// Means of cells and targets over the frames of the fit.
static void compute_means(feature_fit *fit, imp_image_features *features,
                          const imp_audit_sample *sample, const bool *fits)
{
    double cells[CELLS], targets[IMP_FEATURE_TARGETS];
    for (int f = 0; f < sample->count; f++) {
        if (!fits[f])
            continue;
        read_cells_and_targets(cells, targets, sample, f);
        for (int i = 0; i < CELLS; i++)
            features->mean[i] += cells[i];
        for (int k = 0; k < IMP_FEATURE_TARGETS; k++)
            fit->target_mean[k] += targets[k];
        fit->count++;
    }
    for (int i = 0; i < CELLS; i++)
        features->mean[i] /= fit->count;
    for (int k = 0; k < IMP_FEATURE_TARGETS; k++)
        fit->target_mean[k] /= fit->count;
}

// Covariances of the cells with each other and with the targets.
static void compute_covariances(feature_fit *fit, const imp_image_features *features,
                                const imp_audit_sample *sample, const bool *fits)
{
    double cells[CELLS], targets[IMP_FEATURE_TARGETS];
    for (int f = 0; f < sample->count; f++) {
        if (!fits[f])
            continue;
        read_cells_and_targets(cells, targets, sample, f);
        for (int i = 0; i < CELLS; i++)
            cells[i] -= features->mean[i];
        for (int i = 0; i < CELLS; i++)
            for (int j = 0; j <= i; j++)
                fit->covariance[i][j] += cells[i] * cells[j];
        for (int k = 0; k < IMP_FEATURE_TARGETS; k++)
            for (int i = 0; i < CELLS; i++)
                fit->with_target[k][i] += (targets[k] - fit->target_mean[k]) * cells[i];
    }
    for (int i = 0; i < CELLS; i++)
        for (int j = 0; j <= i; j++)
            fit->covariance[i][j] = fit->covariance[j][i] = fit->covariance[i][j] / fit->count;
    for (int k = 0; k < IMP_FEATURE_TARGETS; k++)
        for (int i = 0; i < CELLS; i++)
            fit->with_target[k][i] /= fit->count;
}

// Makes the rows of `basis` orthogonal and of length 1, one after the other (modified
// Gram-Schmidt). A row that depends on those before it becomes 0.
static void make_orthonormal(double basis[IMP_FEATURE_COMPONENTS][CELLS])
{
    for (int k = 0; k < IMP_FEATURE_COMPONENTS; k++) {
        for (int before = 0; before < k; before++) {
            double product = 0.0;
            for (int i = 0; i < CELLS; i++)
                product += basis[before][i] * basis[k][i];
            for (int i = 0; i < CELLS; i++)
                basis[k][i] -= product * basis[before][i];
        }
        double square = 0.0;
        for (int i = 0; i < CELLS; i++)
            square += basis[k][i] * basis[k][i];
        const double scale = square > 1e-20 ? 1.0 / sqrt(square) : 0.0;
        for (int i = 0; i < CELLS; i++)
            basis[k][i] *= scale;
    }
}

// Finds the main components into the first rows of `maps`.
static void find_components(double maps[IMP_FEATURE_COMPONENTS][CELLS], const feature_fit *fit,
                            double next[IMP_FEATURE_COMPONENTS][CELLS])
{
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_WEIGHTS);
    for (int k = 0; k < IMP_FEATURE_COMPONENTS; k++)
        for (int i = 0; i < CELLS; i++)
            maps[k][i] = imp_random_normal(&random);
    make_orthonormal(maps);
    for (int step = 0; step < ITERATIONS; step++) {
        for (int k = 0; k < IMP_FEATURE_COMPONENTS; k++) {
            memset(next[k], 0, sizeof next[k]);
            for (int i = 0; i < CELLS; i++)
                for (int j = 0; j < CELLS; j++)
                    next[k][j] += maps[k][i] * fit->covariance[i][j];
        }
        memcpy(maps, next, sizeof next[0] * IMP_FEATURE_COMPONENTS);
        make_orthonormal(maps);
    }
}

// Factors the covariance with the ridge.
static void factor_covariance(feature_fit *fit)
{
    double trace = 0.0;
    for (int i = 0; i < CELLS; i++)
        trace += fit->covariance[i][i];
    memcpy(fit->factor, fit->covariance, sizeof fit->factor);
    for (int i = 0; i < CELLS; i++)
        fit->factor[i][i] += RIDGE * trace / CELLS;
    imp_cholesky_factor(fit->factor[0], CELLS);
}

// The ridge regression of a target on the cells.
static void find_target_map(double map[CELLS], const feature_fit *fit, int target)
{
    memcpy(map, fit->with_target[target], sizeof fit->with_target[target]);
    imp_cholesky_solve(fit->factor[0], map, CELLS);
}

// The variance of what a map gives for the frames of the fit.
static double variance_of_map(const feature_fit *fit, const double map[CELLS])
{
    double variance = 0.0;
    for (int i = 0; i < CELLS; i++) {
        double row = 0.0;
        for (int j = 0; j < CELLS; j++)
            row += fit->covariance[i][j] * map[j];
        variance += map[i] * row;
    }
    return variance;
}

// Scales the targets to variance 1 each, the components to that of all targets together.
static void scale_maps(imp_image_features *features, const feature_fit *fit)
{
    double components = 0.0;
    for (int k = 0; k < IMP_FEATURE_COMPONENTS; k++)
        components += variance_of_map(fit, features->maps[k]);
    for (int k = 0; k < IMP_IMAGE_FEATURES; k++) {
        const bool is_target = k >= IMP_FEATURE_COMPONENTS;
        const double variance =
            is_target ? variance_of_map(fit, features->maps[k]) : components / IMP_FEATURE_TARGETS;
        const double scale = variance > 1e-20 ? 1.0 / sqrt(variance) : 0.0;
        for (int i = 0; i < CELLS; i++)
            features->maps[k][i] *= scale;
    }
}

imp_status imp_image_features_fit(imp_image_features **out, const imp_audit_sample *sample,
                                  const bool *fits, imp_error *err)
{
    imp_image_features *features = calloc(1, sizeof *features);
    feature_fit *fit = calloc(1, sizeof *fit);
    double(*scratch)[CELLS] = calloc(IMP_FEATURE_COMPONENTS, sizeof *scratch);
    const bool known = features != NULL && fit != NULL && scratch != NULL;
    if (known) {
        features->width = sample->width;
        features->height = sample->height;
        compute_means(fit, features, sample, fits);
        compute_covariances(fit, features, sample, fits);
        find_components(features->maps, fit, scratch);
        factor_covariance(fit);
        for (int k = 0; k < IMP_FEATURE_TARGETS; k++)
            find_target_map(features->maps[IMP_FEATURE_COMPONENTS + k], fit, k);
        scale_maps(features, fit);
    } else {
        free(features);
        features = NULL;
    }
    free(fit);
    free(scratch);
    *out = features;
    return known ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory to describe images");
}

void imp_image_features_destroy(imp_image_features *features)
{
    free(features);
}

void imp_image_features_compute(const imp_image_features *features, const uint8_t *rgb,
                                float out[IMP_IMAGE_FEATURES])
{
    double cells[CELLS];
    compute_cells(cells, rgb, features->width, features->height);
    for (int i = 0; i < CELLS; i++)
        cells[i] -= features->mean[i];
    for (int k = 0; k < IMP_IMAGE_FEATURES; k++) {
        double value = 0.0;
        for (int i = 0; i < CELLS; i++)
            value += features->maps[k][i] * cells[i];
        out[k] = (float)value;
    }
}
