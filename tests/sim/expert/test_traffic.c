// How our expert copes with what stands, walks and drives on the road.
#include "testing.h"

#include <string.h>

#include "base/common/vector2.h"
#include "imprint/policy.h"

// A road with a duckie that crosses it to and fro.
static const char *const CROSSING =
    "tile_size: 0.585\n"
    "tiles:\n"
    "- [straight/W, straight/W, straight/W, straight/W, straight/W]\n"
    "objects:\n"
    "- kind: duckie\n"
    "  place:\n"
    "    tile: [2, 0]\n"
    "    relative: {~SE2Transform: {p: [0.0, 0.26], theta_deg: -90}}\n"
    "  height: 0.06\n"
    "  static: false\n";

// A ring with a slow duckiebot on it.
static const char *const FOLLOWING =
    "tile_size: 0.585\n"
    "tiles:\n"
    "- [curve_left/W, straight/W, straight/W, curve_left/N]\n"
    "- [straight/S, floor, floor, straight/N]\n"
    "- [curve_left/S, straight/E, straight/E, curve_left/E]\n"
    "objects:\n"
    "- {kind: duckiebot, place: {tile: [2, 0], relative: {~SE2Transform: {p: [0, -0.117]}}},\n"
    "   height: 0.12, static: false}\n";

// A road that a barrier closes.
static const char *const CLOSED =
    "tile_size: 0.585\n"
    "tiles:\n"
    "- [straight/W, straight/W, straight/W, straight/W, straight/W]\n"
    "start_tile: [0, 0]\n"
    "objects:\n"
    "- {kind: barrier, place: {tile: [3, 0], relative: {~SE2Transform: {p: [0, 0],\n"
    "   theta_deg: 90}}}, height: 0.16}\n";

// A road across which a huge duckiebot stands.
static const char *const BROKEN_DOWN =
    "tile_size: 0.585\n"
    "tiles:\n"
    "- [straight/W, straight/W, straight/W, straight/W, straight/W]\n"
    "start_tile: [0, 0]\n"
    "objects:\n"
    "- {kind: duckiebot, place: {tile: [3, 0], relative: {~SE2Transform: {p: [0, 0],\n"
    "   theta_deg: 90}}}, height: 0.5, static: false}\n";

typedef struct traffic_test {
    imp_world *world;
    imp_env env;
    imp_policy *expert;
} traffic_test;

static void set_up(traffic_test *r, imp_world *world, int steps)
{
    imp_error err = {0};
    imp_env_def env = imp_default_env_def();
    imp_expert_def expert = imp_default_expert_def();
    env.max_steps = steps;
    r->world = world;
    assert_ok(imp_env_init(&r->env, world, &env, &err), err);
    assert_ok(imp_expert_create(&r->expert, &expert, &err), err);
}

static traffic_test create_from_map(const char *name, int steps)
{
    traffic_test r;
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_load(&world, name, &err), err);
    set_up(&r, world, steps);
    return r;
}

static traffic_test create_from_text(const char *text, int steps)
{
    traffic_test r;
    imp_error err = {0};
    imp_world *world;
    assert_ok(imp_world_parse(&world, text, strlen(text), "test.yaml", &err), err);
    set_up(&r, world, steps);
    return r;
}

static void tear_down(traffic_test *r)
{
    imp_policy_destroy(r->expert);
    imp_world_destroy(r->world);
}

static void reset_episode(traffic_test *r, uint32_t episode)
{
    imp_error err = {0};
    assert_ok(imp_env_reset(&r->env, episode, &err), err);
    imp_policy_reset(r->expert, &r->env);
}

static bool step_expert(traffic_test *r, uint32_t episode)
{
    imp_step step = imp_env_step(&r->env, imp_policy_act(r->expert, &r->env, NULL));
    if (step.terminated)
        fail_msg("%s, episode %u, frame %d: %s", r->world->name, episode, r->env.frame,
                 imp_end_reason_name(r->env.ending));
    return !step.truncated;
}

// `bench/expert.sh` measures the same on more starts.
static void expert_avoids_collisions_and_stalls(void **state)
{
    (void)state;
    static const char *const maps[] = {"loop_pedestrians", "loop_dyn_duckiebots", "loop_obstacles",
                                       "4way", "udem1"};
    enum { EPISODES = 12 };
    for (size_t m = 0; m < sizeof maps / sizeof maps[0]; m++) {
        traffic_test r = create_from_map(maps[m], 900);
        double speed = 0.0, frames = 0.0;
        for (uint32_t episode = 0; episode < EPISODES; episode++) {
            reset_episode(&r, episode);
            while (step_expert(&r, episode)) {
                speed += r.env.speed;
                frames += 1.0;
            }
        }
        print_message("%-24s %.3f m/s\n", maps[m], speed / frames);
        assert_true(speed / frames > 0.38);
        tear_down(&r);
    }
}

