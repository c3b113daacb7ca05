// The table of randomised quantities and how their values are drawn. A value is drawn from its
// distribution, clamped, and weakened by the group's strength. Each quantity has a random stream
// derived from its name, so adding or reordering quantities does not change the others. The number
// of draws per quantity is fixed, too: weaker randomisation gives weaker versions of the same
// episodes.
#include "sim/randomization/quantities.h"

#include <math.h>

#include "base/common/hash.h"

// Distributions of the table; all elements of a quantity share limits unless listed.
#define ALL_ELEMENTS(v)                                                                            \
    {                                                                                              \
        v, v, v, v, v                                                                              \
    }
// All elements uniform within the same limits.
#define UNIFORM(low, high)                                                                         \
    {                                                                                              \
        IMP_DISTRIBUTION_UNIFORM, ALL_ELEMENTS(low), ALL_ELEMENTS(high), 0.0                       \
    }
// The same, with a probability of the default values.
#define UNIFORM_OR_ABSENT(absent, low, high)                                                       \
    {                                                                                              \
        IMP_DISTRIBUTION_UNIFORM, ALL_ELEMENTS(low), ALL_ELEMENTS(high), absent                    \
    }
// Whole numbers from low to high - 1.
#define INTEGER(low, high)                                                                         \
    {                                                                                              \
        IMP_DISTRIBUTION_INT, ALL_ELEMENTS(low), ALL_ELEMENTS(high), 0.0                           \
    }
