// Maps that are folders of layers, as lib-dt-maps writes them: built-in maps are written in that
// form, in both meanings that yaw has, and read again; and what is wrong is named.
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/common/vector2.h"
#include "imprint/world.h"

static char folder[] = "/tmp/imprint-dt-map-XXXXXX";

static FILE *open_layer_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    return file;
}

static void write_layer_file(const char *name, const char *text)
{
    FILE *file = open_layer_file(name);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void remove_layer_file(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
    unlink(path);
}

// Sides by which a tile's road leaves: south 1, east 2, north 4, west 8.
static unsigned road_sides(const imp_tile *tile)
{
    static const unsigned sides[IMP_TILE_KIND_COUNT] = {
        [IMP_TILE_STRAIGHT] = 5,  [IMP_TILE_CURVE_LEFT] = 6,  [IMP_TILE_CURVE_RIGHT] = 12,
        [IMP_TILE_3WAY_LEFT] = 7, [IMP_TILE_3WAY_RIGHT] = 13, [IMP_TILE_4WAY] = 15};
    const unsigned here = sides[tile->kind] << tile->orientation;
    return (here | here >> 4) & 15;
}

// The type of a tile in lib-dt-maps, and its yaw in quarters there.
static const char *dt_tile_type(const imp_tile *tile, int *quarters)
{
    *quarters = tile->orientation;
    switch (tile->kind) {
    case IMP_TILE_STRAIGHT:
        return "straight";
    case IMP_TILE_CURVE_LEFT:
        *quarters = tile->orientation + 3;
        return "curve";
    case IMP_TILE_CURVE_RIGHT:
        return "curve";
    case IMP_TILE_3WAY_RIGHT:
        *quarters = tile->orientation + 2;
        return "3way";
    case IMP_TILE_3WAY_LEFT:
        return "3way";
    case IMP_TILE_4WAY:
        return "4way";
    case IMP_TILE_GRASS:
        return "grass";
    case IMP_TILE_ASPHALT:
        return "asphalt";
    default:
        return "floor";
    }
}

// Writes a world as layers; yaw is by `turn` quarters more than lib-dt-maps means, and that of
// three-way crossings by `stem` besides.
static void write_layers(const imp_world *world, int turn, int stem)
{
    FILE *tiles = open_layer_file("tiles"), *frames = open_layer_file("frames");
    fprintf(tiles, "version: 1.0\ntiles:\n");
    fprintf(frames, "version: 1.0\nframes:\n"
                    "  town: {relative_to: ~, pose: {x: 1.0, y: 2.0, z: 0, yaw: 0.3}}\n"
                    "  town/m: {relative_to: town, pose: {x: -0.5, y: 0.25}}\n");
    for (int k = 0; k < world->columns * world->rows; k++) {
        const int i = k % world->columns, j = world->rows - 1 - k / world->columns;
        int quarters;
        if (world->tiles[k].kind == IMP_TILE_EMPTY)
            continue;
        const char *type = dt_tile_type(&world->tiles[k], &quarters);
        quarters += turn + (strcmp(type, "3way") == 0 ? stem : 0);
        fprintf(tiles, "  town/m/tile_%d_%d: {type: %s}\n", i, j, type);
        fprintf(frames,
                "  town/m/tile_%d_%d: {relative_to: town/m, pose: {x: %g, y: %g, yaw: %g}}\n", i, j,
                (i + 0.5) * world->tile_size, (j + 0.5) * world->tile_size, quarters % 4 * 1.5708);
    }
    assert_int_equal(fclose(tiles), 0);
    assert_int_equal(fclose(frames), 0);
    char text[128];
    snprintf(text, sizeof text, "tile_maps: {town/m: {tile_size: {x: %g, y: %g}}}\n",
             world->tile_size, world->tile_size);
    write_layer_file("tile_maps", text);
}

static void written_maps_are_read_again(void **state)
{
    (void)state;
    static const char *const names[] = {"small_loop",    "loop_empty",   "4way",
                                        "udem1_empty",   "zigzag_dists", "robotarium1",
                                        "ETH_large_loop"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        for (int turn = 0; turn < 2; turn++)
            for (int stem = 0; stem < 4; stem += 2) {
                imp_error err = {0};
                imp_world *world, *again;
                assert_ok(imp_world_load(&world, names[n], &err), err);
                write_layers(world, turn, stem);
                assert_true(imp_map_is_layer_folder(folder));
                assert_ok(imp_world_load(&again, folder, &err), err);
                assert_int_equal(again->columns, world->columns);
                assert_int_equal(again->rows, world->rows);
                assert_close(again->tile_size, world->tile_size, 1e-9);
                for (int k = 0; k < world->columns * world->rows; k++)
                    if (road_sides(&world->tiles[k]) != road_sides(&again->tiles[k]) ||
                        world->tiles[k].drivable != again->tiles[k].drivable)
                        fail_msg("%s, turn %d, stem %d: tile %d is another", names[n], turn, stem,
                                 k);
                imp_world_destroy(world);
                imp_world_destroy(again);
            }
}

// Early files count tiles, and name the grid's places from anywhere.
static void units_of_tiles_are_read(void **state)
{
    (void)state;
    write_layer_file("tile_maps", "tile_maps: {m: {tile_size: {x: 0.6, y: 0.6}}}\n");
    write_layer_file("tiles", "tiles: {m/a: {type: straight}, m/b: {type: 4way}}\n");
    write_layer_file("frames", "frames:\n  m: {relative_to: ~, pose: {x: 1, y: 2}}\n"
                               "  m/a: {relative_to: m, unit: tiles, pose: {x: 4, y: -2}}\n"
                               "  m/b: {relative_to: m, unit: tiles, pose: {x: 4, y: -3}}\n");
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, folder, &err), err);
    assert_int_equal(world->columns, 1);
    assert_int_equal(world->rows, 2);
    assert_int_equal(road_sides(&world->tiles[0]), 5);
    assert_int_equal(world->tiles[1].kind, IMP_TILE_4WAY);
    imp_world_destroy(world);
}

