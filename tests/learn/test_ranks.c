// Several processes that share a collection, an evaluation, DAgger, or an online training:
// the files are those of one process, whatever the number of ranks, and after interruptions. Ranks
// are threads here; scripts/mpi.sh does it with MPI.
#include "learn/learn_fixture.h"

#include "thread_ranks.h"

// What a rank does, and what came of it.
typedef struct rank_work {
    char folder[PATH_MAX];
    imp_collect_def collect;
    imp_dagger_def dagger;
    imp_online_def online;
    imp_seg_train_def segmenter;
    stopper stop; // of this rank; at 0: never
    imp_status status;
    imp_error err;
    int rounds, episodes;
} rank_work;

static imp_monitor monitor_of(rank_work *w)
{
    return w->stop.stop_at > 0 ? stopping_monitor(&w->stop) : (imp_monitor){0};
}

static void collect_in_rank(imp_communicator *communicator, void *item)
{
    rank_work *w = item;
    imp_collect_summary summary;
    const imp_monitor monitor = monitor_of(w);
    w->collect.communicator = communicator;
    w->status = imp_collect(&summary, w->folder, &w->collect, &monitor, &w->err);
    w->episodes = summary.episodes;
}

static void dagger_in_rank(imp_communicator *communicator, void *item)
{
    rank_work *w = item;
    imp_dagger_result out;
    const imp_monitor monitor = monitor_of(w);
    w->dagger.collect.communicator = communicator;
    w->status = imp_run_dagger(&out, w->folder, &w->dagger, &monitor, &w->err);
    w->rounds = out.count;
    imp_dagger_result_free(&out);
}

static void train_online_in_rank(imp_communicator *communicator, void *item)
{
    rank_work *w = item;
    imp_train_summary summary;
    const imp_monitor monitor = monitor_of(w);
    w->online.train.communicator = communicator;
    w->status = imp_train_online(&summary, w->folder, &w->online, &monitor, &w->err);
}

static void train_segmenter_in_rank(imp_communicator *communicator, void *item)
{
    rank_work *w = item;
    imp_seg_train_summary summary;
    const imp_monitor monitor = monitor_of(w);
    w->segmenter.train.communicator = communicator;
    w->status = imp_train_segmenter(&summary, w->folder, &w->segmenter, &monitor, &w->err);
}

// Lets so many ranks do the same; stop_at: when the last of them is stopped, 0: never. Returns the
// status, on which all must agree.
static imp_status run_ranks(int size, const rank_work *what, int stop_at,
                            void (*task)(imp_communicator *communicator, void *item),
                            imp_error *err)
{
    rank_work *works = calloc((size_t)size, sizeof *works);
    assert_non_null(works);
    thread_ranks all;
    thread_ranks_init(&all, size);
    for (int k = 0; k < size; k++)
        works[k] = *what;
    works[size - 1].stop.stop_at = stop_at;
    thread_ranks_run(&all, task, works, sizeof *works);
    const imp_status status = works[0].status;
    *err = works[0].err;
    for (int k = 1; k < size; k++) {
        assert_int_equal(works[k].status, status);
        assert_int_equal(works[k].rounds, works[0].rounds);
    }
    thread_ranks_destroy(&all);
    free(works);
    return status;
}

static imp_collect_def obstacles(int episodes)
{
    imp_collect_def def = small_collect(episodes, 25);
    def.noise = 0.3;
    def.sim.threads = 1;
    return def;
}

static void ranks_collect_what_one_process_does(void **state)
{
    (void)state;
    imp_error err = {0};
    const imp_collect_def def = obstacles(11);
    char *whole = path_of("whole");
    collect(whole, &def);
    for (int size = 1; size <= THREAD_RANKS_MAX; size++) {
        rank_work what = {.collect = def};
        snprintf(what.folder, sizeof what.folder, "%s/by-%d", folder, size);
        what.collect.sim.threads = size % 2 + 1;
        assert_ok(run_ranks(size, &what, 0, collect_in_rank, &err), err);
        assert_same_folders(whole, what.folder);
    }
    free(whole);
}

