// Segments, depths and what is drawn into pictures, held against the pictures themselves.
#include <stdlib.h>
#include <string.h>

#include "imprint/render.h"
#include "testing.h"

enum { WIDTH = 320, HEIGHT = 240, PIXELS = WIDTH * HEIGHT, SIZE = PIXELS * 3 };

// A world and what it takes to look at it.
typedef struct render_fixture {
    imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
    imp_segmentation_pass *segmentation;
    imp_camera camera;
    imp_view view;
    uint8_t *rgb, *other, *mask;
    float *depths;
} render_fixture;

static render_fixture create_fixture(const char *map, imp_lens lens)
{
    imp_error err = {0};
    render_fixture s = {.view = imp_default_view()};
    imp_camera_def def = imp_default_camera_def();
    def.width = WIDTH;
    def.height = HEIGHT;
    def.lens = lens;
    assert_ok(imp_world_load(&s.world, map, &err), err);
    assert_ok(imp_scene_create(&s.scene, s.world, &err), err);
    assert_ok(imp_renderer_create(&s.renderer, &def, IMP_RENDER_AUTO, &err), err);
    assert_ok(imp_segmentation_pass_create(&s.segmentation, &def, &err), err);
    assert_ok(imp_camera_init(&s.camera, &def, &err), err);
    s.rgb = malloc(SIZE);
    s.other = malloc(SIZE);
    s.mask = malloc(PIXELS);
    s.depths = malloc(PIXELS * sizeof *s.depths);
    assert_true(s.rgb != NULL && s.other != NULL && s.mask != NULL && s.depths != NULL);
    return s;
}

static void destroy_fixture(render_fixture *s)
{
    imp_renderer_destroy(s->renderer);
    imp_segmentation_pass_destroy(s->segmentation);
    imp_scene_destroy(s->scene);
    imp_world_destroy(s->world);
    free(s->rgb);
    free(s->other);
    free(s->mask);
    free(s->depths);
}

// A pose on a lane, one of many.
static imp_pose pose_on_lane(const imp_world *world, int number)
{
    const imp_curve *curve = &world->curves[number * 7 % world->curve_count];
    const imp_vec2 at = imp_curve_point(curve, 0.3), way = imp_curve_derivative(curve, 0.3);
    return (imp_pose){at.x, at.z, atan2(-way.z, way.x)};
}

static void render_view(render_fixture *s, int number)
{
    s->view.pose = pose_on_lane(s->world, number);
    imp_render(s->renderer, s->scene, &s->view, s->rgb);
    imp_segmentation_pass_run(s->segmentation, s->scene, &s->view, s->mask, s->depths);
}

// The segment of a pixel and its neighbours two pixels around, or -1 if they differ.
static int uniform_class_around(const render_fixture *s, int column, int row)
{
    const int class_id = s->mask[row * WIDTH + column];
    for (int j = -2; j <= 2; j++)
        for (int i = -2; i <= 2; i++) {
            const int x = column + i, y = row + j;
            if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT || s->mask[y * WIDTH + x] != class_id)
                return -1;
        }
    return class_id;
}

typedef struct count {
    int seen, right;
} count;

static void count_result(count *c, bool right)
{
    c->seen++;
    c->right += right;
}

// Whether a colour is what a segment of the ground or sky looks like.
static bool matches_class(int class_id, const uint8_t *at)
{
    switch (class_id) {
    case IMP_SEMANTIC_SKY:
        return at[0] == 115 && at[2] == 255;
    case IMP_SEMANTIC_WHITE_LINE:
        return at[0] > 110 && at[2] > 110;
    case IMP_SEMANTIC_YELLOW_LINE:
        return at[0] > 100 && at[0] - at[2] > 45;
    case IMP_SEMANTIC_RED_LINE:
        return at[0] > 100 && at[0] > 2 * at[1];
    case IMP_SEMANTIC_ROAD:
        return at[0] < 100 && abs(at[0] - at[1]) < 25;
    default:
        return at[1] > at[2];
    }
}

