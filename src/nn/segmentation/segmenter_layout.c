// The layout of a segmentation network's outputs: finds it from the last layers, and converts
// between it and rows of cells.
// The last convolution has classes * block^2 channels at coarse positions; each channel is one of
// block x block cells per position (sub-pixel convolution, Shi et al. 2016).
#include "nn/segmentation/segmenter_layout.h"

#include <stdio.h>
#include <string.h>

// The last layer may be a flatten; the layer before it then tells the shape.
imp_status imp_segmenter_layout_from_network(imp_segmenter_layout *out, const imp_network *network,
                                             imp_error *err)
{
    const imp_network_def *def = imp_network_info(network);
    // find the last node
    const imp_graph_node *last = imp_network_node(network, 0);
    for (int k = 1; imp_network_node(network, k) != NULL; k++)
        last = imp_network_node(network, k);
    const imp_graph_node *cells =
        last->kind == IMP_LAYER_FLATTEN ? imp_network_node(network, last->inputs[0]) : last;
    // channels must be classes times a square number
    int block = 1;
    while (block * block * IMP_CLASS_COUNT < cells->channels)
        block++;
    if (cells->flat || block * block * IMP_CLASS_COUNT != cells->channels)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%.80s is not a segmenter: its last layer must give %d x n x n channels "
                        "and may be flattened",
                        def->architecture, IMP_CLASS_COUNT);
    // segmentation takes single, complete images
    const imp_input_spec *inputs = imp_network_inputs(network);
    if (inputs->frames > 1 || imp_input_value_count(inputs) > 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%.80s is not a segmenter: it takes past frames or actions",
                        def->architecture);
    if (inputs->skip_top > 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%.80s is not a segmenter: it ignores rows at the top of images",
                        def->architecture);
    // cells must be squares of whole pixels
    const imp_segmenter_layout layout = {cells->height, cells->width, block};
    const int width = imp_segmenter_layout_width(&layout),
              height = imp_segmenter_layout_height(&layout);
    if (def->width % width != 0 || def->height % height != 0 ||
        def->width / width != def->height / height)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%.80s gives %d x %d cells, which do not divide images of %d x %d",
                        def->architecture, width, height, def->width, def->height);
    *out = layout;
    return IMP_OK;
}

// Cells of one row with the same offset within their blocks: `output` is the first value's index in
// the outputs, where they are adjacent, and `cell` the first cell's index, where they are `block`
// apart.
typedef struct cell_run {
    size_t output, cell;
} cell_run;

// Class c, row y of cells, offset x within a block.
static cell_run outputs_of_cell_row(const imp_segmenter_layout *layout, int c, int y, int x)
{
    const int block = layout->block;
    const size_t places = (size_t)layout->rows * (size_t)layout->columns;
    return (cell_run){
        (size_t)((c * block + y % block) * block + x) * places +
            (size_t)(y / block) * (size_t)layout->columns,
        ((size_t)c * (size_t)imp_segmenter_layout_height(layout) + (size_t)y) *
                (size_t)imp_segmenter_layout_width(layout) +
            (size_t)x,
    };
}

// From rows of cells to the network's order, for labels.
void imp_segmenter_pixel_unshuffle(const imp_segmenter_layout *layout, const float *plain,
                                   float *outputs)
{
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        for (int y = 0; y < imp_segmenter_layout_height(layout); y++)
            for (int x = 0; x < layout->block; x++) {
                const cell_run at = outputs_of_cell_row(layout, c, y, x);
                for (int i = 0; i < layout->columns; i++)
                    outputs[at.output + (size_t)i] = plain[at.cell + (size_t)(i * layout->block)];
            }
}

// From the network's order to rows of cells.
void imp_segmenter_pixel_shuffle(const imp_segmenter_layout *layout, const float *outputs,
                                 float *plain)
{
    for (int c = 0; c < IMP_CLASS_COUNT; c++)
        for (int y = 0; y < imp_segmenter_layout_height(layout); y++)
            for (int x = 0; x < layout->block; x++) {
                const cell_run at = outputs_of_cell_row(layout, c, y, x);
                for (int i = 0; i < layout->columns; i++)
                    plain[at.cell + (size_t)(i * layout->block)] = outputs[at.output + (size_t)i];
            }
}

// Joined with commas; truncated to capacity.
void imp_class_join_names(char *out, size_t capacity)
{
    size_t used = 0;
    out[0] = '\0';
    for (int c = 0; c < IMP_CLASS_COUNT && used < capacity; c++)
        used += (size_t)snprintf(out + used, capacity - used, "%s%s", c == 0 ? "" : ",",
                                 imp_class_name(c));
}