// Whichever rank is stopped, all stop, and what is whole is kept for any number of ranks.
static void a_collection_that_was_stopped_goes_on(void **state)
{
    (void)state;
    imp_error err = {0};
    rank_work what = {.collect = obstacles(11)};
    snprintf(what.folder, sizeof what.folder, "%s/stopped", folder);
    assert_int_equal(run_ranks(3, &what, 60, collect_in_rank, &err), IMP_INTERRUPTED);
    what.collect.resume = true;
    assert_ok(run_ranks(2, &what, 0, collect_in_rank, &err), err);
    char *whole = path_of("whole");
    assert_same_folders(whole, what.folder);
    free(whole);
    // other settings are refused on all ranks
    what.collect.noise = 0.2;
    assert_int_equal(run_ranks(2, &what, 0, collect_in_rank, &err), IMP_USAGE);
}

static rank_work small_dagger(const char *name)
{
    rank_work what = {.dagger = imp_default_dagger_def()};
    imp_dagger_def *def = &what.dagger;
    snprintf(what.folder, sizeof what.folder, "%s/%s", folder, name);
    def->collect = obstacles(5);
    def->collect.hardest_of = 2;
    def->collect.mix_steps = 5;
    def->eval.sim.camera = def->collect.sim.camera;
    def->eval.sim.threads = 1;
    def->eval.episodes = 4;
    def->eval.steps = 30;
    def->train.epochs = 2;
    def->train.trainer.shards = 4;
    def->train.trainer.threads = 1;
    strcpy(def->train.network.architecture, "small");
    def->rounds = 2;
    return what;
}

static void assert_same_runs(const char *a, const char *b)
{
    static const char *const parts[] = {"data-000",  "data-001",  "data-002",
                                        "model-000", "model-001", "model-002"};
    char in_a[PATH_MAX], in_b[PATH_MAX];
    for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
        join(in_a, a, parts[k]);
        join(in_b, b, parts[k]);
        assert_same_folders(in_a, in_b);
    }
    assert_true(files_are_equal(a, b, "rounds.csv"));
    assert_true(files_are_equal(a, b, "model.safetensors"));
}

static void ranks_share_dagger(void **state)
{
    (void)state;
    imp_error err = {0};
    const rank_work one = small_dagger("rounds");
    assert_ok(run_ranks(1, &one, 0, dagger_in_rank, &err), err);
    for (int size = 2; size <= 3; size++) {
        char name[32];
        snprintf(name, sizeof name, "rounds-by-%d", size);
        rank_work what = small_dagger(name);
        assert_ok(run_ranks(size, &what, 0, dagger_in_rank, &err), err);
        assert_same_runs(one.folder, what.folder);
        // a folder that is done is left as it is, and a file that is missing is made again
        char model[PATH_MAX], round[PATH_MAX];
        join(model, what.folder, "model.safetensors");
        join(round, what.folder, "model-001/model.safetensors");
        assert_int_equal(unlink(model), 0);
        assert_int_equal(unlink(round), 0);
        what.dagger.resume = true;
        assert_int_equal(run_ranks(size, &what, 0, dagger_in_rank, &err), IMP_OK);
        assert_same_runs(one.folder, what.folder);
    }
    // stopped again and again, each time with another number of ranks
    rank_work what = small_dagger("rounds-stopped");
    imp_status status = IMP_INTERRUPTED;
    int stops = 0;
    for (; status == IMP_INTERRUPTED && stops < 100; stops++) {
        status = run_ranks(1 + stops % 3, &what, 100 + 20 * stops, dagger_in_rank, &err);
        what.dagger.resume = true;
    }
    assert_ok(status, err);
    print_message("%d interruptions\n", stops - 1);
    assert_true(stops > 3);
    assert_same_runs(one.folder, what.folder);
}

static imp_status train_nothing(void *context, const imp_dagger_training *training, double *loss,
                                double *validation_loss, imp_error *err)
{
    (void)context, (void)training, (void)loss, (void)validation_loss, (void)err;
    return IMP_OK;
}

