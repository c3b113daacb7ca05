// What imp_collect() records is what simulators give for the same seed: images, actions, rewards,
// places and flags, bit for bit.
#include "learn/learn_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "imprint/sim.h"

static imp_sim_def same_settings(const imp_collect_def *from)
{
    imp_sim_def def = imp_default_sim_def();
    def.maps = from->sim.maps;
    def.map_count = from->sim.map_count;
    def.env = from->sim.env;
    def.env.max_steps = from->steps * from->sim.env.frame_skip;
    def.camera = from->sim.camera;
    def.observation = from->sim.observation;
    def.randomization = from->sim.randomization;
    def.expert = from->sim.expert;
    def.expert.assumed_drive = &from->sim.env.drive;
    def.expert_actions = true;
    def.autoreset = IMP_AUTORESET_DISABLED;
    return def;
}

static void assert_same_state(const imp_episode *episode, int step, const imp_sim_state *s,
                              const uint8_t *image, size_t bytes)
{
    assert_memory_equal(episode->observations + (size_t)step * bytes, image, bytes);
    assert_true(episode->poses[3 * step] == s->pose.x);
    assert_true(episode->poses[3 * step + 1] == s->pose.z);
    assert_true(episode->poses[3 * step + 2] == s->pose.heading);
    assert_int_equal(isnan(episode->lane[2 * step]), !s->in_lane);
    assert_true(!s->in_lane || episode->lane[2 * step] == s->lane_distance);
    assert_true(!s->in_lane || episode->lane[2 * step + 1] == s->lane_angle);
}

// Drives an episode again, by the actions of the expert inside.
static void assert_same_episode(imp_sim *sim, const imp_episode *episode, size_t bytes)
{
    imp_error err = {0};
    uint8_t *image = malloc(bytes);
    assert_non_null(image);
    assert_ok(imp_sim_reset(sim, episode->number, &err), err);
    assert_string_equal(imp_sim_env(sim)->world->name, episode->map);
    for (int k = 0; k < episode->steps; k++) {
        imp_sim_state s = imp_sim_get_state(sim);
        imp_sim_observe(sim, image);
        assert_same_state(episode, k, &s, image, bytes);
        const imp_action wanted = imp_sim_expert_action(sim);
        assert_true(episode->expert_actions[2 * k] == (float)wanted.left);
        assert_true(episode->expert_actions[2 * k + 1] == (float)wanted.right);
        const imp_step step = imp_sim_step(sim, wanted);
        assert_true(episode->actions[2 * k] == (float)imp_sim_env(sim)->action.left);
        assert_true(episode->rewards[k] == (float)step.reward);
        assert_int_equal(episode->terminations[k], step.terminated);
        assert_int_equal(episode->truncations[k], step.truncated);
    }
    const imp_sim_state last = imp_sim_get_state(sim);
    imp_sim_observe(sim, image);
    assert_same_state(episode, episode->steps, &last, image, bytes);
    assert_true(imp_sim_needs_reset(sim));
    free(image);
}

static void assert_simulators_give(const char *data, const imp_collect_def *def)
{
    imp_error err = {0};
    imp_sim *sim;
    imp_dataset *dataset;
    const size_t bytes = (size_t)def->sim.camera.width * (size_t)def->sim.camera.height * 3;
    const imp_sim_def settings = same_settings(def);
    assert_ok(imp_dataset_open(&dataset, data, &err), err);
    assert_ok(imp_sim_create(&sim, &settings, &err), err);
    assert_int_equal(imp_dataset_episode_count(dataset), def->episodes);
    // backwards: an episode does not depend on those before it
    for (int k = def->episodes - 1; k >= 0; k--)
        assert_same_episode(sim, imp_dataset_episode(dataset, k), bytes);
    imp_sim_destroy(sim);
    imp_dataset_close(dataset);
}

static void simulators_give_what_was_collected(void **state)
{
    (void)state;
    static const char *const maps[] = {"udem1", "loop_empty", "loop_pedestrians"};
    static const char *const lists[] = {"none", "all"};
    imp_error err = {0};
    for (int k = 0; k < 2; k++)
        for (int segments = 0; segments < 2; segments++) {
            char name[32];
            imp_collect_def def = small_collect(5, 40);
            def.sim.maps = maps;
            def.sim.map_count = 3;
            def.sim.env.seed = 77;
            def.sim.env.index = 3;
            def.sim.observation = (imp_observation_kind)segments;
            assert_ok(imp_randomization_parse_list(&def.sim.randomization, lists[k], &err), err);
            snprintf(name, sizeof name, "data-%d-%d", k, segments);
            char *data = path_of(name);
            collect(data, &def);
            assert_simulators_give(data, &def);
            free(data);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(simulators_give_what_was_collected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
