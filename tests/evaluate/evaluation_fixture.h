// evaluate/evaluation_fixture.h: small evaluations, and their results compared.
#ifndef IMP_TESTS_EVALUATE_EVALUATION_FIXTURE_H
#define IMP_TESTS_EVALUATE_EVALUATION_FIXTURE_H

#include "learn/learn_fixture.h"

static inline imp_eval_def small_eval(int episodes, int steps)
{
    imp_eval_def def = imp_default_eval_def();
    def.episodes = episodes;
    def.steps = steps;
    def.sim.camera.width = SMALL_WIDTH;
    def.sim.camera.height = SMALL_HEIGHT;
    def.sim.env.accept_start_angle = 0.07;
    def.sim.threads = 2;
    return def;
}

static inline imp_policy_factory *open_policy_factory(const char *name)
{
    imp_error err = {0};
    imp_policy_factory *driver;
    imp_expert_def expert = imp_default_expert_def();
    assert_ok(imp_policy_factory_open(&driver, name, &expert, &err), err);
    return driver;
}

// Numbers equal to the last bit; `seconds` is no result.
static inline void assert_same(const imp_evaluation *a, const imp_evaluation *b)
{
    assert_int_equal(a->episodes, b->episodes);
    assert_int_equal(a->survived, b->survived);
    assert_memory_equal(&a->total_reward, &b->total_reward, 6 * sizeof(double));
    for (int e = 0; e < a->episodes; e++) {
        const imp_episode_result *x = &a->results[e], *y = &b->results[e];
        assert_int_equal(x->ending, y->ending);
        assert_int_equal(x->steps, y->steps);
        assert_memory_equal(&x->reward, &y->reward, 4 * sizeof(double));
        assert_memory_equal(x->poses, y->poses, ((size_t)x->steps + 1) * sizeof *x->poses);
        assert_memory_equal(x->lane_distances, y->lane_distances,
                            (size_t)x->steps * sizeof *x->lane_distances);
    }
    assert_memory_equal(&a->stats, &b->stats, sizeof a->stats);
    assert_memory_equal(a->worst, b->worst, sizeof a->worst);
    assert_memory_equal(a->lanes.counts, b->lanes.counts, (size_t)a->lanes.bins * 8);
    assert_memory_equal(a->speeds.counts, b->speeds.counts, (size_t)a->speeds.bins * 8);
}

#endif
