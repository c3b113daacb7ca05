// imprint map: lists the built-in maps, checks map files, draws a map, or generates maps. Each
// subcommand adds to an array of JSON objects, which --json prints at the end, also after a
// failure. `check` distinguishes errors from remarks. An error means that the map cannot be
// used: it cannot be parsed, or no episode can start. A remark means that something is odd:
// assumed values, ignored keys, a start pose from which episodes end at once. Remarks fail the
// check only with --strict.
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"
#include "cli/map_commands/map_generation.h"
#include "cli/map_commands/map_print.h"
#include "cli/options/sim_options.h"
#include "cli/options/text_width.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "imprint/report.h"

// Options of all subcommands.
typedef struct settings {
    const char *out;
    int size[2];
    bool force, strict;
    imp_map_gen_options generation;
} settings;

// A table of maps has such rows; narrower terminals get the description, or all, in lines below.
enum { MAP_ROW_WIDTH = 72, MAP_ROW_WIDTH_WITH_DESCRIPTION = 155, DESCRIPTION_INDENT = 4 };

// Prints a map as one row in a terminal that is wide enough, and in what is no terminal (0).
static void print_map_row(const imp_world *world, const char *size, const char *description,
                          int width)
{
    const bool in_one_row = width == 0 || width >= MAP_ROW_WIDTH_WITH_DESCRIPTION;
    if (in_one_row || width >= MAP_ROW_WIDTH)
        printf("%-38s %8s %8d %6d %8d", world->name, size, world->drivable_count,
               world->curve_count, world->object_count);
    else
        printf("%s", world->name);
    if (in_one_row) {
        printf("  %s\n", description);
        return;
    }
    char text[512] = "";
    if (width < MAP_ROW_WIDTH)
        snprintf(text, sizeof text, "%s tiles, %d drivable, %s, %s. ", size, world->drivable_count,
                 IMP_PLURAL(world->curve_count, "lane"), IMP_PLURAL(world->object_count, "object"));
    const size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s", description);
    printf("\n%*s", DESCRIPTION_INDENT, "");
    imp_print_wrapped(text, (int)strlen(text), DESCRIPTION_INDENT);
}

// `list`: one row per built-in map.
static imp_status list_builtin_maps(const imp_options *options, json_t *array, imp_error *err)
{
    const int width = imp_terminal_width();
    if (!options->json && (width == 0 || width >= MAP_ROW_WIDTH))
        printf("%-38s %8s %8s %6s %8s%s\n", "map", "tiles", "drivable", "lanes", "objects",
               width == 0 || width >= MAP_ROW_WIDTH_WITH_DESCRIPTION ? "  description" : "");
    // every map is loaded, because its text has no totals
    for (int k = 0; k < imp_builtin_map_count(); k++) {
        imp_world *world;
        char size[32], description[256];
        IMP_TRY(imp_world_load(&world, imp_builtin_map_name(k), err));
        // size in tiles
        snprintf(size, sizeof size, "%d x %d", world->columns, world->rows);
        imp_map_get_first_comment(world, description, sizeof description);
        if (options->json)
            imp_json_append(array, imp_map_json(world));
        else
            print_map_row(world, size, description, width);
        imp_world_destroy(world);
    }
    return IMP_OK;
}

// A remark about the starts of episodes.
typedef struct start_remark {
    int line;
    char text[sizeof((imp_error *)0)->message + 64];
} start_remark;

// Checks that an episode can start within an angle of the lane. The error message comes without the
// map's name, which the caller adds.
static imp_status check_start_angle(const imp_world *world, double angle_deg, imp_env *env,
                                    imp_error *err)
{
    imp_error why = {0};
    imp_env_def def = imp_default_env_def();
    def.accept_start_angle = angle_deg * IMP_PI / 180.0;
    imp_status status = imp_env_init(env, world, &def, &why);
    if (status == IMP_OK)
        status = imp_env_reset(env, 0, &why);
    if (status == IMP_OK)
        return IMP_OK;
    // the environment's message may begin with "NAME:"
    // the caller adds the name, so it must not stand there twice
    const size_t length = strlen(world->name);
    const bool named = strncmp(why.message, world->name, length) == 0 && why.message[length] == ':';
    return imp_fail(err, status, "%s",
                    why.message + (named ? length + 1 + strspn(why.message + length + 1, " ") : 0));
}

