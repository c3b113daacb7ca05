// Lines lie where the lanes say: known places on the ground, projected into the picture by the
// forward camera model, have the colour of the line that belongs there. The renderer knows rays,
// not projection, and textures, not lanes, so the two meet only in the picture.
#include <math.h>
#include <stdlib.h>

#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 640, HEIGHT = 480 };

typedef enum line_colour { ASPHALT, WHITE, YELLOW, RED, OTHER } line_colour;

// A robot's picture of a world.
typedef struct camera_view {
    const imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
    imp_camera camera;
    imp_pose pose;
    uint8_t *rgb;
} camera_view;

static void create_camera_view(camera_view *at, const imp_world *world, imp_lens lens)
{
    imp_error err = {0};
    imp_camera_def def = imp_default_camera_def();
    def.width = WIDTH;
    def.height = HEIGHT;
    def.lens = lens;
    *at = (camera_view){.world = world, .rgb = malloc(WIDTH * HEIGHT * 3)};
    assert_non_null(at->rgb);
    assert_ok(imp_camera_init(&at->camera, &def, &err), err);
    assert_ok(imp_scene_create(&at->scene, world, &err), err);
    assert_ok(imp_renderer_create(&at->renderer, &def, IMP_RENDER_AUTO, &err), err);
}

static void destroy_camera_view(camera_view *at)
{
    imp_renderer_destroy(at->renderer);
    imp_scene_destroy(at->scene);
    free(at->rgb);
}

static imp_vec2 lane_direction(const imp_curve *curve, double t)
{
    imp_vec2 d = imp_curve_derivative(curve, t);
    double length = hypot(d.x, d.z);
    return (imp_vec2){d.x / length, d.z / length};
}

// Stands on a lane `back` metres before its start, looking along it.
static void render_before_lane(camera_view *at, const imp_curve *curve, double back)
{
    const imp_vec2 start = imp_curve_point(curve, 0.0), along = lane_direction(curve, 0.0);
    at->pose =
        (imp_pose){start.x - back * along.x, start.z - back * along.z, atan2(-along.z, along.x)};
    imp_view view = imp_default_view();
    view.pose = at->pose;
    imp_render(at->renderer, at->scene, &view, at->rgb);
}

// The pixel that shows a point of the ground; false if it is not in the picture.
static bool project_ground_point(const camera_view *at, imp_vec2 point, double *px, double *py)
{
    const imp_camera *camera = &at->camera;
    const imp_camera_def *def = &camera->def;
    const double cosine = cos(at->pose.heading), sine = sin(at->pose.heading);
    const double dx = point.x - at->pose.x, dz = point.z - at->pose.z;
    const double forward = dx * cosine - dz * sine - def->mount_forward;
    const double right = dx * sine + dz * cosine;
    const double ahead = forward * cos(def->pitch) + def->mount_height * sin(def->pitch);
    const double down = def->mount_height * cos(def->pitch) - forward * sin(def->pitch);
    if (ahead < 0.05)
        return false;
    *px = camera->plain.fx * right / ahead + camera->plain.cx;
    *py = camera->plain.fy * down / ahead + camera->plain.cy;
    const imp_lens *lens = &def->lens;
    if (lens->kind != IMP_LENS_NONE) {
        double x = (*px - 0.5 - camera->rectified.cx) / camera->rectified.fx;
        double y = (*py - 0.5 - camera->rectified.cy) / camera->rectified.fy;
        // far outside, the lens folds back into the picture
        if (hypot(x, y) > 1.5)
            return false;
        imp_lens_distort(lens, x, y, &x, &y);
        *px = lens->fx * x + lens->cx;
        *py = lens->fy * y + lens->cy;
    }
    return *px > 2.0 && *px < WIDTH - 2.0 && *py > 2.0 && *py < HEIGHT - 2.0;
}

static line_colour classify_pixel(const uint8_t *rgb)
{
    const int red = rgb[0], green = rgb[1], blue = rgb[2];
    if (red > 110 && green > 110 && blue > 110)
        return WHITE;
    if (red > 90 && green > 80 && red - blue > 45)
        return YELLOW;
    if (red > 90 && red > 2 * green)
        return RED;
    return red < 90 && green < 80 && abs(red - green) < 20 ? ASPHALT : OTHER;
}

// Counts places seen and places that have a colour.
typedef struct count {
    int seen, right;
} count;

