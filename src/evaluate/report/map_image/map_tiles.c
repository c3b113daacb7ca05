// Draws the ground of a map as shapes, for SVG; a PNG shows the renderer's image instead. Each tile
// is a coloured square with its road markings, in a unit frame that is turned with the tile. Widths
// follow the renderer's textures.
#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "evaluate/report/map_image/map_drawing.h"

// Points of a quarter circle, and of the longest line.
enum { ARC_POINTS = 15, LINE_MAX = 16 };

// Sizes in tiles, as in the renderer's textures.
static const double WHITE_WIDTH = 0.082, YELLOW_WIDTH = 0.042, DASH = 0.0625, RED_GAP = 0.03;

static const imp_colour ROAD = {74, 79, 88}, WHITE = {244, 244, 240}, YELLOW = {240, 197, 60};
static const imp_colour RED = {208, 70, 62};

// Colour of the tile below its markings. Roads are dark, everything else is pale.
static imp_colour surface_colour(imp_tile_kind kind)
{
    switch (kind) {
    case IMP_TILE_GRASS:
        return (imp_colour){186, 212, 160};
    case IMP_TILE_FLOOR:
        return (imp_colour){234, 229, 219};
    case IMP_TILE_ASPHALT:
        return (imp_colour){173, 178, 186};
    case IMP_TILE_CALIBRATION:
        return (imp_colour){214, 219, 232};
    default:
        return ROAD;
    }
}

// A tile whose markings are being drawn.
typedef struct place {
    const imp_map_drawing *view;
    // on the ground [m]
    imp_vec2 centre;
    int quarter_turns;
} place;

// Transforms a point of a unit tile in orientation S to pixels.
static imp_pixel_point tile_to_pixels(const place *at, double x, double z)
{
    // A quarter turn maps (x, z) to (z, -x).
    const double turned[4][2] = {{x, z}, {z, -x}, {-x, -z}, {-z, x}};
    const double *offset = turned[at->quarter_turns & 3];
    const double size = at->view->world->tile_size;
    return imp_map_to_pixels(
        at->view, (imp_vec2){at->centre.x + size * offset[0], at->centre.z + size * offset[1]});
}

// Style of a line whose width is given in tiles.
static imp_draw_style marking_style(const place *at, imp_colour colour, double width, bool dashed)
{
    return (imp_draw_style){colour, 1.0, width * at->view->tile,
                            dashed ? DASH * at->view->tile : 0.0};
}

// Draws a rectangle of paint between two corners.
static void draw_stripe(const place *at, imp_colour colour, double x0, double z0, double x1,
                        double z1)
{
    const imp_pixel_point corners[] = {tile_to_pixels(at, x0, z0), tile_to_pixels(at, x1, z0),
                                       tile_to_pixels(at, x1, z1), tile_to_pixels(at, x0, z1)};
    imp_vector_canvas_polygon(&at->view->drawing, corners, 4,
                              (imp_draw_style){colour, 1.0, 0.0, 0.0}, NULL);
}

// Draws a line around the corner (side, -0.5). The exponent flattens the arc, so that it stays
// midway between the lanes of a curve.
static void draw_arc(const place *at, double side, double radius, imp_draw_style style)
{
    imp_pixel_point points[ARC_POINTS];
    for (int k = 0; k < ARC_POINTS; k++) {
        const double angle = IMP_PI / 2.0 * k / (ARC_POINTS - 1);
        const double a = radius * imp_pow(fmax(0.0, imp_cos(angle)), 0.8);
        const double b = radius * imp_pow(imp_sin(angle), 0.8);
        points[k] = tile_to_pixels(at, side - copysign(a, side), -0.5 + b);
    }
    imp_vector_canvas_polyline(&at->view->drawing, points, ARC_POINTS, style);
}

// Draws the white quarter disc in a corner where edge lines meet.
static void draw_corner(const place *at, double x, double z)
{
    imp_pixel_point points[ARC_POINTS + 1];
    for (int k = 0; k < ARC_POINTS; k++) {
        const double angle = IMP_PI / 2.0 * k / (ARC_POINTS - 1);
        points[k] = tile_to_pixels(at, x - copysign(WHITE_WIDTH * imp_cos(angle), x),
                                   z - copysign(WHITE_WIDTH * imp_sin(angle), z));
    }
    points[ARC_POINTS] = tile_to_pixels(at, x, z);
    imp_vector_canvas_polygon(&at->view->drawing, points, ARC_POINTS + 1,
                              (imp_draw_style){WHITE, 1.0, 0.0, 0.0}, NULL);
}

