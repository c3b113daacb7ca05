// Navigation commands: when they are given, that they are legal, and that our expert obeys.
#include "testing.h"

#include "imprint/policy.h"
#include "sim/world/lane_graph.h"

enum { EPISODES = 12, STEPS = 1500 };

static const char *const MAPS[] = {"udem1_empty", "4way_bordered", "ETH_large_intersect",
                                   "robotarium1"};

// An expert in a world.
typedef struct drive {
    imp_world *world;
    imp_policy *policy;
    imp_env env;
} drive;

// What is seen of the commands.
typedef struct tally {
    int given[IMP_COMMAND_COUNT]; // commands at intersections that were crossed
    int crossed, followed, wrong, withdrawn, changed;
} tally;

static void create_drive(drive *o, const char *map, imp_command_source source)
{
    imp_error err = {0};
    imp_env_def env = imp_default_env_def();
    const imp_expert_def expert = imp_default_expert_def();
    env.commands = source;
    env.accept_start_angle = 0.3;
    env.max_steps = STEPS;
    assert_ok(imp_world_load(&o->world, map, &err), err);
    assert_ok(imp_env_init(&o->env, o->world, &env, &err), err);
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

// Distance from the robot to where its intersection begins.
static double distance_to_entry(const imp_env *env)
{
    const imp_vec2 end = env->world->curves[env->navigation.approach].p[3];
    return hypot(end.x - env->pose.x, end.z - env->pose.z);
}

// Compares two states of a drive: what a step did to the command.
static void check_step(const imp_env *env, const imp_navigation *before, tally *sum)
{
    const imp_navigation *now = &env->navigation;
    assert_true((unsigned)now->command < IMP_COMMAND_COUNT);
    if (before->inside && now->inside && now->intersection == before->intersection)
        assert_int_equal(now->command, before->command);
    if (now->crossed > before->crossed)
        sum->given[before->command]++;
    if (now->command == before->command || now->approach != before->approach || now->inside)
        return;
    if (now->command == IMP_COMMAND_NONE) {
        sum->withdrawn++;
        return;
    }
    // begun or changed: in time, and legal
    sum->changed += before->command != IMP_COMMAND_NONE;
    assert_true(distance_to_entry(env) > 0.25);
    int lanes[IMP_LANES_AFTER_MAX];
    const int count =
        imp_lane_find_passable_successors(env->world, &env->world->curves[now->approach], lanes);
    assert_true(count > 1);
    assert_true(imp_lane_find_by_turn_direction(env->world, lanes, count, now->command) >= 0);
}

static void drive_map(const char *map, tally *sum)
{
    drive o;
    create_drive(&o, map, IMP_COMMANDS_RANDOM);
    for (uint32_t episode = 0; episode < EPISODES; episode++) {
        begin_episode(&o, episode);
        for (imp_step step = {0}; !step.truncated;) {
            const imp_navigation before = o.env.navigation;
            step = step_drive(&o);
            if (step.terminated)
                fail_msg("%s, episode %u: left the road in frame %d", map, episode, o.env.frame);
            check_step(&o.env, &before, sum);
        }
        sum->crossed += o.env.navigation.crossed;
        sum->followed += o.env.navigation.followed;
        sum->wrong += o.env.navigation.wrong;
    }
    destroy_drive(&o);
}

static void expert_follows_all_commands(void **state)
{
    (void)state;
    tally sum = {0};
    for (size_t k = 0; k < sizeof MAPS / sizeof MAPS[0]; k++)
        drive_map(MAPS[k], &sum);
    print_message("%d crossed, %d followed, %d wrong, %d none, %d withdrawn, %d changed\n",
                  sum.crossed, sum.followed, sum.wrong, sum.given[IMP_COMMAND_NONE], sum.withdrawn,
                  sum.changed);
    assert_true(sum.crossed > 300);
    assert_int_equal(sum.wrong, 0);
    assert_int_equal(sum.followed + sum.given[IMP_COMMAND_NONE], sum.crossed);
    // a quarter without a command, a tenth withdrawn, a tenth changed
    assert_true(sum.given[IMP_COMMAND_NONE] > 0.17 * sum.crossed);
    assert_true(sum.given[IMP_COMMAND_NONE] < 0.37 * sum.crossed);
    assert_true(sum.withdrawn > 0.05 * sum.crossed && sum.withdrawn < 0.16 * sum.crossed);
    assert_true(sum.changed > 0.05 * sum.crossed && sum.changed < 0.16 * sum.crossed);
    for (int way = IMP_COMMAND_LEFT; way <= IMP_COMMAND_RIGHT; way++)
        assert_true(sum.given[way] > 0.15 * sum.crossed);
}

// The expert of a drive without commands takes other ways than another drive is told.
static void disobedience_is_counted(void **state)
{
    (void)state;
    drive free_drive, told;
    int wrong = 0, followed = 0;
    create_drive(&free_drive, "4way_bordered", IMP_COMMANDS_NONE);
    create_drive(&told, "4way_bordered", IMP_COMMANDS_RANDOM);
    for (uint32_t episode = 0; episode < EPISODES; episode++) {
        begin_episode(&free_drive, episode);
        begin_episode(&told, episode);
        for (imp_step step = {0}; !step.truncated;) {
            const imp_action action = imp_policy_act(free_drive.policy, &free_drive.env, NULL);
            step = imp_env_step(&free_drive.env, action);
            imp_env_step(&told.env, action);
            assert_memory_equal(&told.env.pose, &free_drive.env.pose, sizeof(imp_pose));
        }
        assert_int_equal(free_drive.env.navigation.crossed, 0);
        wrong += told.env.navigation.wrong;
        followed += told.env.navigation.followed;
    }
    assert_true(wrong > 20);
    assert_true(followed > 5);
    destroy_drive(&free_drive);
    destroy_drive(&told);
}

static void commands_are_part_of_the_state(void **state)
{
    (void)state;
    drive o;
    static imp_env copy, other;
    create_drive(&o, "4way_bordered", IMP_COMMANDS_RANDOM);
    begin_episode(&o, 3);
    while (o.env.navigation.command == IMP_COMMAND_NONE)
        step_drive(&o);
    // a copy is told the same for the rest of the episode
    imp_env_copy(&copy, &o.env);
    for (int k = 0; k < 600; k++) {
        const imp_action action = imp_policy_act(o.policy, &o.env, NULL);
        imp_env_step(&o.env, action);
        imp_env_step(&copy, action);
        assert_int_equal(copy.navigation.command, o.env.navigation.command);
        assert_true(imp_env_state_hash(&copy) == imp_env_state_hash(&o.env));
    }
    // another command is another state, unless nobody gives commands
    imp_env_copy(&other, &o.env);
    other.navigation.command = (o.env.navigation.command + 1) % IMP_COMMAND_COUNT;
    assert_true(imp_env_state_hash(&other) != imp_env_state_hash(&o.env));
    o.env.def.commands = other.def.commands = IMP_COMMANDS_NONE;
    assert_true(imp_env_state_hash(&other) == imp_env_state_hash(&o.env));
    destroy_drive(&o);
}

// A caller who gives the same command before every intersection.
static void the_caller_gives_commands(void **state)
{
    (void)state;
    drive o, told;
    int crossed = 0, followed = 0;
    create_drive(&o, "udem1_empty", IMP_COMMANDS_GIVEN);
    create_drive(&told, "udem1_empty", IMP_COMMANDS_NONE);
    for (uint32_t episode = 0; episode < 6; episode++) {
        begin_episode(&o, episode);
        begin_episode(&told, episode);
        for (imp_step step = {0}; !step.truncated;) {
            const imp_navigation before = o.env.navigation;
            imp_env_give_command(&o.env, IMP_COMMAND_LEFT);
            // without the source there is nobody to give
            imp_env_give_command(&told.env, IMP_COMMAND_LEFT);
            assert_int_equal(told.env.navigation.command, IMP_COMMAND_NONE);
            const imp_action action = imp_policy_act(o.policy, &o.env, NULL);
            step = imp_env_step(&o.env, action);
            imp_env_step(&told.env, action);
            // it is no part of the state: a drive without it is the same drive
            assert_true(imp_env_state_hash(&o.env) == imp_env_state_hash(&told.env));
            const imp_navigation *now = &o.env.navigation;
            assert_true(now->command == IMP_COMMAND_NONE || now->command == IMP_COMMAND_LEFT);
            if (now->crossed > before.crossed)
                assert_int_equal(now->given, IMP_COMMAND_NONE);
            if (now->command != before.command && now->command != IMP_COMMAND_NONE && !now->inside)
                assert_true(distance_to_entry(&o.env) < 1.05);
        }
        crossed += o.env.navigation.crossed;
        followed += o.env.navigation.followed;
        assert_int_equal(o.env.navigation.wrong, 0);
    }
    // some have no way to the left
    assert_true(crossed > 20);
    assert_true(followed > crossed / 3);
    destroy_drive(&o);
    destroy_drive(&told);
}

static void a_given_command_can_be_withdrawn(void **state)
{
    (void)state;
    drive o;
    create_drive(&o, "4way_bordered", IMP_COMMANDS_GIVEN);
    begin_episode(&o, 3);
    imp_env_give_command(&o.env, IMP_COMMAND_RIGHT);
    while (o.env.navigation.command == IMP_COMMAND_NONE)
        assert_false(step_drive(&o).truncated);
    imp_env_give_command(&o.env, IMP_COMMAND_NONE);
    assert_int_equal(o.env.navigation.command, IMP_COMMAND_NONE);
    imp_env_give_command(&o.env, IMP_COMMAND_RIGHT);
    assert_int_equal(o.env.navigation.command, IMP_COMMAND_RIGHT);
    // once the intersection has begun, nothing changes
    while (!(o.env.navigation.inside && o.env.navigation.command == IMP_COMMAND_RIGHT)) {
        imp_env_give_command(&o.env, IMP_COMMAND_RIGHT);
        assert_false(step_drive(&o).truncated);
    }
    imp_env_give_command(&o.env, IMP_COMMAND_NONE);
    assert_int_equal(o.env.navigation.command, IMP_COMMAND_RIGHT);
    destroy_drive(&o);
}

static void commands_have_names(void **state)
{
    (void)state;
    assert_string_equal(imp_navigation_command_name(IMP_COMMAND_STRAIGHT), "straight");
    assert_null(imp_navigation_command_name(IMP_COMMAND_COUNT));
    assert_null(imp_navigation_command_name(-1));
    assert_string_equal(imp_command_source_name(IMP_COMMANDS_RANDOM), "random");
    assert_string_equal(imp_command_source_name(2), "route");
    assert_string_equal(imp_command_source_name(IMP_COMMANDS_GIVEN), "given");
    assert_null(imp_command_source_name(4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expert_follows_all_commands),
        cmocka_unit_test(disobedience_is_counted),
        cmocka_unit_test(commands_are_part_of_the_state),
        cmocka_unit_test(the_caller_gives_commands),
        cmocka_unit_test(a_given_command_can_be_withdrawn),
        cmocka_unit_test(commands_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
