#include "imprint/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/image/image.h"
#include "base/io/file.h"
#include "evaluate/report/drawing/canvas.h"
#include "testing.h"

static char image[64];

static int create_image_path(void **state)
{
    (void)state;
    snprintf(image, sizeof image, "/tmp/imprint-test-%ld.png", (long)getpid());
    return 0;
}

static int remove_image(void **state)
{
    (void)state;
    unlink(image);
    return 0;
}

static const uint8_t *at(const imp_canvas *canvas, int x, int y)
{
    return canvas->rgb + 3 * (y * canvas->width + x);
}

static void line_coverage_is_exact(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_canvas canvas;
    assert_ok(imp_canvas_init(&canvas, 40, 20, &err), err);

    // a level line, 4 thick, from (10, 10) to (30, 10): 80 pixels of area and two half discs
    imp_canvas_add_line(&canvas, 10, 10, 30, 10, 4);
    imp_canvas_fill_shape(&canvas, (imp_colour){0, 0, 0}, 1.0);
    double dark = 0.0;
    for (int i = 0; i < 40 * 20; i++)
        dark += 1.0 - canvas.rgb[3 * i] / 255.0;
    assert_true(fabs(dark - (80.0 + 3.14159265 * 4.0)) < 1.0);
    assert_int_equal(at(&canvas, 20, 9)[0], 0);
    assert_int_equal(at(&canvas, 20, 13)[0], 255);

    // where a shape crosses itself it is no darker; the second shape starts from nothing
    imp_canvas_fill_rectangle(&canvas, -5, -5, 100, 100, imp_colour_background);
    imp_canvas_add_line(&canvas, 5, 10, 35, 10, 3);
    imp_canvas_add_line(&canvas, 20, 2, 20, 18, 3);
    imp_canvas_fill_shape(&canvas, (imp_colour){0, 0, 0}, 0.5);
    for (int x = 17; x < 24; x++)
        assert_int_equal(at(&canvas, x, 10)[0], at(&canvas, 10, 10)[0]);
    assert_in_range(at(&canvas, 20, 10)[0], 126, 130);
    imp_canvas_fill_shape(&canvas, (imp_colour){0, 0, 0}, 1.0);
    assert_in_range(at(&canvas, 20, 10)[0], 126, 130);

    // shapes outside are cut off
    imp_canvas_add_line(&canvas, -1e9, -50, 1e9, 1e5, 3);
    imp_canvas_add_line(&canvas, 39, 19, 60, 60, 30);
    imp_canvas_add_text(&canvas, -10, 5, 12, "outside <~\x80\xff>");
    imp_canvas_fill_shape(&canvas, (imp_colour){0, 0, 0}, 1.0);
    imp_canvas_release(&canvas);
}

static void every_glyph_is_drawn(void **state)
{
    (void)state;
    imp_error err = {0};
    const char *const signs = "abcdefghijklmnopqrstuvwxyz0123456789!%()*+,-./:<=>_|ABZ";
    for (const char *sign = signs; *sign != '\0'; sign++) {
        imp_canvas canvas;
        assert_ok(imp_canvas_init(&canvas, 24, 24, &err), err);
        const char text[2] = {*sign, '\0'};
        const double width = imp_canvas_add_text(&canvas, 4, 16, 12, text);
        assert_true(width > 0.0 && fabs(width - imp_canvas_text_width(12, text)) < 1e-12);
        // it stays inside its width
        assert_true(canvas.left < canvas.right && canvas.right <= 4 + width + 2);
        assert_true(canvas.top >= 2 && canvas.bottom <= 22);
        imp_canvas_release(&canvas);
    }
}

