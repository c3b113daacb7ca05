// Randomised appearance of tiles: texture variant and colour factor per tile of an episode. It is
// resolved per image into a window of cells around the robot. The window has the scene's layout
// with a ring of empty cells, so kernels need not distinguish the two. Without randomised
// appearance the scene's own cells are used and nothing is copied.
#include <math.h>
#include <string.h>

#include "sim/render/ground/ground.h"

// A colour factor as an integer; NaN becomes 0.
static int16_t quantise_colour_factor(float value)
{
    const float limited = value > 0.0f ? fminf(value, (float)IMP_COLOUR_FACTOR_MAX) : 0.0f;
    return (int16_t)(limited * (float)IMP_COLOUR_FACTOR_ONE + 0.5f);
}

int32_t imp_tile_appearance_of_cell(const imp_scene *scene, const imp_view *view, int column,
                                    int row, int16_t colour[8])
{
    const int cell = row * scene->columns + column;
    for (int c = 0; c < 8; c++)
        colour[c] = IMP_COLOUR_FACTOR_ONE;
    if (scene->cells[cell] == 0)
        return 0;
    // cells have a ring around the tiles
    const int tile = (row - 1) * (scene->columns - 2) + column - 1;
    if (view->room != NULL && view->room->bare && !scene->world->tiles[tile].drivable)
        return 0;
    for (int c = 0; c < 6 && view->tile_colour != NULL; c++)
        colour[c] = quantise_colour_factor(view->tile_colour[tile][c / 2]);
    if (view->tile_variant == NULL)
        return scene->cells[cell];
    // a variant is an offset of whole textures
    const int last = scene->cell_variants[cell].count - 1, wanted = view->tile_variant[tile];
    return scene->cell_variants[cell].first + (wanted < last ? wanted : last) * scene->texture_size;
}

// First cell of the window along one side, and the number of cells.
static int find_cells_around_position(double position, int cells, int *count)
{
    *count = cells < IMP_APPEARANCE_SIDE_MAX ? cells : IMP_APPEARANCE_SIDE_MAX;
    // NaN becomes 0 in this order of comparisons
    const double start = fmax(0.0, position - 0.5 * IMP_APPEARANCE_SIDE_MAX);
    return (int)fmin(start, cells - *count);
}

void imp_ground_set_tile_cells(imp_ground_uniforms *uniforms, const imp_scene *scene,
                               const imp_view *view, imp_tile_appearance *appearance)
{
    uniforms->scene = scene;
    uniforms->cells = scene->cells;
    uniforms->columns = scene->columns;
    uniforms->rows = scene->rows;
    uniforms->colours = NULL;
    uniforms->x_origin = uniforms->z_origin = IMP_TILE_UNITS;
    const bool bare = view->room != NULL && view->room->bare;
    if (view->tile_colour == NULL && view->tile_variant == NULL && !bare)
        return;
    // a window around the robot
    const double tile = scene->world->tile_size;
    const int left =
        find_cells_around_position(view->pose.x / tile + 1.0, scene->columns, &uniforms->columns);
    const int top =
        find_cells_around_position(view->pose.z / tile + 1.0, scene->rows, &uniforms->rows);
    uniforms->cells = appearance->cells;
    uniforms->colours = (const int16_t(*)[8])appearance->colours;
    uniforms->x_origin = (1.0 - left) * IMP_TILE_UNITS;
    uniforms->z_origin = (1.0 - top) * IMP_TILE_UNITS;
    for (int j = 0; j < uniforms->rows; j++)
        for (int i = 0; i < uniforms->columns; i++) {
            const int cell = j * uniforms->columns + i;
            appearance->cells[cell] = imp_tile_appearance_of_cell(scene, view, left + i, top + j,
                                                                  appearance->colours[cell]);
            // positions outside the window are clamped to its ring, which must be empty
            if (i == 0 || j == 0 || i == uniforms->columns - 1 || j == uniforms->rows - 1)
                appearance->cells[cell] = 0;
        }
}