static void what_ranks_cannot_share_is_refused(void **state)
{
    (void)state;
    imp_error err = {0};
    rank_work what = small_dagger("refused");
    what.dagger.eval.episodes = 2;
    assert_int_equal(run_ranks(3, &what, 0, dagger_in_rank, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "2 episodes of evaluation for 3 processes"));
    what = small_dagger("refused");
    what.dagger.train.trainer.shards = 2;
    assert_int_equal(run_ranks(3, &what, 0, dagger_in_rank, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "3 processes for batches of 2 shards"));
    what = small_dagger("refused");
    const imp_dagger_trainer trainer = {.train = train_nothing};
    what.dagger.policy_trainer = &trainer;
    assert_int_equal(run_ranks(2, &what, 0, dagger_in_rank, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "works in one process"));
    assert_int_not_equal(access(what.folder, F_OK), 0);
}

static rank_work small_online(const char *name)
{
    rank_work what = {.online = imp_default_online_def()};
    imp_online_def *def = &what.online;
    snprintf(what.folder, sizeof what.folder, "%s/%s", folder, name);
    def->collect = obstacles(3);
    def->collect.expert_share = 0.25;
    def->collect.mix_steps = 5;
    def->replay_buffer = 6;
    def->train.epochs = 4;
    def->train.tensorboard = false;
    def->train.trainer.shards = 3;
    def->train.trainer.threads = 1;
    strcpy(def->train.network.architecture, "small");
    return what;
}

static void ranks_share_online_training(void **state)
{
    (void)state;
    static const char *const files[] = {"model.safetensors", "last.safetensors",
                                        "state.safetensors", "history.jsonl"};
    imp_error err = {0};
    const rank_work one = small_online("online");
    assert_ok(run_ranks(1, &one, 0, train_online_in_rank, &err), err);
    for (int size = 2; size <= 3; size++) {
        char name[32];
        snprintf(name, sizeof name, "online-by-%d", size);
        rank_work what = small_online(name);
        // stopped once, and continued with one rank less
        assert_int_equal(run_ranks(size, &what, 70, train_online_in_rank, &err), IMP_INTERRUPTED);
        what.online.train.resume = true;
        assert_ok(run_ranks(size - 1, &what, 0, train_online_in_rank, &err), err);
        for (size_t k = 0; k < sizeof files / sizeof files[0]; k++)
            if (!files_are_equal(one.folder, what.folder, files[k]))
                fail_msg("%s differs with %d ranks", files[k], size);
    }
}

// Each rank renders the images of its shards alone, also of the smaller last batch.
static void ranks_share_the_training_of_a_segmenter(void **state)
{
    (void)state;
    static const char *const maps[] = {"loop_obstacles", "4way"};
    static const char *const files[] = {"model.safetensors", "last.safetensors",
                                        "state.safetensors", "history.jsonl", "segments.png"};
    imp_error err = {0};
    rank_work one = {.segmenter = imp_default_seg_train_def()};
    imp_seg_train_def *def = &one.segmenter;
    snprintf(one.folder, sizeof one.folder, "%s/segmenter", folder);
    def->sim.maps = maps;
    def->sim.map_count = 2;
    def->sim.split = IMP_SPLIT_ALL;
    def->sim.camera.width = 40;
    def->sim.camera.height = 32;
    def->images = 31;
    def->validation_images = 14;
    def->train.epochs = 2;
    def->train.trainer.batch = 12;
    def->train.trainer.shards = 5;
    def->train.trainer.threads = 1;
    def->train.tensorboard = false;
    assert_ok(run_ranks(1, &one, 0, train_segmenter_in_rank, &err), err);
    for (int size = 2; size <= THREAD_RANKS_MAX; size++) {
        rank_work what = one;
        snprintf(what.folder, sizeof what.folder, "%s/segmenter-by-%d", folder, size);
        assert_int_equal(run_ranks(size, &what, 3, train_segmenter_in_rank, &err), IMP_INTERRUPTED);
        what.segmenter.train.resume = true;
        assert_ok(run_ranks(size - 1, &what, 0, train_segmenter_in_rank, &err), err);
        for (size_t k = 0; k < sizeof files / sizeof files[0]; k++)
            if (!files_are_equal(one.folder, what.folder, files[k]))
                fail_msg("%s differs with %d ranks", files[k], size);
    }
}

