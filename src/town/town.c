#include "imprint/town.h"
#include "base/plural.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/vector.h"
#include "town/layout.h"
#include "town/streams.h"
#include "town/things.h"

enum { COOKIE = 0x746f776e };

const char *imp_town_kind_name(imp_town_kind kind)
{
    static const char *const names[] = {
#define IMP_TOWN_NAME(name, word, text) word,
        IMP_TOWN_MAP(IMP_TOWN_NAME)
#undef IMP_TOWN_NAME
    };
    return kind >= 0 && kind < IMP_TOWN_KIND_COUNT ? names[kind] : "unknown";
}

imp_town_def imp_default_town_def(void)
{
    return (imp_town_def){
        .kind = IMP_TOWN_RANDOM,
        .columns = 9,
        .rows = 9,
        .tile_size = 0.585,
        .border = true,
        .seed = 123,
        .number = 1,
        .cookie = COOKIE,
    };
}

// Loops want three tiles each way; where roads meet, one way has to have five.
static imp_status check_size(const imp_town_def *def, imp_error *err)
{
    const int frame = def->border ? 2 : 0, least = 3 + frame;
    const int longer_least = (def->kind == IMP_TOWN_LOOP ? 3 : 5) + frame;
    const int longer = def->columns > def->rows ? def->columns : def->rows;
    const int shorter = def->columns + def->rows - longer;
    if (shorter < least || longer < longer_least)
        return imp_fail(err, IMP_USAGE,
                        "%d x %d tiles are too few for a %s town%s: it wants at least %d x %d",
                        def->columns, def->rows, imp_town_kind_name(def->kind),
                        def->border ? " with a border" : "", longer_least, least);
    if (longer > IMP_TOWN_SIDE_MAX)
        return imp_fail(err, IMP_USAGE, "%d x %d tiles are too many for a town: at most %d a side",
                        def->columns, def->rows, IMP_TOWN_SIDE_MAX);
    return IMP_OK;
}

static imp_status check(const imp_town_def *def, imp_error *err)
{
    if (def->cookie != COOKIE)
        return imp_fail(err, IMP_USAGE, "begin with imp_default_town_def()");
    if (def->kind < 0 || def->kind >= IMP_TOWN_KIND_COUNT)
        return imp_fail(err, IMP_USAGE, "there is no town of kind %d", (int)def->kind);
    if (!(def->tile_size >= 0.3 && def->tile_size <= 2.0))
        return imp_fail(err, IMP_USAGE, "tiles of %g m: a town's are 0.3 to 2 m", def->tile_size);
    const int counts[] = {def->pedestrians, def->cars, def->parked, def->obstacles, def->duckies};
    static const char *const names[] = {"pedestrian", "car", "parked car", "obstacle", "duckie"};
    for (int k = 0; k < 5; k++)
        if (counts[k] < 0 || counts[k] > IMP_TOWN_THINGS_MAX)
            return imp_fail(err, IMP_USAGE, "%s: 0 to %d are possible",
                            IMP_COUNT(counts[k], names[k]), IMP_TOWN_THINGS_MAX);
    return check_size(def, err);
}

static void write_tiles(FILE *out, const imp_layout *layout)
{
    char words[IMP_TOWN_SIDE_MAX][24];
    int width[IMP_TOWN_SIDE_MAX] = {0};
    // the first pass measures, the second writes
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < layout->rows; j++) {
            for (int i = 0; i < layout->columns; i++) {
                const imp_tile *tile = &layout->tiles[j * layout->columns + i];
                snprintf(words[i], sizeof words[i], "%s", imp_tile_kind_name(tile->kind));
                const size_t length = strlen(words[i]);
                if (tile->drivable && tile->kind != IMP_TILE_4WAY)
                    snprintf(words[i] + length, sizeof words[i] - length, "/%c",
                             "SENW"[tile->orientation]);
                const int now = (int)strlen(words[i]);
                width[i] = now > width[i] ? now : width[i];
            }
            for (int i = 0; pass == 1 && i < layout->columns; i++) {
                const bool last = i + 1 == layout->columns;
                fprintf(out, "%s%-*s%s", i == 0 ? "  - [" : "", last ? 0 : width[i], words[i],
                        last ? "]\n" : ", ");
            }
        }
}

// To tenths of a millimetre, and never "-0".
static double rounded(double value)
{
    return round(value * 1e4) / 1e4 + 0.0;
}

// To hundredths of a degree, in (-180, 180].
static double degrees(double angle)
{
    const double value = round(imp_wrap_angle(angle) * 18000.0 / IMP_PI) / 100.0 + 0.0;
    return value > -180.0 ? value : 180.0;
}

static void write_things(FILE *out, const imp_town_def *def, const imp_things *things)
{
    if (things->count > 0)
        fprintf(out, "objects:\n");
    for (int k = 0; k < things->count; k++) {
        const imp_thing *thing = &things->items[k];
        // in a pose the origin is the bottom left corner of the map
        fprintf(out, "  - {kind: %s, pose: {~SE2Transform: {p: [%.9g, %.9g], theta_deg: %.9g}}",
                thing->kind, rounded(thing->pose.x),
                rounded(def->rows * def->tile_size - thing->pose.z), degrees(thing->pose.heading));
        fprintf(out, ", height: %.9g", thing->height);
        if (thing->colour != NULL)
            fprintf(out, ", color: %s", thing->colour);
        fprintf(out, "%s%s}\n", thing->optional ? ", optional: true" : "",
                thing->moves && strcmp(thing->kind, "trafficlight") != 0 ? ", static: false" : "");
    }
}

static void write_town(FILE *out, const imp_town_def *def, const imp_layout *layout,
                       const imp_things *things)
{
    static const char *const texts[] = {
#define IMP_TOWN_TEXT(name, word, text) text,
        IMP_TOWN_MAP(IMP_TOWN_TEXT)
#undef IMP_TOWN_TEXT
    };
    fprintf(out, "# A town that nobody drew: %s (seed %llu, number %u).\n", texts[def->kind],
            (unsigned long long)def->seed, (unsigned)def->number);
    fprintf(out, "tile_size: %.9g\ntiles:\n", def->tile_size);
    write_tiles(out, layout);
    write_things(out, def, things);
}

// Writes to memory, with decimal points whatever the locale.
static imp_status put_text(char **out, size_t *length, const imp_town_def *def,
                           const imp_layout *layout, const imp_things *things, imp_error *err)
{
    imp_text text;
    imp_status status = imp_text_open(&text, "a town", err);
    if (status != IMP_OK)
        return status;
    write_town(text.out, def, layout, things);
    status = imp_text_close(&text, "a town", err);
    if (status == IMP_OK) {
        *out = text.bytes;
        *length = text.length;
    }
    return status;
}

imp_status imp_town_generate(char **out, size_t *length, const imp_town_def *def, imp_error *err)
{
    imp_layout layout;
    imp_status status = check(def, err);
    if (status != IMP_OK)
        return status;
    imp_random random = imp_town_stream(def, IMP_TOWN_STREAM_LAYOUT);
    status = imp_layout_init(&layout, def, &random, err);
    imp_things *things = status == IMP_OK ? malloc(sizeof *things) : NULL;
    if (status == IMP_OK && things == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a town");
    if (status == IMP_OK)
        status = imp_things_place(things, def, &layout, err);
    if (status == IMP_OK)
        status = put_text(out, length, def, &layout, things, err);
    free(things);
    imp_layout_release(&layout);
    return status;
}