static void objects_are_read(void **state)
{
    (void)state;
    write_layer_file("tile_maps", "tile_maps: {m: {tile_size: {x: 0.6, y: 0.6}}}\n");
    write_layer_file("tiles", "tiles: {m/a: {type: 4way}}\n");
    write_layer_file("frames", "frames:\n  m: {pose: {x: 1, y: 2}}\n"
                               "  m/a: {relative_to: m, pose: {x: 0.3, y: 0.3}}\n"
                               "  m/s: {relative_to: m, pose: {x: 0.1, y: 0.2, yaw: 1.5}}\n"
                               "  m/d: {relative_to: m, pose: {x: 0.2}}\n"
                               "  m/d/b: {relative_to: m/d, pose: {x: 0.2, y: 0.5}}\n");
    write_layer_file("traffic_signs", "traffic_signs: {m/s: {type: four_way_intersect, id: 1}}\n");
    write_layer_file("citizens", "citizens: {m/d: {color: yellow}}\n");
    write_layer_file("vehicles", "vehicles: {m/d/b: {configuration: DB19, color: green}}\n");
    write_layer_file("watchtowers", "watchtowers: {}\n");
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, folder, &err), err);
    assert_int_equal(world->object_count, 3);
    const imp_object *o = world->objects;
    assert_int_equal(o[0].sign, IMP_SIGN_4_WAY_INTERSECT);
    assert_close(o[0].position.x, 0.1, 1e-9);
    assert_close(o[0].position.z, 0.4, 1e-9);
    assert_close(o[0].heading, 1.5, 1e-9);
    assert_int_equal(o[1].kind, IMP_OBJECT_DUCKIE);
    assert_close(o[1].position.z, 0.6, 1e-9);
    assert_int_equal(o[2].kind, IMP_OBJECT_DUCKIEBOT);
    assert_int_equal(o[2].color, IMP_COLOR_GREEN);
    assert_close(o[2].position.x, 0.4, 1e-9);
    assert_close(o[2].position.z, 0.1, 1e-9);
    assert_string_equal(world->warnings[world->warning_count - 1].text,
                        "ignored layers: watchtowers");
    imp_world_destroy(world);
    remove_layer_file("traffic_signs");
    remove_layer_file("citizens");
    remove_layer_file("vehicles");
    remove_layer_file("watchtowers");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *tile_maps, *tiles, *frames, *message;
    } wrong[] = {
        {"a: {}\n", NULL, NULL, "tile_maps.yaml: needs the key 'tile_maps'"},
        {"tile_maps: {a: {}, b: {}}\n", NULL, NULL, "tile_maps.yaml:1: 2 tile maps"},
        {"tile_maps: {a: {}}\n", NULL, NULL, "needs tile_size: {x: 0.585, y: 0.585}"},
        {"tile_maps: {m: {tile_size: {x: 0.6, y: 0.5}}}\n", NULL, NULL, "must be squares"},
        {NULL, "tiles: {}\n", NULL, "tiles.yaml:1: 0 tiles"},
        {NULL, "tiles:\n  m/a: {type: river}\n", NULL, "tiles.yaml:2: tile of type 'river': use"},
        {NULL, "tiles:\n  m/x: {type: 4way}\n", NULL, "tiles.yaml:2: 'm/x' has no frame"},
        {NULL, "tiles:\n  m/a: {type: 4way}\n  m/b: {type: 4way}\n", NULL, "a second tile in"},
        {NULL, NULL, "frames:\n  m: {}\n  m/a: {relative_to: q}\n",
         "relative to 'q', which does not"},
        {NULL, NULL, "frames:\n  m: {}\n  m/a: {relative_to: m/a}\n", "or in a circle"},
        {NULL, NULL, "frames:\n  m: {}\n  m/a: {pose: {x: 0.1}}\n", "is not on the grid of 0.6 m"},
        {NULL, NULL, "frames:\n  m: {}\n  m/a: {pose: {x: east}}\n", "x must be a number such as"},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        imp_error err = {0};
        imp_world *world = NULL;
        write_layer_file("tile_maps", wrong[k].tile_maps != NULL
                                          ? wrong[k].tile_maps
                                          : "tile_maps: {m: {tile_size: {x: 0.6, y: 0.6}}}\n");
        write_layer_file("tiles",
                         wrong[k].tiles != NULL ? wrong[k].tiles : "tiles: {m/a: {type: 4way}}\n");
        write_layer_file(
            "frames", wrong[k].frames != NULL
                          ? wrong[k].frames
                          : "frames: {m: {}, m/a: {pose: {x: 0.3, y: 0.3}}, m/b: {pose: {x: 0.3, "
                            "y: 0.3}}}\n");
        assert_int_equal(imp_world_load(&world, folder, &err), IMP_BAD_INPUT);
        assert_null(world);
        if (strstr(err.message, wrong[k].message) == NULL)
            fail_msg("wanted '%s', got '%s'", wrong[k].message, err.message);
    }
}