// A row: name in files, group, number of values, kind, valid range, distribution of "all".
#define ROW(quantity, name, group, ...)                                                            \
    [IMP_QUANTITY_##quantity] = {name, IMP_GROUP_##group, __VA_ARGS__}
#define NUMERIC IMP_QUANTITY_NUMERIC
#define CATEGORICAL IMP_QUANTITY_CATEGORICAL

// Quantities that gym-duckietown randomises, too, have its ranges (its code, and its
// default_dr.json), except those in imp_quantity_gym_distribution().
const imp_quantity_row imp_quantity_table[IMP_QUANTITY_COUNT] = {
    ROW(HORZ_MODE, "horz_mode", HORIZON, 1, CATEGORICAL, 0, 3, INTEGER(0, 4)),
    ROW(HORIZON_TINT, "horizon_tint", HORIZON, 3, NUMERIC, 0, 10, UNIFORM(0.9, 1.1)),
    ROW(HORIZON_GREY, "horizon_grey", HORIZON, 3, NUMERIC, 0, 10, UNIFORM(0.6, 1.4)),
    ROW(HORIZON_SCENE, "horizon_scene", HORIZON, 1, CATEGORICAL, 0, 1, INTEGER(0, 2)),
    ROW(LIGHT_POS, "light_pos", LIGHT, 3, NUMERIC, -1000, 1000,
        {IMP_DISTRIBUTION_UNIFORM, {-150, 170, -150}, {150, 220, 150}, 0.0}),
    ROW(LIGHT_NEAR, "light_near", LIGHT, 1, CATEGORICAL, 0, 1, INTEGER(0, 2)),
    ROW(LIGHT_SLOPE, "light_slope", LIGHT, 1, NUMERIC, 0, 1, UNIFORM_OR_ABSENT(0.5, 0, 0.8)),
    ROW(SHADOW, "shadow", LIGHT, 1, NUMERIC, 0, 1, UNIFORM_OR_ABSENT(0.3, 0.2, 0.8)),
    ROW(GLARES, "glares", LIGHT, 1, NUMERIC, 0, IMP_GLARES_MAX, INTEGER(0, 3)),
    ROW(LIGHT_AMBIENT, "light_ambient", LIGHT, 3, NUMERIC, 0, 10, UNIFORM(0.7, 1.3)),
    ROW(LIGHT_DIFFUSE, "light_diffuse", LIGHT, 3, NUMERIC, 0, 10, UNIFORM(0.01, 1.99)),
    ROW(GROUND_COLOUR, "ground_colour", MATERIALS, 3, NUMERIC, 0, 10, UNIFORM(0.7, 1.3)),
    ROW(TILE_COLOUR, "tile_colour", MATERIALS, 3, NUMERIC, 0, 10, UNIFORM(0.8, 1.2)),
    ROW(OBJECT_COLOUR, "object_colour", MATERIALS, 3, NUMERIC, 0, 10, UNIFORM(0.7, 1.3)),
    ROW(ROAD_STYLE, "road_style", ROAD, 1, CATEGORICAL, 0, IMP_TILE_VARIANTS_MAX - 1,
        INTEGER(0, IMP_TILE_VARIANTS_MAX)),
    ROW(ROAD_MIX, "road_mix", ROAD, 1, CATEGORICAL, 0, 1, INTEGER(0, 2)),
    ROW(DISTRACTORS, "distractors", CLUTTER, 1, NUMERIC, 0, IMP_DISTRACTORS_MAX,
        INTEGER(0, IMP_DISTRACTORS_MAX + 1)),
    ROW(BOXES, "boxes", CLUTTER, 1, NUMERIC, 0, IMP_CLUTTER_MAX, INTEGER(0, 9)),
    ROW(LEDS, "leds", OBJECTS, 1, CATEGORICAL, 0, 1, INTEGER(0, 2)),
    ROW(OBJECTS, "objects", OBJECTS, 1, CATEGORICAL, 0, 1, INTEGER(1, 2)),
    ROW(CAMERA_NOISE, "camera_noise", MOUNTING, 3, NUMERIC, -0.05, 0.05, UNIFORM(-0.005, 0.005)),
    ROW(CAMERA_HEIGHT, "camera_height", MOUNTING, 1, NUMERIC, 0.5, 10, UNIFORM(0.92, 1.08)),
    ROW(CAMERA_ANGLE, "camera_angle", MOUNTING, 1, NUMERIC, -4, 4, UNIFORM(0.8, 1.2)),
    ROW(CAMERA_FOV, "camera_fov_y", MOUNTING, 1, NUMERIC, 0.1, 2, UNIFORM(0.8, 1.2)),
    ROW(LENS_MATRIX, "lens_matrix", LENS, 4, NUMERIC, 0.5, 2, UNIFORM(0.95, 1.05)),
    ROW(LENS_DISTORTION, "lens_bend", LENS, 5, NUMERIC, 0, 2, UNIFORM(0.95, 1.05)),
    ROW(EXPOSURE, "exposure", EXPOSURE, 1, NUMERIC, -8, 8, UNIFORM(-0.6, 1.0)),
    ROW(WHITE_BALANCE, "white_balance", EXPOSURE, 1, NUMERIC, -1, 1, UNIFORM(-0.6, 0.6)),
    ROW(GAMMA, "gamma", EXPOSURE, 1, NUMERIC, 0.1, 10, UNIFORM(0.7, 1.4)),
    ROW(MOTION_BLUR, "motion_blur", BLUR, 1, NUMERIC, 0, 0.1, UNIFORM_OR_ABSENT(0.5, 0, 0.03)),
    ROW(DEFOCUS, "defocus", BLUR, 1, NUMERIC, 0, 20, UNIFORM_OR_ABSENT(0.5, 0, 8)),
    ROW(NOISE, "noise", NOISE, 1, NUMERIC, 0, 1, UNIFORM_OR_ABSENT(0.3, 0, 0.04)),
    ROW(SHOT_NOISE, "shot_noise", NOISE, 1, NUMERIC, 0, 1, UNIFORM_OR_ABSENT(0.3, 0, 0.06)),
    ROW(FLICKER, "flicker", NOISE, 1, NUMERIC, 0, 1, UNIFORM_OR_ABSENT(0.5, 0, 0.2)),
    ROW(JPEG_QUALITY, "jpeg_quality", JPEG, 1, NUMERIC, 1, 100,
        {IMP_DISTRIBUTION_INT, ALL_ELEMENTS(30), ALL_ELEMENTS(101), 0.5}),
    ROW(ROOM_KIND, "room_kind", ROOM, 1, CATEGORICAL, 0, IMP_ROOM_KIND_COUNT - 1,
        INTEGER(1, IMP_ROOM_KIND_COUNT)),
    ROW(ROOM_DUCKIES, "room_duckies", ROOM, 1, NUMERIC, 0, IMP_ROOM_DUCKIES_MAX,
        {IMP_DISTRIBUTION_INT, ALL_ELEMENTS(1), ALL_ELEMENTS(IMP_ROOM_DUCKIES_MAX + 1), 0.5}),
    ROW(TAPE_STYLE, "tape_style", TAPE, 1, CATEGORICAL, 0, IMP_TILE_VARIANTS_MAX - 1,
        INTEGER(0, IMP_TILE_VARIANTS_MAX)),
    ROW(ROOM_LIGHT, "room_light", WALLS, 1, NUMERIC, 0.05, 2, UNIFORM(0.3, 1.0)),
    ROW(ROOM_POSTERS, "room_posters", WALLS, 1, NUMERIC, 0, IMP_ROOM_POSTERS_MAX,
        INTEGER(0, IMP_ROOM_POSTERS_MAX + 1)),
    ROW(NIGHT, "night", NIGHT, 1, CATEGORICAL, 0, 1,
        // one in five: values below 0 are clamped
        INTEGER(-3, 2)),
    ROW(NIGHT_LIGHT, "night_light", NIGHT, 1, NUMERIC, 0.01, 10, UNIFORM(0.1, 0.5)),
    ROW(NIGHT_COLOUR, "night_colour", NIGHT, 3, NUMERIC, 0, 10, UNIFORM(0.5, 1.2)),
    ROW(GAIN, "gain", GAIN, 1, NUMERIC, 0.1, 4, UNIFORM(0.8, 1.2)),
    ROW(TRIM, "trim", TRIM, 1, NUMERIC, -0.5, 0.5, UNIFORM(-0.1, 0.1)),
    ROW(WHEEL_RADIUS, "wheel_radius", WHEELS, 1, NUMERIC, 0.5, 2, UNIFORM(0.95, 1.05)),
    ROW(WHEEL_DIST, "wheel_dist", WHEELS, 1, NUMERIC, 0.5, 2, UNIFORM(0.9, 1.1)),
    ROW(DELAY, "delay", DELAY, 1, NUMERIC, 0, 0.45, UNIFORM(0, 0.3)),
    ROW(DROPPED, "dropped", DROPS, 1, NUMERIC, 0, 0.9, UNIFORM(0, 0.2)),
    ROW(COMMAND_NOISE, "command_noise", COMMANDS, 1, NUMERIC, 0, 1, UNIFORM(0, 0.1)),
    ROW(RATE_DIVIDER, "rate_divider", RATE, 1, NUMERIC, 1, 30, INTEGER(1, 4)),
};

double imp_quantity_default_value(imp_quantity quantity, int k)
{
    // everything that is not listed defaults to 0
    switch (quantity) {
    // the lamp is 3 m above the origin
    case IMP_QUANTITY_LIGHT_POS:
        return k == 1 ? 3.0 : 0.0;
    case IMP_QUANTITY_JPEG_QUALITY:
        return 100.0;
    case IMP_QUANTITY_DELAY:
        return imp_default_drive_def().delay;
    case IMP_QUANTITY_HORIZON_TINT:
    case IMP_QUANTITY_HORIZON_GREY:
    case IMP_QUANTITY_LIGHT_AMBIENT:
    case IMP_QUANTITY_LIGHT_DIFFUSE:
    case IMP_QUANTITY_GROUND_COLOUR:
    case IMP_QUANTITY_TILE_COLOUR:
    case IMP_QUANTITY_OBJECT_COLOUR:
    case IMP_QUANTITY_CAMERA_HEIGHT:
    case IMP_QUANTITY_CAMERA_ANGLE:
    case IMP_QUANTITY_CAMERA_FOV:
    case IMP_QUANTITY_LENS_MATRIX:
    case IMP_QUANTITY_LENS_DISTORTION:
    case IMP_QUANTITY_GAMMA:
    case IMP_QUANTITY_GAIN:
    case IMP_QUANTITY_WHEEL_RADIUS:
    case IMP_QUANTITY_WHEEL_DIST:
    case IMP_QUANTITY_RATE_DIVIDER:
    case IMP_QUANTITY_ROOM_LIGHT:
    case IMP_QUANTITY_NIGHT_LIGHT:
    case IMP_QUANTITY_NIGHT_COLOUR:
        return 1.0; // a factor
    default:
        return 0.0;
    }
}

imp_distribution imp_quantity_gym_distribution(imp_quantity quantity)
{
    switch (quantity) {
    // it draws the trim from a normal distribution
    case IMP_QUANTITY_TRIM:
        return (imp_distribution){IMP_DISTRIBUTION_NORMAL, {0.0}, {0.02}, 0.0};
    // it always draws twelve triangles
    case IMP_QUANTITY_DISTRACTORS:
        return (imp_distribution){IMP_DISTRIBUTION_FIXED, {12.0}, {12.0}, 0.0};
    // it does not vary the wheels' radius
    case IMP_QUANTITY_WHEEL_RADIUS:
        return (imp_distribution){IMP_DISTRIBUTION_FIXED, {1.0}, {1.0}, 0.0};
    // effects that it does not have
    case IMP_QUANTITY_HORIZON_SCENE:
    case IMP_QUANTITY_LIGHT_NEAR:
    case IMP_QUANTITY_LIGHT_SLOPE:
    case IMP_QUANTITY_SHADOW:
    case IMP_QUANTITY_GLARES:
    case IMP_QUANTITY_BOXES:
    case IMP_QUANTITY_LEDS:
    case IMP_QUANTITY_ROOM_KIND:
    case IMP_QUANTITY_ROOM_DUCKIES:
    case IMP_QUANTITY_ROOM_POSTERS:
    case IMP_QUANTITY_NIGHT:
        return (imp_distribution){IMP_DISTRIBUTION_FIXED, {0.0}, {0.0}, 0.0};
    default:
        return imp_quantity_table[quantity].default_distribution;
    }
}

bool imp_quantity_is_in_gym_files(imp_quantity quantity)
{
    return quantity == IMP_QUANTITY_HORZ_MODE || quantity == IMP_QUANTITY_LIGHT_POS ||
           quantity == IMP_QUANTITY_CAMERA_NOISE || quantity == IMP_QUANTITY_TRIM ||
           quantity == IMP_QUANTITY_CAMERA_HEIGHT || quantity == IMP_QUANTITY_CAMERA_ANGLE ||
           quantity == IMP_QUANTITY_CAMERA_FOV;
}

imp_random imp_quantity_random_stream(imp_quantity quantity, uint64_t seed, uint32_t environment,
                                      uint32_t episode)
{
    // hash the name, so that the order of the table does not matter
    const uint64_t hash = imp_hash_text(IMP_HASH_START, imp_quantity_table[quantity].name);
    return imp_random_stream(seed ^ hash, environment, episode, IMP_PURPOSE_RANDOMIZATION);
}

// Draws element k of a distribution.
static double sample_value(const imp_distribution *from, int k, imp_random *random)
{
    // integers are the floor of a uniform number, so high itself is excluded
    const double low = from->low[k], high = from->high[k];
    switch (from->kind) {
    case IMP_DISTRIBUTION_UNIFORM:
        return imp_random_uniform(random, low, high);
    case IMP_DISTRIBUTION_INT:
        return floor(imp_random_uniform(random, low, high));
    case IMP_DISTRIBUTION_NORMAL:
        return low + high * imp_random_normal(random);
    case IMP_DISTRIBUTION_FIXED:
        break;
    }
    return low;
}

void imp_quantity_sample_values(const imp_randomization *spec, imp_quantity quantity,
                                imp_random *random, double *values)
{
    const imp_quantity_row *row = &imp_quantity_table[quantity];
    const imp_distribution *from = &spec->quantities[quantity];
    const double strength = spec->strength[row->group];
    // one draw decides categorical values and absence
    const double chance = imp_random_uniform(random, 0.0, 1.0);
    const bool chosen = chance < strength;
    // numeric values use the same chance for absence
    const double there = row->kind == NUMERIC && chance < from->absent ? 0.0 : strength;
    for (int k = 0; k < row->size; k++) {
        // interpolate between default and drawn value, or choose one of them
        const double drawn = fmax(row->min, fmin(row->max, sample_value(from, k, random)));
        const double neutral = imp_quantity_default_value(quantity, k);
        double value = neutral + there * (drawn - neutral);
        if (row->kind == CATEGORICAL)
            value = chosen ? drawn : neutral;
        else if (from->kind == IMP_DISTRIBUTION_INT)
            value = round(value);
        // rounding must not change what is switched off
        values[k] = strength > 0.0 ? value : neutral;
    }
}
