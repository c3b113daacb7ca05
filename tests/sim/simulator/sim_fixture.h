// sim/simulator/sim_fixture.h: batches of simulators and the arrays that they write.
#ifndef IMP_TESTS_SIM_SIMULATOR_SIM_FIXTURE_H
#define IMP_TESTS_SIM_SIMULATOR_SIM_FIXTURE_H

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "imprint/sim.h"

enum { WIDTH = 40, HEIGHT = 30, PIXELS = WIDTH * HEIGHT, N_MAX = 8 };

// Arrays for N_MAX environments.
typedef struct arrays {
    uint8_t observations[N_MAX][PIXELS * 3], final_observations[N_MAX][PIXELS * 3];
    uint8_t masks[N_MAX][PIXELS], final_masks[N_MAX][PIXELS];
    float depths[N_MAX][PIXELS], final_depths[N_MAX][PIXELS];
    double rewards[N_MAX];
    bool terminated[N_MAX], truncated[N_MAX];
    imp_action expert_actions[N_MAX];
    struct state_arrays {
        double pose[N_MAX][3], speed[N_MAX], turn_rate[N_MAX], lane_distance[N_MAX],
            lane_angle[N_MAX];
        bool in_lane[N_MAX];
        int32_t frame[N_MAX], map_index[N_MAX], end_reason[N_MAX];
        uint32_t episode[N_MAX];
    } states, final_states;
} arrays;

static inline imp_sim_state_arrays state_pointers(struct state_arrays *s)
{
    return (imp_sim_state_arrays){
        .pose = s->pose[0],
        .speed = s->speed,
        .turn_rate = s->turn_rate,
        .lane_distance = s->lane_distance,
        .lane_angle = s->lane_angle,
        .in_lane = s->in_lane,
        .frame = s->frame,
        .map_index = s->map_index,
        .end_reason = s->end_reason,
        .episode = s->episode,
    };
}

// Buffers of all arrays but the expert's actions, masks and depths.
static inline imp_sim_buffers plain_buffers(arrays *a)
{
    return (imp_sim_buffers){
        .observations = a->observations[0],
        .rewards = a->rewards,
        .terminated = a->terminated,
        .truncated = a->truncated,
        .states = state_pointers(&a->states),
        .final_observations = a->final_observations[0],
        .final_states = state_pointers(&a->final_states),
    };
}

static inline imp_sim_buffers all_buffers(arrays *a)
{
    imp_sim_buffers buffers = plain_buffers(a);
    buffers.expert_actions = a->expert_actions;
    buffers.masks = a->masks[0];
    buffers.depths = a->depths[0];
    buffers.final_masks = a->final_masks[0];
    buffers.final_depths = a->final_depths[0];
    return buffers;
}

static inline arrays *new_arrays(void)
{
    arrays *a = calloc(1, sizeof *a);
    assert_non_null(a);
    return a;
}

static inline imp_sim_def small_def(void)
{
    imp_sim_def def = imp_default_sim_def();
    def.camera.width = WIDTH;
    def.camera.height = HEIGHT;
    def.env.max_steps = 40;
    return def;
}

static inline void create_sims(imp_sim **sims, int count, const imp_sim_def *def)
{
    imp_error err = {0};
    assert_ok(imp_sim_create_many(sims, count, def, &err), err);
}

static inline void destroy_sims(imp_sim **sims, int count)
{
    for (int k = 0; k < count; k++)
        imp_sim_destroy(sims[k]);
}

// Actions that keep some robots on the road for a while and drive others off it.
static inline void choose_actions(imp_action *actions, int first, int count, int step)
{
    for (int k = 0; k < count; k++) {
        const int who = first + k;
        actions[k] = (imp_action){0.4 + 0.05 * (who % 5), 0.4 + 0.02 * ((who + step) % 9)};
    }
}

#endif
