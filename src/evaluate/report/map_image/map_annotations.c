// Draws what a map contains besides its ground: edges of the road, lanes with their directions,
// start tile and pose, and objects with names. Objects are drawn from large to small, so that small
// ones stay visible. Names are placed greedily: each takes the first of four places around its
// object that overlaps nothing.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "evaluate/report/map_image/map_drawing.h"

// Colour, opacity, width [px] and length of dashes [px]; the legend uses the same styles.
const imp_draw_style imp_map_edge_style = {{0, 150, 110}, 1.0, 2.0, 0.0};
const imp_draw_style imp_map_start_style = {{190, 60, 140}, 1.0, 2.5, 6.0};
const imp_draw_style imp_map_motion_path_style = {{38, 43, 51}, 1.0, 2.2, 4.0};

// The width follows the size of the tiles, within limits.
imp_draw_style imp_map_lane_style(const imp_map_drawing *view)
{
    const double width = fmax(0.8, fmin(2.0, view->tile * 0.018));
    return (imp_draw_style){{122, 201, 255}, 1.0, width, 0.0};
}

// Colours near those of the objects themselves, but distinguishable on road and grass.
imp_colour imp_map_object_colour(imp_object_kind kind)
{
    static const imp_colour colours[IMP_OBJECT_KIND_COUNT] = {
        [IMP_OBJECT_DUCKIE] = {255, 214, 10},     [IMP_OBJECT_DUCKIEBOT] = {0, 104, 201},
        [IMP_OBJECT_CONE] = {255, 122, 0},        [IMP_OBJECT_BARRIER] = {214, 40, 40},
        [IMP_OBJECT_BUILDING] = {120, 110, 140},  [IMP_OBJECT_HOUSE] = {160, 82, 45},
        [IMP_OBJECT_BUS] = {232, 163, 23},        [IMP_OBJECT_TRUCK] = {70, 170, 190},
        [IMP_OBJECT_TREE] = {22, 120, 60},        [IMP_OBJECT_TRAFFIC_LIGHT] = {30, 30, 34},
        [IMP_OBJECT_CHECKERBOARD] = {90, 90, 96}, [IMP_OBJECT_SIGN] = {178, 76, 178},
    };
    return kind >= 0 && kind < IMP_OBJECT_KIND_COUNT ? colours[kind] : imp_colour_foreground;
}

static void draw_line_between(const imp_map_drawing *view, imp_pixel_point a, imp_pixel_point b,
                              imp_draw_style style)
{
    const imp_pixel_point line[] = {a, b};
    imp_vector_canvas_polyline(&view->drawing, line, 2, style);
}

void imp_map_draw_arrow(const imp_map_drawing *view, imp_pixel_point tip, imp_vec2 along,
                        double size, imp_draw_style style)
{
    const imp_vec2 right = imp_vec2_turn_right(along);
    const imp_pixel_point corners[] = {
        tip,
        {tip.x - size * along.x + 0.45 * size * right.x,
         tip.y - size * along.z + 0.45 * size * right.z},
        {tip.x - size * along.x - 0.45 * size * right.x,
         tip.y - size * along.z - 0.45 * size * right.z},
    };
    imp_vector_canvas_polygon(&view->drawing, corners, 3, style, NULL);
}

// ---- roads ----

// Tiles outside the map are not drivable.
static bool is_drivable_tile(const imp_world *world, int i, int j)
{
    return i >= 0 && j >= 0 && i < world->columns && j < world->rows &&
           world->tiles[j * world->columns + i].drivable;
}

// Draws a line between each drivable tile and a neighbour that is not drivable.
void imp_map_draw_edges(const imp_map_drawing *view)
{
    const imp_world *world = view->world;
    // Each tile draws its upper and left edge; one more row and column draws the map's border.
    for (int j = 0; j <= world->rows; j++)
        for (int i = 0; i <= world->columns; i++) {
            const imp_pixel_point here = {view->left + i * view->tile, view->top + j * view->tile};
            const imp_pixel_point right = {here.x + view->tile, here.y};
            const imp_pixel_point below = {here.x, here.y + view->tile};
            const bool road = is_drivable_tile(world, i, j);
            if (road != is_drivable_tile(world, i, j - 1))
                draw_line_between(view, here, right, imp_map_edge_style);
            if (road != is_drivable_tile(world, i - 1, j))
                draw_line_between(view, here, below, imp_map_edge_style);
        }
}

