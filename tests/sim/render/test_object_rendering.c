// Objects in the picture: their shapes, what hides what, and that nothing of them is lost.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "base/threads/thread_pool.h"
#include "imprint/render.h"
#include "sim/render/meshes/object_models.h"
#include "sim/render/scene/scene.h"
#include "testing.h"

enum { WIDTH = 160, HEIGHT = 120, SIZE = WIDTH * HEIGHT * 3 };

// A world, its scene and a renderer.
typedef struct render_fixture {
    imp_world *world;
    imp_scene *scene;
    imp_renderer *renderer;
} render_fixture;

static imp_renderer *new_renderer(int width, int height, imp_lens lens, imp_render_backend path)
{
    imp_error err = {0};
    imp_renderer *renderer;
    imp_camera_def def = imp_default_camera_def();
    def.width = width;
    def.height = height;
    def.lens = lens;
    assert_ok(imp_renderer_create(&renderer, &def, path, &err), err);
    return renderer;
}

// A field of asphalt with objects, 6 by 5 tiles of 1 m: on such a one `pos` is (x, z).
static render_fixture create_fixture(const char *objects)
{
    imp_error err = {0};
    char text[2048] = "tile_size: 1.0\ntiles:\n";
    for (int k = 0; k < 5; k++)
        strcat(text, "- [asphalt, asphalt, straight, asphalt, asphalt, asphalt]\n");
    strcat(text, "objects:\n");
    strcat(text, objects);
    render_fixture out = {.renderer =
                              new_renderer(WIDTH, HEIGHT, imp_lens_duckiebot(), IMP_RENDER_AUTO)};
    assert_ok(imp_world_parse(&out.world, text, strlen(text), "stage", &err), err);
    assert_ok(imp_scene_create(&out.scene, out.world, &err), err);
    return out;
}

static render_fixture create_map_fixture(const char *map, int width, int height)
{
    imp_error err = {0};
    render_fixture out = {.renderer =
                              new_renderer(width, height, imp_lens_duckiebot(), IMP_RENDER_AUTO)};
    assert_ok(imp_world_load(&out.world, map, &err), err);
    assert_ok(imp_scene_create(&out.scene, out.world, &err), err);
    return out;
}

static void destroy_fixture(render_fixture *fixture)
{
    imp_renderer_destroy(fixture->renderer);
    imp_scene_destroy(fixture->scene);
    imp_world_destroy(fixture->world);
}

static imp_view view_from(double x, double z, double heading)
{
    imp_view view = imp_default_view();
    view.pose = (imp_pose){x, z, heading};
    return view;
}

static void random_road_view(const imp_world *world, imp_random *random, imp_view *view)
{
    do {
        view->pose.x = imp_random_uniform(random, 0.0, world->columns * world->tile_size);
        view->pose.z = imp_random_uniform(random, 0.0, world->rows * world->tile_size);
        view->pose.heading = imp_random_uniform(random, -3.2, 3.2);
    } while (!imp_world_is_drivable_at(world, view->pose.x, view->pose.z));
}

static void *allocate_or_fail(size_t size)
{
    void *memory = malloc(size);
    assert_non_null(memory);
    return memory;
}

