#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/segmentation/segmenter_layout.h"

struct imp_segmenter {
    imp_segmenter_layout layout;
    imp_inference *inference;
    int cells;
    float *outputs, *shares; // (classes x cells) as the network gives them, and as they lie
};

imp_status imp_segmenter_create(imp_segmenter **out, const imp_network *network, imp_error *err)
{
    imp_segmenter_layout layout;
    imp_status status = imp_segmenter_layout_find(&layout, network, err);
    if (status != IMP_OK)
        return status;
    imp_segmenter *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a segmenter");
    s->layout = layout;
    s->cells = imp_segmenter_layout_width(&layout) * imp_segmenter_layout_height(&layout);
    s->outputs = malloc((size_t)s->cells * IMP_CLASS_COUNT * sizeof *s->outputs);
    s->shares = malloc((size_t)s->cells * IMP_CLASS_COUNT * sizeof *s->shares);
    if (s->outputs == NULL || s->shares == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a segmenter");
    if (status == IMP_OK)
        status = imp_inference_create(&s->inference, network, 1, err);
    if (status != IMP_OK) {
        imp_segmenter_destroy(s);
        return status;
    }
    *out = s;
    return IMP_OK;
}

void imp_segmenter_destroy(imp_segmenter *segmenter)
{
    if (segmenter == NULL)
        return;
    imp_inference_destroy(segmenter->inference);
    free(segmenter->outputs);
    free(segmenter->shares);
    free(segmenter);
}

int imp_segmenter_width(const imp_segmenter *segmenter)
{
    return imp_segmenter_layout_width(&segmenter->layout);
}

int imp_segmenter_height(const imp_segmenter *segmenter)
{
    return imp_segmenter_layout_height(&segmenter->layout);
}

// Turns what the network gives into shares, in place.
static void softmax(float *values, int cells)
{
    enum { BLOCK = 64 };
    for (int first = 0; first < cells; first += BLOCK) {
        const int count = cells - first < BLOCK ? cells - first : BLOCK;
        float maximum[BLOCK], total[BLOCK] = {0};
        memcpy(maximum, values + first, (size_t)count * sizeof *maximum);
        for (int c = 1; c < IMP_CLASS_COUNT; c++)
            for (int i = 0; i < count; i++)
                maximum[i] = fmaxf(maximum[i], values[c * cells + first + i]);
        for (int c = 0; c < IMP_CLASS_COUNT; c++)
            for (int i = 0; i < count; i++) {
                float *value = &values[c * cells + first + i];
                *value = expf(*value - maximum[i]);
                total[i] += *value;
            }
        for (int c = 0; c < IMP_CLASS_COUNT; c++)
            for (int i = 0; i < count; i++)
                values[c * cells + first + i] /= total[i];
    }
}

const float *imp_segmenter_run(imp_segmenter *segmenter, const uint8_t *image)
{
    imp_inference_run(segmenter->inference, &image, NULL, segmenter->outputs);
    softmax(segmenter->outputs, segmenter->cells);
    imp_segmenter_pixel_shuffle(&segmenter->layout, segmenter->outputs, segmenter->shares);
    return segmenter->shares;
}

void imp_segmenter_run_painted(imp_segmenter *segmenter, const uint8_t *image, uint8_t *rgb)
{
    imp_class_paint_shares(imp_segmenter_run(segmenter, image), segmenter->cells, rgb);
}

static imp_status check_metadata(const imp_network *network, const char *path, imp_error *err)
{
    char classes[256];
    imp_segmenter_layout layout;
    imp_error why = {0};
    const char *purpose = imp_network_metadata(network, "purpose");
    const char *found = imp_network_metadata(network, "classes");
    imp_class_join_names(classes, sizeof classes);
    if (purpose == NULL || strcmp(purpose, IMP_SEGMENTER_PURPOSE) != 0 || found == NULL)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: is no segmenter: imprint seg-train makes such models", path);
    if (strcmp(found, classes) != 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: tells the classes %.120s apart, wanted are %s",
                        path, found, classes);
    if (imp_segmenter_layout_find(&layout, network, &why) != IMP_OK)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s", path, why.message);
    return IMP_OK;
}

imp_observation_kind imp_network_observation_kind(const imp_network *network)
{
    imp_observation_kind found = IMP_OBSERVATION_IMAGE;
    imp_observation_kind_parse(&found, imp_network_metadata(network, "observation"));
    return found;
}

imp_status imp_segmenter_load(imp_network **out, const char *path, imp_error *err)
{
    imp_network *network;
    imp_status status = imp_network_load(&network, path, err);
    if (status != IMP_OK)
        return status;
    status = check_metadata(network, path, err);
    if (status != IMP_OK) {
        imp_network_destroy(network);
        return status;
    }
    *out = network;
    return IMP_OK;
}