static void pedestrians_may_cross(void **state)
{
    (void)state;
    traffic_test r = create_from_text(CROSSING, 1200);
    int waited = 0, said = 0, passed = 0;
    for (uint32_t episode = 0; episode < 10; episode++) {
        bool before = false;
        reset_episode(&r, episode);
        while (step_expert(&r, episode)) {
            const imp_duckie_walk *walk = &r.env.motion[0].walk;
            imp_vec2 duckie = r.env.moving[0].position;
            double gap = hypot(r.env.pose.x - duckie.x, r.env.pose.z - duckie.z);
            assert_true(gap > 0.10);
            const bool waits = walk->active && r.env.speed < 0.02 && gap < 0.6;
            waited += waits;
            said += waits && r.expert->wait_reason == IMP_WAIT_PEDESTRIAN;
            bool behind = r.env.pose.x > duckie.x;
            passed += r.env.frame > 1 && behind != before;
            before = behind;
        }
    }
    assert_true(waited > 20);
    assert_true(said > 0.9 * waited);
    assert_true(passed > 20);
    tear_down(&r);
}

static void slower_duckiebots_are_followed_at_a_distance(void **state)
{
    (void)state;
    traffic_test r = create_from_text(FOLLOWING, 1500);
    for (uint32_t episode = 0; episode < 6; episode++) {
        double speed = 0.0;
        reset_episode(&r, episode);
        while (step_expert(&r, episode))
            speed += r.env.frame > 1200 ? r.env.speed / 300.0 : 0.0;
        imp_vec2 ahead = r.env.moving[0].position;
        double gap = hypot(r.env.pose.x - ahead.x, r.env.pose.z - ahead.z);
        // who drives the other way round the ring meets it again and again
        bool same_way = fabs(speed - 0.233) < 0.04;
        if (same_way)
            assert_true(gap > 0.3 && gap < 0.8);
        else
            assert_true(speed > 0.4);
    }
    tear_down(&r);
}

// It waits for a while, since what stands there might go; then it turns round.
static void closed_road_is_left_after_waiting(void **state)
{
    (void)state;
    traffic_test r = create_from_text(CLOSED, 600);
    imp_pose east = {0.3, 0.41, 0.0};
    double farthest = 0.0, back = 10.0;
    int waited = 0;
    imp_env_reset_at(&r.env, 0, east);
    imp_policy_reset(r.expert, &r.env);
    while (step_expert(&r, 0)) {
        const double gap = r.world->objects[0].position.x - r.env.pose.x;
        assert_true(gap > 0.1);
        if (r.expert->wait_reason == IMP_WAIT_OBSTACLE) {
            assert_true(gap < 0.35);
            waited++;
        }
        farthest = fmax(farthest, r.env.pose.x);
        back = waited > 0 ? fmin(back, r.env.pose.x) : back;
    }
    assert_true(waited > 60);
    assert_true(farthest - back > 1.0);
    tear_down(&r);
}

// Whoever is lost will not drive on.
static void car_off_lane_is_an_obstacle(void **state)
{
    (void)state;
    traffic_test r = create_from_text(BROKEN_DOWN, 600);
    for (int lost = 0; lost <= 1; lost++) {
        double nearest = INFINITY;
        for (int k = 0; k < 4; k++)
            nearest = fmin(nearest, r.world->objects[0].box.corner[k].x);
        imp_env_reset_at(&r.env, 0, (imp_pose){nearest - 0.17, 0.41, 0.0});
        r.env.motion[0].car.lost = lost == 1;
        imp_policy_reset(r.expert, &r.env);
        imp_policy_act(r.expert, &r.env, NULL);
        assert_int_equal(r.expert->wait_reason, lost ? IMP_WAIT_OBSTACLE : IMP_WAIT_CAR);
    }
    tear_down(&r);
}

// The tile under the robot's front.
static int tile_ahead(const traffic_test *r)
{
    imp_vec2 forward = imp_heading_direction(r->env.pose.heading);
    double size = r->world->tile_size, front = 0.066;
    int i = (int)((r->env.pose.x + front * forward.x) / size);
    int j = (int)((r->env.pose.z + front * forward.z) / size);
    return j * r->world->columns + i;
}