// Draws a lane's centre line as a polyline with an arrow.
static void draw_lane(const imp_map_drawing *view, const imp_curve *lane, imp_draw_style style)
{
    enum { POINTS = 13 };
    imp_pixel_point points[POINTS];
    for (int k = 0; k < POINTS; k++)
        points[k] = imp_map_to_pixels(view, imp_curve_point(lane, (double)k / (POINTS - 1)));
    imp_vector_canvas_polyline(&view->drawing, points, POINTS, style);
    // The arrow lies past the middle, where the lanes of an intersection do not hide each other's.
    const double t = 0.6, size = fmax(3.0, fmin(11.0, 0.085 * view->tile));
    const imp_vec2 along = imp_vec2_normalize(imp_curve_derivative(lane, t));
    const imp_pixel_point at = imp_map_to_pixels(view, imp_curve_point(lane, t));
    imp_map_draw_arrow(view,
                       (imp_pixel_point){at.x + 0.5 * size * along.x, at.y + 0.5 * size * along.z},
                       along, size, style);
}

void imp_map_draw_lanes(const imp_map_drawing *view)
{
    for (int k = 0; k < view->world->curve_count; k++)
        draw_lane(view, &view->world->curves[k], imp_map_lane_style(view));
}

// ---- start ----

void imp_map_draw_start(const imp_map_drawing *view)
{
    const imp_world *world = view->world;
    if (!world->has_start_tile)
        return;
    // A dashed frame inside the start tile.
    const double size = world->tile_size, inset = 0.06 * view->tile;
    const imp_vec2 origin = {world->start_tile[0] * size, world->start_tile[1] * size};
    const imp_pixel_point a = imp_map_to_pixels(view, origin);
    const double left = a.x + inset, top = a.y + inset;
    const double right = a.x + view->tile - inset, bottom = a.y + view->tile - inset;
    const imp_pixel_point frame[] = {
        {left, top}, {right, top}, {right, bottom}, {left, bottom}, {left, top}};
    imp_vector_canvas_polyline(&view->drawing, frame, 5, imp_map_start_style);
    if (!world->has_start_pose)
        return;
    // The outline of a robot at the start pose, with an arrow at its front.
    // Width 0.15 m; rear and front at unequal distances, as the wheels' axis is the origin.
    const imp_vec2 forward = imp_heading_direction(world->start_pose.heading);
    const imp_vec2 side = imp_vec2_scale(imp_vec2_turn_right(forward), 0.075);
    const imp_vec2 at = {origin.x + world->start_pose.x, origin.z + world->start_pose.z};
    const imp_vec2 rear = imp_vec2_subtract(at, imp_vec2_scale(forward, 0.114));
    const imp_vec2 front = imp_vec2_add(at, imp_vec2_scale(forward, 0.066));
    const imp_pixel_point body[] = {imp_map_to_pixels(view, imp_vec2_add(rear, side)),
                                    imp_map_to_pixels(view, imp_vec2_add(front, side)),
                                    imp_map_to_pixels(view, imp_vec2_subtract(front, side)),
                                    imp_map_to_pixels(view, imp_vec2_subtract(rear, side))};
    imp_draw_style style = imp_map_start_style;
    imp_vector_canvas_polygon(&view->drawing, body, 4, style, "start pose");
    style.colour = imp_colour_background;
    imp_map_draw_arrow(view, imp_map_to_pixels(view, front), forward, 0.11 * view->scale, style);
}

// ---- objects ----

// Length of a bounding box's side between two corners [px].
static double box_side_length_pixels(const imp_map_drawing *view, const imp_box *box, int from,
                                     int to)
{
    return view->scale * imp_vec2_length(imp_vec2_subtract(box->corner[to], box->corner[from]));
}

// Traffic lights change but do not move.
// Of the objects that move by kind, only those that change place have a path.
static bool has_motion_path(const imp_object *object)
{
    return object->kind != IMP_OBJECT_TRAFFIC_LIGHT;
}