static void contact_sheet_shows_frames_and_bars(void **state)
{
    (void)state;
    imp_error err = {0};
    enum { COUNT = 5, WIDTH = 8, HEIGHT = 6, SCALE = 2 };
    uint8_t frames[COUNT * WIDTH * HEIGHT * 3];
    for (int i = 0; i < COUNT * WIDTH * HEIGHT; i++) {
        frames[3 * i] = (uint8_t)(i / (WIDTH * HEIGHT) * 50);
        frames[3 * i + 1] = (uint8_t)(i % (WIDTH * HEIGHT));
        frames[3 * i + 2] = 7;
    }
    const float actions[COUNT * 2] = {1, 1, 0, 0, -1, 0.5F, 5, NAN, 1, 1};
    imp_contact_sheet strip = {frames, actions, COUNT, WIDTH, HEIGHT, 3, SCALE};
    assert_ok(imp_contact_sheet_write(image, &strip, &err), err);

    uint8_t *rgb = NULL;
    int width = 0, height = 0;
    assert_ok(imp_image_read(&rgb, &width, &height, image, &err), err);
    assert_int_equal(width, 2 * 16 + 3 * WIDTH * SCALE + 2 * 10);
    assert_int_equal(height, 2 * 16 + 2 * (HEIGHT * SCALE + 10) + 10);
    const imp_canvas sheet = {.width = width, .height = height, .rgb = rgb};

    // frame 4 is the second of the second row; its last pixel is enlarged to a square
    const int left = 16 + WIDTH * SCALE + 10, top = 16 + HEIGHT * SCALE + 10 + 10;
    for (int i = 0; i < 4; i++) {
        const uint8_t *pixel =
            at(&sheet, left + WIDTH * SCALE - 1 - i % 2, top + HEIGHT * SCALE - 1 - i / 2);
        assert_memory_equal(pixel, (&(uint8_t[3]){200, WIDTH * HEIGHT - 1, 7}), 3);
    }
    // bars: full ahead, at rest, full back
    const int bar = 16 + HEIGHT * SCALE + 5, step = WIDTH * SCALE + 10;
    const imp_colour ahead = imp_plot_series_colour(0), back = imp_plot_series_colour(1);
    assert_memory_equal(at(&sheet, 16 + 1, bar), &ahead, 3);
    assert_memory_equal(at(&sheet, 16 + step + 1, bar), &imp_colour_light_grey, 3);
    assert_memory_equal(at(&sheet, 16 + 2 * step + 1, bar), &back, 3);
    assert_memory_equal(at(&sheet, 16 + 2 * step + WIDTH * SCALE - 1, bar), &imp_colour_light_grey,
                        3);
    free(rgb);

    strip.scale = 0;
    assert_int_equal(imp_contact_sheet_write(image, &strip, &err), IMP_BAD_INPUT);
    strip.scale = 1;
    strip.count = 0;
    assert_int_equal(imp_contact_sheet_write(image, &strip, &err), IMP_BAD_INPUT);
    strip.count = 1;
    assert_int_equal(imp_contact_sheet_write("/absent/strip.png", &strip, &err), IMP_IO);
}

static int count_colour(const imp_canvas *sheet, int left, int right, imp_colour wanted)
{
    int found = 0;
    for (int y = 60; y < sheet->height - 40; y++)
        for (int x = left; x < right; x++)
            found += memcmp(at(sheet, x, y), &wanted, 3) == 0;
    return found;
}

