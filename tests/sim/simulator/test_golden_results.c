// What simulators compute has the same bits with every C library, compiler and processor: golden
// hashes of episodes that our expert drives, and of what is drawn of them.
#include "testing.h"

#include <stdlib.h>

#include "base/common/hash.h"
#include "imprint/sim.h"

enum { WIDTH = 80, HEIGHT = 60, PIXELS = WIDTH * HEIGHT, STEPS = 120 };

// Episodes on a map, 120 steps of 4 frames in all, and the hashes of their states and actions, of
// their images, and of their masks and depths.
static const struct golden_case {
    const char *name, *map, *randomized;
    int steps_max, every; // of an episode; one step in `every` is drawn
    uint64_t states, images, truth;
} CASES[] = {
    {"loop_empty", "loop_empty", NULL, 60, 6, 0x17f8045cc2e65045U, 0xa23513db96c38c14U,
     0x102b329bf624a96aU},
    {"zigzag_dists", "zigzag_dists", NULL, 60, 6, 0x690a909692d0c5e9U, 0x62b7eadca56b7037U,
     0x4ec580df4fb69d1aU},
    {"pedestrians", "loop_pedestrians", NULL, 60, 6, 0xbe8fcd0465a1728bU, 0x70b6d8f28bdedef2U,
     0x7e60669bd1bc57c6U},
    {"udem1 randomised", "udem1", "all", 40, 4, 0xa92c2f708a661a96U, 0x3ccfa9534f102807U,
     0x54c8de961e6289adU},
    {"udem1 indoors", "udem1", "indoors", 40, 4, 0xa92c2f708a661a96U, 0xc393fbb40a2b7e5eU,
     0x054e0202523b84bdU},
};

// Adds a number. NaNs count as one value.
static uint64_t hash_number(uint64_t hash, double value)
{
    static const double nan = NAN;
    return imp_hash_bytes(hash, isnan(value) ? &nan : &value, sizeof value);
}

static uint64_t hash_state(uint64_t hash, imp_sim *sim, double reward, imp_action expert)
{
    const imp_sim_state s = imp_sim_get_state(sim);
    const double numbers[] = {s.pose.x,        s.pose.z,     s.pose.heading,      s.speed,
                              s.turn_rate,     expert.left,  expert.right,        reward,
                              s.lane_distance, s.lane_angle, (double)s.end_reason};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        hash = hash_number(hash, numbers[k]);
    return hash;
}

static imp_sim *create_sim(const struct golden_case *c)
{
    imp_error err = {0};
    imp_sim *sim = NULL;
    imp_sim_def def = imp_default_sim_def();
    def.map = c->map;
    def.camera.width = WIDTH;
    def.camera.height = HEIGHT;
    def.env.seed = 2024;
    def.env.max_steps = c->steps_max;
    def.env.frame_skip = 4;
    def.env.accept_start_angle = 0.5;
    def.ground_truth = true;
    def.expert_actions = true;
    if (c->randomized != NULL)
        assert_ok(imp_randomization_parse_list(&def.randomization, c->randomized, &err), err);
    assert_ok(imp_sim_create(&sim, &def, &err), err);
    return sim;
}

// Drives and hashes; returns how many of the three hashes are not the golden ones.
static int count_wrong_hashes(const struct golden_case *c)
{
    static uint8_t rgb[PIXELS * 3], masks[PIXELS];
    static float depths[PIXELS];
    imp_error err = {0};
    imp_sim *sim = create_sim(c);
    uint64_t states = IMP_HASH_START, images = IMP_HASH_START, truth = IMP_HASH_START;
    uint32_t episode = 0;
    double reward = 0.0;
    for (int step = 0; step < STEPS; step++) {
        if (imp_sim_needs_reset(sim))
            assert_ok(imp_sim_reset(sim, episode++, &err), err);
        const imp_action expert = imp_sim_expert_action(sim);
        states = hash_state(states, sim, reward, expert);
        if (step % c->every == 0) {
            imp_sim_observe(sim, rgb);
            imp_sim_observe_ground_truth(sim, masks, depths);
            images = imp_hash_bytes(images, rgb, sizeof rgb);
            truth = imp_hash_bytes(truth, masks, sizeof masks);
            truth = imp_hash_bytes(truth, depths, sizeof depths);
        }
        reward = imp_sim_step(sim, expert).reward;
    }
    imp_sim_destroy(sim);
    print_message("{\"%s\", states 0x%016llx, images 0x%016llx, truth 0x%016llx}\n", c->name,
                  (unsigned long long)states, (unsigned long long)images,
                  (unsigned long long)truth);
    return (states != c->states) + (images != c->images) + (truth != c->truth);
}

static void results_are_the_golden_ones(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t n = 0; n < sizeof CASES / sizeof *CASES; n++)
        wrong += count_wrong_hashes(&CASES[n]);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_the_golden_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