// Draws an arrow along an object's path: a pedestrian's crossing, or the direction of another
// object. A dark, wider copy below sets it off from the ground.
static void draw_motion_path(const imp_map_drawing *view, const imp_object *object)
{
    if (!has_motion_path(object))
        return;
    const double reach = object->kind == IMP_OBJECT_DUCKIE ? view->world->tile_size : 0.3;
    const imp_vec2 forward = imp_heading_direction(object->heading);
    const imp_pixel_point from = imp_map_to_pixels(view, object->position);
    const imp_pixel_point to =
        imp_map_to_pixels(view, imp_vec2_add(object->position, imp_vec2_scale(forward, reach)));
    const double size = fmax(5.0, 0.1 * view->tile);
    const imp_pixel_point neck = {to.x - size * forward.x, to.y - size * forward.z};
    const imp_draw_style dark = {imp_colour_foreground, 0.75, 4.5, 0.0};
    imp_draw_style style = {imp_map_object_colour(object->kind), 1.0, 2.2, 4.0};
    draw_line_between(view, from, neck, dark);
    imp_map_draw_arrow(view, (imp_pixel_point){to.x + 1.5 * forward.x, to.y + 1.5 * forward.z},
                       forward, size + 3.5, dark);
    draw_line_between(view, from, neck, style);
    imp_map_draw_arrow(view, to, forward, size, style);
}

// Draws the footprint of an object from above, with an arrow at its front.
static void draw_object_footprint(const imp_map_drawing *view, const imp_object *object)
{
    const imp_box *box = &object->box;
    // On the canvas the renderer's image shows the object itself, so the footprint is transparent.
    const bool transparent = view->drawing.canvas != NULL;
    const imp_draw_style fill = {imp_map_object_colour(object->kind), transparent ? 0.4 : 0.92, 0.0,
                                 0.0};
    const imp_draw_style rim = {imp_colour_background, 1.0, transparent ? 3.2 : 1.2, 0.0};
    const imp_draw_style line = {fill.colour, 1.0, 1.8, 0.0};
    const imp_pixel_point centre = imp_map_to_pixels(view, object->position);
    const imp_pixel_point spot[] = {centre, centre};
    imp_pixel_point corners[5];
    char tip[128];
    for (int k = 0; k < 5; k++)
        corners[k] = imp_map_to_pixels(view, box->corner[k & 3]);
    // The tooltip names the object, its line in the map file and its pose.
    snprintf(tip, sizeof tip, "%s, line %d: (%.2f, %.2f) m, %.0f degrees%s", object->name,
             object->line, object->position.x, object->position.z, object->heading * 180.0 / IMP_PI,
             object->optional ? ", optional" : "");
    const double length = box_side_length_pixels(view, box, 0, 1),
                 width = box_side_length_pixels(view, box, 1, 2);
    // An object that would be hardly visible gets a disc below it.
    const double smallest = fmin(7.0, fmax(2.5, 0.12 * view->tile));
    const bool tiny = fmax(length, width) < smallest;
    if (tiny) {
        imp_vector_canvas_polyline(&view->drawing, spot, 2,
                                   (imp_draw_style){rim.colour, 1.0, smallest + 2.0, 0.0});
        imp_vector_canvas_polyline(&view->drawing, spot, 2,
                                   (imp_draw_style){fill.colour, 1.0, smallest, 0.0});
    }
    // The footprint with a pale border, and on the canvas an outline.
    imp_vector_canvas_polygon(&view->drawing, corners, 4, fill, tip);
    if (!tiny)
        imp_vector_canvas_polyline(&view->drawing, corners, 5, rim);
    if (transparent && !tiny)
        imp_vector_canvas_polyline(&view->drawing, corners, 5, line);
    // An arrow at the front, if there is room.
    if (length < 16.0 || object->kind == IMP_OBJECT_TREE)
        return;
    const imp_pixel_point front = {(corners[1].x + corners[2].x) / 2.0,
                                   (corners[1].y + corners[2].y) / 2.0};
    const imp_vec2 forward = imp_heading_direction(object->heading);
    imp_map_draw_arrow(view,
                       (imp_pixel_point){front.x - 2.0 * forward.x, front.y - 2.0 * forward.z},
                       forward, fmin(9.0, 0.4 * fmin(length, 2.0 * width)), rim);
}

