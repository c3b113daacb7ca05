// The order of samples: every one once, windows of whole neighbourhoods, and nothing but seed,
// epoch and window decide.
#include "learn/learn_fixture.h"

#include <math.h>

#include "learn/data_loader/data_loader.h"

enum { EPISODES = 10, STEPS = 100, BATCH = 16, WINDOW = 200 };

typedef struct fixture {
    imp_dataset *dataset;
    imp_validation_split holdout;
    imp_training_samples training, held_out;
    imp_data_loader loader;
} fixture;

static const imp_input_spec ONE_IMAGE = {.frames = 1, .frame_stride = 1};

// The feed points to the samples, so that a rig must stay where it is made.
static void make_fixture_for(fixture *r, imp_input_spec inputs, size_t window, bool shuffle)
{
    char *data = path_of("data");
    if (access(data, F_OK) != 0) {
        imp_collect_def def = small_collect(EPISODES, STEPS);
        collect(data, &def);
    }
    *r = (fixture){.holdout = {.validation = 0.2, .seed = 1}};
    imp_error err = {0};
    assert_ok(imp_dataset_open(&r->dataset, data, &err), err);
    assert_ok(imp_training_samples_add(&r->training, &r->held_out, &r->holdout, r->dataset, &err),
              err);
    assert_int_equal(r->training.count, 8 * STEPS);
    assert_int_equal(r->held_out.count, 2 * STEPS);
    free(data);
    const imp_data_loader_def def = {
        .inputs = inputs, .window = window, .batch = BATCH, .shuffle = shuffle, .streams = true};
    assert_ok(imp_data_loader_init(&r->loader, &r->training, &def, &err), err);
}

static void make_fixture(fixture *r, size_t window, bool shuffle)
{
    make_fixture_for(r, ONE_IMAGE, window, shuffle);
}

static void free_fixture(fixture *r)
{
    imp_data_loader_free(&r->loader);
    imp_training_samples_free(&r->training);
    imp_training_samples_free(&r->held_out);
    imp_validation_split_free(&r->holdout);
    imp_dataset_close(r->dataset);
}

// Walks through an epoch from a position on and writes down which samples came.
static void read_epoch_order(fixture *r, size_t from, size_t *out)
{
    for (size_t at = from; at < r->training.count; at += BATCH) {
        const imp_batch batch = imp_data_loader_get_batch(&r->loader, at);
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

static void epoch_yields_each_sample_once(void **state)
{
    (void)state;
    static const size_t windows[] = {0, 1, WINDOW, 8 * STEPS - 1, 8 * STEPS, 1 << 20};
    for (int w = 0; w < 6; w++) {
        fixture r;
        make_fixture(&r, windows[w], true);
        size_t order[8 * STEPS] = {0};
        int seen[8 * STEPS] = {0}, moved = 0;
        imp_data_loader_start_epoch(&r.loader, 1, 0);
        read_epoch_order(&r, 0, order);
        for (size_t i = 0; i < r.training.count; i++) {
            seen[order[i]]++;
            moved += order[i] != i;
        }
        for (size_t i = 0; i < r.training.count; i++)
            assert_int_equal(seen[i], 1);
        assert_true(moved > 8 * STEPS / 2);
        free_fixture(&r);
    }
}

static void window_reads_few_blocks(void **state)
{
    (void)state;
    fixture r;
    make_fixture(&r, WINDOW, true);
    size_t order[8 * STEPS] = {0};
    imp_data_loader_start_epoch(&r.loader, 1, 0);
    read_epoch_order(&r, 0, order);
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
    free_fixture(&r);
}

static void order_depends_on_seed_epoch_window(void **state)
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
        fixture r;
        make_fixture(&r, cases[c].window, true);
        imp_data_loader_start_epoch(&r.loader, 9, 9); // whatever was before
        imp_data_loader_get_batch(&r.loader, 0);
        imp_data_loader_start_epoch(&r.loader, cases[c].seed, cases[c].epoch);
        read_epoch_order(&r, 0, orders[c]);
        free_fixture(&r);
    }
    assert_memory_equal(orders[0], orders[1], sizeof orders[0]);
    for (int c = 2; c < 6; c++)
        assert_memory_not_equal(orders[0], orders[c], sizeof orders[0]);
}

static void epoch_resumes_mid_way(void **state)
{
    (void)state;
    fixture r;
    make_fixture(&r, WINDOW, true);
    size_t whole[8 * STEPS], rest[8 * STEPS];
    const size_t middle = (size_t)BATCH * 31;
    imp_data_loader_start_epoch(&r.loader, 1, 3);
    read_epoch_order(&r, 0, whole);
    imp_data_loader_start_epoch(&r.loader, 1, 3);
    read_epoch_order(&r, middle, rest);
    assert_memory_equal(whole + middle, rest + middle, (r.training.count - middle) * sizeof *whole);
    free_fixture(&r);
}

