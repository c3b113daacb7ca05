#include "cli/map_new.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/plural.h"
#include "cli/map_words.h"
#include "cli/out_ending.h"
#include "cli/out_folder.h"
#include "cli/session.h"

enum { COUNT_MAX = 9999 };

imp_map_new_options imp_default_map_new_options(void)
{
    return (imp_map_new_options){.count = 1, .town = imp_default_town_def()};
}

void imp_map_new_add(imp_options *options, imp_map_new_options *settings)
{
    static const char *const texts[] = {
#define IMP_TOWN_HELP(name, word, text) "new: " text,
        IMP_TOWN_MAP(IMP_TOWN_HELP)
#undef IMP_TOWN_HELP
    };
    imp_town_def *town = &settings->town;
    for (int k = 0; k < IMP_TOWN_KIND_COUNT; k++)
        imp_options_add(options,
                        (imp_option){imp_town_kind_name((imp_town_kind)k), 0, IMP_OPTION_FLAG,
                                     &settings->kinds[k], NULL, texts[k], false});
    const imp_option table[] = {
        {"seed", 's', IMP_OPTION_SEED, &town->seed, "N", "new: the same seed makes the same town",
         IMP_SETTING},
        {"count", 'n', IMP_OPTION_INT, &settings->count, "N",
         "new: so many towns, into the folder --out", IMP_SETTING},
        {"objects", 0, IMP_OPTION_FLAG, &town->objects, NULL,
         "new: houses, trees and more beside the road, signs, traffic lights", IMP_SETTING},
        {"pedestrians", 0, IMP_OPTION_INT, &town->pedestrians, "N",
         "new: duckies that walk across the road", IMP_SETTING},
        {"cars", 0, IMP_OPTION_INT, &town->cars, "N", "new: Duckiebots that drive", IMP_SETTING},
        {"parked", 0, IMP_OPTION_INT, &town->parked, "N", "new: Duckiebots at the kerb",
         IMP_SETTING},
        {"obstacles", 0, IMP_OPTION_INT, &town->obstacles, "N",
         "new: cones, barriers and duckies at the kerb", IMP_SETTING},
        {"duckies", 0, IMP_OPTION_INT, &town->duckies, "N",
         "new: duckies that stand in a lane, to the right of its middle, as in AI-DO's LFP",
         IMP_SETTING},
        {"border", 0, IMP_OPTION_FLAG, &town->border, NULL,
         "new: a ring without roads around the town; --no-border leaves it out", IMP_SETTING},
        {"tile-size", 0, IMP_OPTION_REAL, &town->tile_size, "M", "new: side of a tile",
         IMP_SETTING},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

static imp_status choose_kind(const imp_map_new_options *settings, imp_town_def *town,
                              imp_error *err)
{
    int chosen = 0;
    for (int k = 0; k < IMP_TOWN_KIND_COUNT; k++)
        if (settings->kinds[k]) {
            town->kind = (imp_town_kind)k;
            chosen++;
        }
    if (chosen > 1)
        return imp_fail(err, IMP_USAGE, "--loop, --grid and --random exclude each other");
    return IMP_OK;
}

// Tells of a town in one line, or in the array. That it can be read is checked on the way.
static imp_status tell(const imp_options *options, const char *path, const char *text,
                       size_t length, json_t *array, imp_error *err)
{
    imp_world *world;
    char summary[512];
    imp_status status = imp_world_parse(&world, text, length, path, err);
    if (status != IMP_OK)
        return status;
    imp_map_summary(world, summary, sizeof summary);
    json_t *object = imp_map_json(world);
    json_object_set_new(object, "file", json_string(path));
    json_array_append_new(array, object);
    if (!options->json && !options->quiet)
        printf("%s: %s\n", path, summary);
    imp_world_destroy(world);
    return IMP_OK;
}

static imp_status make_one(const imp_options *options, const imp_town_def *town, const char *path,
                           json_t *array, imp_error *err)
{
    char *text;
    size_t length;
    imp_status status = imp_town_generate(&text, &length, town, err);
    if (status != IMP_OK)
        return status;
    if (strcmp(path, "-") == 0) {
        fwrite(text, 1, length, stdout);
    } else {
        status = imp_file_write(path, text, length, err);
        if (status == IMP_OK)
            status = tell(options, path, text, length, array, err);
    }
    free(text);
    return status;
}

static imp_status make_folder(const imp_options *options, imp_town_def town, int count,
                              const char *folder, json_t *array, imp_error *err)
{
    const imp_monitor monitor = imp_session_monitor(options);
    imp_status status = imp_folder_create(folder, err);
    for (int k = 1; status == IMP_OK && k <= count; k++) {
        char name[32], path[IMP_PATH_MAX];
        if (imp_monitor_should_stop(&monitor))
            return imp_fail(err, IMP_INTERRUPTED, "stopped after %d of %s", k - 1,
                            IMP_COUNT(count, "town"));
        town.number = (uint32_t)k;
        snprintf(name, sizeof name, "town-%04d.yaml", k);
        status = imp_path_join(path, folder, name, err);
        if (status == IMP_OK)
            status = make_one(options, &town, path, array, err);
    }
    return status;
}

// A definition that cannot be met is refused before anything of the user's is touched.
static imp_status try_out(const imp_town_def *town, imp_error *err)
{
    char *text;
    size_t length;
    imp_status status = imp_town_generate(&text, &length, town, err);
    if (status == IMP_OK)
        free(text);
    return status;
}

imp_status imp_map_new(const imp_options *options, const imp_map_new_options *settings,
                       const int size[2], const char *out, bool force, json_t *array,
                       imp_error *err)
{
    imp_town_def town = settings->town;
    if (size[0] != 0 || size[1] != 0) {
        town.columns = size[0];
        town.rows = size[1];
    }
    if (out == NULL || out[0] == '\0')
        return imp_fail(err, IMP_USAGE, "new wants --out FILE, --out FOLDER or --out -");
    if (settings->count < 1 || settings->count > COUNT_MAX)
        return imp_fail(err, IMP_USAGE, "--count %d is not within 1 to %d", settings->count,
                        COUNT_MAX);
    const bool several = imp_options_given(options, &settings->count);
    const bool to_screen = strcmp(out, "-") == 0;
    if (to_screen && (several || options->json))
        return imp_fail(err, IMP_USAGE, "--out - goes with neither --count nor --json");
    static const char *const endings[] = {".yaml", ".yml", NULL};
    imp_status status = several || to_screen ? IMP_OK : imp_out_check_file(out, endings, err);
    if (status == IMP_OK)
        status = choose_kind(settings, &town, err);
    if (status == IMP_OK)
        status = try_out(&town, err);
    if (status != IMP_OK)
        return status;
    if (!several) {
        if (!to_screen && !force && imp_path_exists(out))
            return imp_fail(err, IMP_IO,
                            "%s exists: replace it with --force, or choose another "
                            "--out",
                            out);
        return make_one(options, &town, out, array, err);
    }
    status = imp_out_claim(options, out, false, force, err);
    if (status != IMP_OK)
        return status;
    status = make_folder(options, town, settings->count, out, array, err);
    imp_out_settle(out, force, status, err);
    return status;
}