// One policy's evaluation by a rank.
typedef struct evaluation_rank {
    imp_eval_def def;
    imp_evaluation out;
    imp_status status;
    imp_error err;
} evaluation_rank;

static void evaluate_in_rank(imp_communicator *communicator, void *item)
{
    evaluation_rank *w = item;
    imp_policy_factory *policy = NULL;
    w->def.communicator = communicator;
    w->status = imp_policy_factory_open(&policy, "pure-pursuit", &w->def.sim.expert, &w->err);
    if (w->status == IMP_OK)
        w->status = imp_evaluate(&w->out, policy, &w->def, NULL, &w->err);
    imp_policy_factory_close(policy);
}

static void assert_same_episodes(const imp_evaluation *a, const imp_evaluation *b,
                                 const imp_eval_def *def)
{
    assert_int_equal(a->episodes, b->episodes);
    for (int e = 0; e < a->episodes; e++) {
        const imp_episode_result *x = &a->results[e], *y = &b->results[e];
        assert_int_equal(x->steps, y->steps);
        assert_int_equal(x->ending, y->ending);
        assert_true(x->reward == y->reward);
        assert_true(x->net_distance == y->net_distance);
        assert_string_equal(x->map, y->map);
        assert_int_equal(x->poses != NULL, e < def->plot_episodes);
        assert_int_equal(y->poses != NULL, e < def->plot_episodes);
        if (e < def->plot_episodes)
            assert_memory_equal(x->poses, y->poses, (size_t)(x->steps + 1) * sizeof *x->poses);
    }
    assert_true(a->total_reward == b->total_reward);
    assert_true(a->lane_distance_p95 == b->lane_distance_p95);
    assert_int_equal(a->worst_count, b->worst_count);
    assert_memory_equal(a->worst, b->worst, (size_t)a->worst_count * sizeof *a->worst);
    assert_memory_equal(a->lanes.counts, b->lanes.counts,
                        (size_t)a->lanes.bins * sizeof *a->lanes.counts);
}

// Trajectories of the first five episodes are kept, so that some are sent.
static void rank_0_gets_the_whole_evaluation(void **state)
{
    (void)state;
    evaluation_rank one[1] = {{.def = imp_default_eval_def()}};
    one->def.sim.env.accept_start_angle = 1.0;
    one->def.sim.threads = 1;
    one->def.episodes = 9;
    one->def.steps = 40;
    one->def.settle_steps = 10;
    one->def.plot_episodes = 5;
    for (int size = 1; size <= THREAD_RANKS_MAX; size++) {
        evaluation_rank works[THREAD_RANKS_MAX];
        thread_ranks all;
        thread_ranks_init(&all, size);
        for (int k = 0; k < size; k++)
            works[k] = (evaluation_rank){.def = one->def};
        thread_ranks_run(&all, evaluate_in_rank, works, sizeof *works);
        for (int k = 0; k < size; k++)
            assert_ok(works[k].status, works[k].err);
        if (size == 1)
            one[0] = works[0];
        else
            assert_same_episodes(&one->out, &works[0].out, &one->def);
        for (int k = 0; k < size; k++)
            if (size > 1)
                imp_evaluation_free(&works[k].out);
        thread_ranks_destroy(&all);
    }
    imp_evaluation_free(&one->out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_collect_what_one_process_does),
        cmocka_unit_test(a_collection_that_was_stopped_goes_on),
        cmocka_unit_test(rank_0_gets_the_whole_evaluation),
        cmocka_unit_test(ranks_share_dagger),
        cmocka_unit_test(what_ranks_cannot_share_is_refused),
        cmocka_unit_test(ranks_share_online_training),
        cmocka_unit_test(ranks_share_the_training_of_a_segmenter),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
