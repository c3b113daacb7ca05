// imprint map new: generates maps from a seed and writes them as YAML files. One file, a folder
// of numbered files with --count, or standard output. A map depends only on its definition, the
// seed and its number, so the same command writes the same files. Every text is parsed again
// after it was written, which proves that it is a valid map and gives the summary.
#include "cli/map_commands/map_generation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/map_commands/map_print.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "cli/output/output_folder.h"

// File names have four digits.
enum { COUNT_MAX = 9999 };

// No kind is chosen: the generator's default applies.
// The count is 1, so that a single file is written.
imp_map_gen_options imp_default_map_gen_options(void)
{
    return (imp_map_gen_options){.count = 1, .generator = imp_default_map_generator_def()};
}

// One flag per kind of map, then the options of the generator. The help texts of the kinds come
// from the generator's own table.
void imp_map_gen_options_add(imp_options *options, imp_map_gen_options *settings)
{
    const imp_option kinds[] = {
#define IMP_TOWN_OPTION(name, word, text)                                                          \
    {word, 0, IMP_OPTION_FLAG, &settings->kinds[name], NULL, "new: " text, IMP_SETTING},
        IMP_MAP_GENERATOR_KINDS(IMP_TOWN_OPTION)
#undef IMP_TOWN_OPTION
    };
    imp_map_generator_def *generator = &settings->generator;
    imp_options_add_all(options, kinds, IMP_MAP_GENERATOR_KIND_COUNT);
    // what is on the map
    const imp_option table[] = {
        {"seed", 's', IMP_OPTION_SEED, &generator->seed, "N",
         "new: seed of the map; equal seeds generate equal maps", IMP_SETTING},
        {"count", 'n', IMP_OPTION_INT, &settings->count, "N",
         "new: generate this many maps into the folder --out", IMP_SETTING},
        {"objects", 0, IMP_OPTION_FLAG, &generator->objects, NULL,
         "new: add houses, trees and other objects beside the road, signs and traffic lights",
         IMP_SETTING},
        {"pedestrians", 0, IMP_OPTION_INT, &generator->pedestrians, "N",
         "new: number of duckies that walk across the road", IMP_SETTING},
        {"cars", 0, IMP_OPTION_INT, &generator->cars, "N", "new: number of Duckiebots that drive",
         IMP_SETTING},
        {"parked", 0, IMP_OPTION_INT, &generator->parked, "N",
         "new: number of Duckiebots parked at the kerb", IMP_SETTING},
        {"obstacles", 0, IMP_OPTION_INT, &generator->obstacles, "N",
         "new: number of cones, barriers and duckies at the kerb", IMP_SETTING},
        {"duckies", 0, IMP_OPTION_INT, &generator->duckies, "N",
         "new: number of duckies that stand in a lane, right of its middle, as in AI-DO's LFP",
         IMP_SETTING},
        {"border", 0, IMP_OPTION_FLAG, &generator->border, NULL,
         "new: surround the map with tiles without roads; --no-border does not", IMP_SETTING},
        {"tile-size", 0, IMP_OPTION_REAL, &generator->tile_size, "M", "new: side of a tile",
         IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// The kinds are flags, at most one of which may be given.
static imp_status read_map_kind_flags(const imp_map_gen_options *settings,
                                      imp_map_generator_def *generator, imp_error *err)
{
    int chosen = 0;
    // the flags are in the order of the generator's kinds
    for (int k = 0; k < IMP_MAP_GENERATOR_KIND_COUNT; k++)
        if (settings->kinds[k]) {
            generator->kind = (imp_map_generator_kind)k;
            chosen++;
        }
    if (chosen > 1)
        return imp_fail(err, IMP_USAGE, "--loop, --grid and --random exclude each other");
    return IMP_OK;
}

// Reports a generated map as a line or a JSON object. Parsing it checks that it is valid.
static imp_status parse_and_print_generated_map(const imp_options *options, const char *path,
                                                const char *text, size_t length, json_t *array,
                                                imp_error *err)
{
    imp_world *world;
    char summary[512];
    // the parser is the one that every command uses for map files
    IMP_TRY(imp_world_parse(&world, text, length, path, err));
    imp_map_format_size_and_counts(world, summary, sizeof summary);
    json_t *object = imp_map_json(world);
    imp_json_set(object, "file", json_string(path));
    imp_json_append(array, object);
    if (!options->json && !options->quiet)
        printf("%s: %s\n", path, summary);
    imp_world_destroy(world);
    return IMP_OK;
}

// Generates one map and writes it to a file or to standard output.
static imp_status generate_map(const imp_options *options, const imp_map_generator_def *generator,
                               const char *path, json_t *array, imp_error *err)
{
    char *text;
    size_t length;
    imp_status status = imp_map_generate(&text, &length, generator, err);
    if (status != IMP_OK)
        return status;
    // with "-" the text goes to standard output and no summary is printed
    if (strcmp(path, "-") == 0) {
        fwrite(text, 1, length, stdout);
    } else {
        status = imp_file_write(path, text, length, err);
        if (status == IMP_OK)
            status = parse_and_print_generated_map(options, path, text, length, array, err);
    }
    free(text);
    return status;
}

// Writes town-0001.yaml and so on; the number enters the generator, so each map differs.
static imp_status generate_map_folder(const imp_options *options, imp_map_generator_def generator,
                                      int count, const char *folder, json_t *array, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    imp_status status = IMP_OK;
    for (int k = 1; status == IMP_OK && k <= count; k++) {
        // a stop between two maps leaves whole files only
        char name[32], path[IMP_PATH_MAX];
        if (imp_monitor_should_stop(&monitor))
            return imp_fail(err, IMP_INTERRUPTED, "stopped after %d of %s", k - 1,
                            IMP_PLURAL(count, "town"));
        generator.number = (uint32_t)k;
        snprintf(name, sizeof name, "town-%04d.yaml", k);
        status = imp_path_join(path, folder, name, err);
        if (status == IMP_OK)
            status = generate_map(options, &generator, path, array, err);
    }
    return status;
}

// Generates a map once without writing it. A definition that cannot be satisfied fails here, before
// --force moves anything.
static imp_status check_generator_settings(const imp_map_generator_def *generator, imp_error *err)
{
    char *text;
    size_t length;
    imp_status status = imp_map_generate(&text, &length, generator, err);
    if (status == IMP_OK)
        free(text);
    return status;
}

// Checks the options, then writes one file or a folder.
imp_status imp_map_gen_run(const imp_options *options, const imp_map_gen_options *settings,
                           const int size[2], const char *out, bool force, json_t *array,
                           imp_error *err)
{
    imp_map_generator_def generator = settings->generator;
    // --size is shared with `show` and has no default there
    if (size[0] != 0 || size[1] != 0) {
        generator.columns = size[0];
        generator.rows = size[1];
    }
    if (out == NULL || out[0] == '\0')
        return imp_fail(err, IMP_USAGE, "new needs --out FILE, --out FOLDER or --out -");
    if (settings->count < 1 || settings->count > COUNT_MAX)
        return imp_fail(err, IMP_USAGE, "--count %d is not within 1 to %d", settings->count,
                        COUNT_MAX);
    // --count, even 1, asks for a folder
    const bool several = imp_option_is_given(options, &settings->count);
    const bool to_screen = strcmp(out, "-") == 0;
    if (to_screen && (several || options->json))
        return imp_fail(err, IMP_USAGE, "--out - cannot be combined with --count or --json");
    static const char *const extensions[] = {".yaml", ".yml", NULL};
    IMP_TRY(several || to_screen ? IMP_OK : imp_output_check_file(out, extensions, err));
    IMP_TRY(read_map_kind_flags(settings, &generator, err));
    IMP_TRY(check_generator_settings(&generator, err));
    // one file
    if (!several) {
        if (!to_screen && !force && imp_path_exists(out))
            return imp_fail(err, IMP_IO,
                            "%s exists: replace it with --force, or choose another "
                            "--out",
                            out);
        return generate_map(options, &generator, out, array, err);
    }
    // a folder
    imp_output_folder folder;
    IMP_TRY(imp_output_folder_claim(&folder, options, out, force, err));
    const imp_status status =
        generate_map_folder(options, generator, settings->count, out, array, err);
    imp_output_folder_restore_or_drop_backup(&folder, status, err);
    return status;
}
