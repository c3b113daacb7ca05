// Pictures of maps: what is drawn lies where the map has it, and every map can be drawn.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/image/image.h"
#include "imprint/report.h"

// Where the map begins on the picture, and the side of a tile on small maps [px].
enum { LEFT = 44, TOP = 86, TILE = 112 };

static const char MAP[] = "tile_size: 0.5\n"
                          "start_tile: [1, 0]\n"
                          "tiles:\n"
                          "  - [curve_left/W, straight/W, curve_left/N]\n"
                          "  - [straight/S, floor, straight/N]\n"
                          "  - [curve_left/S, straight/E, curve_left/E]\n"
                          "objects:\n"
                          "  shop: {kind: bus, pose: {~SE2Transform: {p: [0.75, 0.75], theta_deg: "
                          "90}}, height: 0.1}\n"
                          "  bob: {kind: duckie, pose: {~SE2Transform: {p: [0.25, 0.9], theta_deg: "
                          "0}}, height: 0.1, static: false}\n";

static imp_world *parse_map(const char *text, const char *name)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, strlen(text), name, &err), err);
    return world;
}

static imp_world *load_map(const char *name)
{
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, name, &err), err);
    return world;
}

static char *map_to_svg(const imp_world *world, const imp_map_image_def *def)
{
    imp_error err = {0};
    char *text;
    size_t length;
    assert_ok(imp_map_image_svg(&text, &length, world, def, &err), err);
    assert_int_equal(strlen(text), length);
    return text;
}

static int count_occurrences(const char *text, const char *what)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

// Every element is closed, and nothing stands in the text that XML or SVG would choke on.
static void check_xml(const char *svg)
{
    assert_int_equal(strncmp(svg, "<svg ", 5), 0);
    assert_int_equal(count_occurrences(svg, "<path"),
                     count_occurrences(svg, "\"/>") + count_occurrences(svg, "</path>"));
    assert_int_equal(count_occurrences(svg, "<text"), count_occurrences(svg, "</text>"));
    assert_int_equal(count_occurrences(svg, "<title"), count_occurrences(svg, "</title>"));
    assert_int_equal(count_occurrences(svg, "</svg>"), 1);
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
}

// A PNG's pixels; the caller frees them.
static uint8_t *map_to_png(const imp_world *world, const imp_map_image_def *def, int *width,
                           int *height)
{
    char path[] = "/tmp/imprint-map-XXXXXX.png";
    imp_error err = {0};
    uint8_t *rgb;
    const int file = mkstemps(path, 4);
    assert_true(file >= 0);
    close(file);
    assert_ok(imp_map_image_write(path, world, def, &err), err);
    assert_ok(imp_image_read(&rgb, width, height, path, &err), err);
    unlink(path);
    return rgb;
}

static void every_map_can_be_drawn(void **state)
{
    (void)state;
    const imp_map_image_def def = imp_default_map_image_def();
    for (int k = 0; k < imp_builtin_map_count(); k++) {
        imp_world *world = load_map(imp_builtin_map_name(k));
        char *svg = map_to_svg(world, &def), *again = map_to_svg(world, &def);
        check_xml(svg);
        assert_string_equal(svg, again);
        assert_non_null(strstr(svg, world->name));
        assert_int_equal(count_occurrences(svg, "<title"),
                         world->object_count + (world->has_start_pose ? 1 : 0));
        free(again);
        free(svg);
        imp_world_destroy(world);
    }
}

static void names_are_escaped(void **state)
{
    (void)state;
    const imp_map_image_def def = imp_default_map_image_def();
    imp_world *world = parse_map(MAP, "a<b>&\x01\"c.yaml");
    char *svg = map_to_svg(world, &def);
    check_xml(svg);
    assert_non_null(strstr(svg, "a&lt;b&gt;&amp; "));
    free(svg);
    imp_world_destroy(world);
}

