/// imprint/sim.h: the simulator behind one interface. An imp_sim is an environment with its
/// renderer, randomisation, camera effects, ground-truth masks and, if wanted, our expert.
/// imp_sim_step_many() steps any number of them on a thread pool into arrays of the caller's.
///
///     imp_sim *sims[64];
///     imp_sim_def def = imp_default_sim_def();
///     imp_sim_create_many(sims, 64, &def, &err);
///     imp_sim_reset_many(pool, sims, 64, NULL, NULL, &buffers, &err);
///     for (;;)
///         imp_sim_step_many(pool, sims, 64, actions, &buffers, &err);
///
/// docs/c-api.md has a whole program. Results depend neither on the number of threads nor on how
/// many are stepped together: environment k of N gives what it gives alone with index k.
#ifndef IMPRINT_SIM_H
#define IMPRINT_SIM_H

#include "imprint/map_set.h"
#include "imprint/observation.h"
#include "imprint/policy.h"
#include "imprint/randomization.h"

IMP_API_BEGIN

/// What imp_sim_step_many() does with an environment whose episode is over: Gymnasium's three
/// modes. The next episode has the next number.
typedef enum imp_autoreset_mode {
    /// The next step ignores the action and resets instead: it gives the first observation of the
    /// new episode, reward 0 and both flags false.
    IMP_AUTORESET_NEXT_STEP,
    /// The step that ends an episode also resets: it gives reward and flags of the old episode and
    /// the first observation of the new one. The last observation and state of the old episode go
    /// to final_observations, final_masks, final_depths and final_states.
    IMP_AUTORESET_SAME_STEP,
    /// The caller resets with imp_sim_reset_many(). To step an environment whose episode is over
    /// is an error.
    IMP_AUTORESET_DISABLED,
} imp_autoreset_mode;

/// What the two numbers of an action are.
typedef enum imp_action_kind {
    IMP_ACTION_DUTY_CYCLES, ///< duty cycles of the left and the right wheel
    IMP_ACTION_VELOCITIES,  ///< speed [m/s] and turn rate [rad/s]: see imp_action_from_velocity()
} imp_action_kind;

/// What a step is rewarded for.
typedef enum imp_reward_kind {
    IMP_REWARD_LANE,     ///< gym-duckietown's reward: see imp_step.reward
    IMP_REWARD_PROGRESS, ///< distance along the lane: see imp_sim_progress_reward()
} imp_reward_kind;

/// Settings of simulators. Obtain with imp_default_sim_def(), then change fields. Creation copies
/// what it needs, so texts and arrays may go afterwards; scene.assets must outlive the simulators.
typedef struct imp_sim_def {
    const char *map;         ///< see imp_map_set_load(); "loop_empty"
    const char *const *maps; ///< (map_count) that each episode draws one of, instead of `map`
    int map_count;           ///< 0
    /// YAML text of a map that is no file, map_text_bytes long, which is then called `map`; NULL
    const char *map_text;
    size_t map_text_bytes; ///< 0
    imp_map_split split;   ///< which of the maps take part; IMP_SPLIT_ALL
    imp_env_def env;       ///< env.index is that of the first environment
    /// Gives all of them env.index, instead of env.index + k to the k-th: they are then copies of
    /// one environment, for threads that share its episodes; false
    bool same_index;
    imp_camera_def camera;
    const char *robot; ///< only recorded: the robot, as imp_robot_format() writes it; NULL: default
    imp_scene_def scene;              ///< what maps are drawn with
    imp_observation_kind observation; ///< IMP_OBSERVATION_IMAGE
    imp_randomization randomization;  ///< what differs from episode to episode; nothing
    bool ground_truth;                ///< masks and depths can be asked for; false
    bool expert_actions;              ///< our expert tells its action in each state; false
    imp_expert_def expert;
    imp_autoreset_mode autoreset; ///< IMP_AUTORESET_NEXT_STEP
    imp_action_kind actions;      ///< of steps and of expert actions; IMP_ACTION_DUTY_CYCLES
    imp_reward_kind reward;       ///< IMP_REWARD_LANE
    imp_render_backend backend;   ///< IMP_RENDER_AUTO
    /// Threads that step these environments at the same time; 0: one for each processor. Without
    /// randomisation so many renderers are made, at most 64: more threads wait for each other
    int threads;
    int cookie;
} imp_sim_def;

imp_sim_def imp_default_sim_def(void);

/// One environment and all it needs. At most one thread at a time may use it.
typedef struct imp_sim imp_sim;