static void check_point_colour(const camera_view *at, imp_vec2 place, line_colour expected,
                               count *tally)
{
    double px, py;
    if (hypot(place.x - at->pose.x, place.z - at->pose.z) > 1.0 ||
        !project_ground_point(at, place, &px, &py))
        return;
    tally->seen++;
    tally->right += classify_pixel(at->rgb + ((int)py * WIDTH + (int)px) * 3) == expected;
}

// The place `offset` to the right of a lane's centre.
static imp_vec2 point_beside_lane(const imp_curve *curve, double t, double offset)
{
    const imp_vec2 at = imp_curve_point(curve, t), along = lane_direction(curve, t);
    return (imp_vec2){at.x - along.z * offset, at.z + along.x * offset};
}

static double chord_length(const imp_curve *curve)
{
    return hypot(curve->p[3].x - curve->p[0].x, curve->p[3].z - curve->p[0].z);
}

typedef struct counts {
    count white, yellow, lane, red;
} counts;

// A straight or curve tile: its two lanes, with the yellow line midway and the white one on the
// right.
static void check_two_lanes(camera_view *at, const imp_tile *tile, counts *tallies)
{
    const double side = at->world->tile_size;
    const imp_curve *lanes = &at->world->curves[tile->first_curve];
    for (int k = 0; k < 2; k++) {
        const imp_curve *lane = &lanes[k], *opposite = &lanes[1 - k];
        // the inner lane of a curve has no line along its right side, and the reference's outer
        // lane of curves to the right does not run along the line
        const bool lined = chord_length(lane) >= chord_length(opposite) - 1e-9 &&
                           tile->kind != IMP_TILE_CURVE_RIGHT;
        render_before_lane(at, lane, 0.2);
        for (double t = 0.1; t < 0.95; t += 0.01) {
            const imp_vec2 here = imp_curve_point(lane, t);
            const imp_vec2 there = imp_curve_point(opposite, 1.0 - t);
            const imp_vec2 middle = {0.5 * (here.x + there.x), 0.5 * (here.z + there.z)};
            check_point_colour(at, here, ASPHALT, &tallies->lane);
            check_point_colour(at, middle, YELLOW, &tallies->yellow);
            if (lined)
                check_point_colour(at, point_beside_lane(lane, t, 0.259 * side), WHITE,
                                   &tallies->white);
        }
    }
}

// A way into an intersection starts with a stop line.
static void check_stop_lines(camera_view *at, const imp_tile *tile, counts *tallies)
{
    const double side = at->world->tile_size;
    for (int k = 0; k < tile->curve_count; k++) {
        const imp_curve *lane = &at->world->curves[tile->first_curve + k];
        render_before_lane(at, lane, 0.25);
        const imp_vec2 start = imp_curve_point(lane, 0.0), along = lane_direction(lane, 0.0);
        for (double across = -0.15; across < 0.2; across += 0.02) {
            const imp_vec2 place = {
                start.x + (0.04 * along.x - across * along.z) * side,
                start.z + (0.04 * along.z + across * along.x) * side,
            };
            check_point_colour(at, place, RED, &tallies->red);
        }
    }
}

static double share_correct(count tally)
{
    assert_true(tally.seen > 100);
    return (double)tally.right / tally.seen;
}

static void check_map(const char *map, imp_lens lens, bool intersections)
{
    imp_world *world;
    imp_error err = {0};
    assert_ok(imp_world_load(&world, map, &err), err);
    camera_view at;
    create_camera_view(&at, world, lens);
    counts tallies = {0};
    for (int k = 0; k < world->drivable_count; k++) {
        const imp_tile *tile = &world->tiles[world->drivable[k]];
        if (tile->curve_count == 2)
            check_two_lanes(&at, tile, &tallies);
        else
            check_stop_lines(&at, tile, &tallies);
    }
    assert_true(share_correct(tallies.white) > 0.99);
    assert_true(share_correct(tallies.lane) > 0.99);
    // dashes take two thirds of the line
    assert_true(share_correct(tallies.yellow) > 0.55 && share_correct(tallies.yellow) < 0.75);
    if (intersections)
        assert_true(share_correct(tallies.red) > 0.99);
    destroy_camera_view(&at);
    imp_world_destroy(world);
}

static void lines_without_lens(void **state)
{
    (void)state;
    check_map("loop_empty", imp_lens_none(), false);
    check_map("udem1_empty", imp_lens_none(), true);
    check_map("4way", imp_lens_none(), true);
}

static void lines_with_lens(void **state)
{
    (void)state;
    check_map("zigzag_dists", imp_lens_duckiebot(), false);
    check_map("4way", imp_lens_duckiebot(), true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_without_lens),
        cmocka_unit_test(lines_with_lens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
