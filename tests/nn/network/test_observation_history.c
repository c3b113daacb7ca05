// What a network is told of an episode while it drives.
#include "testing.h"

#include "imprint/nn.h"
#include "nn/network/network.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 16, HEIGHT = 12, BYTES = 3 * WIDTH * HEIGHT };

static const char PAST[] = "frames: 3\n"
                           "every: 2\n"
                           "actions: 2\n"
                           "layers:\n"
                           "  - {name: flat, kind: flatten}\n"
                           "  - {name: all, kind: concat, input: [flat, actions]}\n"
                           "  - {name: action, kind: dense, channels: outputs}\n";

static imp_network *make(const char *text, int height)
{
    imp_error err = {0};
    imp_architecture *description;
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    def.width = WIDTH;
    def.height = height;
    assert_ok(imp_architecture_parse(&description, "past", text, strlen(text), &err), err);
    assert_ok(imp_network_from_architecture(&network, &def, description, &err), err);
    imp_architecture_destroy(description);
    imp_network_init_weights(network, 3);
    return network;
}

// Picture number k of an episode.
static const uint8_t *image(int k)
{
    static uint8_t bytes[BYTES];
    for (int i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(37 * k + 11 * i);
    return bytes;
}

static void history_starts_with_the_episode(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = make(PAST, HEIGHT);
    imp_obs_history *history;
    assert_ok(imp_obs_history_create(&history, network, &err), err);
    for (int episode = 0; episode < 2; episode++) {
        imp_obs_history_reset(history);
        for (int k = 0; k < 9; k++) {
            imp_obs_history_push_frame(history, image(k + 50 * episode));
            for (int past = 0; past < 3; past++) {
                const int then = k - 2 * past > 0 ? k - 2 * past : 0;
                assert_memory_equal(imp_obs_history_frames(history)[past],
                                    image(then + 50 * episode), BYTES);
            }
            for (int past = 1; past <= 2; past++)
                for (int wheel = 0; wheel < 2; wheel++)
                    assert_true(imp_obs_history_values(history)[2 * past - 2 + wheel] ==
                                (k < past ? 0.0F : (float)(k - past + 1 + 100 * wheel)));
            imp_obs_history_push_action(history, (float)(k + 1), (float)(k + 101));
        }
    }
    imp_obs_history_destroy(history);
    imp_network_destroy(network);
}

static void every_input_counts(void **state)
{
    (void)state;
    imp_error err = {0};
    imp_network *network = make(PAST, HEIGHT);
    assert_int_equal(imp_network_inputs(network)->frames, 3);
    assert_int_equal(imp_network_inputs(network)->frame_stride, 2);
    assert_int_equal(imp_network_inputs(network)->actions, 2);
    imp_inference *inference;
    assert_ok(imp_inference_create(&inference, network, 1, &err), err);
    static uint8_t images[4][BYTES];
    for (int k = 0; k < 4; k++)
        memcpy(images[k], image(k * k), BYTES);
    const uint8_t *frames[3] = {images[0], images[1], images[2]};
    float actions[4] = {0.0F}, before[2], after[2];
    imp_inference_run(inference, frames, actions, before);
    imp_inference_run(inference, frames, NULL, after); // as if nothing was done
    assert_memory_equal(before, after, sizeof before);
    for (int k = 0; k < 4; k++) {
        actions[k] = 0.5F;
        imp_inference_run(inference, frames, actions, after);
        assert_memory_not_equal(before, after, sizeof before);
        actions[k] = 0.0F;
    }
    for (int k = 0; k < 3; k++) {
        const uint8_t *const kept = frames[k];
        frames[k] = images[3];
        imp_inference_run(inference, frames, actions, after);
        assert_memory_not_equal(before, after, sizeof before);
        frames[k] = kept;
    }
    imp_inference_destroy(inference);
    imp_network_destroy(network);
}

// A network that skips rows at the top decides as one for pictures of the others alone.
static void what_is_above_is_not_looked_at(void **state)
{
    (void)state;
    enum { SKIPPED = 4, ROW = 3 * WIDTH }; // 34 % of 12
    imp_error err = {0};
    const char *const rest = "layers:\n"
                             "  - {name: flat, kind: flatten}\n"
                             "  - {name: action, kind: dense, channels: outputs}\n";
    char text[256];
    snprintf(text, sizeof text, "skip-top: 34\n%s", rest);
    imp_network *skips = make(text, HEIGHT), *whole = make(rest, HEIGHT - SKIPPED);
    assert_int_equal(imp_network_inputs(skips)->skip_top, 34);
    assert_int_equal(imp_network_node(skips, 0)->height, HEIGHT - SKIPPED);
    assert_int_equal(imp_network_info(skips)->height, HEIGHT);
    imp_inference *inference, *other;
    assert_ok(imp_inference_create(&inference, skips, 1, &err), err);
    assert_ok(imp_inference_create(&other, whole, 1, &err), err);
    uint8_t seen[BYTES];
    memcpy(seen, image(1), BYTES);
    const uint8_t *const frame = seen, *const below = seen + SKIPPED * ROW;
    float wanted[2], found[2];
    imp_inference_run(other, &below, NULL, wanted);
    imp_inference_run(inference, &frame, NULL, found);
    assert_memory_equal(found, wanted, sizeof found);
    memset(seen, 255, SKIPPED * ROW);
    imp_inference_run(inference, &frame, NULL, found);
    assert_memory_equal(found, wanted, sizeof found);
    seen[SKIPPED * ROW] ^= 128;
    imp_inference_run(inference, &frame, NULL, found);
    assert_memory_not_equal(found, wanted, sizeof found);
    imp_inference_destroy(inference);
    imp_inference_destroy(other);
    imp_network_destroy(skips);
    imp_network_destroy(whole);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"actions: 2\nlayers:\n"
         "  - {name: flat, kind: flatten}\n"
         "  - {name: action, kind: dense, channels: outputs}\n",
         "past:4: layer 'action': is the last layer, but no layer uses 'actions'"},
        {"layers:\n"
         "  - {name: flat, kind: flatten}\n"
         "  - {name: all, kind: concat, input: [flat, actions]}\n"
         "  - {name: action, kind: dense, channels: outputs}\n",
         "past:3: layer 'all': no earlier layer is called 'actions'"},
        {"actions: 2\nlayers:\n"
         "  - {name: flat, kind: flatten}\n"
         "  - {name: actions, kind: concat, input: [flat, actions]}\n"
         "  - {name: action, kind: dense, channels: outputs}\n",
         "past:4: layer 'actions': the name is taken"},
        {"actions: 2\nlayers:\n"
         "  - {name: conv, kind: convolution, kernel: 3, channels: 4}\n"
         "  - {name: all, kind: concat, input: [conv, actions]}\n",
         "past:4: layer 'all': cannot join 'conv'"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        imp_error err = {0};
        imp_architecture *description;
        imp_network *network;
        const imp_network_def def = imp_default_network_def();
        assert_ok(imp_architecture_parse(&description, "past", cases[c].text, strlen(cases[c].text),
                                         &err),
                  err);
        assert_int_equal(imp_network_from_architecture(&network, &def, description, &err),
                         IMP_BAD_INPUT);
        if (strstr(err.message, cases[c].message) == NULL)
            fail_msg("%s, wanted %s", err.message, cases[c].message);
        imp_architecture_destroy(description);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_starts_with_the_episode),
        cmocka_unit_test(every_input_counts),
        cmocka_unit_test(what_is_above_is_not_looked_at),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
