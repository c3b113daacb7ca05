// imprint route: plans the shortest way over the lanes of a map, from one tile to another. Prints a
// row for each tile that the way crosses, with the command at each intersection, and draws the way
// over the map if asked to. An error of the library about a place does not know which option gave
// it, so its name is put in front here.
#include <stdio.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "imprint/report.h"

typedef struct settings {
    const char *map, *from, *to, *out;
    int size[2];
    imp_world *world;
    imp_route_plan plan;
} settings;

// Reads a place that an option names.
static imp_status parse_place_option(imp_route_place *out, const settings *s, const char *option,
                                     const char *text, imp_error *err)
{
    imp_error why = {0};
    if (text == NULL)
        return imp_fail(err, IMP_USAGE,
                        "%s is missing: give a tile of the map, such as %s 3,1; imprint map show "
                        "%s prints them",
                        option, option, s->map);
    const imp_status status = imp_route_place_parse(out, s->world, text, &why);
    return status == IMP_OK ? IMP_OK : imp_fail(err, status, "%s %s", option, why.message);
}

// The place of a step, for tables and JSON.
static const imp_tile *tile_of_step(const settings *s, const imp_route_step *step, int at[2])
{
    at[0] = step->tile % s->world->columns;
    at[1] = step->tile / s->world->columns;
    return &s->world->tiles[step->tile];
}

static imp_status run_route_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_route_place from, to;
    (void)options;
    // the extension decides the format of the image
    static const char *const extensions[] = {".png", ".svg", NULL};
    if (s->out != NULL)
        IMP_TRY(imp_output_check_file(s->out, extensions, err));
    IMP_TRY(imp_world_load(&s->world, s->map, err));
    IMP_TRY(parse_place_option(&from, s, "--from", s->from, err));
    IMP_TRY(parse_place_option(&to, s, "--to", s->to, err));
    imp_error why = {0};
    const imp_status status = imp_route_plan_find(&s->plan, s->world, &from, &to, &why);
    if (status != IMP_OK)
        return imp_fail(err, status, "--from %s --to %s: %s", s->from, s->to, why.message);
    if (s->out == NULL)
        return IMP_OK;
    imp_map_image_def def = imp_default_map_image_def();
    def.width = s->size[0];
    def.height = s->size[1];
    def.route = &s->plan;
    return imp_map_image_write(s->out, s->world, &def, err);
}

static json_t *route_to_json(const settings *s)
{
    json_t *tiles = json_array();
    for (int k = 0; k < s->plan.count; k++) {
        const imp_route_step *step = &s->plan.steps[k];
        int at[2];
        const imp_tile *tile = tile_of_step(s, step, at);
        json_t *row = json_pack("{s:[i,i], s:s, s:i, s:f}", "tile", at[0], at[1], "kind",
                                imp_tile_kind_name(tile->kind), "lane",
                                step->lane - tile->first_curve, "distance_m", step->distance);
        if (step->command != IMP_COMMAND_NONE)
            imp_json_set(row, "command", json_string(imp_navigation_command_name(step->command)));
        imp_json_append(tiles, row);
    }
    return json_pack("{s:s, s:f, s:i, s:o}", "map", s->world->name, "length_m", s->plan.length,
                     "intersections", s->plan.intersections, "tiles", tiles);
}

static int print_route(const void *state, const imp_options *options)
{
    const settings *s = state;
    if (options->json)
        return imp_console_finish_with_json(route_to_json(s));
    printf("%s: %.2f m, %s, %s\n", s->world->name, s->plan.length,
           IMP_PLURAL(s->plan.count, "tile"), IMP_PLURAL(s->plan.intersections, "intersection"));
    printf("%8s  %-12s %5s %10s  %s\n", "tile", "kind", "lane", "begins [m]", "command");
    for (int k = 0; k < s->plan.count; k++) {
        const imp_route_step *step = &s->plan.steps[k];
        char place[32];
        int at[2];
        const imp_tile *tile = tile_of_step(s, step, at);
        snprintf(place, sizeof place, "%d,%d", at[0], at[1]);
        const char *command =
            step->command != IMP_COMMAND_NONE ? imp_navigation_command_name(step->command) : "";
        printf("%8s  %-12s %5d %10.2f%s%s\n", place, imp_tile_kind_name(tile->kind),
               step->lane - tile->first_curve, step->distance, command[0] != '\0' ? "  " : "",
               command);
    }
    if (s->out != NULL)
        printf("\nwritten: %s\n", s->out);
    return imp_console_flush();
}

static void free_route_command(void *state)
{
    settings *s = state;
    imp_route_plan_free(&s->plan);
    imp_world_destroy(s->world);
}

static void set_up_route_command(void *state, imp_options *options)
{
    settings *s = state;
    s->map = "loop_empty";
    const imp_option table[] = {
        {"map", 'm', IMP_OPTION_TEXT, &s->map, "MAP", "name or path of a map", IMP_INPUT_PATH},
        {"from", 0, IMP_OPTION_TEXT, &s->from, "PLACE", "where the route begins", IMP_SETTING},
        {"to", 0, IMP_OPTION_TEXT, &s->to, "PLACE", "where the route ends", IMP_SETTING},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE",
         "draw the route over the map to this .svg or .png file", IMP_TRANSIENT},
        {"size", 0, IMP_OPTION_PAIR, s->size, "WxH", "size of that image [px]", IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_route = {
    .name = "route",
    .summary = "plan a route over a map's lanes",
    .operands = "",
    .details =
        "PLACE is a tile: I,J is any lane of column I and row J, I,J:north only lanes that enter "
        "the tile to the north (or east, south, west, or the first letter), and I,J:0 the lane "
        "with that number. Prints the tiles of the shortest way, the distance at which each "
        "begins, and the command at each intersection where there is a choice. Routes never turn "
        "round.",
    .examples = "  imprint route --map udem1 --from 1,1 --to 6,1\n"
                "  imprint route --map udem1 --from 1,1:west --to 6,1 --out /tmp/route.svg",
    .state_size = sizeof(settings),
    .set_up = set_up_route_command,
    .run = run_route_command,
    .report = print_route,
    .tear_down = free_route_command,
};