static void mask_matches_colours(void **state)
{
    (void)state;
    count counts[IMP_SEMANTIC_COUNT] = {0};
    const imp_lens lenses[] = {imp_lens_duckiebot(), imp_lens_none()};
    for (int l = 0; l < 2; l++) {
        render_fixture s = create_fixture("udem1", lenses[l]);
        for (int n = 0; n < 24; n++) {
            render_view(&s, n);
            for (int k = 0; k < PIXELS; k++) {
                const int class_id = uniform_class_around(&s, k % WIDTH, k / WIDTH);
                if (class_id >= IMP_SEMANTIC_SKY && class_id <= IMP_SEMANTIC_GRASS &&
                    class_id != IMP_SEMANTIC_GROUND && s.depths[k] > 0.0f)
                    count_result(&counts[class_id], matches_class(class_id, s.rgb + 3 * k));
            }
        }
        destroy_fixture(&s);
    }
    const int wanted[] = {IMP_SEMANTIC_SKY,         IMP_SEMANTIC_ROAD,     IMP_SEMANTIC_WHITE_LINE,
                          IMP_SEMANTIC_YELLOW_LINE, IMP_SEMANTIC_RED_LINE, IMP_SEMANTIC_GRASS};
    for (int k = 0; k < 6; k++) {
        const count c = counts[wanted[k]];
        print_message("%s: %d of %d pixels\n", imp_semantic_class_name(wanted[k]), c.right, c.seen);
        assert_true(c.seen > 1000);
        assert_true(c.right > 0.97 * c.seen);
    }
}

// Objects are where the picture changes when they are taken away, and nowhere else.
static void object_mask_matches_image(void **state)
{
    (void)state;
    const char *const maps[] = {"loop_obstacles", "udem1", "regress_4way_adam"};
    uint64_t all[IMP_OBJECTS_MAX / 64];
    memset(all, 0xff, sizeof all);
    for (int m = 0; m < 3; m++) {
        render_fixture s = create_fixture(maps[m], m == 1 ? imp_lens_none() : imp_lens_duckiebot());
        count on = {0}, off = {0};
        for (int n = 0; n < 16; n++) {
            render_view(&s, n);
            s.view.hidden = all;
            imp_render(s.renderer, s.scene, &s.view, s.other);
            s.view.hidden = NULL;
            for (int k = 0; k < PIXELS; k++) {
                const int class_id = uniform_class_around(&s, k % WIDTH, k / WIDTH);
                const bool same = memcmp(s.rgb + 3 * k, s.other + 3 * k, 3) == 0;
                if (class_id >= IMP_SEMANTIC_OBJECT)
                    count_result(&on, !same);
                else if (class_id >= 0)
                    count_result(&off, same);
            }
        }
        print_message("%s: objects %d of %d, elsewhere %d of %d\n", maps[m], on.right, on.seen,
                      off.right, off.seen);
        assert_true(on.seen > 2000);
        assert_true(on.right > 0.98 * on.seen);
        assert_true(off.right > 0.998 * off.seen);
        destroy_fixture(&s);
    }
}