// Checks that episodes can start on a map. Fails if none can; writes a remark if starts are odd.
static imp_status check_episodes_can_start(const imp_world *world, const char *map,
                                           start_remark *remark, imp_error *err)
{
    imp_env env;
    imp_error why = {0};
    // the environment's own default is the widest angle that it accepts
    const double widest = imp_default_env_def().accept_start_angle * 180.0 / IMP_PI;
    const imp_status status = check_start_angle(world, widest, &env, &why);
    remark->line = world->start_line;
    remark->text[0] = '\0';
    // no start even at the widest angle: an error
    if (status != IMP_OK)
        return imp_fail(err, status == IMP_BAD_INPUT ? IMP_CHECK_FAILED : status, "%s: %s", map,
                        why.message);
    // a start pose off the road or inside an object
    if (world->has_start_pose && !imp_env_is_valid_pose(&env, env.pose, 1.0)) {
        const imp_object *met = imp_env_find_collision(&env, env.pose, 2.0 * IMP_CENTRE_FORWARD);
        snprintf(remark->text, sizeof remark->text,
                 "start_pose puts the robot %s%s%s: episodes end at their first step",
                 met != NULL ? "into '" : "off the road", met != NULL ? met->name : "",
                 met != NULL ? "'" : "");
        // starts only beyond the default angle
    } else if (check_start_angle(world, IMP_DEFAULT_START_ANGLE_DEG, &env, &why) != IMP_OK) {
        snprintf(remark->text, sizeof remark->text, "with the default --start-angle-deg %g, %s",
                 IMP_DEFAULT_START_ANGLE_DEG, why.message);
    }
    return IMP_OK;
}

// Prints FILE:LINE: TEXT only if `to_terminal`.
static void add_and_print_map_warning(const char *map, int line, const char *text, json_t *warnings,
                                      bool to_terminal)
{
    imp_json_append(warnings, json_pack("{s:i, s:s}", "line", line, "text", text));
    if (to_terminal)
        printf("%s:%d: %s\n", map, line, text);
}

// Reports all remarks of a map. Returns their number.
static int add_and_print_map_warnings(const imp_world *world, const char *map,
                                      const start_remark *remark, json_t *object)
{
    // the array belongs to the object afterwards, if there is one
    json_t *warnings = json_array();
    for (int k = 0; k < world->warning_count; k++)
        add_and_print_map_warning(map, world->warnings[k].line, world->warnings[k].text, warnings,
                                  object == NULL);
    if (remark->text[0] != '\0')
        add_and_print_map_warning(map, remark->line, remark->text, warnings, object == NULL);
    const int count = (int)json_array_size(warnings);
    if (object != NULL)
        imp_json_set(object, "notices", json_incref(warnings));
    json_decref(warnings);
    return count;
}

// `check` of one map: loads it, checks its starts, reports remarks.
static imp_status check_map(const imp_options *options, bool strict, const char *map, json_t *array,
                            imp_error *err)
{
    imp_world *world = NULL;
    imp_status status = imp_world_load(&world, map, err);
    // the object has the figures of the map if it could be loaded
    json_t *object = NULL;
    if (options->json)
        object = status == IMP_OK ? imp_map_json(world) : json_pack("{s:s}", "map", map);
    if (status == IMP_OK) {
        char summary[512];
        start_remark remark;
        status = check_episodes_can_start(world, map, &remark, err);
        const int count = add_and_print_map_warnings(world, map, &remark, object);
        // --strict turns remarks into a failure
        if (status == IMP_OK && strict && count > 0)
            status = imp_fail(err, IMP_CHECK_FAILED, "%s: %s, and --strict allows none", map,
                              IMP_PLURAL(count, "remark"));
        imp_map_format_size_and_counts(world, summary, sizeof summary);
        if (status == IMP_OK && !options->json)
            printf("%s: ok, %s\n", map, summary);
    }
    // in JSON, a map that failed has the message instead of its figures
    if (object != NULL && status != IMP_OK)
        imp_json_set(object, "problem", json_string(err->message));
    if (object != NULL)
        imp_json_append(array, object);
    imp_world_destroy(world);
    return status;
}

// `check` of all maps. Every failure is printed; the exit code is that of the last one.
static imp_status check_maps(const settings *s, const imp_options *options, json_t *array,
                             imp_error *err)
{
    imp_error latest = {0};
    for (int k = 1; k < options->operand_count; k++) {
        imp_error mine = {0};
        imp_status status = check_map(options, s->strict, options->operands[k], array, &mine);
        // the caller prints the last failure, so print the one before
        if (status != IMP_OK && latest.status != IMP_OK)
            imp_console_print_error(latest.status, &latest);
        if (status != IMP_OK)
            latest = mine;
    }
    if (latest.status != IMP_OK)
        return imp_fail(err, latest.status, "%s", latest.message);
    return IMP_OK;
}

