/// imprint/randomization.h: what differs from episode to episode when worlds are randomised: a draw
/// is a plain value, a function of (spec, seed, environment, episode), that is applied to the
/// definitions of environment, camera and image. The quantities and ranges of gym-duckietown's
/// domain, camera and dynamics randomisation, and more (docs/randomisation.md).
#ifndef IMPRINT_RANDOMIZATION_H
#define IMPRINT_RANDOMIZATION_H

#include "imprint/env.h"

IMP_API_BEGIN

/// Groups of quantities that are switched together: X(enumerator, word, what it varies). Those up
/// to IMP_GROUP_RATE change what is seen, the others how the robot moves.
#define IMP_GROUP_MAP(X)                                                                           \
    X(IMP_GROUP_HORIZON, "horizon", "what is above the ground: sky, wall, dark or light grey")     \
    X(IMP_GROUP_LIGHT, "light", "where the light comes from, its strength and colour")             \
    X(IMP_GROUP_MATERIALS, "materials", "colours and textures of tiles, ground and objects")       \
    X(IMP_GROUP_ROAD, "road", "wear of lines, asphalt and floors, seams between tiles")            \
    X(IMP_GROUP_CLUTTER, "clutter", "things that lie beside the road")                             \
    X(IMP_GROUP_OBJECTS, "objects", "which optional objects are there, how things move")           \
    X(IMP_GROUP_MOUNTING, "mounting", "place, pitch and field of view of the camera")              \
    X(IMP_GROUP_LENS, "lens", "the lens's parameters")                                             \
    X(IMP_GROUP_EXPOSURE, "exposure", "exposure, white balance, gamma")                            \
    X(IMP_GROUP_BLUR, "blur", "motion blur, defocus")                                              \
    X(IMP_GROUP_NOISE, "noise", "noise of the sensor, flicker of lamps")                           \
    X(IMP_GROUP_JPEG, "jpeg", "compression")                                                       \
    X(IMP_GROUP_GAIN, "gain", "strength of the motors")                                            \
    X(IMP_GROUP_TRIM, "trim", "imbalance of the motors")                                           \
    X(IMP_GROUP_WHEELS, "wheels", "radius of the wheels, and distance between them")               \
    X(IMP_GROUP_DELAY, "delay", "how late commands act: 0 to 0.3 s")                               \
    X(IMP_GROUP_DROPS, "drops", "pictures that get lost, so that the last command goes on")        \
    X(IMP_GROUP_COMMANDS, "commands", "noise on commands")                                         \
    X(IMP_GROUP_RATE, "rate", "decisions per second: 30, 15 or 10")

typedef enum imp_randomization_group {
#define IMP_GROUP_ENUM(name, word, what) name,
    IMP_GROUP_MAP(IMP_GROUP_ENUM)
#undef IMP_GROUP_ENUM
        IMP_GROUP_COUNT
} imp_randomization_group;

/// The word for a group, and what it varies; NULL past the last.
const char *imp_randomization_group_name(int group);
const char *imp_randomization_group_help(int group);

