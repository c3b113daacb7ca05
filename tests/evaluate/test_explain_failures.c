// Failures explained: the last chance against a search of every step, the mistake of policies that
// always err in the same way, and causes that do not depend on the number of threads.
#include "evaluate/evaluation_fixture.h"
#include "imprint/failures.h"

// A policy that always gives the same action.
typedef struct constant_policy {
    imp_policy policy;
    imp_action action;
} constant_policy;

static imp_action give_constant(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    (void)env, (void)observation;
    return ((constant_policy *)policy)->action;
}

static void reset_constant(imp_policy *policy, const imp_env *env)
{
    (void)policy, (void)env;
}

static void destroy_constant(imp_policy *policy)
{
    free(policy);
}

static imp_status create_constant(const void *context, imp_policy **out, imp_error *err)
{
    static const imp_policy_vtable vtable = {.name = "constant",
                                             .reset = reset_constant,
                                             .act = give_constant,
                                             .destroy = destroy_constant};
    constant_policy *self = calloc(1, sizeof *self);
    if (self == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    self->policy.vtable = &vtable;
    self->action = *(const imp_action *)context;
    *out = &self->policy;
    return IMP_OK;
}

// Episodes with one action throughout, started at a pose in the middle of a straight lane.
static imp_evaluation drive_constantly(imp_action action, int episodes)
{
    imp_error err = {0};
    imp_evaluation evaluation;
    imp_policy_factory *factory;
    imp_eval_def def = small_eval(episodes, 400);
    def.record_drives = true;
    def.sim.env.accept_start_angle = 0.05;
    assert_ok(imp_policy_factory_open_custom(&factory, "constant", create_constant, &action, &err),
              err);
    assert_ok(imp_evaluate(&evaluation, factory, &def, NULL, &err), err);
    imp_policy_factory_close(factory);
    return evaluation;
}

// The last step from which an expert survives five seconds, by trying every step.
static int search_all_steps(const imp_demonstration *drive)
{
    imp_error err = {0};
    imp_world *world;
    imp_policy *expert;
    imp_env *env = malloc(sizeof *env), *fork = malloc(sizeof *fork);
    const imp_expert_def def = imp_default_expert_def();
    int last = -1;
    assert_true(env != NULL && fork != NULL);
    assert_ok(imp_demonstration_load_world(&world, drive, &err), err);
    assert_ok(imp_env_init(env, world, &drive->env, &err), err);
    assert_ok(imp_env_reset(env, drive->episode, &err), err);
    assert_ok(imp_expert_create(&expert, &def, &err), err);
    for (int k = 0; k < drive->steps; k++) {
        bool survives = true;
        *fork = *env;
        imp_policy_reset(expert, fork);
        for (int t = 0; t < 150 && survives; t++)
            survives = !imp_env_step(fork, imp_policy_act(expert, fork, NULL)).terminated;
        last = survives ? k : last;
        imp_env_step(
            env, (imp_action){(double)drive->actions[2 * k], (double)drive->actions[2 * k + 1]});
    }
    imp_policy_destroy(expert);
    imp_world_destroy(world);
    free(env);
    free(fork);
    return last;
}

static void the_last_chance_is_the_last_step_from_which_the_expert_survives(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_failure_list list;
    imp_failures_def def = imp_default_failures_def();
    imp_evaluation evaluation = drive_constantly((imp_action){0.45, 0.55}, 4);
    def.threads = 1;
    assert_ok(imp_explain_failures(&list, &evaluation, &def, NULL, &err), err);
    assert_int_equal(list.failed, 4);
    assert_int_equal(list.count, 4);
    for (int k = 0; k < 4; k++) {
        const imp_episode_failure *f = &list.items[k];
        const imp_episode_result *result = &evaluation.results[f->episode];
        assert_int_equal(f->last_chance, search_all_steps(result->drive));
        assert_int_equal(f->steps, result->steps);
        assert_int_equal(f->ending, result->ending);
        assert_close(f->margin, (f->steps - f->last_chance) / 30.0, 1e-9);
        assert_close(f->policy.left, 0.45, 1e-7);
        assert_memory_equal(&f->pose, &result->poses[f->last_chance], sizeof f->pose);
    }
    imp_failure_list_free(&list);
    imp_evaluation_free(&evaluation);
}

// The most frequent mistake of a policy that gives one action only.
static imp_mistake usual_mistake(imp_action action)
{
    imp_error err = {0};
    imp_failure_list list;
    const imp_failures_def def = imp_default_failures_def();
    imp_evaluation evaluation = drive_constantly(action, 8);
    int counts[IMP_MISTAKE_COUNT] = {0}, usual = 0, listed = 0;
    assert_ok(imp_explain_failures(&list, &evaluation, &def, NULL, &err), err);
    for (int k = 0; k < list.count; k++)
        counts[list.items[k].mistake]++;
    for (int k = 0; k < IMP_MISTAKE_COUNT; k++)
        usual = counts[k] > counts[usual] ? k : usual;
    // the causes count every failure once
    for (int k = 0; k < list.cause_count; k++) {
        assert_true(k == 0 || list.causes[k].count <= list.causes[k - 1].count);
        listed += list.causes[k].count;
    }
    assert_int_equal(listed, list.count);
    imp_failure_list_free(&list);
    imp_evaluation_free(&evaluation);
    return (imp_mistake)usual;
}

static void mistakes_are_recognised(void **state)
{
    (void)state;
    assert_int_equal(usual_mistake((imp_action){0.3, 0.9}), IMP_MISTAKE_LEFT);
    assert_int_equal(usual_mistake((imp_action){0.9, 0.3}), IMP_MISTAKE_RIGHT);
    assert_string_equal(imp_mistake_text(IMP_MISTAKE_FAST), "drove too fast");
    assert_string_equal(imp_road_text(IMP_ROAD_LEFT), "curve to the left");
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_failure_list one, three;
    imp_failures_def def = imp_default_failures_def();
    imp_evaluation evaluation = drive_constantly((imp_action){0.5, 0.58}, 7);
    def.threads = 1;
    assert_ok(imp_explain_failures(&one, &evaluation, &def, NULL, &err), err);
    def.threads = 3;
    assert_ok(imp_explain_failures(&three, &evaluation, &def, NULL, &err), err);
    assert_int_equal(one.count, three.count);
    assert_int_equal(one.cause_count, three.cause_count);
    for (int k = 0; k < one.count; k++) {
        assert_int_equal(one.items[k].last_chance, three.items[k].last_chance);
        assert_int_equal(one.items[k].mistake, three.items[k].mistake);
        assert_true(one.items[k].expert.left == three.items[k].expert.left);
    }
    assert_true(one.margin == three.margin);
    imp_failure_list_free(&one);
    imp_failure_list_free(&three);
    imp_evaluation_free(&evaluation);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void what_cannot_be_explained_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_failure_list list;
    imp_episode_failure failure;
    imp_failures_def def = imp_default_failures_def();
    imp_evaluation evaluation = drive_constantly((imp_action){0.45, 0.55}, 1);
    imp_demonstration *drive = evaluation.results[0].drive;
    const imp_monitor monitor = {.should_stop = stop_at_once};
    assert_int_equal(imp_explain_failures(&list, &evaluation, &def, &monitor, &err),
                     IMP_INTERRUPTED);
    def.horizon = 0.0;
    assert_int_equal(imp_explain_failure(&failure, drive, IMP_END_INVALID_POSE, &def, &err),
                     IMP_USAGE);
    assert_non_null(strstr(err.message, "horizon"));
    // a drive that was changed
    def = imp_default_failures_def();
    drive->actions[0] += 0.1f;
    assert_int_equal(imp_explain_failure(&failure, drive, IMP_END_INVALID_POSE, &def, &err),
                     IMP_CHECK_FAILED);
    imp_evaluation_free(&evaluation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_chance_is_the_last_step_from_which_the_expert_survives),
        cmocka_unit_test(mistakes_are_recognised),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(what_cannot_be_explained_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