// All objects together show, pixel by pixel, the nearest of those that are seen when each stands
// alone; and that lies within the object's extents.
static void nearest_object_wins(void **state)
{
    (void)state;
    static float nearest[PIXELS], least[PIXELS];
    static uint8_t kinds[PIXELS];
    static int seen[PIXELS];
    render_fixture s = create_fixture("udem1", imp_lens_duckiebot());
    uint64_t hidden[IMP_OBJECTS_MAX / 64];
    int hides = 0;
    for (int n = 0; n < 8; n++) {
        render_view(&s, n);
        memcpy(nearest, s.depths, sizeof nearest);
        memcpy(kinds, s.mask, sizeof kinds);
        memset(seen, 0, sizeof seen);
        for (int k = 0; k < s.world->object_count; k++) {
            const imp_object *object = &s.world->objects[k];
            const imp_object_class *class = imp_object_class_get(object->kind);
            const double away =
                hypot(object->position.x - s.view.pose.x, object->position.z - s.view.pose.z);
            const double reach = object->scale * (hypot(fmax(class->max_x, -class->min_x),
                                                        fmax(class->max_z, -class->min_z)) +
                                                  class->height);
            memset(hidden, 0xff, sizeof hidden);
            hidden[k / 64] &= ~((uint64_t)1 << k % 64);
            s.view.hidden = hidden;
            imp_segmentation_pass_run(s.segmentation, s.scene, &s.view, s.mask, s.depths);
            for (int p = 0; p < PIXELS; p++) {
                if (s.mask[p] < IMP_SEMANTIC_OBJECT)
                    continue;
                assert_true(s.depths[p] < away + reach);
                least[p] = seen[p]++ == 0 ? s.depths[p] : fminf(least[p], s.depths[p]);
                if (s.depths[p] == nearest[p])
                    assert_int_equal(s.mask[p], kinds[p]);
            }
        }
        s.view.hidden = NULL;
        for (int p = 0; p < PIXELS; p++) {
            assert_int_equal(seen[p] > 0, kinds[p] >= IMP_SEMANTIC_OBJECT);
            if (seen[p] > 0)
                assert_true(least[p] == nearest[p]);
            hides += seen[p] > 1;
        }
    }
    print_message("%d pixels where one object hides another\n", hides);
    assert_true(hides > 100);
    destroy_fixture(&s);
}

static void ground_depth_is_exact(void **state)
{
    (void)state;
    render_fixture s = create_fixture("loop_empty", imp_lens_duckiebot());
    render_view(&s, 3);
    const imp_camera_def *def = &s.camera.def;
    int seen = 0;
    for (int k = 0; k < PIXELS; k += 97) {
        double x, y;
        assert_true(imp_camera_pixel_to_ray(&s.camera, k % WIDTH + 0.5, k / WIDTH + 0.5, &x, &y));
        const double fall = sin(def->pitch) + y * cos(def->pitch);
        if (s.mask[k] == IMP_SEMANTIC_SKY) {
            assert_true(fall < 2e-4);
            assert_true(isinf(s.depths[k]));
            continue;
        }
        assert_close(s.depths[k] * fall / def->mount_height, 1.0, 1e-4);
        seen++;
    }
    assert_true(seen > 300);
    destroy_fixture(&s);
}

