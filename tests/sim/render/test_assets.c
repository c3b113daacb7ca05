// Asset folders: meshes and materials from OBJ and MTL, textures in both layouts, what is missing
// and what is broken.
#include "sim/render/assets/assets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image/image.h"
#include "sim/render/scene/scene.h"
#include "temporary_folder.h"
#include "testing.h"

static const char SQUARE[] = "# a square, 2 wide and 1 high\r\n"
                             "mtllib some/where/square.mtl\r\n"
                             "o thing\r\n"
                             "v 4 1 0\r\nv 6 1 0 1.0\r\nv 6 2e0 0\r\nv +4.0 2 -0.\r\n"
                             "vt 0 0\nvt 1 0\nvt 1 1 0\nvt 0 1\n"
                             "vn 0 0 1\n"
                             "usemtl blue paint \n"
                             "s off\n"
                             "f 1/1/1 2/2/1 3/3/1 -1/-1/-1 # a fan of two";

static imp_status parse(imp_obj *obj, const char *text, imp_error *err)
{
    // memory of exactly that length, so that a sanitizer sees a byte read too far
    const size_t length = strlen(text);
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    imp_status status = imp_obj_parse(obj, copy, length, "x.obj", err);
    free(copy);
    return status;
}

static void meshes_are_read(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_obj obj = {0};
    assert_ok(parse(&obj, SQUARE, &err), err);
    assert_int_equal(obj.position_count, 4);
    assert_int_equal(obj.triangle_count, 2);
    assert_int_equal(obj.name_count, 2);
    assert_string_equal(obj.names[1].text, "blue paint");
    assert_string_equal(obj.material.text, "square.mtl");
    assert_close(obj.positions[2][1], 2.0, 0.0);
    assert_close(obj.positions[3][2], 0.0, 0.0);
    static const int WANTED[2][3] = {{0, 1, 2}, {0, 2, 3}};
    for (int n = 0; n < 2; n++)
        for (int k = 0; k < 3; k++) {
            assert_int_equal(obj.triangles[n].corners[k].position, WANTED[n][k]);
            assert_int_equal(obj.triangles[n].corners[k].uv, WANTED[n][k]);
            assert_int_equal(obj.triangles[n].corners[k].normal, 0);
            assert_int_equal(obj.triangles[n].material, 1);
        }
    imp_obj_free(&obj);

    assert_ok(parse(&obj, "v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nf 1//1 2//1 3//1\nf 1 2 3", &err),
              err);
    assert_int_equal(obj.triangles[0].corners[1].uv, -1);
    assert_int_equal(obj.triangles[0].corners[1].normal, 0);
    assert_int_equal(obj.triangles[1].corners[1].normal, -1);
    imp_obj_free(&obj);
}

#define CORNERS "v 0 0 0\nv 1 0 0\nv 0 1 0\n"

static void broken_meshes_report_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } CASES[] = {
        {"", "x.obj: a mesh without faces"},
        {CORNERS, "x.obj: a mesh without faces"},
        {CORNERS "f 1 2 4", "x.obj:4: '4' refers to nothing above"},
        {CORNERS "f 1 2 -4", "x.obj:4: '-4' refers to nothing"},
        {CORNERS "f 0 1 2", "x.obj:4: '0' refers to nothing"},
        {CORNERS "f 1 2 99999999999999999999", "is not an index"},
        {CORNERS "f 1/1 2/1 3/1", "refers to nothing"},
        {CORNERS "f 1//1 2 3", "refers to nothing"},
        {CORNERS "f 1 2", "x.obj:4: a face with 2 corners"},
        {CORNERS "f", "x.obj:4: a face with 0 corners"},
        {CORNERS "f 1 2 three", "x.obj:4: 'three' is not an index"},
        {CORNERS "f 1 2 3x", "x.obj:4: '3x' is not a corner"},
        {CORNERS "f 1/ 2/ 3/x", "x.obj:4: 'x' is not an index"},
        {"v 0 0", "x.obj:1: 3 numbers are needed here"},
        {"\n\nv 0 nan 0", "x.obj:3: 'nan' is not a number"},
        {"v 0 inf 0", "'inf' is not a number"},
        {"v 0 1e9 0", "'1e9' is not a number within 1e6"},
        {"v 0 1e999999999999 0", "is not a number"},
        {"v 0 - 0", "'-' is not a number"},
        {"v 0 . 0", "'.' is not a number"},
        {"v 0 1,5 0", "'1,5' is not a number"},
        {"vt 1", "x.obj:1: 2 numbers"},
    };
    for (size_t k = 0; k < sizeof CASES / sizeof CASES[0]; k++) {
        imp_error err = {0};
        imp_obj obj = {0};
        assert_int_equal(parse(&obj, CASES[k].text, &err), IMP_BAD_INPUT);
        assert_null(obj.triangles);
        if (strstr(err.message, CASES[k].wanted) == NULL)
            fail_msg("%zu: '%s' does not hold '%s'", k, err.message, CASES[k].wanted);
    }
}

