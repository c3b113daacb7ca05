// Draws lines and shapes into finished images: lanes, bounding boxes, trajectories and robots.
// Shapes are anti-aliased by their signed distance from pixel centres. Lines in camera images are
// split into short pieces, because the lens curves them. They are for people: networks never see
// them.
#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/render/raster/object_renderer.h"

// An image to draw on, and the style.
typedef struct brush {
    int width, height;
    uint8_t *rgb;
    uint8_t colour[3];
    float thickness;     // of lines [px]
    const float *depths; // nullable: smaller depths hide the line
} brush;

// Blends the colour into a pixel.
static void blend_pixel(const brush *b, int column, int row, float cover)
{
    uint8_t *at = b->rgb + ((size_t)row * (size_t)b->width + (size_t)column) * 3;
    for (int c = 0; c < 3; c++)
        at[c] = (uint8_t)((float)at[c] + cover * ((float)b->colour[c] - (float)at[c]) + 0.5f);
}

// Clamps a coordinate to [0, end].
static int clamp_to_image(double place, int end)
{
    return place > 0.0 ? place < end ? (int)place : end : 0;
}

// A point of the image [px] and its distance [m].
typedef struct image_point {
    double x, y, depth;
} image_point;

// Draws a line with round ends and smooth edges.
static void draw_line(const brush *b, image_point from, image_point to)
{
    // pixels within half the thickness of the segment, plus smoothing
    const double reach = 0.5 * b->thickness + 1.0;
    const double dx = to.x - from.x, dy = to.y - from.y, square = dx * dx + dy * dy;
    const int left = clamp_to_image(floor(fmin(from.x, to.x) - reach), b->width);
    const int right = clamp_to_image(ceil(fmax(from.x, to.x) + reach), b->width);
    const int top = clamp_to_image(floor(fmin(from.y, to.y) - reach), b->height);
    const int bottom = clamp_to_image(ceil(fmax(from.y, to.y) + reach), b->height);
    for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++) {
            // distance of the pixel's centre from the segment gives the coverage
            const double x = column + 0.5 - from.x, y = row + 0.5 - from.y;
            const double along =
                square > 0.0 ? fmin(fmax((x * dx + y * dy) / square, 0.0), 1.0) : 0.0;
            const double distance = imp_hypot(x - along * dx, y - along * dy);
            const double cover = fmin(fmax(0.5 + 0.5 * b->thickness - distance, 0.0), 1.0);
            const double depth = from.depth + along * (to.depth - from.depth);
            // a margin of 5 %, since the line lies on the ground that has this depth
            if (cover <= 0.0 ||
                (b->depths != NULL && b->depths[row * b->width + column] < 0.95 * depth))
                continue;
            blend_pixel(b, column, row, (float)cover);
        }
}

// Draws a filled convex polygon, clockwise in the image.
static void draw_polygon(const brush *b, const image_point *corners, int count)
{
    // bounding box of the polygon
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int k = 0; k < count; k++) {
        low[0] = fmin(low[0], corners[k].x);
        low[1] = fmin(low[1], corners[k].y);
        high[0] = fmax(high[0], corners[k].x);
        high[1] = fmax(high[1], corners[k].y);
    }
    // only pixels within the bounding box
    const int right = clamp_to_image(ceil(high[0] + 1.0), b->width);
    const int bottom = clamp_to_image(ceil(high[1] + 1.0), b->height);
    for (int row = clamp_to_image(floor(low[1]) - 1.0, b->height); row < bottom; row++)
        for (int column = clamp_to_image(floor(low[0]) - 1.0, b->width); column < right; column++) {
            // signed distance: the smallest over all edges
            double inside = INFINITY;
            for (int k = 0; k < count; k++) {
                const image_point *p = &corners[k], *q = &corners[(k + 1) % count];
                const double dx = q->x - p->x, dy = q->y - p->y,
                             length = fmax(imp_hypot(dx, dy), 1e-9);
                inside =
                    fmin(inside, (dx * (row + 0.5 - p->y) - dy * (column + 0.5 - p->x)) / length);
            }
            const double cover = fmin(fmax(0.5 + inside, 0.0), 1.0);
            if (cover > 0.0)
                blend_pixel(b, column, row, (float)cover);
        }
}