static void svg_coordinates_match_the_map(void **state)
{
    (void)state;
    const imp_map_image_def def = imp_default_map_image_def();
    imp_world *world = parse_map(MAP, "town.yaml");
    char *svg = map_to_svg(world, &def), corners[128];
    // the footprint of the bus, by its own numbers
    const imp_box *box = &world->objects[0].box;
    const double scale = TILE / 0.5;
    snprintf(corners, sizeof corners, "M%.2f %.2fL%.2f %.2f", LEFT + scale * box->corner[0].x,
             TOP + scale * box->corner[0].z, LEFT + scale * box->corner[1].x,
             TOP + scale * box->corner[1].z);
    assert_non_null(strstr(svg, corners));
    assert_non_null(strstr(svg, "shop, line 8: (0.75, 0.75) m, 90 degrees"));
    assert_non_null(strstr(svg, ">start tile<"));
    assert_non_null(strstr(svg, ">way of what moves<"));
    assert_non_null(strstr(svg, ">bob<"));
    assert_non_null(strstr(svg, "3 x 3 tiles of 0.5 m, 8 to drive on, 16 lanes"));
    free(svg);

    imp_map_image_def bare = def;
    bare.objects = bare.lanes = false;
    svg = map_to_svg(world, &bare);
    check_xml(svg);
    assert_null(strstr(svg, "shop"));
    assert_null(strstr(svg, ">lane<"));
    free(svg);
    imp_world_destroy(world);
}

static bool is_near(const uint8_t *rgb, int width, double x, double y, const int wanted[3])
{
    const uint8_t *pixel = rgb + 3 * ((int)y * width + (int)x);
    for (int c = 0; c < 3; c++)
        if (abs(pixel[c] - wanted[c]) > 40)
            return false;
    return true;
}

static void png_pixels_match_the_map(void **state)
{
    (void)state;
    static const int lane[3] = {122, 201, 255}, edge[3] = {0, 150, 110}, paper[3] = {255, 255, 255};
    const imp_map_image_def def = imp_default_map_image_def();
    imp_world *world = load_map("small_loop");
    const double scale = TILE / world->tile_size;
    int width, height;
    uint8_t *rgb = map_to_png(world, &def, &width, &height);
    for (int k = 0; k < world->curve_count; k++) {
        const imp_vec2 at = imp_curve_point(&world->curves[k], 0.25);
        assert_true(is_near(rgb, width, LEFT + scale * at.x, TOP + scale * at.z, lane));
    }
    // between road and floor, and not in the middle of the floor
    assert_true(is_near(rgb, width, LEFT + 1.0 * TILE, TOP + 1.5 * TILE, edge));
    assert_false(is_near(rgb, width, LEFT + 1.5 * TILE, TOP + 1.5 * TILE, edge));
    assert_true(is_near(rgb, width, LEFT - 2, TOP - 2, paper));
    assert_true(is_near(rgb, width, width - 3, height - 3, paper));
    free(rgb);
    imp_world_destroy(world);
}

static void images_have_the_requested_size(void **state)
{
    (void)state;
    imp_map_image_def def = imp_default_map_image_def();
    imp_world *world = load_map("straight_road_down");
    def.width = 500;
    def.height = 260;
    int width, height;
    free(map_to_png(world, &def, &width, &height));
    assert_int_equal(width, 500);
    assert_int_equal(height, 260);
    char *svg = map_to_svg(world, &def);
    assert_non_null(strstr(svg, "width=\"500\" height=\"260\""));
    free(svg);
    imp_world_destroy(world);
    // narrow pictures of wide maps too
    world = load_map("straight_road");
    def.width = 320;
    def.height = 240;
    free(map_to_png(world, &def, &width, &height));
    assert_int_equal(width, 320);
    imp_world_destroy(world);
}

static void invalid_settings_are_refused(void **state)
{
    (void)state;
    imp_world *world = load_map("small_loop");
    imp_map_image_def def = imp_default_map_image_def();
    imp_error err = {0};
    assert_int_equal(imp_map_image_write("/tmp/map.gif", world, &def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, ".png or .svg"));
    def.width = 320;
    assert_int_equal(imp_map_image_write("/tmp/map.png", world, &def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "320 x 240 to 8192 x 8192"));
    def.height = 8193;
    char *text = NULL;
    size_t length;
    assert_int_equal(imp_map_image_svg(&text, &length, world, &def, &err), IMP_USAGE);
    assert_null(text);
    def = (imp_map_image_def){.lanes = true};
    assert_int_equal(imp_map_image_svg(&text, &length, world, &def, &err), IMP_USAGE);
    def = imp_default_map_image_def();
    assert_int_equal(imp_map_image_write("/proc/nowhere/map.svg", world, &def, &err), IMP_IO);
    assert_int_equal(imp_map_image_write("/proc/nowhere/map.png", world, &def, &err), IMP_IO);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_map_can_be_drawn),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(svg_coordinates_match_the_map),
        cmocka_unit_test(png_pixels_match_the_map),
        cmocka_unit_test(images_have_the_requested_size),
        cmocka_unit_test(invalid_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