static void materials_are_read(void **state)
{
    (void)state;
    static const char TEXT[] = "newmtl red\n Kd 0.5 0 0.25 # half\nd 1\nillum 2\n"
                               "newmtl with picture\nmap_Kd -s 1 1 1 C:\\maps\\brick.png\r\n"
                               "newmtl spaces\nmap_Kd textures/old wood.jpg";
    imp_error err = {0};
    imp_materials all = {0};
    assert_ok(imp_materials_parse(&all, TEXT, sizeof TEXT - 1, "x.mtl", &err), err);
    assert_int_equal(all.count, 3);
    assert_string_equal(all.items[0].name.text, "red");
    assert_close(all.items[0].colour[2], 0.25, 1e-6);
    assert_string_equal(all.items[0].texture.text, "");
    assert_string_equal(all.items[1].name.text, "with picture");
    assert_close(all.items[1].colour[0], 1.0, 0.0);
    assert_string_equal(all.items[1].texture.text, "brick.png");
    assert_string_equal(all.items[2].texture.text, "old wood.jpg");
    imp_materials_free(&all);

    static const char *const BROKEN[][2] = {
        {"Kd 1 1 1", "x.mtl:1: a colour before any newmtl"},
        {"newmtl a\nKd 1 1", "x.mtl:2: Kd needs three numbers"},
        {"newmtl a\nKd 1 nan 1", "x.mtl:2: Kd needs three numbers"},
        {"newmtl a\nKd 1 2 1", "x.mtl:2: a colour of 2 is not within 0 to 1"},
    };
    for (size_t k = 0; k < sizeof BROKEN / sizeof BROKEN[0]; k++) {
        assert_int_equal(
            imp_materials_parse(&all, BROKEN[k][0], strlen(BROKEN[k][0]), "x.mtl", &err),
            IMP_BAD_INPUT);
        assert_non_null(strstr(err.message, BROKEN[k][1]));
    }
}

static void write_text(const char *name, const char *text)
{
    imp_error err = {0};
    assert_ok(imp_file_write(in_folder(name), text, strlen(text), &err), err);
}

static void create_folders(const char *name)
{
    imp_error err = {0};
    assert_ok(imp_folder_create(in_folder(name), &err), err);
}

// Writes a picture whose quarters have four colours (top left, top right, bottom left, bottom
// right).
static void write_four_colour_image(const char *name, int side, const uint32_t colours[4])
{
    imp_error err = {0};
    uint8_t *rgb = malloc((size_t)side * (size_t)side * 3);
    assert_non_null(rgb);
    for (int j = 0; j < side; j++)
        for (int i = 0; i < side; i++)
            for (int c = 0; c < 3; c++)
                rgb[(j * side + i) * 3 + c] =
                    (uint8_t)(colours[2 * (2 * j / side) + 2 * i / side] >> (8 * c));
    assert_ok(imp_png_write(in_folder(name), side, side, rgb, &err), err);
    free(rgb);
}

static const uint32_t QUARTERS[4] = {0xff0000ffu, 0xff00ff00u, 0xffff0000u, 0xff20a0c0u};
static const uint32_t OTHERS[4] = {0xff000000u, 0xff000000u, 0xff000000u, 0xff000000u};

static imp_assets *open_assets_folder(const char *name, const char *style)
{
    imp_error err = {0};
    imp_assets *assets = NULL;
    assert_ok(imp_assets_open(&assets, in_folder(name), style, &err), err);
    return assets;
}

static bool has_warning(const imp_assets *assets, const char *what)
{
    for (int k = 0; k < imp_assets_warning_count(assets); k++)
        if (strstr(imp_assets_warning(assets, k), what) != NULL)
            return true;
    return false;
}

