// Exploration: starts beside the lane's centre, actions mixed from policy and expert (drawn, or by
// gym-duckietown's safe switching), a speed factor for each episode, and noise on both wheels. The
// noise is an Ornstein-Uhlenbeck process: x' = a x + s sqrt(1 - a^2) n with a = exp(-step / time),
// whose standard deviation grows from 0 to s, whatever the time step. Every draw has a random
// stream of its own. Noise on the executed action of an expert, with labels free of it, is the idea
// of DART (Laskey et al. 2017): the data shows how to return from small errors.
#include "learn/collection/exploration.h"

#include <math.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"

// When the expert takes over from a policy, and when it hands back [m], [rad]: the safe switching
// of gym-duckietown's DAgger baseline. The band between the two limits is hysteresis: it keeps
// control from changing at every step.
static const double TAKEOVER_DISTANCE = 0.12, TAKEOVER_ANGLE = IMP_PI / 8.0;
static const double HANDBACK_DISTANCE = 0.05, HANDBACK_ANGLE = IMP_PI / 18.0;

// The offset [m] is drawn uniformly to both sides, and drawn again where the robot would not stand
// on the road.
bool imp_exploration_sample_start(imp_pose *out, const imp_collect_def *def, const imp_env *env)
{
    enum { TRIES = 16 };
    const double safety = 1.3; // as for starts that are drawn on the road
    if (def->start_offset <= 0.0 || !env->in_lane)
        return false;
    // the new place lies on the line across the lane, through the point of the lane nearest to the
    // robot
    const imp_lane_position lane = env->lane;
    const imp_vec2 right = imp_vec2_turn_right(lane.tangent);
    imp_random random =
        imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_LANE_OFFSET);
    // the first valid place is taken; after the last attempt the start stays as it was
    for (int k = 0; k < TRIES; k++) {
        const double aside = imp_random_uniform(&random, -def->start_offset, def->start_offset);
        const imp_pose pose = {lane.point.x + aside * right.x, lane.point.z + aside * right.z,
                               env->pose.heading};
        if (imp_env_is_valid_pose(env, pose, safety)) {
            *out = pose;
            return true;
        }
    }
    return false;
}

// All streams are keyed by seed, environment and episode, so that each episode can be driven alone.
// The state of the noise starts at 0.
imp_exploration imp_exploration_begin_episode(const imp_collect_def *def, const imp_env *env)
{
    const imp_env_def *at = &env->def;
    const uint32_t episode = env->episode;
    const double noise_decay = imp_exp(-at->drive.time_step * at->frame_skip / def->noise_time);
    imp_random speed_factor = imp_random_stream(at->seed, at->index, episode, IMP_PURPOSE_SPEED);
    return (imp_exploration){
        .def = def,
        .noise = imp_random_stream(at->seed, at->index, episode, IMP_PURPOSE_NOISE),
        .mix = imp_random_stream(at->seed, at->index, episode, IMP_PURPOSE_POLICY_MIX),
        .noise_decay = noise_decay,
        // this factor keeps the standard deviation in the steady state at `noise`, whatever the
        // time step
        .noise_scale = def->noise * sqrt(1.0 - noise_decay * noise_decay),
        .speed_factor =
            1.0 + imp_random_uniform(&speed_factor, -def->speed_spread, def->speed_spread),
    };
}

// Updates who is in control from the present place in the lane. A robot outside any lane counts as
// infinitely far away, so that the expert takes over.
static void update_whether_expert_controls(imp_exploration *exploration, const imp_env *env)
{
    const double distance = env->in_lane ? fabs(env->lane.distance) : INFINITY;
    const double angle = env->in_lane ? fabs(env->lane.angle) : INFINITY;
    if (distance >= TAKEOVER_DISTANCE || angle >= TAKEOVER_ANGLE)
        exploration->expert_in_control = true;
    else if (distance <= HANDBACK_DISTANCE && angle <= HANDBACK_ANGLE)
        exploration->expert_in_control = false;
}

// Draws who drives for the next `mix_steps` steps; with mix_steps 0 the draw holds for the whole
// episode. DAgger's beta is the probability of the expert. Longer stretches than one step let the
// network reach states of its own.
static void sample_whether_expert_drives(imp_exploration *exploration)
{
    const imp_collect_def *def = exploration->def;
    if (exploration->steps_until_redraw == 0) {
        exploration->expert_in_control =
            imp_random_uniform(&exploration->mix, 0.0, 1.0) < def->expert_share;
        exploration->steps_until_redraw = def->mix_steps > 0 ? def->mix_steps : def->steps;
    }
    exploration->steps_until_redraw--;
}

// Returns the expert's action while the expert is in control, else the policy's.
imp_action imp_exploration_choose_action(imp_exploration *exploration, const imp_env *env,
                                         imp_action policy, imp_action expert)
{
    if (exploration->def->safe_switching)
        update_whether_expert_controls(exploration, env);
    else
        sample_whether_expert_drives(exploration);
    return exploration->expert_in_control ? expert : policy;
}

// Returns the disturbed action, clipped to what motors accept. The label is not affected.
imp_action imp_exploration_add_noise(imp_exploration *s, imp_action action)
{
    if (s->def->noise <= 0.0 && s->def->speed_spread <= 0.0)
        return action;
    // of both wheels together, and against each other
    s->together = s->noise_decay * s->together + s->noise_scale * imp_random_normal(&s->noise);
    s->against = s->noise_decay * s->against + s->noise_scale * imp_random_normal(&s->noise);
    // the speed factor scales the mean of both wheels only, so that the curvature changes little
    const double faster = (s->speed_factor - 1.0) * 0.5 * (action.right + action.left);
    return imp_action_clip((imp_action){
        .left = action.left + faster + s->together - s->against,
        .right = action.right + faster + s->together + s->against,
    });
}
