/// imprint/plugin.h: the interface of policy plug-ins. A plug-in is a shared object that defines
/// imp_plugin_get(). It drives wherever a policy is named by its path, `./mine.so`: in
/// imp_policy_factory_open(), and so in `imprint log`, `imprint dagger` and `imprint eval`.
///
/// This header stands alone: a plug-in includes nothing else of the library and links nothing of
/// it. All types have a fixed size. Within one IMP_PLUGIN_ABI_VERSION, members are only added at
/// the end of structures that the simulator fills, so a compiled plug-in keeps working.
/// docs/plugins.md holds a complete example.
#ifndef IMPRINT_PLUGIN_H
#define IMPRINT_PLUGIN_H

#include <stdint.h>

/// Version of this interface; a plug-in of another one is refused.
#define IMP_PLUGIN_ABI_VERSION 1

/// Position relative to a lane.
typedef struct imp_plugin_lane {
    double distance;             ///< from the lane centre [m], positive to the right
    double angle;                ///< heading relative to the lane [rad], positive to the right
    double x, z;                 ///< closest point on the lane centre [m]
    double tangent_x, tangent_z; ///< unit direction of the lane there
} imp_plugin_lane;

/// An object of the map.
typedef struct imp_plugin_object {
    char kind[32];  ///< the word of map files, "duckie"
    double x, z;    ///< [m]
    double heading; ///< [rad]
    double radius;  ///< of a circle around its footprint [m]
    int32_t solid;  ///< 1: the robot collides with it
    int32_t moving; ///< 1: it moves or changes
} imp_plugin_object;

/// Questions that a policy can ask about the world, during reset() and act() only.
typedef struct imp_plugin_world {
    const void *context; ///< of the simulator
    /// The lane position of any pose. Returns 1, or 0 off the lanes; then *out is unchanged.
    int32_t (*find_lane)(const struct imp_plugin_world *world, double x, double z, double heading,
                         imp_plugin_lane *out);
    /// The object of that index, where it is at this moment. Returns 1; 0 if it is absent in this
    /// episode or the index is not below object_count.
    int32_t (*get_object)(const struct imp_plugin_world *world, int32_t index,
                          imp_plugin_object *out);
    int32_t object_count;
} imp_plugin_world;

/// State of the simulation. Headings: 0 looks along +x, positive angles turn counter-clockwise seen
/// from above, forward is (cos, -sin) in (x, z).
typedef struct imp_plugin_state {
    const char *map;               ///< name of the map
    const imp_plugin_world *world; ///< what else can be asked
    uint64_t seed;                 ///< of the run; with `environment` and `episode`, a seed for
                                   ///< random numbers of the policy's own
    uint32_t environment, episode; ///< numbers of this environment and episode
    int32_t frame;                 ///< frames since reset, 0 in reset()
    int32_t in_lane;               ///< 1: `lane` is valid
    double time_step;              ///< seconds that an action is held
    double x, z, heading;          ///< centre of rotation [m], heading [rad]
    double speed, turn_rate;       ///< [m/s], [rad/s, positive to the left]
    double last_left, last_right;  ///< duty cycles that were executed last; 0 in reset()
    imp_plugin_lane lane;          ///< of the robot
    double wheel_distance;         ///< between the wheels [m]
    double tile_size;              ///< side of a tile [m]
} imp_plugin_state;

/// The observation: rows from top to bottom, three bytes (red, green, blue) per pixel.
typedef struct imp_plugin_image {
    const uint8_t *rgb; ///< NULL if the plug-in does not need images
    int32_t width, height;
} imp_plugin_image;

/// Duty cycles of the wheels. They are clipped to [-1, 1]; NaN becomes 0.
typedef struct imp_plugin_action {
    double left, right;
} imp_plugin_action;

/// A kind of policy. Each thread creates a policy of its own. Different threads call the functions
/// at the same time, with different policies. An action may depend on what happened since reset()
/// and on nothing else: then results do not depend on the number of threads, and `--resume` works.
typedef struct imp_plugin {
    uint32_t abi_version; ///< IMP_PLUGIN_ABI_VERSION
    uint32_t size;        ///< sizeof(imp_plugin)
    const char *name;     ///< in tables and files: at most 39 letters, digits, '-', '_' or '.'
    /// Size of the images that it needs [px]; 0 and 0 if it needs none.
    int32_t image_width, image_height;
    /// Creates a policy; *out may become NULL. Returns 0, or writes a message of one line into
    /// `message`, of message_size bytes, and returns something else.
    int32_t (*create)(void **out, char *message, uint32_t message_size);
    void (*destroy)(void *policy);
    /// Starts an episode.
    void (*reset)(void *policy, const imp_plugin_state *state);
    /// Chooses the action for this state. Returns 0, or another number if it cannot go on: that
    /// ends the episode.
    int32_t (*act)(void *policy, const imp_plugin_state *state, const imp_plugin_image *image,
                   imp_plugin_action *out);
} imp_plugin;

#ifdef __cplusplus
#define IMP_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define IMP_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/// Defined by the plug-in: its table, constant from the first call on.
IMP_PLUGIN_EXPORT const imp_plugin *imp_plugin_get(void);

#endif