// A layer alone is no map, and says so.
static void a_single_layer_is_reported(void **state)
{
    (void)state;
    static const char *const layers[] = {"main: {tiles: !include 'tiles.yaml'}\n",
                                         "frames: {m: {}}\n", "tile_maps: {m: {}}\n",
                                         "tiles: {m/a: {type: 4way}}\n", "watchtowers: {}\n"};
    for (size_t k = 0; k < sizeof layers / sizeof layers[0]; k++) {
        imp_error err = {0};
        imp_world *world;
        assert_int_equal(imp_world_parse(&world, layers[k], strlen(layers[k]), "l.yaml", &err),
                         IMP_BAD_INPUT);
        assert_string_equal(err.message,
                            "l.yaml: a layer of a map in the format of lib-dt-maps "
                            "(Duckiematrix): give the folder that holds tiles.yaml, frames.yaml "
                            "and tile_maps.yaml");
    }
}

// AI-DO's scenarios hold their map as a text.
static void scenarios_are_entered(void **state)
{
    (void)state;
    static const char SCENARIO[] = "scenario_name: loop-000\n"
                                   "environment: |\n"
                                   "  tile_size: 0.6\n"
                                   "  tiles:\n"
                                   "  - [4way, straight/E]\n"
                                   "robots: {ego0: {color: red}}\n";
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, SCENARIO, strlen(SCENARIO), "scenario.yaml", &err), err);
    assert_int_equal(world->columns, 2);
    assert_int_equal(world->drivable_count, 2);
    assert_int_equal(world->warning_count, 1);
    assert_non_null(strstr(world->warnings[0].text, "a scenario of AI-DO"));
    imp_world_destroy(world);
    static const char BAD[] = "environment: \"a\\nb\"\n";
    assert_int_equal(imp_world_parse(&world, BAD, strlen(BAD), "scenario.yaml", &err),
                     IMP_BAD_INPUT);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    remove_layer_file("tiles");
    remove_layer_file("frames");
    remove_layer_file("tile_maps");
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_maps_are_read_again),
        cmocka_unit_test(units_of_tiles_are_read),
        cmocka_unit_test(objects_are_read),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_single_layer_is_reported),
        cmocka_unit_test(scenarios_are_entered),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
