// Networks as policies: acting together gives the same bits as acting alone.
#include "learn/learn_fixture.h"

#include "evaluate/rollout/network_policy.h"
#include "nn/network/network.h"

enum { POLICIES = 5, STEPS = 6, WIDTH = 80, HEIGHT = 60, IMAGE = 3 * WIDTH * HEIGHT };

typedef struct policy_fixture {
    imp_network *network;
    imp_policy *together[POLICIES], *alone[POLICIES];
    imp_world *world;
    imp_env *envs; // (POLICIES)
    const imp_env *env_pointers[POLICIES];
    uint8_t *images; // (POLICIES x IMAGE)
    const uint8_t *image_pointers[POLICIES];
    imp_random random;
} policy_fixture;

// Random weights give wild actions, which would all be clipped to the same.
static void shrink_outputs(imp_network *network)
{
    const imp_tensor *last = NULL;
    for (int i = 0; imp_network_tensor(network, i) != NULL; i++)
        if (imp_network_tensor(network, i)->role == IMP_TENSOR_WEIGHT)
            last = imp_network_tensor(network, i);
    assert_non_null(last);
    for (int64_t i = 0; i < last->count; i++)
        network->values[last->offset + i] *= 0.02F;
}

static void set_up(policy_fixture *f, const char *architecture)
{
    imp_error err = {0};
    imp_network_def def = imp_default_network_def();
    const imp_env_def env = imp_default_env_def();
    *f = (policy_fixture){.random = imp_random_stream(9, 0, 0, IMP_PURPOSE_TEST)};
    snprintf(def.architecture, sizeof def.architecture, "%s", architecture);
    assert_ok(imp_network_create(&f->network, &def, 5, &err), err);
    shrink_outputs(f->network);
    assert_ok(imp_network_policies_create(f->together, POLICIES, f->network, &err), err);
    assert_ok(imp_world_load(&f->world, "loop_empty", &err), err);
    f->envs = calloc(POLICIES, sizeof *f->envs);
    f->images = malloc((size_t)POLICIES * IMAGE);
    assert_non_null(f->envs);
    assert_non_null(f->images);
    for (int k = 0; k < POLICIES; k++) {
        assert_ok(imp_network_policies_create(&f->alone[k], 1, f->network, &err), err);
        assert_ok(imp_env_init(&f->envs[k], f->world, &env, &err), err);
        assert_ok(imp_env_reset(&f->envs[k], (uint32_t)k, &err), err);
        imp_policy_reset(f->together[k], &f->envs[k]);
        imp_policy_reset(f->alone[k], &f->envs[k]);
        f->env_pointers[k] = &f->envs[k];
        f->image_pointers[k] = f->images + (size_t)k * IMAGE;
    }
}

static void draw_images(policy_fixture *f)
{
    for (size_t i = 0; i < (size_t)POLICIES * IMAGE; i++)
        f->images[i] = (uint8_t)imp_random_uniform(&f->random, 0.0, 255.9);
}

static void tear_down(policy_fixture *f)
{
    for (int k = 0; k < POLICIES; k++) {
        imp_policy_destroy(f->together[k]);
        imp_policy_destroy(f->alone[k]);
    }
    imp_network_destroy(f->network);
    imp_world_destroy(f->world);
    free(f->envs);
    free(f->images);
}

// Later steps leave policies out, as when their episodes end.
static void check(const char *architecture)
{
    policy_fixture f;
    imp_action actions[POLICIES];
    set_up(&f, architecture);
    for (int step = 0; step < STEPS; step++) {
        const int first = step % 3, count = POLICIES - first;
        draw_images(&f);
        imp_policy_act_many(f.together + first, count, f.env_pointers + first,
                            f.image_pointers + first, actions);
        for (int k = 0; k < count; k++) {
            const int policy = first + k;
            const imp_action expected =
                imp_policy_act(f.alone[policy], &f.envs[policy], f.image_pointers[policy]);
            assert_memory_equal(&actions[k], &expected, sizeof expected);
            imp_env_step(&f.envs[policy], expected);
        }
        assert_memory_not_equal(&actions[0], &actions[1], sizeof *actions);
    }
    tear_down(&f);
}

static void acting_together_changes_no_bit(void **state)
{
    (void)state;
    check("one-residual");
    check("one-residual-actions"); // looks at the last actions, too
    check("wide-residual-past");   // and at earlier images
    check("one-residual-command"); // and listens
}

// Any number of those that were made together may go first.
static void one_policy_outlives_the_others(void **state)
{
    (void)state;
    policy_fixture f;
    set_up(&f, "small");
    draw_images(&f);
    for (int k = 0; k < POLICIES - 1; k++) {
        imp_policy_destroy(f.together[k]);
        f.together[k] = NULL;
    }
    const int last = POLICIES - 1;
    const imp_action action =
        imp_policy_act(f.together[last], &f.envs[last], f.image_pointers[last]);
    const imp_action expected =
        imp_policy_act(f.alone[last], &f.envs[last], f.image_pointers[last]);
    assert_memory_equal(&action, &expected, sizeof expected);
    tear_down(&f);
}

// Experts, too, can be made together; they act one by one.
static void factories_make_policies_that_act_together(void **state)
{
    (void)state;
    policy_fixture f;
    imp_error err = {0};
    imp_policy_factory *factory;
    imp_policy *made[POLICIES];
    imp_action actions[POLICIES];
    const imp_expert_def expert = imp_default_expert_def();
    set_up(&f, "small");
    draw_images(&f);
    assert_ok(imp_network_save(f.network, in_folder("model.safetensors"), NULL, &err), err);
    for (int network = 0; network < 2; network++) {
        assert_ok(imp_policy_factory_open(
                      &factory, network ? in_folder("model.safetensors") : "expert", &expert, &err),
                  err);
        assert_ok(imp_policy_factory_create_many(factory, made, POLICIES, &err), err);
        for (int k = 0; k < POLICIES; k++)
            imp_policy_reset(made[k], &f.envs[k]);
        imp_policy_act_many(made, POLICIES, f.env_pointers, f.image_pointers, actions);
        for (int k = 0; k < POLICIES; k++) {
            imp_policy *alone = made[k];
            imp_policy_reset(alone, &f.envs[k]);
            const imp_action expected = imp_policy_act(alone, &f.envs[k], f.image_pointers[k]);
            assert_memory_equal(&actions[k], &expected, sizeof expected);
            imp_policy_destroy(alone);
        }
        imp_policy_factory_close(factory);
    }
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acting_together_changes_no_bit),
        cmocka_unit_test(one_policy_outlives_the_others),
        cmocka_unit_test_setup_teardown(factories_make_policies_that_act_together, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