static void without_shuffling_the_order_is_the_datasets(void **state)
{
    (void)state;
    fixture r;
    make_fixture(&r, WINDOW, false);
    size_t order[8 * STEPS] = {0};
    imp_data_loader_start_epoch(&r.loader, 1, 0);
    read_epoch_order(&r, 0, order);
    for (size_t i = 0; i < r.training.count; i++)
        assert_int_equal(order[i], i);
    free_fixture(&r);
}

// A sample's inputs are what a network is told that drives through the episode.
static void sample_matches_policy_inputs(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network_def def = imp_default_network_def();
    strcpy(def.architecture, history_network_path());
    def.width = SMALL_WIDTH;
    def.height = SMALL_HEIGHT;
    imp_network *network;
    imp_obs_history *history;
    assert_ok(imp_network_create(&network, &def, 1, &err), err);
    assert_ok(imp_obs_history_create(&history, network, &err), err);
    fixture r;
    make_fixture_for(&r, *imp_network_inputs(network), WINDOW, false);
    imp_data_loader_start_epoch(&r.loader, 1, 0);
    int checked = 0;
    for (int e = 0; e < EPISODES; e++) {
        const imp_episode *episode = imp_dataset_episode(r.dataset, e);
        size_t i = 0;
        while (i < r.training.count && r.training.frames[i] != episode->observations)
            i++;
        imp_obs_history_reset(history);
        for (size_t k = 0; i < r.training.count && k < (size_t)episode->steps; k++, checked++) {
            const imp_batch batch = imp_data_loader_get_batch(&r.loader, i + k);
            imp_obs_history_push_frame(history, episode->observations + k * r.training.image);
            for (int past = 0; past < 3; past++)
                assert_memory_equal(batch.frames[past], imp_obs_history_frames(history)[past],
                                    r.training.image);
            assert_memory_equal(batch.values, imp_obs_history_values(history), 12 * sizeof(float));
            imp_obs_history_push_action(history, episode->actions[2 * k],
                                        episode->actions[2 * k + 1]);
        }
    }
    assert_int_equal(checked, 8 * STEPS);
    free_fixture(&r);
    imp_obs_history_destroy(history);
    imp_network_destroy(network);
}

// Labels in the head's units lead back to the teacher's duty cycles; weights grow with turning.
static void labels_and_weights_follow_from_duty_cycles(void **state)
{
    (void)state;
    fixture r;
    make_fixture(&r, 0, false);
    imp_error err = {0};
    imp_data_loader loader = {0};
    const imp_data_loader_def def = {
        .inputs = ONE_IMAGE, .head = IMP_OUTPUT_VELOCITIES, .turn_weight = 3.0, .batch = BATCH};
    assert_ok(imp_data_loader_init(&loader, &r.training, &def, &err), err);
    imp_data_loader_start_epoch(&loader, 1, 0);
    double weights = 0.0, turns = 0.0, least = 1e9, most = 0.0;
    for (size_t i = 0; i < r.training.count; i++)
        turns += fabs((double)r.training.labels[2 * i + 1] - (double)r.training.labels[2 * i]) /
                 (double)r.training.count;
    for (size_t at = 0; at < r.training.count; at += BATCH) {
        const imp_batch batch = imp_data_loader_get_batch(&loader, at);
        for (int k = 0; k < batch.count; k++) {
            const float *duty = &r.training.labels[2 * (at + (size_t)k)];
            const imp_action action = imp_action_from_network(&batch.labels[2 * k], true);
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
    imp_data_loader_free(&loader);
    free_fixture(&r);
}

// Advice never changes what is read.
static void released_pages_are_read_again(void **state)
{
    (void)state;
    fixture r;
    make_fixture(&r, WINDOW, true);
    const uint64_t hash = imp_dataset_hash(r.dataset);
    for (imp_read_advice advice = IMP_READ_RANDOM; advice <= IMP_READ_DONE; advice++) {
        const imp_episode *episode = imp_dataset_episode(r.dataset, 3);
        imp_dataset_advise_readahead(r.dataset, episode->observations, STEPS * r.training.image,
                                     advice);
        imp_dataset_advise_readahead(r.dataset, &hash, sizeof hash, advice); // not the dataset's
        imp_dataset_advise_readahead(r.dataset, episode->observations, (size_t)1 << 40, advice);
        assert_int_equal(imp_dataset_hash(r.dataset), hash);
        imp_dataset_advise_readahead(r.dataset, NULL, 0, advice);
        assert_int_equal(imp_dataset_hash(r.dataset), hash);
    }
    free_fixture(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(epoch_yields_each_sample_once),
        FOLDER_TEST(window_reads_few_blocks),
        FOLDER_TEST(order_depends_on_seed_epoch_window),
        FOLDER_TEST(epoch_resumes_mid_way),
        FOLDER_TEST(without_shuffling_the_order_is_the_datasets),
        FOLDER_TEST(sample_matches_policy_inputs),
        FOLDER_TEST(labels_and_weights_follow_from_duty_cycles),
        FOLDER_TEST(released_pages_are_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
