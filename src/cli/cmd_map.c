#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/image.h"
#include "cli/commands.h"
#include "cli/session.h"

typedef struct settings {
    const char *out;
    int size[2];
} settings;

static json_t *world_json(const imp_world *world)
{
    return json_pack("{s:s, s:i, s:i, s:f, s:i, s:i}", "map", world->name, "columns",
                     world->columns, "rows", world->rows, "tile_size_m", world->tile_size,
                     "drivable_tiles", world->drivable_count, "lanes", world->curve_count);
}

static void print_world(const imp_world *world)
{
    printf("%-40s %2d x %-2d tiles of %.3f m, %3d drivable, %3d lanes\n", world->name,
           world->columns, world->rows, world->tile_size, world->drivable_count,
           world->curve_count);
}

static imp_status list(const imp_options *options, json_t *array, imp_error *err)
{
    for (int k = 0; k < imp_builtin_map_count(); k++) {
        imp_world *world;
        imp_status status = imp_world_load(&world, imp_builtin_map_name(k), err);
        if (status != IMP_OK)
            return status;
        if (options->json)
            json_array_append_new(array, world_json(world));
        else
            print_world(world);
        imp_world_destroy(world);
    }
    return IMP_OK;
}

// What makes a readable map useless for driving.
static imp_status judge(const imp_world *world, imp_error *err)
{
    imp_env env;
    imp_env_def def = imp_default_env_def();
    imp_status status = imp_env_init(&env, world, &def, err);
    if (status == IMP_OK)
        status = imp_env_reset(&env, 0, err);
    if (status == IMP_BAD_INPUT)
        err->status = status = IMP_CHECK_FAILED;
    return status;
}

static imp_status check_one(const imp_options *options, const char *map, json_t *array,
                            imp_error *err)
{
    imp_world *world = NULL;
    imp_status status = imp_world_load(&world, map, err);
    if (status == IMP_OK)
        status = judge(world, err);
    if (options->json && status == IMP_OK)
        json_array_append_new(array, world_json(world));
    else if (options->json)
        json_array_append_new(array, json_pack("{s:s, s:s}", "map", map, "problem", err->message));
    else if (status == IMP_OK)
        print_world(world);
    imp_world_destroy(world);
    return status;
}

// Looks at all maps and names each that is wrong; the status is that of the last of them.
static imp_status check(const imp_options *options, json_t *array, imp_error *err)
{
    imp_error latest = {0};
    for (int k = 1; k < options->operand_count; k++) {
        imp_error mine = {0};
        imp_status status = check_one(options, options->operands[k], array, &mine);
        if (status != IMP_OK && latest.status != IMP_OK)
            imp_session_fail(latest.status, &latest);
        if (status != IMP_OK)
            latest = mine;
    }
    if (latest.status != IMP_OK)
        return imp_fail(err, latest.status, "%s", latest.message);
    return IMP_OK;
}

static void print_tiles(const imp_world *world)
{
    for (int j = 0; j < world->rows; j++) {
        for (int i = 0; i < world->columns; i++) {
            const imp_tile *tile = &world->tiles[j * world->columns + i];
            char word[32];
            snprintf(word, sizeof word, "%s%s%c", imp_tile_kind_name(tile->kind),
                     tile->drivable ? "/" : "", tile->drivable ? "SENW"[tile->orientation] : ' ');
            printf("%-15s", word);
        }
        printf("\n");
    }
}

static imp_status draw(const settings *s, const imp_world *world, imp_error *err)
{
    imp_scene *scene;
    imp_status status = imp_scene_create(&scene, world, err);
    if (status != IMP_OK)
        return status;
    uint8_t *rgb = malloc((size_t)s->size[0] * (size_t)s->size[1] * 3);
    if (rgb == NULL) {
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for the picture");
    } else {
        imp_render_top_down(scene, s->size[0], s->size[1], rgb);
        status = imp_png_write(s->out, s->size[0], s->size[1], rgb, err);
    }
    free(rgb);
    imp_scene_destroy(scene);
    return status;
}

static imp_status show(const settings *s, const imp_options *options, json_t *array, imp_error *err)
{
    if (s->size[0] < 1 || s->size[1] < 1 || s->size[0] > 8192 || s->size[1] > 8192)
        return imp_fail(err, IMP_USAGE, "--size %dx%d is not within 1x1 to 8192x8192", s->size[0],
                        s->size[1]);
    imp_world *world;
    imp_status status = imp_world_load(&world, options->operands[1], err);
    if (status != IMP_OK)
        return status;
    if (options->json) {
        json_array_append_new(array, world_json(world));
    } else {
        print_world(world);
        print_tiles(world);
    }
    if (s->out != NULL)
        status = draw(s, world, err);
    imp_world_destroy(world);
    return status;
}

static imp_status run_action(const settings *s, const imp_options *options, json_t *array,
                             imp_error *err)
{
    const char *action = options->operand_count > 0 ? options->operands[0] : "";
    if (strcmp(action, "list") == 0 && options->operand_count == 1)
        return list(options, array, err);
    if (strcmp(action, "check") == 0 && options->operand_count > 1)
        return check(options, array, err);
    if (strcmp(action, "show") == 0 && options->operand_count == 2)
        return show(s, options, array, err);
    return imp_fail(err, IMP_USAGE,
                    "wants list, check MAP..., or show MAP: see imprint map --help");
}

static int run(const imp_command *command, int argc, char **argv)
{
    settings s = {.size = {960, 720}};
    imp_options options;
    imp_error err = {0};
    imp_options_init(&options, command);
    imp_options_add(&options, (imp_option){"out", 'o', IMP_OPTION_TEXT, &s.out, "FILE",
                                           "draw the map as PNG (show)", true});
    imp_options_add(&options, (imp_option){"size", 0, IMP_OPTION_PAIR, s.size, "WxH",
                                           "size of the picture [960x720]", true});
    json_t *array = json_array();
    imp_status status = imp_options_read(&options, argc, argv, &err);
    if (status == IMP_OK && !options.help)
        status = run_action(&s, &options, array, &err);
    int code = imp_session_finish();
    if (options.json && !options.help && json_array_size(array) > 0)
        code = imp_session_print_json(json_pack("{s:O}", "maps", array));
    if (status != IMP_OK)
        code = imp_session_fail(status, &err);
    json_decref(array);
    imp_options_free(&options);
    return code;
}

const imp_command imp_command_map = {
    .name = "map",
    .summary = "list, check or show maps",
    .operands = "list | check MAP... | show MAP",
    .details = "MAP is a built-in name or the path of a YAML file.",
    .examples = "  imprint map list\n"
                "  imprint map check loop_empty udem1_empty\n"
                "  imprint map show zigzag_dists --out /tmp/zigzag.png",
    .run = run,
};
