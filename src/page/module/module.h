// page/module/module.h: the simulator as a module of the page: what JavaScript calls. The folder is
// compiled to WebAssembly only.
//
// Robots are numbered: 0 is the one that is watched or driven, the others are ghosts, which drive
// the same episode by themselves. All have the same settings, but each has the camera that its
// policy needs. Functions return 0 or an imp_status; imp_page_message() then says why.
// One thread calls all of them.
#ifndef IMP_PAGE_MODULE_MODULE_H
#define IMP_PAGE_MODULE_MODULE_H

#include "imprint/challenge.h"
#include "imprint/nn.h"
#include "imprint/sim.h"

enum { PAGE_ROBOTS_MAX = 6, PAGE_NETWORKS_MAX = 16, PAGE_MAPS_MAX = 256 };

// Policies by number: networks follow in the order in which they were added.
enum {
    PAGE_POLICY_PERSON = -1,
    PAGE_POLICY_EXPERT,
    PAGE_POLICY_PURE_PURSUIT,
    PAGE_POLICY_NETWORKS
};

// What JavaScript calls by this name. Tools that read the source as C for the machine ignore it.
#ifdef __wasm__
#define PAGE_EXPORT(name) __attribute__((export_name(#name)))
#else
#define PAGE_EXPORT(name)
#endif

// Numbers of a robot's state, in the order of the array that imp_page_state() gives.
typedef enum page_number {
    PAGE_X,
    PAGE_Z,
    PAGE_HEADING,
    PAGE_SPEED,
    PAGE_TURN_RATE,
    PAGE_LANE_DISTANCE, // NaN off the lanes
    PAGE_LANE_ANGLE,
    PAGE_FRAME,
    PAGE_END_REASON,
    PAGE_REWARD,
    PAGE_LEFT, // executed duty cycles
    PAGE_RIGHT,
    PAGE_COMMAND, // imp_navigation_command in force
    PAGE_GIVEN,   // that was given for the next intersection
    PAGE_NUMBER_COUNT
} page_number;

// The error of the last function that failed. Functions of the module pass &imp_page_error on.
extern imp_error imp_page_error;
const char *imp_page_message(void) PAGE_EXPORT(message);
const char *imp_page_version(void) PAGE_EXPORT(version);

// Memory for arguments, which JavaScript fills.
void *imp_page_alloc(size_t size) PAGE_EXPORT(alloc);
void imp_page_free(void *memory) PAGE_EXPORT(free);

// Adds a map: its name and its text, YAML that was written as JSON. Both are kept, not copied.
int imp_page_add_map(const char *name, const char *text, size_t length) PAGE_EXPORT(addMap);

// Adds a network: text of its architecture, settings of its camera as imp_struct_text lines, size
// of its images, whether it has batch norms and sees masks, and all values (count). Gives the
// policy's number, or -1.
int imp_page_add_network(const char *architecture, const char *camera, int width, int height,
                         int batch_norm, int masks, const float *values, size_t count)
    PAGE_EXPORT(addNetwork);

// Sets what imp_page_create_robot() uses: lines of imp_struct_write_text() for an imp_sim_def, and
// a list of words for the randomisation.
int imp_page_set_sim_settings(const char *settings, const char *randomize) PAGE_EXPORT(configure);

// Makes robot number `robot` on a map, driven by a policy, in place of the one that is there.
int imp_page_create_robot(int robot, const char *map, int policy) PAGE_EXPORT(create);
void imp_page_destroy_robot(int robot) PAGE_EXPORT(destroy);

// Starts an episode.
int imp_page_reset(int robot, double seed, double episode) PAGE_EXPORT(reset);
// The same at a pose [m, rad], valid or not.
int imp_page_reset_at(int robot, double seed, double episode, double x, double z, double heading)
    PAGE_EXPORT(resetAt);
// Chooses the policy's action: two duty cycles, valid until the next call. NULL if it fails.
const double *imp_page_act(int robot) PAGE_EXPORT(act);
// Takes a step. Returns 1 when the episode is over.
int imp_page_step(int robot, double left, double right) PAGE_EXPORT(step);
// Tells the robot the way at the next intersection, where the settings say that commands are given.
void imp_page_give_command(int robot, int command) PAGE_EXPORT(giveCommand);
// The numbers of page_number; valid until the next call.
const double *imp_page_state(int robot) PAGE_EXPORT(state);
const char *imp_page_end_reason(int robot) PAGE_EXPORT(endReason);

// The metrics of AI-DO's challenges for the episode so far, by imp_metric; valid until the next
// call. NULL if there is no such robot.
const double *imp_page_metrics(int robot) PAGE_EXPORT(metrics);
// Hash of the text of the robot's map, as 16 hexadecimal digits.
const char *imp_page_map_hash(int robot) PAGE_EXPORT(mapHash);

// Hashes of the state and of the robot's observation, as 16 hexadecimal digits.
const char *imp_page_state_hash(int robot) PAGE_EXPORT(stateHash);
const char *imp_page_observation_hash(int robot) PAGE_EXPORT(observationHash);

// Settings of a robot's environment as they are in this episode, as lines of
// imp_struct_write_text(); those of the defaults for robot -1. Valid until the next call.
const char *imp_page_settings(int robot) PAGE_EXPORT(settings);

// Moving objects: x, z and heading of each, (3 x count); their number is in the map's transform.
const double *imp_page_get_moving_objects(int robot) PAGE_EXPORT(moving);

// Draws what the robot's camera would see with (width x height) pixels: (height x width x 4) bytes,
// valid until the next drawing. NULL if it fails.
const uint8_t *imp_page_draw_camera(int robot, int width, int height) PAGE_EXPORT(drawCamera);
// The same of the map from above, without robots.
const uint8_t *imp_page_draw_map(int robot, int width, int height) PAGE_EXPORT(drawMap);
// Of such a drawing: scale [px/m], and the pixel of the world's origin; width and height of the map
// [m]; side of a tile [m]; number of moving objects.
const double *imp_page_map_transform(int robot, int width, int height) PAGE_EXPORT(mapTransform);

// For imp_page_create_robot(): the policy of a number, and the camera and observations that it
// needs.
imp_status imp_page_policy_create(imp_policy **out, int policy, const imp_expert_def *expert,
                                  imp_error *err);
void imp_page_policy_apply_camera(int policy, imp_sim_def *def);
// The simulator of a robot; NULL if there is none.
imp_sim *imp_page_get_sim(int robot);

#endif