// A camera that looks at a place sees it in its middle, and things before it nearer.
static void look_at_cameras_see_their_target(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    imp_scene *scene;
    assert_ok(imp_world_load(&world, "loop_obstacles", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    const double targets[][3] = {{2.0, 0.0, 1.0}, {0.3, 0.0, 2.5}, {1.0, 0.0, 1.0}};
    for (int n = 0; n < 3; n++) {
        const double eye[3] = {1.0, 0.9, 1.0};
        imp_camera_def def = imp_default_camera_def();
        imp_segmentation_pass *segmentation;
        imp_view view = imp_default_view();
        uint64_t all[IMP_OBJECTS_MAX / 64];
        memset(all, 0xff, sizeof all);
        view.hidden = all;
        assert_ok(imp_camera_look_at(&def, &view.pose, eye, targets[n], &err), err);
        def.width = def.height = 101;
        assert_ok(imp_segmentation_pass_create(&segmentation, &def, &err), err);
        float depths[101 * 101];
        uint8_t mask[101 * 101];
        imp_segmentation_pass_run(segmentation, scene, &view, mask, depths);
        const double distance =
            hypot(hypot(targets[n][0] - eye[0], targets[n][2] - eye[2]), eye[1]);
        assert_close(depths[50 * 101 + 50], distance, 1e-4);
        imp_segmentation_pass_destroy(segmentation);
    }
    imp_camera_def def = imp_default_camera_def();
    imp_pose pose;
    assert_int_equal(imp_camera_look_at(&def, &pose, targets[0], targets[0], &err), IMP_USAGE);
    assert_int_equal(imp_camera_look_at(&def, &pose, targets[0], targets[1], &err), IMP_USAGE);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

// An object that stands alone fills its box: neither reaches beyond the other by more than the
// line's thickness, or by what its mesh leaves free.
static void boxes_enclose_objects(void **state)
{
    (void)state;
    render_fixture s = create_fixture("loop_obstacles", imp_lens_duckiebot());
    int checked = 0;
    for (int k = 0; k < s.world->object_count; k++) {
        const imp_object *object = &s.world->objects[k];
        uint64_t hidden[IMP_OBJECTS_MAX / 64];
        memset(hidden, 0xff, sizeof hidden);
        hidden[k / 64] &= ~((uint64_t)1 << k % 64);
        s.view.hidden = hidden;
        s.view.pose = (imp_pose){object->position.x - 0.5, object->position.z, 0.0};
        imp_segmentation_pass_run(s.segmentation, s.scene, &s.view, s.mask, NULL);
        memset(s.rgb, 0, SIZE);
        imp_draw_bounding_boxes(&s.camera, s.world, &s.view, s.rgb);
        int thing[4] = {WIDTH, HEIGHT, 0, 0}, box[4] = {WIDTH, HEIGHT, 0, 0};
        for (int p = 0; p < PIXELS; p++) {
            const int place[2] = {p % WIDTH, p / WIDTH};
            const bool drawn = s.rgb[3 * p] + s.rgb[3 * p + 1] + s.rgb[3 * p + 2] > 60;
            for (int i = 0; i < 2; i++) {
                if (s.mask[p] >= IMP_SEMANTIC_OBJECT) {
                    thing[i] = place[i] < thing[i] ? place[i] : thing[i];
                    thing[i + 2] = place[i] > thing[i + 2] ? place[i] : thing[i + 2];
                }
                if (drawn) {
                    box[i] = place[i] < box[i] ? place[i] : box[i];
                    box[i + 2] = place[i] > box[i + 2] ? place[i] : box[i + 2];
                }
            }
        }
        if (thing[0] <= 1 || thing[1] <= 1 || thing[2] >= WIDTH - 2 || thing[3] >= HEIGHT - 2)
            continue; // too large or too near to be seen whole
        for (int i = 0; i < 2; i++) {
            assert_in_range(thing[i] - box[i] + 2, 0, 12);
            assert_in_range(box[i + 2] - thing[i + 2] + 2, 0, 12);
        }
        checked++;
    }
    print_message("%d boxes\n", checked);
    assert_true(checked >= 3);
    destroy_fixture(&s);
}

// Lanes lie on the road, and what stands before them hides them.
static void lanes_lie_on_the_road(void **state)
{
    (void)state;
    render_fixture s = create_fixture("loop_obstacles", imp_lens_duckiebot());
    count on_road = {0}, over_objects = {0};
    for (int n = 0; n < 12; n++) {
        render_view(&s, n);
        memset(s.rgb, 0, SIZE);
        memset(s.other, 0, SIZE);
        imp_draw_lanes(&s.camera, s.world, s.view.pose, s.depths, s.rgb);
        imp_draw_lanes(&s.camera, s.world, s.view.pose, NULL, s.other);
        for (int k = 0; k < PIXELS; k++) {
            if (s.rgb[3 * k + 1] > 128)
                count_result(&on_road, s.mask[k] == IMP_SEMANTIC_ROAD);
            if (s.other[3 * k + 1] > 128 && s.mask[k] >= IMP_SEMANTIC_OBJECT)
                count_result(&over_objects, s.rgb[3 * k + 1] < 128);
        }
    }
    print_message("lanes: %d of %d on the road, %d of %d hidden by objects\n", on_road.right,
                  on_road.seen, over_objects.right, over_objects.seen);
    assert_true(on_road.seen > 5000);
    assert_true(on_road.right > 0.93 * on_road.seen);
    assert_true(over_objects.right > 0.9 * over_objects.seen);
    destroy_fixture(&s);
}

static void robots_stand_on_the_map(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world;
    uint8_t rgb[SIZE] = {0};
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    const imp_pose poses[3] = {{0.8, 0.8, 0.0}, {2.0, 0.8, 0.0}, {2.0, 1.6, -1.57}};
    double scale, left, top;
    imp_top_down_transform(world, WIDTH, HEIGHT, &scale, &left, &top);
    imp_draw_trajectory(world, WIDTH, HEIGHT, poses, 3, rgb);
    imp_draw_robot(world, WIDTH, HEIGHT, poses[2], rgb);
    const int row = (int)(top + scale * 0.8), column = (int)(left + scale * 1.4);
    assert_in_range(rgb[(row * WIDTH + column) * 3], 230, 255);
    const uint8_t *body = rgb + ((int)(top + scale * 1.6) * WIDTH + (int)(left + scale * 2.0)) * 3;
    assert_int_equal(body[2], 255);
    assert_int_equal(body[0], 0);
    const imp_pose nowhere[3] = {{NAN, 1.0, 0.0}, {1e300, 0.0, 0.0}, {-1e9, 1e9, INFINITY}};
    imp_draw_trajectory(world, WIDTH, HEIGHT, nowhere, 3, rgb);
    for (int k = 0; k < 3; k++)
        imp_draw_robot(world, WIDTH, HEIGHT, nowhere[k], rgb);
    imp_world_destroy(world);
}

static void class_colours_and_names_differ(void **state)
{
    (void)state;
    for (int a = 0; a < IMP_SEMANTIC_COUNT; a++) {
        assert_non_null(imp_semantic_class_name(a));
        for (int b = 0; b < a; b++) {
            const uint8_t *p = imp_semantic_class_colour(a), *q = imp_semantic_class_colour(b);
            assert_string_not_equal(imp_semantic_class_name(a), imp_semantic_class_name(b));
            assert_true(abs(p[0] - q[0]) + abs(p[1] - q[1]) + abs(p[2] - q[2]) >= 60);
        }
    }
    assert_string_equal(imp_semantic_class_name(-1), "nothing");
    assert_string_equal(imp_semantic_class_name(IMP_SEMANTIC_OBJECT + IMP_OBJECT_CONE), "cone");
}

// The lens bends the rectilinear picture; straightening it gives that back.
static void undistorted_images_match_pinhole(void **state)
{
    (void)state;
    render_fixture bent = create_fixture("udem1", imp_lens_duckiebot());
    render_fixture plain = create_fixture("udem1", imp_lens_none());
    imp_error err = {0};
    imp_calibration from = imp_calibration_duckiebot();
    from.projection = imp_lens_rectified_pinhole(&from.lens);
    imp_undistorter *table;
    assert_ok(imp_undistorter_create(&table, &from, WIDTH, HEIGHT, &err), err);
    double apart = 0.0, shifted = 0.0;
    int64_t seen = 0;
    for (int n = 0; n < 6; n++) {
        render_view(&bent, n);
        render_view(&plain, n);
        imp_undistorter_apply(table, bent.rgb, bent.other);
        for (int row = 8; row < HEIGHT - 8; row++)
            for (int column = 8; column < WIDTH - 8; column++) {
                const int k = (row * WIDTH + column) * 3;
                apart += abs(bent.other[k] - plain.rgb[k]);
                shifted += abs(bent.other[k + 3] - plain.rgb[k]);
                seen++;
            }
    }
    print_message("straightened against plain: %.2f apart, %.2f when a pixel aside\n",
                  apart / (double)seen, shifted / (double)seen);
    assert_true(apart / (double)seen < 3.0);
    assert_true(apart < 0.8 * shifted);
    imp_undistorter_destroy(table);
    destroy_fixture(&bent);
    destroy_fixture(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mask_matches_colours),
        cmocka_unit_test(object_mask_matches_image),
        cmocka_unit_test(nearest_object_wins),
        cmocka_unit_test(ground_depth_is_exact),
        cmocka_unit_test(look_at_cameras_see_their_target),
        cmocka_unit_test(boxes_enclose_objects),
        cmocka_unit_test(lanes_lie_on_the_road),
        cmocka_unit_test(robots_stand_on_the_map),
        cmocka_unit_test(class_colours_and_names_differ),
        cmocka_unit_test(undistorted_images_match_pinhole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
