/// imprint/randomization.h: domain randomisation: what differs from episode to episode. A sample is
/// a plain value, a function of (spec, seed, environment, episode), which is applied to the
/// definitions of environment, camera and image. It covers gym-duckietown's domain, camera and
/// dynamics randomisation, and more (docs/randomisation.md).
#ifndef IMPRINT_RANDOMIZATION_H
#define IMPRINT_RANDOMIZATION_H

#include "imprint/env.h"

IMP_API_BEGIN

/// Groups of quantities that are switched together: X(enumerator, name, description). Groups before
/// IMP_GROUP_GAIN change what is seen, the others how the robot moves.
#define IMP_GROUP_MAP(X)                                                                           \
    X(IMP_GROUP_HORIZON, "horizon", "the background: sky, wall, dark or light grey")               \
    X(IMP_GROUP_LIGHT, "light", "where the light comes from, its strength and colour")             \
    X(IMP_GROUP_MATERIALS, "materials", "colours and textures of tiles, ground and objects")       \
    X(IMP_GROUP_ROAD, "road", "wear of lines, asphalt and floors, seams between tiles")            \
    X(IMP_GROUP_CLUTTER, "clutter", "objects without meaning beside the road")                     \
    X(IMP_GROUP_OBJECTS, "objects", "which optional objects exist, how objects move")              \
    X(IMP_GROUP_MOUNTING, "mounting", "place, pitch and field of view of the camera")              \
    X(IMP_GROUP_LENS, "lens", "the lens's parameters")                                             \
    X(IMP_GROUP_EXPOSURE, "exposure", "exposure, white balance, gamma")                            \
    X(IMP_GROUP_BLUR, "blur", "motion blur, defocus")                                              \
    X(IMP_GROUP_NOISE, "noise", "noise of the sensor, flicker of lamps")                           \
    X(IMP_GROUP_JPEG, "jpeg", "compression")                                                       \
    X(IMP_GROUP_ROOM, "room", "a room around the map, and duckies beside the lines")               \
    X(IMP_GROUP_NIGHT, "night", "little light, of one colour")                                     \
    X(IMP_GROUP_WALLS, "walls", "how bright the room is beside the road, and what hangs there")    \
    X(IMP_GROUP_TAPE, "tape", "markings as people lay them: pieces, other widths and colours")     \
    X(IMP_GROUP_GAIN, "gain", "strength of the motors")                                            \
    X(IMP_GROUP_TRIM, "trim", "imbalance of the motors")                                           \
    X(IMP_GROUP_WHEELS, "wheels", "radius of the wheels, and distance between them")               \
    X(IMP_GROUP_DELAY, "delay", "command delay: 0 to 0.3 s")                                       \
    X(IMP_GROUP_DROPS, "drops", "dropped frames: the previous command continues")                  \
    X(IMP_GROUP_COMMANDS, "commands", "noise on commands")                                         \
    X(IMP_GROUP_RATE, "rate", "decisions per second: 30, 15 or 10")

typedef enum imp_randomization_group {
#define IMP_GROUP_ENUM(name, word, what) name,
    IMP_GROUP_MAP(IMP_GROUP_ENUM)
#undef IMP_GROUP_ENUM
        IMP_GROUP_COUNT
} imp_randomization_group;

/// Name and description of a group; static. NULL past the last.
const char *imp_randomization_group_name(int group);
const char *imp_randomization_group_help(int group);