static void trajectories_are_drawn_on_the_map(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = NULL;
    imp_scene *scene = NULL;
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);

    // a level way through the middle of the second row of tiles, the second one ending early
    enum { STEPS = 50, SIZE = 300 };
    imp_pose poses[STEPS];
    for (int i = 0; i < STEPS; i++)
        poses[i] = (imp_pose){(1.0 + 0.05 * i) * world->tile_size, 1.5 * world->tile_size, 0.0};
    const imp_trajectory ways[2] = {{poses, STEPS, NULL, false},
                                    {poses, STEPS, "collision", false}};
    const imp_trajectory_panel panels[2] = {{"expert", &ways[0], 1}, {"a policy", &ways[1], 1}};
    assert_ok(imp_trajectory_plot_write(image, world, scene, panels, 2, SIZE, &err), err);

    uint8_t *rgb = NULL;
    int width = 0, height = 0;
    assert_ok(imp_image_read(&rgb, &width, &height, image, &err), err);
    const imp_canvas sheet = {.width = width, .height = height, .rgb = rgb};

    // the start dot has the panel's pure colour and lies where the pose is
    double scale, left, top;
    const int map_width = (width - 60) / 2, map_height = height - 100;
    imp_top_down_transform(world, map_width, map_height, &scale, &left, &top);
    const int x = (int)(20 + left + scale * poses[0].x);
    const int y = (int)(50 + top + scale * poses[0].z);
    const imp_colour first = imp_plot_series_colour(0), second = imp_plot_series_colour(1);
    assert_memory_equal(at(&sheet, x, y), &first, 3);
    assert_memory_equal(at(&sheet, x + map_width + 20, y), &second, 3);

    // only the second panel has a cross
    assert_int_equal(count_colour(&sheet, 0, width / 2, imp_colour_foreground), 0);
    assert_true(count_colour(&sheet, width / 2, width, imp_colour_foreground) > 5);
    free(rgb);

    assert_int_equal(imp_trajectory_plot_write(image, world, scene, panels, 0, SIZE, &err),
                     IMP_BAD_INPUT);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

// The picture of one way with its mark, as bytes; freed by the caller. Returns its size.
static size_t draw_one_trajectory(uint8_t **rgb, const imp_world *world, const imp_scene *scene,
                                  const imp_trajectory *ways, int count, int *right)
{
    imp_error err = {0};
    int width, height;
    const imp_trajectory_panel panel = {"p", ways, count};
    assert_ok(imp_trajectory_plot_write(image, world, scene, &panel, 1, 300, &err), err);
    assert_ok(imp_image_read(rgb, &width, &height, image, &err), err);
    *right = 0; // where the legend ends
    for (int y = height - 30; y < height; y++)
        for (int x = 0; x < width; x++)
            if ((*rgb)[3 * (y * width + x)] < 100 && x > *right)
                *right = x;
    return (size_t)3 * (size_t)width * (size_t)height;
}

// The legend names what ended the ways that are shown, each once, and nothing else.
static void legend_names_end_reasons(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_world *world = NULL;
    imp_scene *scene = NULL;
    assert_ok(imp_world_load(&world, "loop_empty", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    const imp_pose poses[2] = {{1.0, 1.0, 0.0}, {1.4, 1.0, 0.0}};
    const imp_trajectory lasts = {poses, 2, NULL, false}, stalls = {poses, 2, NULL, true},
                         leaves = {poses, 2, "invalid pose", false},
                         meets = {poses, 2, "collision", false};
    const imp_trajectory ways[5][3] = {{lasts, lasts, lasts},
                                       {lasts, meets, meets},
                                       {lasts, leaves, leaves},
                                       {meets, leaves, meets},
                                       {meets, leaves, stalls}};
    uint8_t *rgb[5];
    size_t size = 0;
    int right[5];
    for (int k = 0; k < 5; k++)
        size = draw_one_trajectory(&rgb[k], world, scene, ways[k], 3, &right[k]);
    const double gap = 34.0;
    const char *const words[] = {"collision", "invalid pose", "collision, invalid pose"};
    for (int k = 0; k < 3; k++)
        assert_close(right[k + 1] - right[0], gap + imp_canvas_text_width(9.0, words[k]), 3.0);
    assert_close(right[4] - right[3], gap + imp_canvas_text_width(9.0, "stalled"), 3.0);
    for (int k = 1; k < 5; k++)
        assert_memory_not_equal(rgb[k], rgb[k - 1], size);
    for (int k = 0; k < 5; k++)
        free(rgb[k]);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_coverage_is_exact),
        cmocka_unit_test(every_glyph_is_drawn),
        cmocka_unit_test(contact_sheet_shows_frames_and_bars),
        cmocka_unit_test(trajectories_are_drawn_on_the_map),
        cmocka_unit_test(legend_names_end_reasons),
    };
    return cmocka_run_group_tests(tests, create_image_path, remove_image);
}