// Line thickness that is proportional to the image's width.
static float scaled_line_thickness(int width, double of_640)
{
    return (float)fmax(1.0, of_640 * width / 640.0);
}

// Sets the colour to draw with.
static void set_brush_colour(brush *b, const uint8_t colour[3])
{
    for (int c = 0; c < 3; c++)
        b->colour[c] = colour[c];
}

// Projects a point of the world; false if it is not visible.
static bool project_point(const imp_camera *camera, const imp_camera_frame *camera_frame, double x,
                          double y, double z, image_point *out)
{
    // relative to the camera
    const double from[3] = {x - camera_frame->at[0], y - camera_frame->at[1],
                            z - camera_frame->at[2]};
    // into camera coordinates, then through pinhole and lens
    double p[3];
    for (int i = 0; i < 3; i++)
        p[i] = camera_frame->axis[i][0] * from[0] + camera_frame->axis[i][1] * from[1] +
               camera_frame->axis[i][2] * from[2];
    out->depth = p[2];
    return p[2] > camera_frame->nearest &&
           imp_camera_ray_to_pixel(camera, p[0] / p[2], p[1] / p[2], &out->x, &out->y);
}

void imp_draw_lanes(const imp_camera *camera, const imp_world *world, imp_pose pose,
                    const float *depths, uint8_t *rgb)
{
    enum { SEGMENTS = 48 };
    static const uint8_t COLOUR[3] = {0, 235, 120};
    const double farthest = 5.0;
    const imp_camera_frame camera_frame = imp_camera_frame_at(&camera->def, pose);
    // colour, thickness and depths are the same for all lanes
    brush b = {.width = camera->def.width,
               .height = camera->def.height,
               .rgb = rgb,
               .thickness = scaled_line_thickness(camera->def.width, 2.5),
               .depths = depths};
    set_brush_colour(&b, COLOUR);
    for (int k = 0; k < world->curve_count; k++) {
        image_point before = {0}, here = {0};
        bool was_seen = false;
        for (int n = 0; n <= SEGMENTS; n++, before = here) {
            // sample the curve and connect visible neighbours
            const imp_vec2 at = imp_curve_point(&world->curves[k], (double)n / SEGMENTS);
            const bool seen = project_point(camera, &camera_frame, at.x, 0.0, at.z, &here) &&
                              here.depth < farthest;
            if (seen && was_seen)
                draw_line(&b, before, here);
            was_seen = seen;
        }
    }
}

// Draws an edge in pieces, because the lens curves it.
static void draw_projected_edge(const brush *b, const imp_camera *camera,
                                const imp_camera_frame *camera_frame, const double from[3],
                                const double to[3])
{
    enum { SEGMENTS = 16 };
    image_point before = {0}, here = {0};
    bool was_seen = false;
    for (int n = 0; n <= SEGMENTS; n++, before = here) {
        // project points along the edge and connect visible neighbours
        const double t = (double)n / SEGMENTS;
        const bool seen =
            project_point(camera, camera_frame, from[0] + t * (to[0] - from[0]),
                          from[1] + t * (to[1] - from[1]), from[2] + t * (to[2] - from[2]), &here);
        if (seen && was_seen)
            draw_line(b, before, here);
        was_seen = seen;
    }
}

// Draws the twelve edges of an object's bounding box.
static void draw_object_box(const brush *b, const imp_camera *camera,
                            const imp_camera_frame *camera_frame, const imp_object *object,
                            const imp_object_state *state)
{
    // position and heading: the state's if there is one
    const imp_object_class *extents = imp_object_class_get(object->kind);
    const imp_vec2 middle = state != NULL ? state->position : object->position;
    const double heading = state != NULL ? state->heading : object->heading;
    const double ground = state != NULL ? state->y : 0.0;
    const double c = imp_cos(heading), s = imp_sin(heading), scale = object->scale;
    // bits of k select the maximum in x, z and y
    double corner[8][3];
    for (int k = 0; k < 8; k++) {
        const double x = scale * (k & 1 ? extents->max_x : extents->min_x);
        const double z = scale * (k & 2 ? extents->max_z : extents->min_z);
        corner[k][0] = middle.x + c * x + s * z;
        corner[k][1] = ground + (k & 4 ? scale * extents->height : 0.0);
        corner[k][2] = middle.z - s * x + c * z;
    }
    // an edge joins corners that differ in one bit
    for (int k = 0; k < 8; k++)
        for (int axis = 1; axis < 8; axis *= 2)
            if ((k & axis) == 0)
                draw_projected_edge(b, camera, camera_frame, corner[k], corner[k | axis]);
}