// ---- names ----

// Rectangle of a name [px].
typedef struct label {
    double left, top, right, bottom;
} label;

// Rectangles that only touch do not overlap.
static bool labels_overlap(const label *a, const label *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

// Writes each object's name beside it if there is a free place. Maps with many objects or small
// tiles get no names.
static void draw_object_names(const imp_map_drawing *view)
{
    enum { NAMES_MAX = 48 };
    const double size = 8.0, minimum_tile = 48.0;
    const imp_world *world = view->world;
    const imp_draw_style style = {imp_colour_foreground, 1.0, 0.0, 0.0};
    label taken[2 * NAMES_MAX];
    int count = 0;
    if (world->object_count > NAMES_MAX || view->tile < minimum_tile)
        return;
    // Names must not cover objects: reserve a square around each centre.
    for (int k = 0; k < world->object_count; k++) {
        const imp_pixel_point at = imp_map_to_pixels(view, world->objects[k].position);
        taken[count++] = (label){at.x - 5.0, at.y - 5.0, at.x + 5.0, at.y + 5.0};
    }
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        const double width = imp_canvas_text_width(size, object->name);
        // Bounding rectangle of the object on the image.
        label box = {INFINITY, INFINITY, -INFINITY, -INFINITY};
        for (int n = 0; n < 4; n++) {
            const imp_pixel_point corner = imp_map_to_pixels(view, object->box.corner[n]);
            box = (label){fmin(box.left, corner.x), fmin(box.top, corner.y),
                          fmax(box.right, corner.x), fmax(box.bottom, corner.y)};
        }
        const double x = (box.left + box.right - width) / 2.0, y = (box.top + box.bottom) / 2.0;
        // Candidates: above, below, right and left of the object.
        const double places[][2] = {{x, box.top - 5.0},
                                    {x, box.bottom + size + 5.0},
                                    {box.right + 6.0, y + size / 2.0},
                                    {box.left - width - 6.0, y + size / 2.0}};
        for (int n = 0; n < 4; n++) {
            const double left = places[n][0], base = places[n][1];
            const label mine = {left - 2.0, base - size - 2.0, left + width + 2.0, base + 3.0};
            // A place is free if it lies on the map and overlaps nothing.
            bool is_free = mine.left > view->left && mine.top > view->top &&
                           mine.right < view->left + view->map_width &&
                           mine.bottom < view->top + view->map_height;
            for (int m = 0; m < count && is_free; m++)
                is_free = !labels_overlap(&mine, &taken[m]);
            if (!is_free)
                continue;
            taken[count++] = mine;
            imp_vector_canvas_text(&view->drawing, left, base, size, IMP_TEXT_ALIGN_LEFT, style,
                                   true, object->name);
            break;
        }
    }
}

bool imp_map_has_motion_paths(const imp_map_drawing *view)
{
    for (int k = 0; k < view->world->moving_count; k++)
        if (has_motion_path(&view->world->objects[view->world->moving[k]]))
            return true;
    return false;
}

typedef struct ranked_object {
    int index;
    double area; // [px^2]
} ranked_object;

// Largest first; ties in the order of the map.
static int compare_by_area(const void *a, const void *b)
{
    const ranked_object *one = a, *other = b;
    if (one->area != other->area)
        return one->area > other->area ? -1 : 1;
    return one->index - other->index;
}

void imp_map_draw_objects(const imp_map_drawing *view)
{
    const imp_world *world = view->world;
    ranked_object order[IMP_OBJECTS_MAX];
    for (int k = 0; k < world->moving_count; k++)
        draw_motion_path(view, &world->objects[world->moving[k]]);
    // Draw large objects first, so that they do not hide small ones.
    for (int k = 0; k < world->object_count; k++) {
        const imp_box *box = &world->objects[k].box;
        order[k] = (ranked_object){k, box_side_length_pixels(view, box, 0, 1) *
                                          box_side_length_pixels(view, box, 1, 2)};
    }
    qsort(order, (size_t)world->object_count, sizeof order[0], compare_by_area);
    for (int k = 0; k < world->object_count; k++)
        draw_object_footprint(view, &world->objects[order[k].index]);
    draw_object_names(view);
}