/// Creates `count` environments that share worlds and scenes. out: (count) of them, untouched after
/// a failure. Each is freed with imp_sim_destroy(), in any order but not on two threads at once.
/// Memory: maps and scenes once; for each environment 0.3 MiB, and with expert_actions 1.2 MiB
/// more. Views of 80 x 60 pixels take 0.9 MiB, 1.3 MiB for semantic classes: one for each thread,
/// but with randomisation one for each environment. Fails as imp_map_set_load(),
/// imp_env_init_worlds(), imp_renderer_create() and imp_expert_create() do, and then nothing is
/// left.
imp_status imp_sim_create_many(imp_sim **out, int count, const imp_sim_def *def, imp_error *err);
/// One of them.
imp_status imp_sim_create(imp_sim **out, const imp_sim_def *def, imp_error *err);
void imp_sim_destroy(imp_sim *sim); ///< nullable

/// Starts an episode at rest, with what is drawn for it. Fails as imp_env_reset() does, with
/// IMP_USAGE if a randomised lens bends too much, and with IMP_NO_MEMORY: a randomised camera that
/// sees more ground than all before takes more memory.
imp_status imp_sim_reset(imp_sim *sim, uint32_t episode, imp_error *err);
/// The same on a given map, at a given pose, valid or not.
imp_status imp_sim_reset_at(imp_sim *sim, uint32_t episode, int map_index, imp_pose pose,
                            imp_error *err);

/// Applies an action for env.frame_skip frames. It never resets. If the episode is over, or none
/// has begun, nothing happens and reward 0 is returned with both flags set. Allocates nothing.
imp_step imp_sim_step(imp_sim *sim, imp_action action);

/// Takes another seed and index from the next reset on, which begins episode 0 if it chooses none
/// itself. What maps are drawn with stays: where it is randomised, it follows from the seed at
/// creation. Fails as imp_env_set_def() does, and then nothing changes.
imp_status imp_sim_set_seed(imp_sim *sim, uint64_t seed, uint32_t index, imp_error *err);

/// Tells the robot the way at the next intersection: imp_env_give_command(). The expert's action
/// for the present state stays.
void imp_sim_give_command(imp_sim *sim, imp_navigation_command command);

/// Takes other settings of the environment, which begin with the next reset. One must follow. The
/// number of the next episode stays. Fails as imp_env_set_def() does, and then nothing changes.
imp_status imp_sim_set_env_def(imp_sim *sim, const imp_env_def *def, imp_error *err);

/// One frame of time_step [s] of an episode that the caller ends: see imp_env_advance_frame(). The
/// action is of the kind that imp_sim_def.actions says. Fails as that does, and with IMP_USAGE
/// before the first reset. Allocates nothing.
imp_status imp_sim_advance_frame(imp_sim *sim, imp_action action, double time_step, imp_error *err);

/// Moves the robot within an episode: see imp_env_set_pose(). Fails with IMP_USAGE if the pose is
/// not finite, or before the first reset.
imp_status imp_sim_set_pose(imp_sim *sim, imp_pose pose, imp_error *err);

/// What a progress reward is divided by: the motors' top speed [m/s].
#define IMP_PROGRESS_SPEED 0.6
/// The distance from the lane's centre from which progress earns nothing [m].
#define IMP_PROGRESS_LANE 0.12
/// The progress reward of a step that ends the episode by the rules.
#define IMP_PROGRESS_TERMINATED (-10.0)

/// The reward of IMP_REWARD_PROGRESS for a step that began at pose `from` and led to the present
/// state of `env`: the distance driven along the lane, divided by what IMP_PROGRESS_SPEED covers in
/// that time. So 1 is the top speed, and driving against the lane is negative. Progress is
/// multiplied by 1 - (d / IMP_PROGRESS_LANE)^2, at least 0, where d is the distance from the lane's
/// centre. 0 off the lanes; IMP_PROGRESS_TERMINATED if the step ended the episode, unless by time.
double imp_sim_progress_reward(const imp_env *env, imp_pose from);

/// Draws the observation of the present state: rgb is (height x width x 3). Asked twice in one
/// state it gives the same bytes. Noise of randomised cameras is drawn for each state that is
/// observed. Allocates nothing.
void imp_sim_observe(imp_sim *sim, uint8_t *rgb);

/// Ground truth of the present state, along the ray through each pixel's middle: masks (height x
/// width) are of imp_semantic_class, depths (height x width) are metres along the camera's axis.
/// Either may be NULL. Only with imp_sim_def.ground_truth; otherwise nothing is written.
void imp_sim_observe_ground_truth(imp_sim *sim, uint8_t *masks, float *depths);

/// State of an environment.
typedef struct imp_sim_state {
    imp_pose pose;
    double speed;         ///< forward [m/s]
    double turn_rate;     ///< [rad/s], positive to the left
    double lane_distance; ///< from the lane's centre [m], positive to the right; NaN off the lanes
    double lane_angle; ///< to the lane's direction [rad], positive to the right; NaN off the lanes
    bool in_lane;      ///< whether they are numbers
    int frame;         ///< since reset
    int map_index;     ///< of the episode's map in imp_sim_maps()
    uint32_t episode;  ///< its number
    imp_end_reason end_reason; ///< IMP_END_NONE while the episode goes on
} imp_sim_state;