static void textures_are_found_in_both_layouts(void **state)
{
    (void)state;
    create_folders("gd1/textures/tiles-processed/photos/straight");
    create_folders("gd1/textures/tiles-processed/smooth/straight");
    write_four_colour_image("gd1/textures/tiles-processed/photos/straight/texture.png", 64,
                            QUARTERS);
    write_four_colour_image("gd1/textures/tiles-processed/photos/straight/texture_2.png", 64,
                            OTHERS);
    write_four_colour_image("gd1/textures/tiles-processed/smooth/straight/texture.png", 64, OTHERS);
    imp_assets *assets = open_assets_folder("gd1", "photos");
    assert_int_equal(assets->variants[IMP_TILE_STRAIGHT], 2);
    assert_int_equal(assets->tiles[IMP_TILE_STRAIGHT][0][0], QUARTERS[0]);
    assert_int_equal(assets->tiles[IMP_TILE_STRAIGHT][1][0], OTHERS[0]);
    assert_true(has_warning(assets, "no texture for tiles of kind curve_left"));
    assert_true(has_warning(assets, "no mesh for duckie, duckiebot"));
    assert_true(has_warning(assets, "checkerboard, any sign; ours are drawn"));
    imp_assets_close(assets);
    assets = open_assets_folder("gd1", "smooth");
    assert_int_equal(assets->variants[IMP_TILE_STRAIGHT], 1);
    assert_int_equal(assets->tiles[IMP_TILE_STRAIGHT][0][0], OTHERS[0]);
    imp_assets_close(assets);

    imp_error err = {0};
    assert_int_equal(imp_assets_open(&assets, in_folder("gd1"), "sepia", &err), IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no textures of style 'sepia'; there are photos, smooth"));

    create_folders("flat/textures");
    write_four_colour_image("flat/textures/grass_1.png", 8, QUARTERS);
    write_four_colour_image("flat/textures/grass_2.png", 8, OTHERS);
    write_four_colour_image("flat/textures/grass_4.png", 8, OTHERS);
    assets = open_assets_folder("flat", "photos");
    assert_int_equal(assets->variants[IMP_TILE_GRASS], 3);
    assert_int_equal(assets->tiles[IMP_TILE_GRASS][0][0], QUARTERS[0]);
    imp_assets_close(assets);
}

// Orientation 2 lies as in the file; each quarter more turns counter-clockwise seen from above.
static void textures_are_turned(void **state)
{
    (void)state;
    imp_texture_level levels[IMP_TEXTURE_LEVELS];
    size_t count;
    imp_texture_compute_level_offsets(levels, &count);
    uint32_t *tile = NULL, *texels = calloc(count, sizeof *texels);
    imp_error err = {0};
    write_four_colour_image("turned.png", 64, QUARTERS);
    assert_ok(imp_asset_read_image(&tile, in_folder("turned.png"), IMP_TEXTURE_SIDE,
                                   IMP_TEXTURE_SIDE, &err),
              err);
    // which of the file's quarters lies at the top left, where x and z are least
    static const int TOP_LEFT[4] = {3, 2, 0, 1};
    for (int orientation = 0; orientation < 4; orientation++) {
        imp_asset_tile_rotate(tile, texels, &levels[0], orientation);
        assert_int_equal(texels[levels[0].offset + levels[0].stride + 1],
                         QUARTERS[TOP_LEFT[orientation]]);
    }
    free(tile);
    free(texels);
}

static void variants_are_drawn_from_the_seed(void **state)
{
    (void)state;
    static const char MAP[] = "tile_size: 0.6\ntiles:\n- [grass, grass, grass, grass, grass]\n"
                              "- [grass, straight, grass, grass, grass]\n";
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, MAP, sizeof MAP - 1, "map", &err), err);
    imp_assets *assets = open_assets_folder("flat", "photos");
    int kinds[3];
    for (int seed = 0; seed < 3; seed++) {
        imp_scene *scene;
        const imp_scene_def def = {.assets = assets, .seed = (uint64_t)seed};
        assert_ok(imp_scene_create_with_def(&scene, world, &def, &err), err);
        kinds[seed] = 0;
        for (int k = 1; k < 5; k++)
            kinds[seed] |=
                (scene->cells[scene->columns + 1] != scene->cells[scene->columns + 1 + k]) << k;
        imp_scene_destroy(scene);
    }
    assert_int_equal(kinds[0], 0);
    assert_true(kinds[1] != 0 || kinds[2] != 0);
    imp_assets_close(assets);
    imp_world_destroy(world);
}

