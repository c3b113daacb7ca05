#include "pipeline/steering.h"

#include <math.h>

#include "base/vector.h"

// When the expert takes over from a policy, and when it hands back [m], [rad]: the safe switching
// of gym-duckietown's DAgger baseline.
static const double TAKE_DISTANCE = 0.12, TAKE_ANGLE = IMP_PI / 8.0;
static const double GIVE_DISTANCE = 0.05, GIVE_ANGLE = IMP_PI / 18.0;

void imp_steering_place(const imp_collect_def *def, imp_env *env)
{
    enum { TRIES = 16 };
    const double safety = 1.3; // as for starts that are drawn on the road
    if (def->start_offset <= 0.0 || !env->in_lane)
        return;
    const imp_lane_position lane = env->lane;
    const imp_vec2 right = imp_vec2_right(lane.tangent);
    imp_random random =
        imp_random_stream(env->def.seed, env->def.index, env->episode, IMP_PURPOSE_OFFSET);
    for (int k = 0; k < TRIES; k++) {
        const double aside = imp_random_uniform(&random, -def->start_offset, def->start_offset);
        const imp_pose pose = {lane.point.x + aside * right.x, lane.point.z + aside * right.z,
                               env->pose.heading};
        if (imp_env_valid_pose(env, pose, safety)) {
            imp_env_reset_at(env, env->episode, pose);
            return;
        }
    }
}

imp_steering imp_steering_start(const imp_collect_def *def, const imp_env *env)
{
    const imp_env_def *at = &env->def;
    const uint32_t episode = env->episode;
    const double keep = exp(-at->drive.time_step * at->frame_skip / def->noise_time);
    imp_random pace = imp_random_stream(at->seed, at->index, episode, IMP_PURPOSE_PACE);
    return (imp_steering){
        .def = def,
        .noise = imp_random_stream(at->seed, at->index, episode, IMP_PURPOSE_NOISE),
        .mix = imp_random_stream(at->seed, at->index, episode, IMP_PURPOSE_MIX),
        .keep = keep,
        .draw = def->noise * sqrt(1.0 - keep * keep),
        .pace = 1.0 + imp_random_uniform(&pace, -def->speed_spread, def->speed_spread),
    };
}

static void switch_safely(imp_steering *steering, const imp_env *env)
{
    const double distance = env->in_lane ? fabs(env->lane.distance) : INFINITY;
    const double angle = env->in_lane ? fabs(env->lane.angle) : INFINITY;
    if (distance >= TAKE_DISTANCE || angle >= TAKE_ANGLE)
        steering->expert_has = true;
    else if (distance <= GIVE_DISTANCE && angle <= GIVE_ANGLE)
        steering->expert_has = false;
}

static void draw_driver(imp_steering *steering)
{
    const imp_collect_def *def = steering->def;
    if (steering->until_change == 0) {
        steering->expert_has = imp_random_uniform(&steering->mix, 0.0, 1.0) < def->expert_share;
        steering->until_change = def->mix_steps > 0 ? def->mix_steps : def->steps;
    }
    steering->until_change--;
}

imp_action imp_steering_choose(imp_steering *steering, const imp_env *env, imp_action policy,
                               imp_action expert)
{
    if (steering->def->safe_switching)
        switch_safely(steering, env);
    else
        draw_driver(steering);
    return steering->expert_has ? expert : policy;
}

imp_action imp_steering_disturb(imp_steering *s, imp_action action)
{
    if (s->def->noise <= 0.0 && s->def->speed_spread <= 0.0)
        return action;
    // of both wheels together, and against each other
    s->together = s->keep * s->together + s->draw * imp_random_normal(&s->noise);
    s->against = s->keep * s->against + s->draw * imp_random_normal(&s->noise);
    const double faster = (s->pace - 1.0) * 0.5 * (action.right + action.left);
    return imp_action_clip((imp_action){
        .left = action.left + faster + s->together - s->against,
        .right = action.right + faster + s->together + s->against,
    });
}