static void red_lights_are_waited_at(void **state)
{
    (void)state;
    traffic_test r = create_from_map("4way", 1500);
    const int crossing = 2 * r.world->columns + 2;
    int entered = 0, stood = 0, red = 0, said = 0;
    for (uint32_t episode = 0; episode < 12; episode++) {
        reset_episode(&r, episode);
        int before = tile_ahead(&r);
        while (step_expert(&r, episode)) {
            int now = tile_ahead(&r);
            double heading = 0.5 * IMP_PI * round(r.env.pose.heading / (0.5 * IMP_PI));
            bool green = imp_traffic_light_is_green(&r.env.moving[0], heading);
            red = green ? 0 : red + 1;
            // who is too near when the light changes drives on
            if (now == crossing && before != crossing && r.env.frame > 30) {
                assert_true(red < 18);
                entered++;
            }
            stood += !green && r.env.speed < 0.02;
            said += !green && r.env.speed < 0.02 && r.expert->wait_reason == IMP_WAIT_LIGHT;
            before = now;
        }
    }
    assert_true(entered > 20);
    assert_true(stood > 300);
    assert_true(said > 0.9 * stood);
    tear_down(&r);
}

static void turns_are_taken_as_given(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_expert_def def = imp_default_expert_def();
    traffic_test r = create_from_map("udem1_empty", 900);
    imp_policy_destroy(r.expert);
    def.turns = "lx";
    assert_int_equal(imp_expert_create(&r.expert, &def, &err), IMP_USAGE);
    const char *const lists[] = {"l", "r", "s"};
    double turned[3] = {0};
    for (int k = 0; k < 3; k++) {
        def.turns = lists[k];
        assert_ok(imp_expert_create(&r.expert, &def, &err), err);
        for (uint32_t episode = 0; episode < 4; episode++) {
            reset_episode(&r, episode);
            for (double before = r.env.pose.heading; step_expert(&r, episode);
                 before = r.env.pose.heading)
                turned[k] += imp_wrap_angle(r.env.pose.heading - before);
        }
        if (k < 2)
            imp_policy_destroy(r.expert);
    }
    print_message("turned %.1f, %.1f, %.1f rad\n", turned[0], turned[1], turned[2]);
    assert_true(turned[0] > turned[1] + 6.0);
    tear_down(&r);
}

// Where an expert with a list of turns ends that starts in one place in several episodes; counts
// the different ends.
static int ends_of_turns(const char *turns)
{
    enum { EPISODES = 6 };
    imp_error err = {0};
    imp_expert_def def = imp_default_expert_def();
    traffic_test r = create_from_map("udem1_empty", 1500);
    imp_pose ends[EPISODES] = {0};
    int different = 0;
    imp_policy_destroy(r.expert);
    def.turns = turns;
    assert_ok(imp_expert_create(&r.expert, &def, &err), err);
    assert_ok(imp_env_reset(&r.env, 0, &err), err);
    const imp_pose begin = r.env.pose;
    for (uint32_t episode = 0; episode < EPISODES; episode++) {
        imp_env_reset_at(&r.env, episode, begin);
        imp_policy_reset(r.expert, &r.env);
        while (step_expert(&r, episode))
            ;
        ends[episode] = r.env.pose;
        bool seen = false;
        for (uint32_t k = 0; k < episode; k++)
            seen = seen || (ends[k].x == r.env.pose.x && ends[k].z == r.env.pose.z);
        different += !seen;
    }
    tear_down(&r);
    return different;
}

// So that a network that sees the road can learn which way to take.
static void given_turns_leave_nothing_to_chance(void **state)
{
    (void)state;
    assert_int_equal(ends_of_turns("r"), 1);
    assert_int_equal(ends_of_turns("l"), 1);
    assert_true(ends_of_turns("") > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expert_avoids_collisions_and_stalls),
        cmocka_unit_test(pedestrians_may_cross),
        cmocka_unit_test(slower_duckiebots_are_followed_at_a_distance),
        cmocka_unit_test(closed_road_is_left_after_waiting),
        cmocka_unit_test(car_off_lane_is_an_obstacle),
        cmocka_unit_test(red_lights_are_waited_at),
        cmocka_unit_test(turns_are_taken_as_given),
        cmocka_unit_test(given_turns_leave_nothing_to_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