// Every variant is there to choose from, and a view's choice is what the ground shows.
static void variants_are_chosen_by_views(void **state)
{
    (void)state;
    static const char MAP[] = "tile_size: 0.6\ntiles:\n- [grass, grass, straight]\n";
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, MAP, sizeof MAP - 1, "map", &err), err);
    imp_assets *assets = open_assets_folder("flat", "photos");
    imp_scene_def def = imp_default_scene_def();
    imp_scene *scene, *all;
    def.assets = assets;
    assert_ok(imp_scene_create_with_def(&scene, world, &def, &err), err);
    assert_int_equal(imp_scene_variant_count(scene, IMP_TILE_GRASS), 1);
    def.variants = 8;
    assert_ok(imp_scene_create_with_def(&all, world, &def, &err), err);
    assert_int_equal(imp_scene_variant_count(all, IMP_TILE_GRASS), 3);
    assert_int_equal(imp_scene_variant_count(all, IMP_TILE_STRAIGHT), 1);
    const imp_camera_def camera = imp_default_camera_def();
    imp_renderer *renderer;
    assert_ok(imp_renderer_create(&renderer, &camera, IMP_RENDER_AUTO, &err), err);
    enum { SIZE = 80 * 60 * 3 };
    static uint8_t images[5][SIZE];
    imp_view view = imp_default_view();
    view.pose = (imp_pose){0.1, 0.3, 0.0};
    imp_render(renderer, scene, &view, images[0]);
    imp_render(renderer, all, &view, images[1]);
    assert_memory_equal(images[0], images[1], SIZE);
    for (int k = 0; k < 3; k++) {
        // beyond the last is the last
        const uint8_t chosen[3] = {0, k < 2 ? (uint8_t)k : 200, 200};
        view.tile_variant = chosen;
        imp_render(renderer, all, &view, images[2 + k]);
        imp_render(renderer, scene, &view, images[1]);
        assert_memory_equal(images[0], images[1], SIZE);
    }
    assert_memory_equal(images[0], images[2], SIZE);
    // the second file's colours are the other ones; the third's are the same
    assert_memory_not_equal(images[2], images[3], SIZE);
    assert_memory_equal(images[3], images[4], SIZE);
    imp_renderer_destroy(renderer);
    imp_scene_destroy(scene);
    imp_scene_destroy(all);
    imp_assets_close(assets);
    imp_world_destroy(world);
}

static void resampling_keeps_the_mean(void **state)
{
    (void)state;
    enum { SIDE = 37 };
    imp_error err = {0};
    uint8_t rgb[SIDE * SIDE * 3];
    imp_random random = imp_random_stream(7, 0, 0, IMP_PURPOSE_TEST);
    double mean = 0.0;
    for (int k = 0; k < SIDE * SIDE * 3; k++)
        mean += rgb[k] = (uint8_t)imp_random_uniform_int(&random, 256);
    mean /= SIDE * SIDE * 3;
    assert_ok(imp_png_write(in_folder("noise.png"), SIDE, SIDE, rgb, &err), err);
    static const int SIZES[3] = {8, 37, 256};
    for (int s = 0; s < 3; s++) {
        uint32_t *texels;
        const int size = SIZES[s];
        double sum = 0.0;
        assert_ok(imp_asset_read_image(&texels, in_folder("noise.png"), size, size, &err), err);
        for (int k = 0; k < size * size; k++)
            for (int c = 0; c < 3; c++)
                sum += texels[k] >> (8 * c) & 255;
        assert_close(sum / (size * size * 3), mean, 0.75);
        if (size == SIDE)
            assert_int_equal(texels[5] & 0xffffff, rgb[15] | rgb[16] << 8 | rgb[17] << 16);
        free(texels);
    }
}