/// Single quantities. The names that files use, their groups and ranges stand in one table
/// (src/sim/randomization/quantities.c); docs/randomisation.md shows it.
typedef enum imp_quantity {
    IMP_QUANTITY_HORZ_MODE,       ///< 0 sky, 1 wall, 2 dark grey, 3 light grey
    IMP_QUANTITY_HORIZON_TINT,    ///< (3) factors on the colours of sky and wall
    IMP_QUANTITY_HORIZON_GREY,    ///< (3) factors on the greys
    IMP_QUANTITY_HORIZON_SCENE,   ///< 1: noise, gradients and patches instead of one colour
    IMP_QUANTITY_LIGHT_POS,       ///< (3) of the lamp, x, height, z [m]
    IMP_QUANTITY_LIGHT_NEAR,      ///< 1: the lamp hangs in the room, a hundredth as far away
    IMP_QUANTITY_LIGHT_SLOPE,     ///< see imp_view, as what follows
    IMP_QUANTITY_SHADOW,          ///<
    IMP_QUANTITY_GLARES,          ///< number of lamps and windows that the ground reflects
    IMP_QUANTITY_LIGHT_AMBIENT,   ///< (3) factors on red, green, blue
    IMP_QUANTITY_LIGHT_DIFFUSE,   ///< (3) factors on red, green, blue
    IMP_QUANTITY_GROUND_COLOUR,   ///< (3) factors
    IMP_QUANTITY_TILE_COLOUR,     ///< (3) factors, drawn for each tile
    IMP_QUANTITY_OBJECT_COLOUR,   ///< (3) factors, drawn for each object
    IMP_QUANTITY_ROAD_STYLE,      ///< number of the style that tiles are worn in
    IMP_QUANTITY_ROAD_MIX,        ///< 1: every tile has its own
    IMP_QUANTITY_DISTRACTORS,     ///< number of triangles on the ground
    IMP_QUANTITY_BOXES,           ///< number of boxes beside the road
    IMP_QUANTITY_LEDS,            ///< 1: duckiebots have their LEDs on, in any colour
    IMP_QUANTITY_OBJECTS,         ///< 1: optional objects and motions are drawn
    IMP_QUANTITY_CAMERA_NOISE,    ///< (3) shift of the camera ahead, up and to the right [m]
    IMP_QUANTITY_CAMERA_HEIGHT,   ///< factor
    IMP_QUANTITY_CAMERA_ANGLE,    ///< factor on the pitch
    IMP_QUANTITY_CAMERA_FOV,      ///< factor on the field of view
    IMP_QUANTITY_LENS_MATRIX,     ///< (4) factors on fx, fy, cx, cy
    IMP_QUANTITY_LENS_DISTORTION, ///< (5) factors on k1, k2, p1, p2, k3
    IMP_QUANTITY_EXPOSURE,        ///< see imp_camera_effects_def, as what follows
    IMP_QUANTITY_WHITE_BALANCE,   ///<
    IMP_QUANTITY_GAMMA,           ///<
    IMP_QUANTITY_MOTION_BLUR,     ///<
    IMP_QUANTITY_DEFOCUS,         ///<
    IMP_QUANTITY_NOISE,           ///<
    IMP_QUANTITY_SHOT_NOISE,      ///<
    IMP_QUANTITY_FLICKER,         ///<
    IMP_QUANTITY_JPEG_QUALITY,    ///< 100: none
    IMP_QUANTITY_GAIN,            ///< factor on what the motors make of a duty cycle
    IMP_QUANTITY_TRIM,            ///< see imp_drive_def; added
    IMP_QUANTITY_WHEEL_RADIUS,    ///< factor
    IMP_QUANTITY_WHEEL_DIST,      ///< factor
    IMP_QUANTITY_DELAY,           ///< [s]
    IMP_QUANTITY_DROPPED,         ///< share of decisions that get lost
    IMP_QUANTITY_COMMAND_NOISE,   ///< standard deviation of duty cycles
    IMP_QUANTITY_RATE_DIVIDER,    ///< frames per decision
    IMP_QUANTITY_COUNT
} imp_quantity;

enum { IMP_QUANTITY_SIZE_MAX = 5 };

/// What the values of a quantity are drawn from.
typedef enum imp_distribution_kind {
    IMP_DISTRIBUTION_FIXED,   ///< low
    IMP_DISTRIBUTION_UNIFORM, ///< [low, high)
    IMP_DISTRIBUTION_INT,     ///< whole numbers from low to high - 1
    IMP_DISTRIBUTION_NORMAL,  ///< mean low, standard deviation high, cut off at the limits
} imp_distribution_kind;

typedef struct imp_distribution {
    imp_distribution_kind kind;
    double low[IMP_QUANTITY_SIZE_MAX], high[IMP_QUANTITY_SIZE_MAX];
    double absent; ///< share of episodes in which all is as without randomisation, 0..1; 0
} imp_distribution;

/// What is drawn from what. A plain value.
typedef struct imp_randomization {
    /// Of each group, 0 to 1: values lie so far on the way from what they are without
    /// randomisation to what was drawn. 0: the group is off.
    double strength[IMP_GROUP_COUNT];
    imp_distribution quantities[IMP_QUANTITY_COUNT];
} imp_randomization;

/// Nothing is randomised; the distributions are those of "all".
imp_randomization imp_randomization_none(void);

