// Tiles in the clothes of an episode: which variant of its texture each shows, and in which colour.
#include <math.h>
#include <string.h>

#include "render/ground.h"

// A multiplier in whole units; what is not a number is 0.
static int16_t to_units(float value)
{
    const float limited = value > 0.0f ? fminf(value, (float)IMP_COLOUR_MOST) : 0.0f;
    return (int16_t)(limited * (float)IMP_COLOUR_UNITS + 0.5f);
}

int32_t imp_ground_dress_cell(const imp_scene *scene, const imp_view *view, int column, int row,
                              int16_t colour[8])
{
    const int cell = row * scene->columns + column;
    for (int c = 0; c < 8; c++)
        colour[c] = IMP_COLOUR_UNITS;
    if (scene->cells[cell] == 0)
        return 0;
    const int tile = (row - 1) * (scene->columns - 2) + column - 1;
    for (int c = 0; c < 6 && view->tile_colour != NULL; c++)
        colour[c] = to_units(view->tile_colour[tile][c / 2]);
    if (view->tile_variant == NULL)
        return scene->cells[cell];
    const int last = scene->looks[cell].count - 1, wanted = view->tile_variant[tile];
    return scene->looks[cell].first + (wanted < last ? wanted : last) * scene->texture_size;
}

// The first of the cells along a side that are dressed, and how many there are.
static int window(double position, int cells, int *count)
{
    *count = cells < IMP_DRESS_SIDE ? cells : IMP_DRESS_SIDE;
    // in this order what is not a number ends at 0
    const double start = fmax(0.0, position - 0.5 * IMP_DRESS_SIDE);
    return (int)fmin(start, cells - *count);
}

void imp_ground_lay_cells(imp_ground_frame *frame, const imp_scene *scene, const imp_view *view,
                          imp_ground_dress *dress)
{
    frame->scene = scene;
    frame->cells = scene->cells;
    frame->columns = scene->columns;
    frame->rows = scene->rows;
    frame->colours = NULL;
    frame->x_origin = frame->z_origin = IMP_TILE_UNITS;
    if (view->tile_colour == NULL && view->tile_variant == NULL)
        return;
    const double tile = scene->world->tile_size;
    const int left = window(view->pose.x / tile + 1.0, scene->columns, &frame->columns);
    const int top = window(view->pose.z / tile + 1.0, scene->rows, &frame->rows);
    frame->cells = dress->cells;
    frame->colours = (const int16_t(*)[8])dress->colours;
    frame->x_origin = (1.0 - left) * IMP_TILE_UNITS;
    frame->z_origin = (1.0 - top) * IMP_TILE_UNITS;
    for (int j = 0; j < frame->rows; j++)
        for (int i = 0; i < frame->columns; i++) {
            const int cell = j * frame->columns + i;
            dress->cells[cell] =
                imp_ground_dress_cell(scene, view, left + i, top + j, dress->colours[cell]);
            // positions beyond the window end on its border
            if (i == 0 || j == 0 || i == frame->columns - 1 || j == frame->rows - 1)
                dress->cells[cell] = 0;
        }
}