imp_sim_state imp_sim_get_state(const imp_sim *sim);

/// What the expert does in the present state, as imp_sim_def.actions says; (0, 0) when the episode
/// is over. Only with
/// imp_sim_def.expert_actions; otherwise (0, 0).
imp_action imp_sim_expert_action(const imp_sim *sim);

/// Whether the episode is over, or none has begun.
bool imp_sim_needs_reset(const imp_sim *sim);

/// The scene of the present episode's map, and the view of its robot's camera, with the appearance
/// drawn for the episode. For renderers of the caller's, as of another size. Borrowed; the view is
/// valid until the next step or reset.
const imp_scene *imp_sim_scene(const imp_sim *sim);
imp_view imp_sim_camera_view(const imp_sim *sim);

/// Draws the present state from above, with the robot: rgb is (height x width x 3) bytes. See
/// imp_render_top_down().
void imp_sim_render_top_down(const imp_sim *sim, int width, int height, uint8_t *rgb);

/// The environment inside, for policies and for what imp_sim_state does not tell. Borrowed.
const imp_env *imp_sim_env(const imp_sim *sim);
/// The maps that episodes are drawn from. Borrowed.
const imp_map_set *imp_sim_maps(const imp_sim *sim);
/// The camera of the present episode. Borrowed.
const imp_camera_def *imp_sim_camera(const imp_sim *sim);
/// What was drawn for the present episode; NULL if nothing is randomised. Borrowed.
const imp_randomization_sample *imp_sim_randomization_sample(const imp_sim *sim);

/// States of N environments as one array per quantity, each (N) but pose. NULL arrays are skipped.
typedef struct imp_sim_state_arrays {
    double *pose;          ///< (N, 3): x [m], z [m], heading [rad]
    double *speed;         ///< [m/s]
    double *turn_rate;     ///< [rad/s]
    double *lane_distance; ///< [m]
    double *lane_angle;    ///< [rad]
    bool *in_lane;         ///<
    int32_t *frame;        ///<
    int32_t *map_index;    ///<
    int32_t *end_reason;   ///< imp_end_reason
    uint32_t *episode;     ///<
} imp_sim_state_arrays;

/// Where the results of N environments go: caller-owned arrays in C order. NULL arrays are skipped,
/// and what they would hold is not computed.
typedef struct imp_sim_buffers {
    uint8_t *observations;       ///< (N, height, width, 3)
    double *rewards;             ///< (N)
    bool *terminated;            ///< (N)
    bool *truncated;             ///< (N)
    imp_action *expert_actions;  ///< (N, 2): for the state that observations show
    uint8_t *masks;              ///< (N, height, width), see imp_sim_observe_ground_truth()
    float *depths;               ///< (N, height, width)
    imp_sim_state_arrays states; ///< of the environments as observations show them
    /// Of episodes that ended in this step: with IMP_AUTORESET_SAME_STEP only, and in the rows of
    /// these environments only. Other rows are left as they are.
    uint8_t *final_observations;       ///< (N, height, width, 3)
    uint8_t *final_masks;              ///< (N, height, width)
    float *final_depths;               ///< (N, height, width)
    imp_sim_state_arrays final_states; ///<
} imp_sim_buffers;

/// Resets those environments whose mask is true (mask: (count), NULL: all), and writes the rows of
/// these in *buffers: rewards are 0 and flags false. episodes: (count) numbers of the episodes to
/// start; NULL: each environment takes its next, the first being 0. pool: NULL for the calling
/// thread alone. Fails with the error of the first environment, in the order of sims, that cannot
/// be reset; that one needs another reset.
imp_status imp_sim_reset_many(imp_thread_pool *pool, imp_sim *const *sims, int count,
                              const bool *mask, const uint32_t *episodes,
                              const imp_sim_buffers *buffers, imp_error *err);

/// Writes the present states, with their expert actions and images, to the rows of *buffers, as for
/// episodes that imp_sim_reset_at() began. Rewards and flags are left as they are. Fails with
/// IMP_USAGE where imp_sim_step_many() does.
imp_status imp_sim_observe_many(imp_thread_pool *pool, imp_sim *const *sims, int count,
                                const imp_sim_buffers *buffers, imp_error *err);

/// Steps (count) different environments by actions (count). All must have images of one size. The
/// first call must follow a reset. Fails with IMP_USAGE before anything is stepped; and as
/// imp_sim_reset_many() does where the autoreset mode resets. Allocates nothing, unless an
/// autoreset does (see imp_sim_reset()).
imp_status imp_sim_step_many(imp_thread_pool *pool, imp_sim *const *sims, int count,
                             const imp_action *actions, const imp_sim_buffers *buffers,
                             imp_error *err);

IMP_API_END

#endif