/// The quantities. Their names in files, groups and ranges are in one table
/// (src/sim/randomization/quantities.c), which docs/randomisation.md shows.
typedef enum imp_quantity {
    IMP_QUANTITY_HORZ_MODE,       ///< 0 sky, 1 wall, 2 dark grey, 3 light grey
    IMP_QUANTITY_HORIZON_TINT,    ///< (3) factors on the colours of sky and wall
    IMP_QUANTITY_HORIZON_GREY,    ///< (3) factors on the greys
    IMP_QUANTITY_HORIZON_SCENE,   ///< 1: noise, gradients and patches instead of one colour
    IMP_QUANTITY_LIGHT_POS,       ///< (3) position of the lamp: x, height, z [m]
    IMP_QUANTITY_LIGHT_NEAR,      ///< 1: the lamp is in the room, at a hundredth of the distance
    IMP_QUANTITY_LIGHT_SLOPE,     ///< this and the next two: see imp_view
    IMP_QUANTITY_SHADOW,          ///<
    IMP_QUANTITY_GLARES,          ///< number of reflected lamps and windows
    IMP_QUANTITY_LIGHT_AMBIENT,   ///< (3) factors on red, green, blue
    IMP_QUANTITY_LIGHT_DIFFUSE,   ///< (3) factors on red, green, blue
    IMP_QUANTITY_GROUND_COLOUR,   ///< (3) factors
    IMP_QUANTITY_TILE_COLOUR,     ///< (3) factors, drawn per tile
    IMP_QUANTITY_OBJECT_COLOUR,   ///< (3) factors, drawn per object
    IMP_QUANTITY_ROAD_STYLE,      ///< index of the style of worn tiles
    IMP_QUANTITY_ROAD_MIX,        ///< 1: every tile has its own style
    IMP_QUANTITY_DISTRACTORS,     ///< number of triangles on the ground
    IMP_QUANTITY_BOXES,           ///< number of boxes beside the road
    IMP_QUANTITY_LEDS,            ///< 1: duckiebots' LEDs are on, in random colours
    IMP_QUANTITY_OBJECTS,         ///< 1: draw optional objects and motions
    IMP_QUANTITY_CAMERA_NOISE,    ///< (3) shift of the camera ahead, up and to the right [m]
    IMP_QUANTITY_CAMERA_HEIGHT,   ///< factor
    IMP_QUANTITY_CAMERA_ANGLE,    ///< factor on the pitch
    IMP_QUANTITY_CAMERA_FOV,      ///< factor on the field of view
    IMP_QUANTITY_LENS_MATRIX,     ///< (4) factors on fx, fy, cx, cy
    IMP_QUANTITY_LENS_DISTORTION, ///< (5) factors on k1, k2, p1, p2, k3
    IMP_QUANTITY_EXPOSURE,        ///< up to JPEG_QUALITY: see imp_camera_effects_def
    IMP_QUANTITY_WHITE_BALANCE,   ///<
    IMP_QUANTITY_GAMMA,           ///<
    IMP_QUANTITY_MOTION_BLUR,     ///<
    IMP_QUANTITY_DEFOCUS,         ///<
    IMP_QUANTITY_NOISE,           ///<
    IMP_QUANTITY_SHOT_NOISE,      ///<
    IMP_QUANTITY_FLICKER,         ///<
    IMP_QUANTITY_JPEG_QUALITY,    ///< 100: no compression
    IMP_QUANTITY_ROOM_KIND,       ///< an imp_room_kind
    IMP_QUANTITY_ROOM_DUCKIES,    ///< number of duckies beside the road's lines
    IMP_QUANTITY_TAPE_STYLE,      ///< index of the style of markings, where `road` has none
    IMP_QUANTITY_ROOM_LIGHT,      ///< factor on the light of the room, not of the road
    IMP_QUANTITY_ROOM_POSTERS,    ///< number of posters, blinds and cables on the walls
    IMP_QUANTITY_NIGHT,           ///< 1: it is night
    IMP_QUANTITY_NIGHT_LIGHT,     ///< factor on all light at night
    IMP_QUANTITY_NIGHT_COLOUR,    ///< (3) factors on red, green, blue at night
    IMP_QUANTITY_GAIN,            ///< factor on imp_drive_def.gain
    IMP_QUANTITY_TRIM,            ///< added to imp_drive_def.trim
    IMP_QUANTITY_WHEEL_RADIUS,    ///< factor
    IMP_QUANTITY_WHEEL_DIST,      ///< factor
    IMP_QUANTITY_DELAY,           ///< [s]
    IMP_QUANTITY_DROPPED,         ///< probability that an action is dropped
    IMP_QUANTITY_COMMAND_NOISE,   ///< standard deviation of noise on duty cycles
    IMP_QUANTITY_RATE_DIVIDER,    ///< frames per action
    IMP_QUANTITY_COUNT
} imp_quantity;

enum { IMP_QUANTITY_SIZE_MAX = 5 };

/// Kinds of distribution.
typedef enum imp_distribution_kind {
    IMP_DISTRIBUTION_FIXED,   ///< always low
    IMP_DISTRIBUTION_UNIFORM, ///< [low, high)
    IMP_DISTRIBUTION_INT,     ///< whole numbers from low to high - 1
    IMP_DISTRIBUTION_NORMAL,  ///< mean low, standard deviation high, clamped to the limits
} imp_distribution_kind;

typedef struct imp_distribution {
    imp_distribution_kind kind;
    double low[IMP_QUANTITY_SIZE_MAX], high[IMP_QUANTITY_SIZE_MAX];
    double absent; ///< probability of the default values instead, 0..1; 0
} imp_distribution;

/// A randomisation: which groups are on, and the distributions. A plain value.
typedef struct imp_randomization {
    /// Strength per group, 0 to 1: interpolates from the default values (0: off) to the drawn ones
    /// (1).
    double strength[IMP_GROUP_COUNT];
    imp_distribution quantities[IMP_QUANTITY_COUNT];
} imp_randomization;