// Like the reference: on the ground, in the middle between the least coordinate and the least of
// the three corners' largest.
static void meshes_are_placed_and_cut(void **state)
{
    (void)state;
    char *text = malloc(1 << 20);
    assert_non_null(text);
    int used = sprintf(text, "v 0 5 0\nv 3 5 0\nv 2 8 4\n");
    enum { EXTRA = 3000 };
    for (int k = 0; k < EXTRA; k++)
        used += sprintf(text + used, "v 1 6 %.3f\n", 1.0 + k * 1e-3);
    for (int k = 0; k < EXTRA; k++)
        used += sprintf(text + used, "f 1 2 %d\n", k + 3);
    create_folders("mesh/meshes");
    write_text("mesh/meshes/cone.obj", text);
    free(text);
    imp_assets *assets = open_assets_folder("mesh", "photos");
    assert_true(has_warning(assets, "cone.obj: neither its materials nor an image"));
    const imp_asset_model *cone = &assets->models[IMP_OBJECT_CONE];
    const double height = imp_object_class_get(IMP_OBJECT_CONE)->height, scale = height / 3.0;
    // x: least 0, largest of the corners 0, 3 and 2; z: 0 and 0, 0, 4
    const double low[3] = {0, 0, 0}, high[3] = {3 * scale, height, 4 * scale};
    for (int i = 0; i < 3; i++) {
        assert_close(cone->low[i], low[i], 1e-3);
        assert_close(cone->high[i], high[i], 1e-3);
    }
    int triangles = 0;
    for (int k = 0; k < cone->piece_count; k++) {
        triangles += cone->pieces[k].triangle_count;
        assert_in_range(cone->pieces[k].vertex_count, 3, IMP_MESH_SIZE_MAX);
        assert_in_range(cone->pieces[k].triangle_count, 1, IMP_MESH_SIZE_MAX);
    }
    assert_int_equal(triangles, EXTRA);
    imp_assets_close(assets);
}

static void expect_open_failure(const char *name, const char *one, const char *other)
{
    imp_error err = {0};
    imp_assets *assets = NULL;
    assert_int_equal(imp_assets_open(&assets, in_folder(name), "photos", &err), IMP_BAD_INPUT);
    assert_null(assets);
    if (strstr(err.message, one) == NULL || strstr(err.message, other) == NULL)
        fail_msg("'%s' lacks '%s' or '%s'", err.message, one, other);
}

// What lacks is named, each thing once.
static void missing_files_are_reported(void **state)
{
    (void)state;
    static const char QUAD[] = "v -1 0 -1\nv 1 0 -1\nv 1 2 1\nv -1 2 1\nf 1 2 3 4\n";
    create_folders("lacks/meshes");
    for (int sign = 0; sign < IMP_SIGN_COUNT; sign++) {
        char name[64];
        snprintf(name, sizeof name, "lacks/meshes/%s.obj", imp_sign_name((imp_sign)sign));
        if (sign != IMP_SIGN_YIELD && sign != IMP_SIGN_PARKING)
            write_text(name, QUAD);
    }
    // four colours share a duckiebot's file
    write_text("lacks/meshes/duckiebot.obj", CORNERS "usemtl a\nf 1 2 3\n");
    write_text("lacks/meshes/duckiebot.mtl", "newmtl a\nmap_Kd a.png\n");
    imp_assets *assets = open_assets_folder("lacks", "photos");
    assert_true(has_warning(assets, "checkerboard, sign_yield, sign_parking; ours are drawn"));
    int bots = 0;
    for (int k = 0; k < imp_assets_warning_count(assets); k++)
        bots += strstr(imp_assets_warning(assets, k), "duckiebot.obj") != NULL;
    assert_int_equal(bots, 1);
    imp_assets_close(assets);
}