/// Changes *spec as a list of words says, separated by commas and read from left to right: "none",
/// "all", "looks" and "dynamics" (all groups, those that are seen, the others), groups by name; and
/// with gym-duckietown's own ranges "reference", or its parts "domain_rand", "camera_rand" and
/// "dynamics_rand". "WORD=0.5" sets a strength, "no-WORD" switches off. IMP_USAGE names a word that
/// is none of these.
imp_status imp_randomization_parse_list(imp_randomization *spec, const char *list, imp_error *err);

/// Whether anything is randomised.
bool imp_randomization_is_on(const imp_randomization *spec);

enum { IMP_RANDOMIZATION_WARNING_MAX = 400 };

/// Reads distributions from a file in gym-duckietown's own format, a JSON object of {"name":
/// {"type": "uniform", "low": 0.8, "high": 1.2}}; "type" is int, uniform or normal (with "loc" and
/// "scale"), "absent" a share, or there is "default": v instead of all that. Each of
/// gym-duckietown's seven names that the file lacks stays as without randomisation, as there. A
/// quantity that the file draws switches on its group, if it is off. Names that we do not know are
/// left alone; notice (nullable) gets a line that lists the first of them, or "". Fails with
/// IMP_IO, or IMP_BAD_INPUT and "file:line: what is wrong"; then *spec is as it was.
imp_status imp_randomization_read_file(imp_randomization *spec, const char *path,
                                       char warning[IMP_RANDOMIZATION_WARNING_MAX], imp_error *err);
/// The same from text; name stands in messages for the file.
imp_status imp_randomization_parse_json(imp_randomization *spec, const char *name, const char *text,
                                        size_t length, char warning[IMP_RANDOMIZATION_WARNING_MAX],
                                        imp_error *err);

/// The values of an episode.
typedef struct imp_randomization_sample {
    imp_randomization spec; ///< what they were drawn from
    uint64_t seed;
    uint32_t environment, episode;
    double values[IMP_QUANTITY_COUNT][IMP_QUANTITY_SIZE_MAX];
} imp_randomization_sample;

/// What the scenes of randomised episodes are made from: worn roads, and variants to choose from,
/// if any group wants them. They follow from the seed; small images need no fine ones.
void imp_randomization_apply_scene(const imp_randomization *spec, uint64_t seed,
                                   const imp_camera_def *camera, imp_scene_def *scene);

/// Draws an episode's values. A quantity's draw depends on nothing but its name and distribution,
/// so that switching groups on and off, and strengths, leave the others' draws alone.
imp_randomization_sample imp_randomization_draw_sample(const imp_randomization *spec, uint64_t seed,
                                                       uint32_t environment, uint32_t episode);

enum { IMP_SAMPLE_JSON_MAX = 4096 };

/// Writes the values of the groups that are on as a JSON object into out; "{}" if none is.
void imp_randomization_sample_json(const imp_randomization_sample *sample,
                                   char out[IMP_SAMPLE_JSON_MAX]);

/// Applies a draw to definitions. What they were before counts as the nominal robot; every result
/// is one that imp_env_init(), imp_camera_init() and imp_camera_effects_check() accept if the
/// definition was (with an unusual lens, imp_camera_init() may find that it bends too much).
void imp_randomization_apply_env(const imp_randomization_sample *sample, imp_env_def *def);
void imp_randomization_apply_camera(const imp_randomization_sample *sample, imp_camera_def *def);
void imp_randomization_apply_effects(const imp_randomization_sample *sample,
                                     imp_camera_effects_def *def);

/// What is drawn for single tiles and objects of a world. One per thread.
typedef struct imp_random_appearance imp_random_appearance;

/// Makes room for worlds of so many tiles and objects. Freed with imp_random_appearance_destroy().
/// Fails with IMP_NO_MEMORY.
imp_status imp_random_appearance_create(imp_random_appearance **out, int tiles, int objects,
                                        imp_error *err);
void imp_random_appearance_destroy(imp_random_appearance *appearance); ///< nullable

/// Draws for a world no larger than that, and its scene. Allocates nothing.
void imp_random_appearance_sample(imp_random_appearance *appearance,
                                  const imp_randomization_sample *sample, const imp_world *world,
                                  const imp_scene *scene);

/// Gives a view its looks. It then borrows from appearance, until the next draw.
void imp_random_appearance_apply(const imp_random_appearance *appearance, imp_view *view);

IMP_API_END

#endif
