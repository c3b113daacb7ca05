// The loop that drives episodes: who is called when, what observers see, and what ends an episode.
#include "learn/learn_fixture.h"

#include "evaluate/rollout/episode_loop.h"

enum { STEPS = 5, WIDTH = 16, HEIGHT = 12, IMAGE = 3 * WIDTH * HEIGHT };

// A policy that writes into a log when it acts, and may fail at a frame.
typedef struct logging_policy {
    imp_policy policy;
    char *log;
    int fails_at; // frame, or -1
} logging_policy;

static void logging_policy_reset(imp_policy *policy, const imp_env *env)
{
    logging_policy *self = (logging_policy *)policy;
    (void)env;
    strcat(self->log, "r");
}

static imp_action log_action(imp_policy *policy, const imp_env *env, const uint8_t *observation,
                             const char *word, imp_action action)
{
    logging_policy *self = (logging_policy *)policy;
    assert_true(observation != NULL || !policy->vtable->needs_observation);
    strcat(self->log, word);
    if (env->frame == self->fails_at)
        policy->failure_reason = "out of luck";
    return action;
}

static imp_action driver_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    return log_action(policy, env, observation, "p", (imp_action){0.25, 0.25});
}

static imp_action expert_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    return log_action(policy, env, observation, "x", (imp_action){0.5, 0.5});
}

static void logging_policy_destroy(imp_policy *policy)
{
    free(policy);
}

static const imp_policy_vtable blind_driver = {.name = "driver",
                                               .needs_observation = false,
                                               .reset = logging_policy_reset,
                                               .act = driver_act,
                                               .destroy = logging_policy_destroy};
static const imp_policy_vtable looking_driver = {.name = "driver",
                                                 .needs_observation = true,
                                                 .reset = logging_policy_reset,
                                                 .act = driver_act,
                                                 .destroy = logging_policy_destroy};
static const imp_policy_vtable label_expert = {.name = "expert",
                                               .needs_observation = false,
                                               .reset = logging_policy_reset,
                                               .act = expert_act,
                                               .destroy = logging_policy_destroy};

// An observer that writes into a log, too, and keeps what it saw.
typedef struct log_observer {
    char *log;
    imp_transition last;
    const uint8_t *first_image, *last_image, *end_image;
    imp_end_reason ending;
    int end_frame;
} log_observer;

static void log_begin(void *context, const imp_env *env)
{
    assert_int_equal(env->frame, 0);
    strcat(((log_observer *)context)->log, "(");
}

static void log_before(void *context, const imp_env *env, const uint8_t *observation)
{
    log_observer *o = context;
    strcat(o->log, "<");
    if (env->frame == 0)
        o->first_image = observation;
    o->last_image = observation;
}

static void log_after(void *context, const imp_env *env, const imp_transition *transition)
{
    log_observer *o = context;
    (void)env;
    strcat(o->log, ">");
    o->last = *transition;
}

static void log_end(void *context, const imp_env *env, const uint8_t *observation,
                    imp_end_reason ending)
{
    log_observer *o = context;
    strcat(o->log, ")");
    o->end_image = observation;
    o->ending = ending;
    o->end_frame = env->frame;
}

static imp_action halve(void *context, const imp_env *env, imp_action chosen, imp_action expert)
{
    (void)env;
    strcat(context, "e");
    assert_true(chosen.left == 0.25 && expert.left == 0.5);
    return (imp_action){0.5 * chosen.left, 0.5 * chosen.right};
}

typedef struct loop_fixture {
    imp_rollout_workers workers;
    imp_policy_factory *factory;
    logging_policy driver, expert;
    log_observer observer;
    char log[256];
    uint8_t images[(STEPS + 1) * IMAGE];
} loop_fixture;

// One worker whose policy is replaced by the fixture's.
static imp_episode_loop_def set_up(loop_fixture *f, const imp_policy_vtable *driver)
{
    imp_error err = {0};
    const imp_expert_def expert = imp_default_expert_def();
    imp_rollout_workers_def def = {.sim = imp_default_sim_def(), .steps = STEPS};
    *f = (loop_fixture){0};
    def.sim.camera.width = WIDTH;
    def.sim.camera.height = HEIGHT;
    def.sim.threads = 1;
    assert_ok(imp_policy_factory_open(&f->factory, "expert", &expert, &err), err);
    def.policy = f->factory;
    assert_ok(imp_rollout_workers_create(&f->workers, &def, &err), err);
    assert_ok(imp_rollout_slot_reset_sim(&f->workers, &f->workers.slots[0], 0, &err), err);
    f->driver = (logging_policy){{.vtable = driver}, f->log, -1};
    f->expert = (logging_policy){{.vtable = &label_expert}, f->log, -1};
    f->observer.log = f->log;
    imp_episode_loop_def loop = imp_episode_loop_def_of_slot(&f->workers, 0);
    loop.policy = &f->driver.policy;
    imp_episode_loop_add_observer(&loop, (imp_episode_observer){.context = &f->observer,
                                                                .begin = log_begin,
                                                                .before_step = log_before,
                                                                .after_step = log_after,
                                                                .end = log_end});
    return loop;
}