static void broken_files_are_reported(void **state)
{
    (void)state;
    imp_error err = {0};
    assert_int_equal(imp_assets_open(&(imp_assets *){NULL}, in_folder("no-such"), "photos", &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no-such"));

    create_folders("broken/meshes/duckie");
    write_text("broken/meshes/duckie/duckie.obj", "v 1 2\n");
    expect_open_failure("broken", "duckie.obj:1", "3 numbers");
    write_text("broken/meshes/duckie/duckie.obj", CORNERS "usemtl a\nf 1 2 3\n");
    write_text("broken/meshes/duckie/duckie.mtl", "Kd 1\n");
    expect_open_failure("broken", "duckie.mtl:1", "before any newmtl");
    write_text("broken/meshes/duckie/duckie.mtl", "newmtl a\nmap_Kd a.png\n");
    imp_assets *assets = open_assets_folder("broken", "photos");
    assert_true(has_warning(assets, "duckie.obj: no image 'a.png' in the folder"));
    assert_int_equal(assets->models[IMP_OBJECT_DUCKIE].piece_count, 1);
    imp_assets_close(assets);
    write_text("broken/meshes/duckie/a.png", "\x89PNG\r\n");
    expect_open_failure("broken", "a.png", "end of data");
    write_text("broken/meshes/duckie/a.png", "words");
    expect_open_failure("broken", "a.png", "neither a PNG nor a JPEG");
}

// A box with a picture that is repeated over it, on a tile with a picture, under a lamp.
static void backends_draw_the_same(void **state)
{
    (void)state;
    static const char MAP[] = "tile_size: 0.6\ntiles:\n- [straight, straight, straight]\n"
                              "objects:\n- {kind: barrier, pos: [1.6, 0.5], height: 0.15}\n";
    static const char BARRIER[] =
        "v -1 0 -1\nv 1 0 -1\nv 1 2 1\nv -1 2 1\nvt -3 -2.5\nvt 4 -2.5\nvt 4 6\nvt -3 6\n"
        "usemtl m\nf 1/1 2/2 3/3 4/4\n";
    imp_error err = {0};
    imp_world *world;
    imp_scene *scene;
    create_folders("gd1/meshes/barrier");
    write_text("gd1/meshes/barrier/barrier.obj", BARRIER);
    write_text("gd1/meshes/barrier/barrier.mtl", "newmtl m\nmap_Kd barrier.png\nKd 1 0.5 1\n");
    write_four_colour_image("gd1/meshes/barrier/barrier.png", 16, QUARTERS);
    imp_assets *assets = open_assets_folder("gd1", "photos");
    const imp_scene_def def = {.assets = assets};
    assert_ok(imp_world_parse(&world, MAP, sizeof MAP - 1, "map", &err), err);
    assert_ok(imp_scene_create_with_def(&scene, world, &def, &err), err);
    enum { WIDTH = 160, HEIGHT = 120, BYTES = WIDTH * HEIGHT * 3 };
    static uint8_t images[2][BYTES];
    imp_view view = imp_default_view();
    view.pose = (imp_pose){0.5, 0.25, 0.1};
    for (int path = 0; path < 2; path++) {
        imp_renderer *renderer;
        imp_camera_def camera = imp_default_camera_def();
        camera.width = WIDTH;
        camera.height = HEIGHT;
        assert_ok(imp_renderer_create(&renderer, &camera,
                                      path == 0 ? IMP_RENDER_AUTO : IMP_RENDER_PORTABLE, &err),
                  err);
        imp_render(renderer, scene, &view, images[path]);
        imp_renderer_destroy(renderer);
    }
    int most = 0, green = 0;
    for (int k = 0; k < BYTES; k++)
        most = abs(images[0][k] - images[1][k]) > most ? abs(images[0][k] - images[1][k]) : most;
    assert_in_range(most, 0, 1);
    // Kd halves the picture's green, which stands on its top right
    for (int k = 0; k < WIDTH * HEIGHT; k++) {
        const uint8_t *p = images[0] + 3 * k;
        green += p[0] < 40 && p[2] < 40 && p[1] > 60 && p[1] < 130;
    }
    assert_true(green > 20);
    imp_scene_destroy(scene);
    imp_world_destroy(world);
    imp_assets_close(assets);
}

// They show on the ground, never on tiles, with either code path alike.
static void distractors_lie_beyond_the_tiles(void **state)
{
    (void)state;
    static const char MAP[] = "tile_size: 0.6\ntiles:\n- [asphalt, asphalt]\n";
    enum { WIDTH = 160, HEIGHT = 120, BYTES = WIDTH * HEIGHT * 3 };
    static uint8_t images[3][BYTES];
    imp_error err = {0};
    imp_world *world;
    imp_scene *scene;
    assert_ok(imp_world_parse(&world, MAP, sizeof MAP - 1, "map", &err), err);
    assert_ok(imp_scene_create(&scene, world, &err), err);
    // one over everything, in white, and on it a small one in red ahead of the robot
    const imp_distractor list[2] = {
        {{{-50, -50}, {60, -50}, {0, 90}}, {1.0f, 1.0f, 1.0f}},
        {{{2.5, 0}, {4, 1}, {4, -0.5}}, {1.0f, 0.0f, 0.0f}},
    };
    imp_view view = imp_default_view();
    view.pose = (imp_pose){0.3, 0.3, 0.0};
    for (int n = 0; n < 3; n++) {
        imp_renderer *renderer;
        imp_camera_def camera = imp_default_camera_def();
        camera.width = WIDTH;
        camera.height = HEIGHT;
        view.distractors = n > 0 ? list : NULL;
        view.distractor_count = 2;
        assert_ok(imp_renderer_create(&renderer, &camera,
                                      n == 2 ? IMP_RENDER_PORTABLE : IMP_RENDER_AUTO, &err),
                  err);
        imp_render(renderer, scene, &view, images[n]);
        imp_renderer_destroy(renderer);
    }
    int ground = 0, white = 0, red = 0, changed = 0;
    for (int k = 0; k < WIDTH * HEIGHT; k++) {
        const uint8_t *before = images[0] + 3 * k, *after = images[1] + 3 * k;
        const bool was_ground = before[0] == 38 && before[1] == 38 && before[2] == 38;
        ground += was_ground;
        white += was_ground && after[0] == 255 && after[1] == 255;
        red += was_ground && after[0] == 255 && after[1] == 0;
        changed += !was_ground && memcmp(before, after, 3) != 0;
        for (int c = 0; c < 3; c++)
            assert_in_range(after[c] - images[2][3 * k + c] + 1, 0, 2);
    }
    assert_true(ground > 1000 && white > ground * 3 / 4 && red > 10);
    // only pixels at the border of tiles and sky
    assert_true(changed < 5 * WIDTH);
    imp_scene_destroy(scene);
    imp_world_destroy(world);

    imp_distractor drawn[12];
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_SCENE);
    imp_distractors_generate(drawn, 12, &random);
    for (int k = 0; k < 12; k++) {
        assert_true(fabs(drawn[k].corner[2].x) <= 20.0 && fabs(drawn[k].corner[0].z) <= 20.0);
        assert_true(drawn[k].colour[0] >= 0.0f && drawn[k].colour[0] <= 0.9f &&
                    drawn[k].colour[0] == drawn[k].colour[2]);
    }
}

// The reference's own meshes come out with the extents that it has recorded.
static void reference_meshes_match_extents(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_assets *assets;
    assert_ok(imp_assets_open(&assets, IMP_SHARED "/reference-assets", "photos", &err), err);
    int compared = 0;
    for (int model = 0; model < IMP_OBJECT_MODEL_FIRST_SIGN; model++) {
        const imp_asset_model *loaded = &assets->models[model];
        const imp_object_class *class = imp_object_class_get(imp_object_model_kind(model));
        if (loaded->piece_count == 0)
            continue;
        const double low[3] = {class->min_x, 0.0, class->min_z};
        const double high[3] = {class->max_x, class->height, class->max_z};
        for (int i = 0; i < 3; i++) {
            assert_close(loaded->low[i], low[i], 2e-6 * (high[i] - low[i]));
            assert_close(loaded->high[i], high[i], 2e-6 * (high[i] - low[i]));
        }
        compared++;
    }
    assert_true(compared >= 9);
    imp_assets_close(assets);
}

int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meshes_are_read),
        cmocka_unit_test(broken_meshes_report_their_line),
        cmocka_unit_test(materials_are_read),
        cmocka_unit_test(textures_are_found_in_both_layouts),
        cmocka_unit_test(textures_are_turned),
        cmocka_unit_test(variants_are_drawn_from_the_seed),
        cmocka_unit_test(variants_are_chosen_by_views),
        cmocka_unit_test(resampling_keeps_the_mean),
        cmocka_unit_test(meshes_are_placed_and_cut),
        cmocka_unit_test(missing_files_are_reported),
        cmocka_unit_test(broken_files_are_reported),
        cmocka_unit_test(backends_draw_the_same),
        cmocka_unit_test(distractors_lie_beyond_the_tiles),
    };
    const struct CMUnitTest shared[] = {cmocka_unit_test(reference_meshes_match_extents)};
    return argc > 1 ? run_shared("reference-assets", shared, NULL, NULL)
                    : cmocka_run_group_tests(tests, make_folder, remove_folder);
}
