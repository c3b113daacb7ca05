// The robots of the page. Each is a simulator of its own, so that ghosts neither see nor push each
// other, with the policy that drives it. Equal settings, seed and episode give all of them the same
// start. The observation is drawn when it is asked for the first time in a state.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/hash.h"
#include "base/common/try.h"
#include "page/module/module.h"
#include "sim/env/env_settings.h"
#include "sim/simulator/sim_settings.h"

typedef struct page_robot {
    imp_sim *sim; // NULL: there is none
    imp_policy *policy;
    imp_metrics_tracker *metrics;
    uint8_t *observation;
    bool observed; // whether `observation` shows the present state
    double reward; // of the last step
    double action[2];
} page_robot;

static page_robot robots[PAGE_ROBOTS_MAX];
static imp_sim_def settings;

imp_error imp_page_error;

const char *imp_page_message(void)
{
    return imp_page_error.message;
}

const char *imp_page_version(void)
{
    return imp_version();
}

void *imp_page_alloc(size_t size)
{
    return malloc(size);
}

void imp_page_free(void *memory)
{
    free(memory);
}

int imp_page_set_sim_settings(const char *text, const char *randomize)
{
    imp_sim_def def = imp_default_sim_def();
    IMP_TRY(imp_struct_read_text(&imp_sim_members, text, &def, &imp_page_error));
    IMP_TRY(imp_randomization_parse_list(&def.randomization, randomize, &imp_page_error));
    // the module has no JPEG encoder
    def.randomization.strength[IMP_GROUP_JPEG] = 0.0;
    def.threads = 1;
    settings = def;
    return IMP_OK;
}

imp_sim *imp_page_get_sim(int robot)
{
    return robot >= 0 && robot < PAGE_ROBOTS_MAX ? robots[robot].sim : NULL;
}

void imp_page_destroy_robot(int robot)
{
    page_robot *self = &robots[robot];
    imp_policy_destroy(self->policy);
    imp_metrics_tracker_destroy(self->metrics);
    imp_sim_destroy(self->sim);
    free(self->observation);
    *self = (page_robot){.sim = NULL};
}

// Creates what belongs to a robot; a failure leaves it in part.
static imp_status create_robot(page_robot *self, const char *map, int policy, imp_error *err)
{
    imp_sim_def def = settings;
    def.map = map;
    imp_page_policy_apply_camera(policy, &def);
    IMP_TRY(imp_sim_create(&self->sim, &def, err));
    IMP_TRY(imp_metrics_tracker_create(&self->metrics, imp_sim_maps(self->sim)->worlds[0], err));
    IMP_TRY(imp_page_policy_create(&self->policy, policy, &def.expert, err));
    self->observation = malloc((size_t)def.camera.width * (size_t)def.camera.height * 3);
    return self->observation != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory");
}

int imp_page_create_robot(int robot, const char *map, int policy)
{
    if (robot < 0 || robot >= PAGE_ROBOTS_MAX)
        return imp_fail(&imp_page_error, IMP_USAGE, "there is no robot %d", robot);
    imp_page_destroy_robot(robot);
    const imp_status status = create_robot(&robots[robot], map, policy, &imp_page_error);
    if (status != IMP_OK)
        imp_page_destroy_robot(robot);
    return status;
}

// The observation of the present state.
static const uint8_t *render_observation_if_outdated(page_robot *self)
{
    if (!self->observed)
        imp_sim_observe(self->sim, self->observation);
    self->observed = true;
    return self->observation;
}

// Shows the present pose to the metrics.
static void add_pose_to_metrics(page_robot *self)
{
    const imp_env *env = imp_sim_env(self->sim);
    imp_metrics_tracker_add_pose(self->metrics, env->frame * env->def.drive.time_step, env->pose);
}

// What follows a reset of the simulator.
static int begin_episode(page_robot *self)
{
    self->observed = false;
    self->reward = 0.0;
    self->action[0] = self->action[1] = 0.0;
    imp_metrics_tracker_reset(self->metrics);
    add_pose_to_metrics(self);
    if (self->policy != NULL)
        imp_policy_reset(self->policy, imp_sim_env(self->sim));
    return IMP_OK;
}

// A seed is a whole number below 2^53, as JavaScript has them.
static imp_status set_seed(page_robot *self, int robot, double seed)
{
    if (self->sim == NULL)
        return imp_fail(&imp_page_error, IMP_USAGE, "there is no robot %d", robot);
    return imp_sim_set_seed(self->sim, (uint64_t)seed, settings.env.index, &imp_page_error);
}

int imp_page_reset(int robot, double seed, double episode)
{
    page_robot *self = &robots[robot];
    IMP_TRY(set_seed(self, robot, seed));
    IMP_TRY(imp_sim_reset(self->sim, (uint32_t)episode, &imp_page_error));
    return begin_episode(self);
}

