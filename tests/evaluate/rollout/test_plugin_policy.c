// Plug-ins: what they are given, and what becomes of what they answer.
#include "testing.h"

#include <dlfcn.h>
#include <string.h>

#include "evaluate/rollout/probe_plugin.h"
#include "imprint/rollout.h"

// A policy of the plug-in in an environment on a map.
typedef struct fixture {
    imp_policy_factory *factory;
    imp_policy *policy;
    imp_world *world;
    imp_env env;
    void *handle;
    probe_record *probe; // in the plug-in
} fixture;

static fixture open_fixture(const char *map, uint32_t episode)
{
    static fixture f;
    imp_error err = {0};
    imp_env_def def = imp_default_env_def();
    const imp_expert_def expert = imp_default_expert_def();
    def.seed = 77;
    def.index = 5;
    def.frame_skip = 1;
    f.handle = dlopen(IMP_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(f.handle);
    f.probe = dlsym(f.handle, "probe_last");
    assert_non_null(f.probe);
    *f.probe = (probe_record){0};
    assert_ok(imp_policy_factory_open(&f.factory, IMP_TEST_PLUGIN, &expert, &err), err);
    assert_ok(imp_policy_factory_create(f.factory, &f.policy, &err), err);
    assert_ok(imp_world_load(&f.world, map, &err), err);
    assert_ok(imp_env_init(&f.env, f.world, &def, &err), err);
    assert_ok(imp_env_reset(&f.env, episode, &err), err);
    return f;
}

static void close_fixture(fixture *f)
{
    imp_policy_destroy(f->policy);
    assert_int_equal(f->probe->destroyed, 1);
    imp_policy_factory_close(f->factory);
    imp_world_destroy(f->world);
    dlclose(f->handle);
}

static void the_state_is_the_environments(void **state)
{
    (void)state;
    const uint8_t image[16 * 12 * 3] = {0};
    fixture f = open_fixture("loop_empty", 3);
    imp_policy_reset(f.policy, &f.env);
    const probe_record *probe = f.probe;
    assert_int_equal(probe->created, 1);
    assert_int_equal(probe->resets, 1);
    assert_int_equal(probe->state.seed, 77);
    assert_int_equal(probe->state.environment, 5);
    assert_int_equal(probe->state.episode, 3);
    assert_int_equal(probe->state.frame, 0);

    for (int k = 0; k < 10; k++) // longer than commands are delayed
        imp_env_step(&f.env, (imp_action){0.75, 0.5});
    imp_policy_act(f.policy, &f.env, image);
    const imp_plugin_state *s = &probe->state;
    assert_int_equal(s->frame, 10);
    assert_true(s->speed > 0.0 && s->turn_rate < 0.0);
    assert_close(s->time_step, 1.0 / 30.0, 0.0);
    assert_close(s->x, f.env.pose.x, 0.0);
    assert_close(s->z, f.env.pose.z, 0.0);
    assert_close(s->heading, f.env.pose.heading, 0.0);
    assert_close(s->speed, f.env.drive.speed, 0.0);
    assert_close(s->turn_rate, f.env.drive.turn_rate, 0.0);
    assert_close(s->last_left, 0.75, 0.0);
    assert_close(s->last_right, 0.5, 0.0);
    assert_close(s->tile_size, f.world->tile_size, 0.0);
    assert_int_equal(s->in_lane, 1);
    assert_close(s->lane.distance, f.env.lane.distance, 0.0);
    assert_close(s->lane.angle, f.env.lane.angle, 0.0);
    assert_close(s->lane.x, f.env.lane.point.x, 0.0);
    assert_close(s->lane.tangent_z, f.env.lane.tangent.z, 0.0);

    // turned to the left, the angle to the lane is smaller by as much
    assert_int_equal(probe->found_lane, 1);
    assert_close(probe->turned_lane.angle, s->lane.angle - 0.1, 1e-6);
    assert_ptr_equal(probe->image.rgb, image);
    assert_int_equal(probe->image.width, 16);
    assert_int_equal(probe->image.height, 12);
    close_fixture(&f);
}

static void objects_are_where_they_are(void **state)
{
    (void)state;
    fixture f = open_fixture("loop_pedestrians", 0);
    for (int k = 0; k < 300; k++) // until somebody walks
        imp_env_step(&f.env, (imp_action){0.0, 0.0});
    imp_policy_reset(f.policy, &f.env);
    int moving = 0;
    assert_int_equal(f.probe->object_count, f.world->object_count);
    for (int k = 0; k < f.probe->object_count; k++) {
        const imp_object *object = &f.world->objects[k];
        const imp_plugin_object *told = &f.probe->objects[k];
        const imp_vec2 at =
            object->moving < 0 ? object->position : f.env.moving[object->moving].position;
        assert_close(told->x, at.x, 0.0);
        assert_close(told->z, at.z, 0.0);
        assert_int_equal(told->solid, object->solid);
        assert_int_equal(told->moving, object->moving >= 0);
        assert_true(told->radius > 0.01 && told->radius < 3.0);
        assert_true(object->kind != IMP_OBJECT_DUCKIE || strcmp(told->kind, "duckie") == 0);
        moving += told->moving;
    }
    assert_true(moving > 0);
    close_fixture(&f);
}

static void absent_objects_are_not_told(void **state)
{
    (void)state;
    fixture f = open_fixture("loop_pedestrians", 0);
    f.env.hidden[0] |= 1;
    imp_policy_reset(f.policy, &f.env);
    assert_int_equal(f.probe->object_count, f.world->object_count - 1);
    close_fixture(&f);
}

static void actions_are_clipped_and_failures_end_the_episode(void **state)
{
    (void)state;
    const uint8_t image[16 * 12 * 3] = {0};
    fixture f = open_fixture("loop_empty", 0);
    imp_policy_reset(f.policy, &f.env);
    assert_true(f.policy->vtable->needs_observation);
    const imp_action action = imp_policy_act(f.policy, &f.env, image);
    assert_close(action.left, 1.0, 0.0);
    assert_close(action.right, 0.0, 0.0);
    assert_null(f.policy->failure_reason);
    imp_env_step(&f.env, action);
    imp_env_step(&f.env, action);
    imp_policy_act(f.policy, &f.env, image);
    assert_non_null(f.policy->failure_reason);
    assert_non_null(strstr(f.policy->failure_reason, "6"));
    imp_policy_reset(f.policy, &f.env);
    assert_null(f.policy->failure_reason);
    close_fixture(&f);
}

static void a_factory_knows_its_plugin(void **state)
{
    (void)state;
    char identity[IMP_POLICY_IDENTITY_MAX];
    int width, height;
    fixture f = open_fixture("loop_empty", 0);
    imp_policy_factory_identity(f.factory, identity);
    assert_int_equal(strlen(identity), strlen("probe-0123456789abcdef"));
    assert_memory_equal(identity, "probe-", 6);
    assert_false(imp_policy_factory_is_network(f.factory));
    imp_policy_factory_image_size(f.factory, &width, &height);
    assert_int_equal(width, 16);
    assert_int_equal(height, 12);
    close_fixture(&f);
}

static void another_version_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_policy_factory *factory;
    const imp_expert_def expert = imp_default_expert_def();
    assert_int_equal(imp_policy_factory_open(&factory, IMP_TEST_PLUGIN_OTHER, &expert, &err),
                     IMP_BAD_INPUT);
    assert_non_null(strstr(err.message, "version 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_is_the_environments),
        cmocka_unit_test(objects_are_where_they_are),
        cmocka_unit_test(absent_objects_are_not_told),
        cmocka_unit_test(actions_are_clipped_and_failures_end_the_episode),
        cmocka_unit_test(a_factory_knows_its_plugin),
        cmocka_unit_test(another_version_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