static void check_extents(const imp_mesh *mesh, const imp_object_class *extents)
{
    const float *at[3] = {mesh->x, mesh->y, mesh->z};
    const double want[3][2] = {
        {extents->min_x, extents->max_x}, {0.0, extents->height}, {extents->min_z, extents->max_z}};
    for (int i = 0; i < 3; i++) {
        double low = INFINITY, high = -INFINITY;
        for (int k = 0; k < mesh->vertex_count; k++) {
            const double value = (double)at[i][k];
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        const double tolerance = 1e-5 * (want[i][1] - want[i][0]);
        assert_close(low, want[i][0], tolerance);
        assert_close(high, want[i][1], tolerance);
    }
}

// Every shape fills its class's extents, has normals of unit length and not too many triangles.
static void models_fill_their_extents(void **state)
{
    (void)state;
    imp_mesh_builder *builder = allocate_or_fail(sizeof *builder);
    for (int model = 0; model < IMP_OBJECT_MODEL_COUNT; model++)
        for (int detailed = 0; detailed < 2; detailed++) {
            const imp_object_kind kind = imp_object_model_kind(model);
            const imp_object_class *extents = imp_object_class_get(kind);
            imp_mesh mesh;
            imp_object_model_build(builder, model, detailed != 0);
            assert_false(builder->overflowed);
            assert_true(imp_mesh_builder_finish(builder, extents, &mesh));
            check_extents(&mesh, extents);
            for (int k = 0; k < mesh.vertex_count; k++)
                assert_close(hypot(hypot((double)mesh.normal_x[k], (double)mesh.normal_y[k]),
                                   (double)mesh.normal_z[k]),
                             1.0, 1e-5);
            const int most = !detailed                      ? 300
                             : kind == IMP_OBJECT_DUCKIEBOT ? 600
                             : kind == IMP_OBJECT_DUCKIE    ? 400
                                                            : 240;
            if (mesh.triangle_count > most)
                fail_msg("%s has %d triangles", extents->name, mesh.triangle_count);
            if (model < IMP_OBJECT_KIND_COUNT)
                print_message("%s: %d triangles %s\n", extents->name, mesh.triangle_count,
                              detailed ? "near" : "far");
            imp_mesh_free(&mesh);
        }
    free(builder);
}

static void near_objects_occlude_far_ones(void **state)
{
    (void)state;
    // a building in the way, a duckie behind it and one before it
    render_fixture fixture =
        create_fixture("- {kind: building, pos: [2.5, 2.5], rotate: 90, height: 0.4}\n"
                       "- {kind: duckie, pos: [2.5, 2.9], rotate: 0, height: 0.1}\n"
                       "- {kind: duckie, pos: [2.5, 2.1], rotate: 0, height: 0.1}\n");
    uint8_t *all = allocate_or_fail(SIZE), *some = allocate_or_fail(SIZE);
    for (int turned = 0; turned < 2; turned++) {
        imp_view view =
            turned ? view_from(2.5, 3.7, 0.5 * IMP_PI) : view_from(2.5, 1.3, -0.5 * IMP_PI);
        imp_render(fixture.renderer, fixture.scene, &view, all);
        const uint64_t behind = turned ? 4 : 2, before = turned ? 2 : 4;
        view.hidden = &behind;
        imp_render(fixture.renderer, fixture.scene, &view, some);
        assert_memory_equal(all, some, SIZE);
        view.hidden = &before;
        imp_render(fixture.renderer, fixture.scene, &view, some);
        assert_memory_not_equal(all, some, SIZE);
    }
    free(all);
    free(some);
    destroy_fixture(&fixture);
}

static void objects_clip_at_the_near_plane(void **state)
{
    (void)state;
    // a long barrier on the right, from behind the camera to far ahead of it
    render_fixture fixture =
        create_fixture("- {kind: barrier, pos: [2.5, 2.5], rotate: 0, scale: 0.7}\n");
    imp_view view = view_from(2.5, 2.5 - 0.4, 0.0);
    uint8_t *with = allocate_or_fail(SIZE), *without = allocate_or_fail(SIZE);
    imp_render(fixture.renderer, fixture.scene, &view, with);
    const uint64_t hidden = 1;
    view.hidden = &hidden;
    imp_render(fixture.renderer, fixture.scene, &view, without);
    // its near end fills the right border and its far end stops short of the middle
    const int row = HEIGHT / 2;
    for (int x = WIDTH - 30; x < WIDTH; x++)
        assert_memory_not_equal(with + (row * WIDTH + x) * 3, without + (row * WIDTH + x) * 3, 3);
    for (int x = 0; x < WIDTH / 2; x++)
        assert_memory_equal(with + (row * WIDTH + x) * 3, without + (row * WIDTH + x) * 3, 3);
    // inside of it: no crash, whatever is seen
    for (double heading = -3.0; heading < 3.2; heading += 0.25) {
        view = view_from(2.5 - 0.066, 2.5, heading);
        imp_render(fixture.renderer, fixture.scene, &view, with);
    }
    free(with);
    free(without);
    destroy_fixture(&fixture);
}

// The mean absolute difference between a picture and the area average of one `times` as large.
static double mean_difference(const uint8_t *small, const uint8_t *large, int width, int height,
                              int times)
{
    double sum = 0.0;
    for (int k = 0; k < width * height * 3; k++) {
        const int c = k % 3, x = k / 3 % width, y = k / 3 / width;
        long total = 0;
        for (int n = 0; n < times * times; n++) {
            const int row = y * times + n / times, column = x * times + n % times;
            total += large[(row * width * times + column) * 3 + c];
        }
        sum += fabs((double)total / (times * times) - small[k]);
    }
    return sum / (width * height * 3);
}

static void image_equals_downsampled_image(void **state)
{
    (void)state;
    enum { W = 80, H = 60, TIMES = 8, VIEWS = 100 };
    render_fixture low = create_map_fixture("udem1", W, H),
                   high = create_map_fixture("udem1", W * TIMES, H * TIMES);
    uint8_t *bare = allocate_or_fail(W * H * 3), *small = allocate_or_fail(W * H * 3),
            *large = allocate_or_fail((size_t)W * H * TIMES * TIMES * 3);
    const uint64_t all = UINT64_MAX;
    imp_random random = imp_random_stream(11, 0, 0, IMP_PURPOSE_TEST);
    double worst = 0.0, sum = 0.0;
    for (int seen = 0; seen < VIEWS;) {
        imp_view view = imp_default_view();
        random_road_view(low.world, &random, &view);
        imp_render(low.renderer, low.scene, &view, small);
        view.hidden = &all;
        imp_render(low.renderer, low.scene, &view, bare);
        if (memcmp(bare, small, W * H * 3) == 0)
            continue;
        view.hidden = NULL;
        imp_render(high.renderer, high.scene, &view, large);
        const double apart = mean_difference(small, large, W, H, TIMES);
        worst = fmax(worst, apart);
        sum += apart;
        seen++;
    }
    print_message("direct against averaged: mean %.2f, worst %.2f of 255\n", sum / VIEWS, worst);
    assert_true(worst < 3.0);
    free(bare);
    free(small);
    free(large);
    destroy_fixture(&low);
    destroy_fixture(&high);
}

static void backends_agree(void **state)
{
    (void)state;
    render_fixture fixture = create_map_fixture("udem1", WIDTH, HEIGHT);
    imp_renderer *plain = new_renderer(WIDTH, HEIGHT, imp_lens_duckiebot(), IMP_RENDER_PORTABLE);
    imp_renderer *avx2 = new_renderer(WIDTH, HEIGHT, imp_lens_duckiebot(), IMP_RENDER_AVX2);
    uint8_t *one = allocate_or_fail(SIZE), *other = allocate_or_fail(SIZE);
    imp_random random = imp_random_stream(12, 0, 0, IMP_PURPOSE_TEST);
    for (int n = 0; n < 60; n++) {
        imp_view view = imp_default_view();
        random_road_view(fixture.world, &random, &view);
        imp_render(fixture.renderer, fixture.scene, &view, one);
        imp_render(plain, fixture.scene, &view, other);
        for (int k = 0; k < SIZE; k++)
            assert_in_range(one[k] - other[k] + 1, 0, 2);
        imp_render(avx2, fixture.scene, &view, other);
        assert_memory_equal(one, other, SIZE);
    }
    free(one);
    free(other);
    imp_renderer_destroy(plain);
    imp_renderer_destroy(avx2);
    destroy_fixture(&fixture);
}

// What threads share and what each draws into.
typedef struct thread_views {
    const imp_scene *scene;
    imp_renderer *renderers[4];
    imp_view views[32];
    uint8_t *images[32];
} thread_views;

static void render_one_view(void *context, int index, int worker)
{
    const thread_views *c = context;
    imp_render(c->renderers[worker], c->scene, &c->views[index], c->images[index]);
}

static void threads_draw_the_same(void **state)
{
    (void)state;
    imp_error err = {0};
    render_fixture fixture = create_map_fixture("udem1", WIDTH, HEIGHT);
    imp_random random = imp_random_stream(13, 0, 0, IMP_PURPOSE_TEST);
    thread_views c = {.scene = fixture.scene};
    for (int k = 0; k < 4; k++)
        c.renderers[k] = new_renderer(WIDTH, HEIGHT, imp_lens_duckiebot(), IMP_RENDER_AUTO);
    for (int k = 0; k < 32; k++) {
        c.views[k] = imp_default_view();
        random_road_view(fixture.world, &random, &c.views[k]);
        c.images[k] = allocate_or_fail(SIZE);
    }
    imp_thread_pool *pool;
    assert_ok(imp_thread_pool_create(&pool, 4, &err), err);
    imp_thread_pool_run(pool, 32, render_one_view, &c);
    imp_thread_pool_destroy(pool);
    uint8_t *alone = allocate_or_fail(SIZE);
    for (int k = 31; k >= 0; k--) {
        imp_render(fixture.renderer, fixture.scene, &c.views[k], alone);
        assert_memory_equal(alone, c.images[k], SIZE);
        free(c.images[k]);
    }
    free(alone);
    for (int k = 0; k < 4; k++)
        imp_renderer_destroy(c.renderers[k]);
    destroy_fixture(&fixture);
}

static void moving_objects_follow_the_view(void **state)
{
    (void)state;
    const char *there =
        "- {kind: duckie, pos: [2.5, 2.5], rotate: 30, height: 0.2, static: false}\n";
    const char *here =
        "- {kind: duckie, pos: [2.2, 2.3], rotate: 80, height: 0.2, static: false}\n";
    render_fixture one = create_fixture(there), other = create_fixture(here);
    assert_int_equal(one.world->moving_count, 1);
    const imp_object *goal = &other.world->objects[0];
    const imp_object_state moved = {.position = goal->position, .heading = goal->heading};
    imp_view view = view_from(1.6, 2.5, 0.0);
    uint8_t *first = allocate_or_fail(SIZE), *second = allocate_or_fail(SIZE);
    imp_render(one.renderer, one.scene, &view, first);
    imp_render(other.renderer, other.scene, &view, second);
    assert_memory_not_equal(first, second, SIZE);
    view.moving = &moved;
    imp_render(one.renderer, one.scene, &view, first);
    assert_memory_equal(first, second, SIZE);
    // lifted, it is seen higher up
    imp_object_state lifted = moved;
    lifted.y = 0.1;
    view.moving = &lifted;
    imp_render(one.renderer, one.scene, &view, first);
    assert_memory_not_equal(first, second, SIZE);
    free(first);
    free(second);
    destroy_fixture(&one);
    destroy_fixture(&other);
}

// Counts pixels that shine in red (0) or green (1) and in nothing else.
static int count_lit_pixels(const uint8_t *rgb, int channel)
{
    int count = 0;
    for (const uint8_t *at = rgb; at < rgb + SIZE; at += 3)
        count += at[channel] > 120 && at[1 - channel] < 80 && at[2] < 100;
    return count;
}

static void traffic_lights_match_their_state(void **state)
{
    (void)state;
    render_fixture fixture =
        create_fixture("- {kind: trafficlight, pos: [2.5, 2.5], rotate: 45, height: 0.3}\n");
    const imp_object *light = &fixture.world->objects[0];
    assert_true(light->moving >= 0);
    uint8_t *rgb = allocate_or_fail(SIZE);
    for (int pattern = 0; pattern < 2; pattern++)
        for (int quarter = 0; quarter < 4; quarter++) {
            const imp_object_state now = {
                .position = light->position, .heading = light->heading, .pattern = pattern};
            const double heading = 0.5 * IMP_PI * quarter;
            // the lamps hang to the right of the post
            const double right = 0.235 / 0.3655 * 0.3;
            const double lamp_x = light->position.x + right * sin(light->heading);
            const double lamp_z = light->position.z + right * cos(light->heading);
            imp_view view =
                view_from(lamp_x - 0.6 * cos(heading), lamp_z + 0.6 * sin(heading), heading);
            view.moving = &now;
            imp_render(fixture.renderer, fixture.scene, &view, rgb);
            const bool green = imp_traffic_light_is_green(&now, heading);
            assert_int_equal(green, count_lit_pixels(rgb, 1) > 3);
            assert_int_equal(!green, count_lit_pixels(rgb, 0) > 3);
        }
    free(rgb);
    destroy_fixture(&fixture);
}

// Draws with triangles that look for their pixels where they should, or everywhere.
static void draw_with_search_area(imp_object_pass *pass, const render_fixture *fixture,
                                  const imp_view *view, bool everywhere, uint8_t *rgb)
{
    const imp_camera_frame camera_frame =
        imp_camera_frame_at(imp_renderer_camera(fixture->renderer), view->pose);
    const float curvature_margin = pass->projection.curvature_margin;
    const imp_raster_run_bounds runs = pass->raster.runs;
    memset(rgb, 0, SIZE);
    imp_raster_compute_run_bounds(&pass->raster);
    if (everywhere) {
        pass->projection.curvature_margin = INFINITY;
        pass->raster.reach = 1e6f;
        for (size_t k = 0; k < imp_raster_row_runs(&pass->raster) * HEIGHT; k++)
            runs.wide[k] = runs.high[k] = 1e6f;
    }
    imp_objects_draw(pass, &fixture->scene->objects, fixture->world, &camera_frame, view, rgb,
                     WIDTH * 3);
    pass->projection.curvature_margin = curvature_margin;
}

// Near an object, looking more or less at it.
static imp_view view_of_object(const imp_world *world, imp_random *random)
{
    const imp_object *object =
        &world->objects[imp_random_uniform_int(random, (uint32_t)world->object_count)];
    const double away = imp_random_uniform(random, -IMP_PI, IMP_PI);
    const double distance = imp_random_uniform(random, 0.3, 1.2);
    return view_from(object->position.x - distance * cos(away),
                     object->position.z + distance * sin(away),
                     away + imp_random_uniform(random, -0.5, 0.5));
}

// Triangles, bent as they are, look for pixels in rectangles, eight at a time; none may be missed.
static void pixel_bounds_miss_nothing(void **state)
{
    (void)state;
    imp_error err = {0};
    render_fixture fixture = create_map_fixture("zigzag_dists", WIDTH, HEIGHT);
    imp_camera camera;
    assert_ok(imp_camera_init(&camera, imp_renderer_camera(fixture.renderer), &err), err);
    imp_object_pass *pass = allocate_or_fail(sizeof *pass);
    float *rays = calloc(IMP_PIXEL_RAYS_FLOATS(WIDTH * HEIGHT), sizeof *rays);
    enum { RUNS = WIDTH / 8 * HEIGHT + IMP_PIXEL_RAYS_PADDING };
    float *runs = allocate_or_fail(4 * RUNS * sizeof *runs);
    *pass = (imp_object_pass){
        .projection = imp_projection_from_camera(&camera),
        .fill_triangle = imp_raster_fill_portable,
        .resolve = imp_raster_resolve_portable,
        .raster = {.width = WIDTH,
                   .rows = HEIGHT,
                   .rays = imp_pixel_rays_in_buffer(rays, WIDTH * HEIGHT),
                   .inverse_depth = calloc(WIDTH * HEIGHT * IMP_RASTER_SAMPLES, sizeof(float)),
                   .colours = calloc(WIDTH * HEIGHT * IMP_RASTER_SAMPLES, sizeof(uint32_t)),
                   .dirty_blocks = calloc(WIDTH * HEIGHT / 8, 1),
                   .runs = {runs, runs + RUNS, runs + 2 * RUNS, runs + 3 * RUNS}}};
    double corners[4 * (WIDTH + 1)];
    for (int row = 0; row < HEIGHT; row++) {
        for (int k = 0; k < 2 * (WIDTH + 1); k++)
            assert_true(imp_camera_pixel_to_ray(&camera, k % (WIDTH + 1), row + k / (WIDTH + 1),
                                                &corners[2 * k], &corners[2 * k + 1]));
        imp_pixel_rays_fill_row(&camera, corners, &pass->raster.rays, (size_t)row * WIDTH);
    }
    uint8_t *tight = allocate_or_fail(SIZE), *wide = allocate_or_fail(SIZE);
    imp_random random = imp_random_stream(14, 0, 0, IMP_PURPOSE_TEST);
    const int views = getenv("BRIEF") ? 15 : 60; // the whole picture is searched for each triangle
    for (int n = 0; n < views; n++) {
        const imp_view view = view_of_object(fixture.world, &random);
        draw_with_search_area(pass, &fixture, &view, false, tight);
        draw_with_search_area(pass, &fixture, &view, true, wide);
        assert_memory_equal(tight, wide, SIZE);
    }
    free(tight);
    free(wide);
    free(rays);
    free(runs);
    free(pass->raster.inverse_depth);
    free(pass->raster.colours);
    free(pass->raster.dirty_blocks);
    free(pass);
    destroy_fixture(&fixture);
}

// A ray's pixel is the pixel that the ray belongs to, whatever the lens.
static void rays_project_back_to_pixels(void **state)
{
    (void)state;
    imp_lens custom = imp_lens_duckiebot();
    custom.kind = IMP_LENS_CUSTOM;
    custom.k1 = -0.1;
    custom.k3 = 0.002;
    custom.p1 = 0.004;
    const imp_lens lenses[] = {imp_lens_none(), imp_lens_duckiebot(), custom};
    for (int n = 0; n < 3; n++) {
        imp_error err = {0};
        imp_camera camera;
        imp_camera_def def = imp_default_camera_def();
        def.width = 200;
        def.lens = lenses[n];
        assert_ok(imp_camera_init(&camera, &def, &err), err);
        const imp_projection projection = imp_projection_from_camera(&camera);
        for (double py = 0.0; py <= def.height; py += 7.5)
            for (double px = 0.0; px <= def.width; px += 12.5) {
                double x, y;
                float back_x, back_y;
                assert_true(imp_camera_pixel_to_ray(&camera, px, py, &x, &y));
                imp_project_ray(&projection, (float)x, (float)y, &back_x, &back_y);
                assert_close(back_x, px, 1e-3);
                assert_close(back_y, py, 1e-3);
                assert_true(x > projection.low[0] && x < projection.high[0]);
                assert_true(y > projection.low[1] && y < projection.high[1]);
            }
    }
}

// Every cell of the catalogue shows something, and no two the same.
static void catalogue_shows_every_object(void **state)
{
    (void)state;
    enum { W = 240, H = 200, CELL_W = 40, CELL_H = 40, CELL = CELL_W * CELL_H * 3, CELLS = 30 };
    imp_error err = {0};
    const imp_scene_def look = imp_default_scene_def();
    uint8_t *rgb = allocate_or_fail(W * H * 3), *cells = allocate_or_fail(CELLS * CELL);
    assert_ok(imp_render_object_catalogue(&look, W, H, rgb, &err), err);
    for (int n = 0; n < CELLS; n++)
        for (int row = 0; row < CELL_H; row++)
            memcpy(cells + n * CELL + row * CELL_W * 3,
                   rgb + ((n / 6 * CELL_H + row) * W + n % 6 * CELL_W) * 3, CELL_W * 3);
    for (int n = 0; n < CELLS; n++)
        for (int m = 0; m < n; m++)
            assert_memory_not_equal(cells + n * CELL, cells + m * CELL, CELL);
    assert_int_equal(imp_render_object_catalogue(&look, 5, 200, rgb, &err), IMP_USAGE);
    free(rgb);
    free(cells);
}

static void maps_show_objects_from_above(void **state)
{
    (void)state;
    render_fixture fixture =
        create_fixture("- {kind: truck, pos: [1.5, 3.5], rotate: 0, height: 0.6}\n");
    imp_world *world = fixture.world;
    const imp_object *truck = &world->objects[0];
    enum { SIDE = 120 };
    uint8_t *rgb = allocate_or_fail(SIDE * 100 * 3);
    imp_render_top_down(fixture.scene, SIDE, 100, rgb);
    // 20 pixels per metre; the load is light and the cab yellow
    const int row = (int)(20.0 * truck->position.z);
    const uint8_t *load = rgb + (row * SIDE + (int)(20.0 * (truck->position.x - 0.2))) * 3;
    assert_true(load[0] > 150 && load[2] > 150);
    const uint8_t *cab = rgb + (row * SIDE + (int)(20.0 * (truck->position.x + 0.35))) * 3;
    assert_true(cab[0] > 150 && cab[2] < 120);
    free(rgb);
    destroy_fixture(&fixture);
}

// The least brightness of a roof, seen from above, but for its rims and its ends.
static int darkest_roof_pixel(const imp_object *bus, const uint8_t *rgb, int width, double scale,
                              double left, double top)
{
    enum { STEPS = 200 };
    const imp_vec2 *c = bus->box.corner;
    const double rim[2] = {0.15, 0.06};
    int darkest = 255;
    for (int k = 0; k <= STEPS * STEPS; k++) {
        const double u = rim[0] + (1.0 - 2.0 * rim[0]) * (k / STEPS) / STEPS;
        const double v = rim[1] + (1.0 - 2.0 * rim[1]) * (k % STEPS) / STEPS;
        const double x = c[0].x + u * (c[1].x - c[0].x) + v * (c[3].x - c[0].x);
        const double z = c[0].z + u * (c[1].z - c[0].z) + v * (c[3].z - c[0].z);
        const int column = (int)(left + scale * x), row = (int)(top + scale * z);
        const int green = rgb[((size_t)row * (size_t)width + (size_t)column) * 3 + 1];
        darkest = green < darkest ? green : darkest;
    }
    return darkest;
}

static void roofs_hide_wheels_from_above(void **state)
{
    (void)state;
    enum { MAP_WIDTH = 800, MAP_HEIGHT = 600 };
    render_fixture fixture = create_map_fixture("udem1", WIDTH, HEIGHT);
    uint8_t *rgb = allocate_or_fail((size_t)MAP_WIDTH * MAP_HEIGHT * 3);
    double scale, left, top;
    int buses = 0;
    imp_top_down_transform(fixture.world, MAP_WIDTH, MAP_HEIGHT, &scale, &left, &top);
    imp_render_top_down(fixture.scene, MAP_WIDTH, MAP_HEIGHT, rgb);
    for (int k = 0; k < fixture.world->object_count; k++)
        if (fixture.world->objects[k].kind == IMP_OBJECT_BUS) {
            assert_true(darkest_roof_pixel(&fixture.world->objects[k], rgb, MAP_WIDTH, scale, left,
                                           top) > 200);
            buses++;
        }
    assert_int_equal(buses, 3);
    free(rgb);
    destroy_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_fill_their_extents),
        cmocka_unit_test(near_objects_occlude_far_ones),
        cmocka_unit_test(objects_clip_at_the_near_plane),
        cmocka_unit_test(image_equals_downsampled_image),
        cmocka_unit_test(backends_agree),
        cmocka_unit_test(threads_draw_the_same),
        cmocka_unit_test(moving_objects_follow_the_view),
        cmocka_unit_test(traffic_lights_match_their_state),
        cmocka_unit_test(pixel_bounds_miss_nothing),
        cmocka_unit_test(rays_project_back_to_pixels),
        cmocka_unit_test(catalogue_shows_every_object),
        cmocka_unit_test(maps_show_objects_from_above),
        cmocka_unit_test(roofs_hide_wheels_from_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