static void tear_down(loop_fixture *f)
{
    imp_rollout_workers_destroy(&f->workers);
    imp_policy_factory_close(f->factory);
}

static void observers_surround_every_step(void **state)
{
    (void)state;
    loop_fixture f;
    imp_error err = {0};
    imp_episode_loop_def loop = set_up(&f, &blind_driver);
    assert_ok(imp_episode_loop_run(&loop, &err), err);
    assert_string_equal(f.log, "r(<p><p><p><p><p>)");
    assert_int_equal(f.observer.ending, IMP_END_MAX_STEPS);
    assert_int_equal(f.observer.end_frame, STEPS);
    assert_true(f.observer.last.result.truncated);
    assert_true(f.observer.last.expert.left == 0.25); // without an expert: the policy's
    assert_null(f.observer.last_image);               // nobody looks, so nothing is rendered
    assert_null(f.observer.end_image);
    assert_int_equal(atomic_load(&f.workers.frames), STEPS);
    tear_down(&f);
}

static void exploration_changes_what_is_executed(void **state)
{
    (void)state;
    loop_fixture f;
    imp_error err = {0};
    imp_episode_loop_def loop = set_up(&f, &looking_driver);
    loop.label_expert = &f.expert.policy;
    loop.explore = halve;
    loop.explore_context = f.log;
    loop.uncounted = true;
    assert_ok(imp_episode_loop_run(&loop, &err), err);
    assert_string_equal(f.log, "rr(<pxe><pxe><pxe><pxe><pxe>)");
    assert_true(f.observer.last.chosen.left == 0.25);
    assert_true(f.observer.last.expert.left == 0.5);
    assert_true(f.observer.last.executed.left == 0.125);
    assert_ptr_equal(f.observer.first_image, f.workers.slots[0].observation);
    assert_ptr_equal(f.observer.last_image, f.observer.first_image); // one image, overwritten
    assert_int_equal(atomic_load(&f.workers.frames), 0);
    tear_down(&f);
}

static void every_image_can_be_kept(void **state)
{
    (void)state;
    loop_fixture f;
    imp_error err = {0};
    static uint8_t expected[IMAGE];
    imp_episode_loop_def loop = set_up(&f, &looking_driver);
    loop.observations = f.images;
    loop.observation_stride = IMAGE;
    loop.observers[0].needs_observations = loop.observers[0].observe_last = true;
    assert_ok(imp_episode_loop_run(&loop, &err), err);
    assert_ptr_equal(f.observer.first_image, f.images);
    assert_ptr_equal(f.observer.last_image, f.images + (STEPS - 1) * IMAGE);
    assert_ptr_equal(f.observer.end_image, f.images + STEPS * IMAGE);
    imp_sim_observe(f.workers.slots[0].sim, expected);
    assert_memory_equal(f.observer.end_image, expected, IMAGE);
    assert_memory_not_equal(f.observer.last_image, expected, IMAGE);
    tear_down(&f);
}

static void episode_ends_when_policy_fails(void **state)
{
    (void)state;
    loop_fixture f;
    imp_error err = {0};
    imp_episode_loop_def loop = set_up(&f, &blind_driver);
    f.driver.fails_at = 2;
    assert_ok(imp_episode_loop_run(&loop, &err), err);
    assert_string_equal(f.log, "r(<p><p><p)"); // the failed action is not executed
    assert_int_equal(f.observer.ending, IMP_END_POLICY_FAILED);
    assert_int_equal(f.observer.end_frame, 2);
    tear_down(&f);
}

static void episode_can_be_over_before_it_begins(void **state)
{
    (void)state;
    loop_fixture f;
    imp_error err = {0};
    imp_episode_loop_def loop = set_up(&f, &blind_driver);
    loop.ending = IMP_END_COLLISION;
    assert_ok(imp_episode_loop_run(&loop, &err), err);
    assert_string_equal(f.log, "r()");
    assert_int_equal(f.observer.ending, IMP_END_COLLISION);
    tear_down(&f);
}

static void interrupted_episode_has_no_end(void **state)
{
    (void)state;
    loop_fixture f;
    imp_error err = {0};
    imp_episode_loop_def loop = set_up(&f, &blind_driver);
    atomic_store(&f.workers.stop, true);
    assert_int_equal(imp_episode_loop_run(&loop, &err), IMP_INTERRUPTED);
    assert_string_equal(f.log, "r(<p>");
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(observers_surround_every_step),
        cmocka_unit_test(exploration_changes_what_is_executed),
        cmocka_unit_test(every_image_can_be_kept),
        cmocka_unit_test(episode_ends_when_policy_fails),
        cmocka_unit_test(episode_can_be_over_before_it_begins),
        cmocka_unit_test(interrupted_episode_has_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
