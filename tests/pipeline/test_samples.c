// The order of samples: every one once, windows of whole neighbourhoods, and nothing but seed,
// epoch and window decide.
#include "pipeline/fixture.h"

#include <math.h>

#include "pipeline/feed.h"

enum { EPISODES = 10, STEPS = 100, BATCH = 16, WINDOW = 200 };

typedef struct rig {
    imp_dataset *dataset;
    imp_holdout holdout;
    imp_samples training, held_out;
    imp_feed feed;
} rig;

static const imp_inputs ONE_PICTURE = {.frames = 1, .every = 1};

// The feed points to the samples, so that a rig must stay where it is made.
static void make_rig_for(rig *r, imp_inputs inputs, size_t window, bool shuffle)
{
    char *data = path_of("data");
    if (access(data, F_OK) != 0) {
        imp_collect_def def = small_collect(EPISODES, STEPS);
        collect(data, &def);
    }
    *r = (rig){.holdout = {.validation = 0.2, .seed = 1}};
    imp_error err = {0};
    assert_ok(imp_dataset_open(&r->dataset, data, &err), err);
    assert_ok(imp_samples_add(&r->training, &r->held_out, &r->holdout, r->dataset, &err), err);
    assert_int_equal(r->training.count, 8 * STEPS);
    assert_int_equal(r->held_out.count, 2 * STEPS);
    free(data);
    const imp_feed_def def = {
        .inputs = inputs, .window = window, .batch = BATCH, .shuffle = shuffle, .streams = true};
    assert_ok(imp_feed_init(&r->feed, &r->training, &def, &err), err);
}

static void make_rig(rig *r, size_t window, bool shuffle)
{
    make_rig_for(r, ONE_PICTURE, window, shuffle);
}

static void free_rig(rig *r)
{
    imp_feed_free(&r->feed);
    imp_samples_free(&r->training);
    imp_samples_free(&r->held_out);
    imp_holdout_free(&r->holdout);
    imp_dataset_close(r->dataset);
}

// Walks through an epoch from a position on and writes down which samples came.
static void walk(rig *r, size_t from, size_t *out)
{
    for (size_t at = from; at < r->training.count; at += BATCH) {
        const imp_batch batch = imp_feed_batch(&r->feed, at);
        for (int k = 0; k < batch.count; k++) {
            size_t i = 0;
            while (r->training.frames[i] != batch.frames[k])
                i++;
            assert_true(i < r->training.count);
            assert_memory_equal(&batch.labels[2 * k], &r->training.labels[2 * i],
                                2 * sizeof(float));
            out[at + (size_t)k] = i;
        }
    }
}

static void every_sample_comes_once(void **state)
{
    (void)state;
    static const size_t windows[] = {0, 1, WINDOW, 8 * STEPS - 1, 8 * STEPS, 1 << 20};
    for (int w = 0; w < 6; w++) {
        rig r;
        make_rig(&r, windows[w], true);
        size_t order[8 * STEPS] = {0};
        int seen[8 * STEPS] = {0}, moved = 0;
        imp_feed_start(&r.feed, 1, 0);
        walk(&r, 0, order);
        for (size_t i = 0; i < r.training.count; i++) {
            seen[order[i]]++;
            moved += order[i] != i;
        }
        for (size_t i = 0; i < r.training.count; i++)
            assert_int_equal(seen[i], 1);
        assert_true(moved > 8 * STEPS / 2);
        free_rig(&r);
    }
}

static void a_window_holds_few_neighbourhoods(void **state)
{
    (void)state;
    rig r;
    make_rig(&r, WINDOW, true);
    size_t order[8 * STEPS] = {0};
    imp_feed_start(&r.feed, 1, 0);
    walk(&r, 0, order);
    for (size_t at = 0; at < r.training.count; at += WINDOW) {
        int blocks = 0, steps_back = 0;
        for (size_t b = 0; b < r.training.block_count; b++) {
            const imp_sample_block *block = &r.training.blocks[b];
            bool used = false;
            for (size_t k = at; k < at + WINDOW && !used; k++)
                used = order[k] >= block->first && order[k] < block->first + block->count;
            blocks += used;
        }
        for (size_t k = at + 1; k < at + WINDOW; k++)
            steps_back += order[k] < order[k - 1];
        // 200 samples of blocks of 64 or 36, one or two of which are cut
        assert_in_range(blocks, 4, 7);
        assert_true(steps_back > WINDOW / 4);
    }
    free_rig(&r);
}

static void seed_epoch_and_window_decide(void **state)
{
    (void)state;
    size_t orders[6][8 * STEPS];
    static const struct {
        size_t window;
        uint64_t seed;
        uint32_t epoch;
    } cases[] = {{WINDOW, 1, 0}, {WINDOW, 1, 0},     {WINDOW, 2, 0},
                 {WINDOW, 1, 1}, {WINDOW / 2, 1, 0}, {0, 1, 0}};
    for (int c = 0; c < 6; c++) {
        rig r;
        make_rig(&r, cases[c].window, true);
        imp_feed_start(&r.feed, 9, 9); // whatever was before
        imp_feed_batch(&r.feed, 0);
        imp_feed_start(&r.feed, cases[c].seed, cases[c].epoch);
        walk(&r, 0, orders[c]);
        free_rig(&r);
    }
    assert_memory_equal(orders[0], orders[1], sizeof orders[0]);
    for (int c = 2; c < 6; c++)
        assert_memory_not_equal(orders[0], orders[c], sizeof orders[0]);
}

