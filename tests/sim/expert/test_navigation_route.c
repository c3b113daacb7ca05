// Routes of episodes: our expert arrives, commands come early, wrong turns are planned anew, and
// what cannot be planned is refused.
#include "testing.h"

#include <string.h>

#include "imprint/policy.h"
#include "imprint/route.h"
#include "sim/world/lane_graph.h"

enum { EPISODES = 12, STEPS = 6000, INTERSECTIONS = 10 };

static const char *const MAPS[] = {"udem1_empty", "4way_bordered", "ETH_large_intersect",
                                   "robotarium1", "TTIC_ripltown"};

// A policy in a world.
typedef struct drive {
    imp_world *world;
    imp_policy *policy;
    imp_env env;
} drive;

static imp_env_def route_def(void)
{
    imp_env_def def = imp_default_env_def();
    def.commands = IMP_COMMANDS_ROUTE;
    def.route_intersections = INTERSECTIONS;
    def.accept_start_angle = 0.3;
    def.max_steps = STEPS;
    return def;
}

static void create_drive(drive *o, const char *map, const imp_env_def *def)
{
    imp_error err = {0};
    const imp_expert_def expert = imp_default_expert_def();
    assert_ok(imp_world_load(&o->world, map, &err), err);
    assert_ok(imp_env_init(&o->env, o->world, def, &err), err);
    assert_ok(imp_expert_create(&o->policy, &expert, &err), err);
}

static void destroy_drive(drive *o)
{
    imp_policy_destroy(o->policy);
    imp_world_destroy(o->world);
}

static void begin_episode(drive *o, uint32_t episode)
{
    imp_error err = {0};
    assert_ok(imp_env_reset(&o->env, episode, &err), err);
    imp_policy_reset(o->policy, &o->env);
}

static imp_step step_drive(drive *o)
{
    return imp_env_step(&o->env, imp_policy_act(o->policy, &o->env, NULL));
}

// A command begins far enough ahead, or as soon as the intersection before is left.
static void check_command_is_early(const imp_env *env, const imp_navigation *before)
{
    const imp_navigation *now = &env->navigation;
    if (now->inside || now->command == before->command || now->command == IMP_COMMAND_NONE)
        return;
    const imp_vec2 entry = env->world->curves[now->approach].p[3];
    const double ahead = hypot(entry.x - env->pose.x, entry.z - env->pose.z);
    if (now->approach == before->approach)
        assert_true(ahead > 0.6);
}

static void the_expert_arrives(void **state)
{
    (void)state;
    int arrived = 0, wrong = 0, followed = 0;
    double driven = 0.0, planned = 0.0;
    for (size_t m = 0; m < sizeof MAPS / sizeof MAPS[0]; m++) {
        drive o;
        const imp_env_def def = route_def();
        create_drive(&o, MAPS[m], &def);
        for (uint32_t e = 0; e < EPISODES; e++) {
            imp_step step = {0};
            begin_episode(&o, e);
            while (!step.terminated && !step.truncated) {
                const imp_navigation before = o.env.navigation;
                const imp_pose from = o.env.pose;
                step = step_drive(&o);
                driven += hypot(o.env.pose.x - from.x, o.env.pose.z - from.z);
                check_command_is_early(&o.env, &before);
            }
            if (o.env.ending != IMP_END_ARRIVED)
                print_message("%s episode %u: %s after %d frames, %d crossed, %d wrong\n", MAPS[m],
                              e, imp_end_reason_name(o.env.ending), o.env.frame,
                              o.env.navigation.crossed, o.env.navigation.wrong);
            arrived += o.env.ending == IMP_END_ARRIVED;
            wrong += o.env.navigation.wrong;
            followed += o.env.navigation.followed;
            planned += o.env.navigation.planned;
            assert_true(step.truncated);
            assert_true(o.env.navigation.arrived);
            assert_int_equal(o.env.navigation.destination, -1);
        }
        destroy_drive(&o);
    }
    print_message("arrived %d, followed %d, wrong %d, driven/planned %.3f\n", arrived, followed,
                  wrong, driven / planned);
    assert_int_equal(arrived, EPISODES * (int)(sizeof MAPS / sizeof MAPS[0]));
    assert_int_equal(wrong, 0);
    // all of the intersections but one that a start lies on
    assert_true(followed >= arrived * (INTERSECTIONS - 1));
    assert_true(fabs(driven / planned - 1.0) < 0.05);
}