// White lines at both edges and a dashed yellow line in the middle.
static void draw_straight_markings(const place *at)
{
    // In orientation S, a straight road runs along z.
    draw_stripe(at, WHITE, -0.5, -0.5, -0.5 + WHITE_WIDTH, 0.5);
    draw_stripe(at, WHITE, 0.5 - WHITE_WIDTH, -0.5, 0.5, 0.5);
    const imp_pixel_point line[] = {tile_to_pixels(at, 0.0, -0.5 + DASH / 2.0),
                                    tile_to_pixels(at, 0.0, 0.5)};
    imp_vector_canvas_polyline(&at->view->drawing, line, 2,
                               marking_style(at, YELLOW, YELLOW_WIDTH, true));
}

// The same lines as arcs around the corner on one side.
static void draw_curve_markings(const place *at, double side)
{
    draw_arc(at, side, 1.0 - WHITE_WIDTH / 2.0, marking_style(at, WHITE, WHITE_WIDTH, false));
    draw_arc(at, side, 0.5, marking_style(at, YELLOW, YELLOW_WIDTH, true));
    draw_corner(at, side, -0.5);
}

// Draws red stop lines across incoming lanes and white corners between the roads. Without a road to
// the west there is a white edge line instead.
static void draw_intersection_markings(const place *at, bool has_west)
{
    place turned = *at;
    for (int k = 0; k < 4; k++) {
        // Sides in the order north, west, south, east.
        turned.quarter_turns = at->quarter_turns + k;
        if (k == 1 && !has_west)
            continue;
        draw_stripe(&turned, RED, -0.5 + WHITE_WIDTH, -0.5, -RED_GAP, -0.5 + WHITE_WIDTH);
    }
    if (has_west) {
        draw_corner(at, -0.5, -0.5);
        draw_corner(at, -0.5, 0.5);
    } else {
        draw_stripe(at, WHITE, -0.5, -0.5, -0.5 + WHITE_WIDTH, 0.5);
    }
    draw_corner(at, 0.5, -0.5);
    draw_corner(at, 0.5, 0.5);
}

// Chooses the markings by the kind of tile; ground without a road has none.
static void draw_tile_markings(const place *at, imp_tile_kind kind)
{
    place mirrored = *at;
    switch (kind) {
    case IMP_TILE_STRAIGHT:
        draw_straight_markings(at);
        break;
    case IMP_TILE_CURVE_LEFT:
        draw_curve_markings(at, 0.5);
        break;
    case IMP_TILE_CURVE_RIGHT:
        draw_curve_markings(at, -0.5);
        break;
    case IMP_TILE_3WAY_LEFT:
        draw_intersection_markings(at, false);
        break;
    case IMP_TILE_3WAY_RIGHT: // the same markings turned by 180 degrees
        mirrored.quarter_turns += 2;
        draw_intersection_markings(&mirrored, false);
        break;
    case IMP_TILE_4WAY:
        draw_intersection_markings(at, true);
        break;
    default:
        break;
    }
}

// Empty tiles stay white, like the page.
void imp_map_draw_tiles(const imp_map_drawing *view)
{
    const imp_world *world = view->world;
    for (int j = 0; j < world->rows; j++)
        for (int i = 0; i < world->columns; i++) {
            const imp_tile *tile = &world->tiles[j * world->columns + i];
            const double left = view->left + i * view->tile, top = view->top + j * view->tile;
            const place at = {
                .view = view,
                .centre = {(i + 0.5) * world->tile_size, (j + 0.5) * world->tile_size},
                .quarter_turns = tile->orientation};
            if (tile->kind == IMP_TILE_EMPTY)
                continue;
            imp_vector_canvas_rectangle(
                &view->drawing, left, top, left + view->tile, top + view->tile,
                (imp_draw_style){surface_colour(tile->kind), 1.0, 0.0, 0.0});
            draw_tile_markings(&at, tile->kind);
        }
}