int imp_page_reset_at(int robot, double seed, double episode, double x, double z, double heading)
{
    page_robot *self = &robots[robot];
    IMP_TRY(set_seed(self, robot, seed));
    IMP_TRY(imp_sim_reset_at(self->sim, (uint32_t)episode, 0, (imp_pose){x, z, heading},
                             &imp_page_error));
    return begin_episode(self);
}

const double *imp_page_act(int robot)
{
    page_robot *self = &robots[robot];
    if (self->sim == NULL || self->policy == NULL || imp_sim_needs_reset(self->sim))
        return NULL;
    const uint8_t *image =
        self->policy->vtable->needs_observation ? render_observation_if_outdated(self) : NULL;
    const imp_action action = imp_policy_act(self->policy, imp_sim_env(self->sim), image);
    if (self->policy->failure_reason != NULL) {
        imp_fail(&imp_page_error, IMP_CHECK_FAILED, "%s", self->policy->failure_reason);
        return NULL;
    }
    self->action[0] = action.left;
    self->action[1] = action.right;
    return self->action;
}

int imp_page_step(int robot, double left, double right)
{
    page_robot *self = &robots[robot];
    if (self->sim == NULL || imp_sim_needs_reset(self->sim))
        return 1;
    const imp_step step = imp_sim_step(self->sim, (imp_action){left, right});
    self->reward = step.reward;
    self->observed = false;
    add_pose_to_metrics(self);
    return step.terminated || step.truncated;
}

void imp_page_give_command(int robot, int command)
{
    imp_sim *sim = imp_page_get_sim(robot);
    if (sim != NULL && command >= 0 && command < IMP_COMMAND_COUNT)
        imp_sim_give_command(sim, (imp_navigation_command)command);
}

const double *imp_page_state(int robot)
{
    static double numbers[PAGE_NUMBER_COUNT];
    const page_robot *self = &robots[robot];
    if (self->sim == NULL)
        return NULL;
    const imp_sim_state state = imp_sim_get_state(self->sim);
    const imp_action action = imp_sim_env(self->sim)->action;
    const imp_navigation *navigation = &imp_sim_env(self->sim)->navigation;
    numbers[PAGE_X] = state.pose.x;
    numbers[PAGE_Z] = state.pose.z;
    numbers[PAGE_HEADING] = state.pose.heading;
    numbers[PAGE_SPEED] = state.speed;
    numbers[PAGE_TURN_RATE] = state.turn_rate;
    numbers[PAGE_LANE_DISTANCE] = state.lane_distance;
    numbers[PAGE_LANE_ANGLE] = state.lane_angle;
    numbers[PAGE_FRAME] = state.frame;
    numbers[PAGE_END_REASON] = state.end_reason;
    numbers[PAGE_REWARD] = self->reward;
    numbers[PAGE_LEFT] = action.left;
    numbers[PAGE_RIGHT] = action.right;
    numbers[PAGE_COMMAND] = navigation->command;
    numbers[PAGE_GIVEN] = navigation->given;
    return numbers;
}

const char *imp_page_end_reason(int robot)
{
    return imp_end_reason_name(imp_sim_get_state(robots[robot].sim).end_reason);
}

static const char *hash_as_text(uint64_t hash)
{
    static char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return text;
}

const double *imp_page_metrics(int robot)
{
    static imp_metrics metrics;
    if (imp_page_get_sim(robot) == NULL)
        return NULL;
    metrics = imp_metrics_tracker_read(robots[robot].metrics);
    return metrics.value;
}

const char *imp_page_map_hash(int robot)
{
    return hash_as_text(imp_world_text_hash(imp_sim_env(robots[robot].sim)->world));
}

const char *imp_page_state_hash(int robot)
{
    return hash_as_text(imp_env_state_hash(imp_sim_env(robots[robot].sim)));
}

const char *imp_page_observation_hash(int robot)
{
    page_robot *self = &robots[robot];
    const imp_camera_def *camera = imp_sim_camera(self->sim);
    return hash_as_text(imp_hash_bytes(IMP_HASH_START, render_observation_if_outdated(self),
                                       (size_t)camera->width * (size_t)camera->height * 3));
}

const char *imp_page_settings(int robot)
{
    static char *text;
    size_t length;
    const imp_env_def def =
        robot >= 0 ? imp_sim_env(robots[robot].sim)->def : imp_default_env_def();
    free(text);
    text = NULL;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return "";
    imp_struct_write_text(out, "", &imp_env_members, &def);
    fclose(out);
    return text;
}

const double *imp_page_get_moving_objects(int robot)
{
    static double numbers[3 * IMP_OBJECTS_MAX];
    const imp_env *env = imp_sim_env(robots[robot].sim);
    for (int k = 0; k < env->world->moving_count; k++) {
        numbers[3 * k] = env->moving[k].position.x;
        numbers[3 * k + 1] = env->moving[k].position.z;
        numbers[3 * k + 2] = env->moving[k].heading;
    }
    return numbers;
}
