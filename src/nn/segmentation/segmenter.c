// Runs a segmentation network on one image: inference, softmax over classes, and reordering of
// cells.
// Models of other classes or networks of another shape are rejected on loading.
#include <stdlib.h>
#include <string.h>

#include "nn/kernels/softmax.h"
#include "nn/segmentation/segmenter_layout.h"

struct imp_segmenter {
    imp_segmenter_layout layout;
    imp_inference *inference;
    int cells;
    float *outputs, *shares; // (classes x cells): in the network's order, and row by row
};

// Finds the layout first, because it determines the sizes.
imp_status imp_segmenter_create(imp_segmenter **out, const imp_network *network, imp_error *err)
{
    imp_segmenter_layout layout;
    imp_status status = imp_segmenter_layout_from_network(&layout, network, err);
    if (status != IMP_OK)
        return status;
    imp_segmenter *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a segmenter");
    s->layout = layout;
    s->cells = imp_segmenter_layout_width(&layout) * imp_segmenter_layout_height(&layout);
    // outputs and their reordered copy
    s->outputs = malloc((size_t)s->cells * IMP_CLASS_COUNT * sizeof *s->outputs);
    s->shares = malloc((size_t)s->cells * IMP_CLASS_COUNT * sizeof *s->shares);
    if (s->outputs == NULL || s->shares == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a segmenter");
    // one image at a time
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

// The order of cells does not matter for the softmax, so the reordering comes last.
const float *imp_segmenter_run(imp_segmenter *segmenter, const uint8_t *image)
{
    imp_inference_run(segmenter->inference, &image, NULL, segmenter->outputs);
    const int cells = segmenter->cells;
    for (int first = 0; first < cells; first += IMP_SOFTMAX_BLOCK) {
        const int count = cells - first < IMP_SOFTMAX_BLOCK ? cells - first : IMP_SOFTMAX_BLOCK;
        float *block = segmenter->outputs + first;
        imp_softmax(block, IMP_CLASS_COUNT, count, cells, block, cells, NULL);
    }
    imp_segmenter_pixel_shuffle(&segmenter->layout, segmenter->outputs, segmenter->shares);
    return segmenter->shares;
}

// Paints the probabilities in the palette's colours.
void imp_segmenter_run_to_rgb(imp_segmenter *segmenter, const uint8_t *image, uint8_t *rgb)
{
    imp_class_shares_to_rgb(imp_segmenter_run(segmenter, image), segmenter->cells, rgb);
}

// Checks that a file holds a segmentation network with this program's classes.
static imp_status check_metadata(const imp_network *network, const char *path, imp_error *err)
{
    char classes[256];
    imp_segmenter_layout layout;
    imp_error why = {0};
    const char *purpose = imp_network_metadata(network, "purpose");
    const char *found = imp_network_metadata(network, "classes");
    imp_class_join_names(classes, sizeof classes);
    // the file must say that it is a segmenter, and of which classes
    if (purpose == NULL || strcmp(purpose, IMP_SEGMENTER_PURPOSE) != 0 || found == NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: is not a segmenter: imprint seg-train trains them",
                        path);
    if (strcmp(found, classes) != 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: has the classes %.120s, expected are %s", path,
                        found, classes);
    // the file may be edited, so the layers are checked as well
    if (imp_segmenter_layout_from_network(&layout, network, &why) != IMP_OK)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s", path, why.message);
    return IMP_OK;
}

imp_observation_kind imp_network_observation_kind(const imp_network *network)
{
    imp_observation_kind found = IMP_OBSERVATION_IMAGE;
    imp_observation_kind_parse(&found, imp_network_metadata(network, "observation"));
    return found;
}

// Loads and checks; the caller owns *out.
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