/// No group is on; the distributions are those of "all".
imp_randomization imp_randomization_none(void);

/// Applies a comma-separated list of words, from left to right. "none", "all", "looks" (what is
/// seen) and "dynamics" (the rest) select groups, as do the names of groups. "indoors" is "all"
/// with "room" and "night", which the other words leave out. "reference", or its
/// parts "domain_rand", "camera_rand" and "dynamics_rand", use gym-duckietown's ranges. "WORD=0.5"
/// sets a strength, "no-WORD" switches off. Fails with IMP_USAGE and names an unknown word; then
/// *spec is unchanged.
imp_status imp_randomization_parse_list(imp_randomization *spec, const char *list, imp_error *err);

/// Whether anything is randomised.
bool imp_randomization_is_on(const imp_randomization *spec);

enum { IMP_RANDOMIZATION_WARNING_MAX = 400 };

/// Reads distributions from a JSON file in gym-duckietown's format: {"name": {"type": "uniform",
/// "low": 0.8, "high": 1.2}}. "type" is int, uniform or normal (with "loc" and "scale"), "absent" a
/// probability; or "default": v replaces all that.
///
/// As in gym-duckietown, each of its seven quantities that the file omits keeps its default. A
/// quantity that the file randomises switches its group on. Unknown names are ignored; warning
/// (nullable) receives a line that lists them, or "". Fails with IMP_IO, or IMP_BAD_INPUT and
/// "file:line: reason"; then *spec is unchanged.
imp_status imp_randomization_read_file(imp_randomization *spec, const char *path,
                                       char warning[IMP_RANDOMIZATION_WARNING_MAX], imp_error *err);
/// The same from text; `name` replaces the file's name in messages.
imp_status imp_randomization_parse_json(imp_randomization *spec, const char *name, const char *text,
                                        size_t length, char warning[IMP_RANDOMIZATION_WARNING_MAX],
                                        imp_error *err);

/// The values drawn for an episode.
typedef struct imp_randomization_sample {
    imp_randomization spec; ///< what they were drawn from
    uint64_t seed;
    uint32_t environment, episode;
    double values[IMP_QUANTITY_COUNT][IMP_QUANTITY_SIZE_MAX];
} imp_randomization_sample;

/// Adapts a scene's definition to a randomisation: worn tiles and texture variants, if a group
/// needs them. They follow from the seed. Small images skip the finest mip level.
void imp_randomization_apply_to_scene(const imp_randomization *spec, uint64_t seed,
                                      const imp_camera_def *camera, imp_scene_def *scene);

/// Draws an episode's values. A quantity's random stream depends on its name only, so switching
/// other groups, or changing strengths, does not change its draw.
imp_randomization_sample imp_randomization_draw_sample(const imp_randomization *spec, uint64_t seed,
                                                       uint32_t environment, uint32_t episode);

enum { IMP_SAMPLE_JSON_MAX = 4096 };

/// Writes the values of all groups that are on as a JSON object; "{}" if none is.
void imp_randomization_sample_json(const imp_randomization_sample *sample,
                                   char out[IMP_SAMPLE_JSON_MAX]);

/// Applies a sample to definitions, whose present values are those of the nominal robot. The
/// results are valid for imp_env_init(), imp_camera_init() and imp_camera_effects_check() if the
/// definition was. (With an unusual lens, imp_camera_init() may still reject the distortion.)
void imp_randomization_apply_to_env(const imp_randomization_sample *sample, imp_env_def *def);
void imp_randomization_apply_to_camera(const imp_randomization_sample *sample, imp_camera_def *def);
void imp_randomization_apply_to_effects(const imp_randomization_sample *sample,
                                        imp_camera_effects_def *def);

/// Appearance of single tiles and objects. One per thread.
typedef struct imp_random_appearance imp_random_appearance;

/// Creates an appearance for worlds of up to so many tiles and objects. Free with
/// imp_random_appearance_destroy(). Fails with IMP_NO_MEMORY.
imp_status imp_random_appearance_create(imp_random_appearance **out, int tiles, int objects,
                                        imp_error *err);
void imp_random_appearance_destroy(imp_random_appearance *appearance); ///< nullable

/// Draws the appearance of a world within these limits, and its scene. Allocates nothing.
void imp_random_appearance_sample(imp_random_appearance *appearance,
                                  const imp_randomization_sample *sample, const imp_world *world,
                                  const imp_scene *scene);

/// Applies the appearance to a view, which then borrows from it until the next draw.
void imp_random_appearance_apply(const imp_random_appearance *appearance, imp_view *view);

IMP_API_END

#endif