static void an_epoch_goes_on_in_the_middle(void **state)
{
    (void)state;
    rig r;
    make_rig(&r, WINDOW, true);
    size_t whole[8 * STEPS], rest[8 * STEPS];
    const size_t middle = (size_t)BATCH * 31;
    imp_feed_start(&r.feed, 1, 3);
    walk(&r, 0, whole);
    imp_feed_start(&r.feed, 1, 3);
    walk(&r, middle, rest);
    assert_memory_equal(whole + middle, rest + middle, (r.training.count - middle) * sizeof *whole);
    free_rig(&r);
}

static void without_shuffling_the_order_is_the_datasets(void **state)
{
    (void)state;
    rig r;
    make_rig(&r, WINDOW, false);
    size_t order[8 * STEPS] = {0};
    imp_feed_start(&r.feed, 1, 0);
    walk(&r, 0, order);
    for (size_t i = 0; i < r.training.count; i++)
        assert_int_equal(order[i], i);
    free_rig(&r);
}

// A sample's inputs are what a network is told that drives through the episode.
static void a_sample_is_what_a_driver_would_know(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network_def def = imp_default_network_def();
    strcpy(def.architecture, past_network());
    def.width = SMALL_WIDTH;
    def.height = SMALL_HEIGHT;
    imp_network *network;
    imp_recall *recall;
    assert_ok(imp_network_create(&network, &def, 1, &err), err);
    assert_ok(imp_recall_create(&recall, network, &err), err);
    rig r;
    make_rig_for(&r, *imp_network_inputs(network), WINDOW, false);
    imp_feed_start(&r.feed, 1, 0);
    int checked = 0;
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode *episode = imp_dataset_episode(r.dataset, e);
        size_t i = 0;
        while (i < r.training.count && r.training.frames[i] != episode->observations)
            i++;
        imp_recall_begin(recall);
        for (size_t k = 0; i < r.training.count && k < (size_t)episode->steps; k++, checked++) {
            const imp_batch batch = imp_feed_batch(&r.feed, i + k);
            imp_recall_see(recall, episode->observations + k * r.training.picture);
            for (int past = 0; past < 3; past++)
                assert_memory_equal(batch.frames[past], imp_recall_frames(recall)[past],
                                    r.training.picture);
            assert_memory_equal(batch.actions, imp_recall_actions(recall), 12 * sizeof(float));
            imp_recall_do(recall, episode->actions[2 * k], episode->actions[2 * k + 1]);
        }
    }
    assert_int_equal(checked, 8 * STEPS);
    free_rig(&r);
    imp_recall_destroy(recall);
    imp_network_destroy(network);
}

// Labels in the head's units lead back to the teacher's duty cycles; weights grow with turning.
static void labels_and_weights_follow_from_duty_cycles(void **state)
{
    (void)state;
    rig r;
    make_rig(&r, 0, false);
    imp_error err = {0};
    imp_feed feed = {0};
    const imp_feed_def def = {
        .inputs = ONE_PICTURE, .head = IMP_HEAD_VELOCITIES, .weight_turns = 3.0, .batch = BATCH};
    assert_ok(imp_feed_init(&feed, &r.training, &def, &err), err);
    imp_feed_start(&feed, 1, 0);
    double weights = 0.0, turns = 0.0, least = 1e9, most = 0.0;
    for (size_t i = 0; i < r.training.count; i++)
        turns += fabs((double)r.training.labels[2 * i + 1] - (double)r.training.labels[2 * i]) /
                 (double)r.training.count;
    for (size_t at = 0; at < r.training.count; at += BATCH) {
        const imp_batch batch = imp_feed_batch(&feed, at);
        for (int k = 0; k < batch.count; k++) {
            const float *duty = &r.training.labels[2 * (at + (size_t)k)];
            const imp_action action = imp_action_from_outputs(&batch.labels[2 * k], true);
            assert_close(action.left, (double)duty[0], 1e-5);
            assert_close(action.right, (double)duty[1], 1e-5);
            const double weight = (double)batch.weights[k];
            assert_close(weight, 0.25 + 0.75 * fabs((double)duty[1] - (double)duty[0]) / turns,
                         1e-5 * weight);
            weights += weight;
            least = fmin(least, weight);
            most = fmax(most, weight);
        }
    }
    assert_close(weights / (double)r.training.count, 1.0, 1e-5);
    assert_true(most > 1.5 && least < 0.8);
    imp_feed_free(&feed);
    free_rig(&r);
}

// Advice never changes what is read.
static void what_was_let_go_of_is_read_again(void **state)
{
    (void)state;
    rig r;
    make_rig(&r, WINDOW, true);
    const uint64_t hash = imp_dataset_hash(r.dataset);
    for (imp_advice advice = IMP_ADVICE_SCATTERED; advice <= IMP_ADVICE_DONE; advice++) {
        const imp_episode *episode = imp_dataset_episode(r.dataset, 3);
        imp_dataset_advise(r.dataset, episode->observations, STEPS * r.training.picture, advice);
        imp_dataset_advise(r.dataset, &hash, sizeof hash, advice); // not the dataset's
        imp_dataset_advise(r.dataset, episode->observations, (size_t)1 << 40, advice);
        assert_int_equal(imp_dataset_hash(r.dataset), hash);
        imp_dataset_advise(r.dataset, NULL, 0, advice);
        assert_int_equal(imp_dataset_hash(r.dataset), hash);
    }
    free_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(every_sample_comes_once),
        FOLDER_TEST(a_window_holds_few_neighbourhoods),
        FOLDER_TEST(seed_epoch_and_window_decide),
        FOLDER_TEST(an_epoch_goes_on_in_the_middle),
        FOLDER_TEST(without_shuffling_the_order_is_the_datasets),
        FOLDER_TEST(a_sample_is_what_a_driver_would_know),
        FOLDER_TEST(labels_and_weights_follow_from_duty_cycles),
        FOLDER_TEST(what_was_let_go_of_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