// `show`: prints the map as text, and draws it if --out is given.
static imp_status draw_and_print_map(const settings *s, const imp_options *options, json_t *array,
                                     imp_error *err)
{
    imp_map_image_def def = imp_default_map_image_def();
    static const char *const extensions[] = {".png", ".svg", NULL};
    imp_world *world;
    // the extension decides the format of the image
    imp_status status = s->out != NULL ? imp_output_check_file(s->out, extensions, err) : IMP_OK;
    if (status == IMP_OK)
        status = imp_world_load(&world, options->operands[1], err);
    if (status != IMP_OK)
        return status;
    def.width = s->size[0];
    def.height = s->size[1];
    if (s->out != NULL)
        status = imp_map_image_write(s->out, world, &def, err);
    if (status == IMP_OK && options->json)
        imp_json_append(array, imp_map_json(world));
    else if (status == IMP_OK)
        imp_map_print(world);
    if (status == IMP_OK && s->out != NULL && !options->json)
        printf("\nwritten: %s\n", s->out);
    imp_world_destroy(world);
    return status;
}

// Chooses the subcommand.
static imp_status run_map_subcommand(const settings *s, const imp_options *options, json_t *array,
                                     imp_error *err)
{
    enum { LIST, CHECK, SHOW, NEW };
    static const imp_subcommand subcommands[] = {[LIST] = {"list", 0, 0, ""},
                                                 [CHECK] = {"check", 1, -1, "MAP..."},
                                                 [SHOW] = {"show", 1, 1, "MAP"},
                                                 [NEW] = {"new", 0, 0, "--out FILE"},
                                                 {0}};
    // the subcommand decides which options have an effect
    int action;
    IMP_TRY(imp_options_find_subcommand(&action, options, subcommands, err));
    return action == LIST    ? list_builtin_maps(options, array, err)
           : action == CHECK ? check_maps(s, options, array, err)
           : action == SHOW
               ? draw_and_print_map(s, options, array, err)
               : imp_map_gen_run(options, &s->generation, s->size, s->out, s->force, array, err);
}

// Runs the subcommand, then prints the JSON array. After a failure, too: maps that were checked
// before it are in it.
static imp_status run_map_command(void *state, const imp_options *options, imp_error *err)
{
    imp_error later = {0};
    json_t *array = json_array();
    // the array owns its objects; the report only borrows it
    const imp_status status = run_map_subcommand(state, options, array, err);
    imp_status printed = IMP_OK;
    if (options->json && json_array_size(array) > 0)
        printed = imp_console_print_json(json_pack("{s:O}", "maps", array), &later);
    json_decref(array);
    fflush(stdout);
    return status != IMP_OK || printed == IMP_OK ? status
                                                 : imp_fail(err, printed, "%s", later.message);
}

// Each help text begins with the subcommand that the option is for.
static void set_up_map_command(void *state, imp_options *options)
{
    settings *s = state;
    s->generation = imp_default_map_gen_options();
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE",
         "show: draw the map to this .svg or .png file; new: write the map to it", IMP_TRANSIENT},
        {"size", 0, IMP_OPTION_PAIR, s->size, "WxH",
         "show: size of the image [px]; new: size of the map in tiles [9x9]", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "new: replace --out if it exists",
         IMP_TRANSIENT},
        {"strict", 0, IMP_OPTION_FLAG, &s->strict, NULL, "check: remarks count as failures",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
    imp_map_gen_options_add(options, &s->generation);
}

const imp_command imp_command_map = {
    .name = "map",
    .summary = "list, check, draw or generate maps",
    .operands = "list | check MAP... | show MAP | new",
    .details =
        "MAP is the name of a built-in map, the path of a YAML file, or a folder of "
        "lib-dt-maps. `check` prints errors and remarks with their line numbers; only errors "
        "make it fail, unless --strict is given. `new` generates maps from a seed, with "
        "--count a folder of them. The option --map of log, train and eval takes such a "
        "folder.",
    .examples = "  imprint map list\n"
                "  imprint map check loop_empty udem1\n"
                "  imprint map show zigzag_dists --out /tmp/zigzag.svg\n"
                "  imprint map new --random --objects --seed 7 --out /tmp/town.yaml --force\n"
                "  imprint map show /tmp/town.yaml --out /tmp/town.png\n"
                "  imprint map new --loop --count 20 --out /tmp/towns --force",
    .state_size = sizeof(settings),
    .set_up = set_up_map_command,
    .run = run_map_command,
};