void imp_draw_bounding_boxes(const imp_camera *camera, const imp_world *world, const imp_view *view,
                             uint8_t *rgb)
{
    const imp_camera_frame camera_frame = imp_camera_frame_at(&camera->def, view->pose);
    brush b = {.width = camera->def.width,
               .height = camera->def.height,
               .rgb = rgb,
               .thickness = scaled_line_thickness(camera->def.width, 1.5)};
    for (int k = 0; k < world->object_count; k++) {
        const imp_object *object = &world->objects[k];
        if (view->hidden != NULL && (view->hidden[k / 64] >> k % 64 & 1) != 0)
            continue;
        set_brush_colour(&b, imp_semantic_class_colour(IMP_SEMANTIC_OBJECT + (int)object->kind));
        draw_object_box(&b, camera, &camera_frame, object,
                        view->moving != NULL && object->moving >= 0 ? &view->moving[object->moving]
                                                                    : NULL);
    }
}

void imp_draw_trajectory(const imp_world *world, int width, int height, const imp_pose *poses,
                         int count, uint8_t *rgb)
{
    static const uint8_t COLOUR[3] = {255, 90, 0};
    // the same transformation as the image's
    double scale, left, top;
    imp_top_down_transform(world, width, height, &scale, &left, &top);
    brush b = {width, height, rgb, .thickness = (float)fmax(1.2, 0.03 * scale)};
    set_brush_colour(&b, COLOUR);
    image_point before = {0};
    bool was_there = false;
    for (int k = 0; k < count; k++) {
        const image_point here = {left + scale * poses[k].x, top + scale * poses[k].z, 0.0};
        // gaps in a trajectory are NaN
        const bool there = isfinite(here.x + here.y);
        // skip pieces below half a pixel, which would accumulate to ragged edges
        if (there && was_there && k < count - 1 &&
            imp_hypot(here.x - before.x, here.y - before.y) < 0.5)
            continue;
        if (there && was_there)
            draw_line(&b, before, here);
        before = here;
        was_there = there;
    }
}

void imp_draw_robot(const imp_world *world, int width, int height, imp_pose pose, uint8_t *rgb)
{
    static const uint8_t EDGE[3] = {255, 255, 255}, BODY[3] = {0, 90, 255};
    // an arrow of the robot's size, in half lengths and widths
    static const double OUTLINE[5][2] = {
        {-1.0, -1.0}, {0.25, -1.0}, {1.0, 0.0}, {0.25, 1.0}, {-1.0, 1.0}};
    double scale, left, top;
    imp_top_down_transform(world, width, height, &scale, &left, &top);
    const imp_vec2 ahead = imp_heading_direction(pose.heading), right = imp_vec2_turn_right(ahead);
    if (!isfinite(pose.x + pose.z + pose.heading))
        return;
    brush b = {width, height, rgb, .thickness = 1.0f};
    // a larger white arrow as an edge, then the body
    for (int pass = 0; pass < 2; pass++) {
        const double grow = pass == 0 ? fmax(0.012, 1.5 / scale) : 0.0;
        // at least a few pixels, so that it stays visible on large maps
        const double length = fmax(0.5 * IMP_ROBOT_LENGTH, 4.0 / scale) + grow;
        const double side = fmax(0.5 * IMP_ROBOT_WIDTH, 3.0 / scale) + grow;
        image_point corners[5];
        for (int k = 0; k < 5; k++) {
            const double x = OUTLINE[k][0] * length + IMP_CENTRE_FORWARD, z = OUTLINE[k][1] * side;
            corners[k].x = left + scale * (pose.x + x * ahead.x + z * right.x);
            corners[k].y = top + scale * (pose.z + x * ahead.z + z * right.z);
        }
        set_brush_colour(&b, pass == 0 ? EDGE : BODY);
        draw_polygon(&b, corners, 5);
    }
}