static void episodes_have_routes_of_their_own(void **state)
{
    (void)state;
    drive o;
    const imp_env_def def = route_def();
    create_drive(&o, "robotarium1", &def);
    begin_episode(&o, 3);
    const imp_navigation first = o.env.navigation;
    assert_true(first.destination >= 0);
    assert_true(first.planned > 1.0);
    begin_episode(&o, 4);
    assert_true(o.env.navigation.planned != first.planned);
    begin_episode(&o, 3);
    assert_int_equal(o.env.navigation.destination, first.destination);
    assert_true(o.env.navigation.planned == first.planned);
    destroy_drive(&o);
}

static void a_given_destination_is_reached(void **state)
{
    (void)state;
    drive o;
    imp_env_def def = route_def();
    def.has_destination = true;
    def.destination[0] = 6;
    def.destination[1] = 1;
    def.has_start_tile = true;
    def.start_tile[0] = 1;
    def.start_tile[1] = 4;
    create_drive(&o, "udem1_empty", &def);
    for (uint32_t e = 0; e < EPISODES; e++) {
        imp_step step = {0};
        begin_episode(&o, e);
        while (!step.terminated && !step.truncated)
            step = step_drive(&o);
        assert_int_equal(o.env.ending, IMP_END_ARRIVED);
        assert_ptr_equal(imp_world_tile_at(o.world, o.env.pose.x, o.env.pose.z),
                         &o.world->tiles[1 * o.world->columns + 6]);
    }
    destroy_drive(&o);
}

static void wrong_turns_are_planned_anew(void **state)
{
    (void)state;
    drive o;
    imp_env_def def = route_def();
    def.max_steps = 20000;
    create_drive(&o, "robotarium1", &def);
    int arrived = 0, wrong = 0;
    for (uint32_t e = 0; e < 4; e++) {
        imp_env deaf;
        imp_step step = {0};
        begin_episode(&o, e);
        // every second intersection's command does not reach the expert
        while (!step.terminated && !step.truncated) {
            imp_env_copy(&deaf, &o.env);
            if (o.env.navigation.crossed % 2 == 0)
                deaf.navigation.command = IMP_COMMAND_NONE;
            step = imp_env_step(&o.env, imp_policy_act(o.policy, &deaf, NULL));
        }
        arrived += o.env.ending == IMP_END_ARRIVED;
        wrong += o.env.navigation.wrong;
    }
    assert_int_equal(arrived, 4);
    assert_true(wrong > 0);
    destroy_drive(&o);
}

static void what_cannot_be_planned_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_env env;
    imp_world *world;
    imp_env_def def = route_def();
    assert_ok(imp_world_load(&world, "udem1_empty", &err), err);
    def.route_intersections = 0;
    assert_int_equal(imp_env_init(&env, world, &def, &err), IMP_USAGE);
    def = route_def();
    def.has_destination = true;
    assert_int_equal(imp_env_init(&env, world, &def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "destination: '0,0': this tile"));
    def.destination[0] = 1;
    def.destination[1] = 1;
    assert_ok(imp_env_init(&env, world, &def, &err), err);
    def.commands = IMP_COMMANDS_RANDOM;
    assert_int_equal(imp_env_set_def(&env, &def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "a destination needs commands: route"));
    imp_world_destroy(world);
}

static void roads_without_intersections_have_no_route(void **state)
{
    (void)state;
    drive o;
    imp_env_def def = route_def();
    def.max_steps = 200;
    create_drive(&o, "loop_empty", &def);
    imp_step step = {0};
    begin_episode(&o, 0);
    while (!step.terminated && !step.truncated)
        step = step_drive(&o);
    assert_int_equal(o.env.ending, IMP_END_MAX_STEPS);
    assert_true(o.env.navigation.planned == 0.0);
    destroy_drive(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_expert_arrives),
        cmocka_unit_test(episodes_have_routes_of_their_own),
        cmocka_unit_test(a_given_destination_is_reached),
        cmocka_unit_test(wrong_turns_are_planned_anew),
        cmocka_unit_test(what_cannot_be_planned_is_refused),
        cmocka_unit_test(roads_without_intersections_have_no_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
