// ONNX models: every layer kind and every built-in network gives what ours gives, under ONNX
// Runtime.
#include "temporary_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imprint/nn.h"

enum { WIDTH = 80, HEIGHT = 60, BATCH = 50 };

// All kinds of layer, with every padding, at once.
static const char ZOO[] =
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 6, kernel: 5, stride: 2, padding: same}\n"
    "  - {name: even, kind: convolution, channels: 7, kernel: 4, stride: 3, padding: same}\n"
    "  - {name: norm, kind: batch-norm, epsilon: 0.01}\n"
    "  - {name: relu, kind: relu}\n"
    "  - {name: most, kind: max-pool, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: mean, kind: average-pool, input: relu, kernel: 3, stride: 2, padding: same}\n"
    "  - {name: sides, kind: convolution, input: relu, channels: 7, kernel: 3, stride: 2,\n"
    "     padding: [0, 2, 1, 1]}\n"
    "  - {name: elu, kind: elu, alpha: 0.7}\n"
    "  - {name: sum, kind: add, input: [most, mean]}\n"
    "  - {name: all, kind: concat, input: [sum, elu, most]}\n"
    "  - {name: flat, kind: flatten}\n"
    "  - {name: hidden, kind: dense, channels: 20}\n"
    "  - {name: dropout, kind: dropout, rate: 0.4}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

// Several pictures, and actions.
static const char PAST[] =
    "frames: 2\n"
    "every: 3\n"
    "actions: 4\n"
    "skip-top: 26\n"
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 8, kernel: 5, stride: 4, padding: same}\n"
    "  - {name: relu, kind: relu}\n"
    "  - {name: flat, kind: flatten}\n"
    "  - {name: all, kind: concat, input: [flat, actions]}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

// Actions, and all inputs of the table of conditions but one.
static const char TOLD[] =
    "actions: 2\n"
    "command: true\n"
    "robot: true\n"
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 8, kernel: 5, stride: 4, padding: same}\n"
    "  - {name: flat, kind: flatten}\n"
    "  - {name: all, kind: concat, input: [flat, robot, command, actions]}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

// One picture, of which the upper third is left out.
static const char GROUND[] =
    "skip-top: 34\n"
    "layers:\n"
    "  - {name: conv1, kind: convolution, channels: 32, kernel: 5, stride: 2, padding: same}\n"
    "  - {name: pool1, kind: max-pool, kernel: 3, stride: 2}\n"
    "  - {name: flat, kind: flatten}\n"
    "  - {name: action, kind: dense, channels: outputs}\n";

static const char *python(void)
{
    const char *const named = getenv("IMPRINT_PYTHON");
    return named != NULL ? named : "python3";
}

static void write_bytes(const char *name, const void *bytes, size_t length)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

// A network whose batch norms have something to do: the gains and statistics are drawn as well.
static imp_network *make_network(const char *architecture)
{
    imp_network_def def = imp_default_network_def();
    imp_network *network;
    imp_error err = {0};
    snprintf(def.architecture, sizeof def.architecture, "%s", architecture);
    def.width = WIDTH;
    def.height = HEIGHT;
    assert_ok(imp_network_create(&network, &def, 5, &err), err);
    imp_random random = imp_random_stream(7, 0, 0, IMP_PURPOSE_TEST);
    const imp_tensor *tensor;
    for (int i = 0; (tensor = imp_network_tensor(network, i)) != NULL; i++) {
        if (tensor->role == IMP_TENSOR_WEIGHT)
            continue;
        // the values are ours: nobody else holds the network
        union {
            const float *in;
            float *out;
        } values = {imp_network_tensor_values(network, tensor)};
        const bool positive =
            tensor->role == IMP_TENSOR_VARIANCE || tensor->role == IMP_TENSOR_GAIN;
        for (int64_t k = 0; k < tensor->count; k++)
            values.out[k] = (float)imp_random_uniform(&random, positive ? 0.5 : -0.3, 1.5);
    }
    return network;
}

// Pictures of all kinds, one of a single colour among them, and what our engine makes of them.
static void write_frames(const imp_network *network, int frames)
{
    const size_t size = (size_t)3 * WIDTH * HEIGHT;
    const imp_input_spec *inputs = imp_network_inputs(network);
    const size_t stack = (size_t)inputs->frames, past = (size_t)imp_input_value_count(inputs);
    const int samples = frames / inputs->frames;
    uint8_t *images = malloc((size_t)frames * size);
    const uint8_t **places = calloc((size_t)frames, sizeof *places);
    float *actions = malloc((size_t)samples * 2 * sizeof *actions);
    float *done = malloc(((size_t)samples * past + 1) * sizeof *done);
    assert_non_null(images);
    assert_non_null(places);
    assert_non_null(actions);
    assert_non_null(done);
    imp_random random = imp_random_stream(8, 0, 0, IMP_PURPOSE_TEST);
    for (size_t k = 0; k < (size_t)samples * past; k++)
        done[k] = (float)imp_random_uniform(&random, -1.0, 1.0);
    for (int i = 0; i < frames; i++) {
        places[i] = images + (size_t)i * size;
        const uint32_t low = imp_random_uniform_int(&random, 200), range = i == 0 ? 1 : 256 - low;
        for (size_t k = 0; k < size; k++)
            images[(size_t)i * size + k] = (uint8_t)(low + imp_random_uniform_int(&random, range));
    }
    imp_inference *inference;
    imp_error err = {0};
    assert_ok(imp_inference_create(&inference, network, BATCH, &err), err);
    for (size_t i = 0; i < (size_t)samples; i += BATCH)
        imp_inference_run(inference, places + i * stack, done + i * past, actions + i * 2);
    imp_inference_destroy(inference);
    write_bytes("pictures", images, (size_t)frames * size);
    write_bytes("actions", actions, (size_t)samples * 2 * sizeof *actions);
    write_bytes("done", done, (size_t)samples * past * sizeof *done);
    free(images);
    free(places);
    free(actions);
    free(done);
}

static void compare(const imp_network *network, int frames, bool raw_pixels)
{
    imp_error err = {0};
    assert_ok(imp_network_export_onnx(network, in_folder("model.onnx"), raw_pixels, &err), err);
    write_frames(network, frames);
    const imp_input_spec *inputs = imp_network_inputs(network);
    char command[4096 + 1800], told[256] = "";
    for (int k = 0; k < IMP_INPUT_COUNT; k++)
        if (inputs->takes[k])
            snprintf(told + strlen(told), sizeof told - strlen(told), "%s %d ", imp_input_name(k),
                     imp_input_size((imp_input)k));
    snprintf(command, sizeof command,
             "cd %s && %s -c '\n"
             "import numpy, onnx, onnxruntime\n"
             "onnx.checker.check_model(\"model.onnx\", full_check=True)\n"
             "pictures = numpy.fromfile(\"pictures\", numpy.uint8).reshape(-1, %d, %d, 3)\n"
             "wanted = numpy.fromfile(\"actions\", numpy.float32).reshape(-1, 2)\n"
             "session = onnxruntime.InferenceSession(\"model.onnx\")\n"
             "given = {value.name: value.shape for value in session.get_inputs()}\n"
             "frames, actions, name = %d, %d, (\"picture\" if %d else \"input\")\n"
             "name += \"s\" if name == \"picture\" and frames > 1 else \"\"\n"
             "told = \"%s\".split()\n"
             "extra = [\"actions\"] * (actions > 0) + told[::2]\n"
             "sizes = [2 * actions] * (actions > 0) + [int(size) for size in told[1::2]]\n"
             "assert sorted(given) == sorted(extra + [name]), given\n"
             "if not %d:\n"
             "    x = pictures[:, %d:].astype(numpy.float64)\n"
             "    x -= x.mean((1, 2, 3), keepdims=True)\n"
             "    least = 1 / numpy.sqrt(x[0].size)\n"
             "    x /= numpy.maximum(x.std((1, 2, 3), keepdims=True), least)\n"
             "    pictures = x.transpose(0, 3, 1, 2).astype(numpy.float32)\n"
             "feed = {name: pictures.reshape([-1] + given[name][1:])}\n"
             "if extra:\n"
             "    done = numpy.fromfile(\"done\", numpy.float32)\n"
             "    done = done.reshape(len(wanted), -1)\n"
             "    assert done.shape[1] == sum(sizes)\n"
             "    feed.update(zip(extra, numpy.split(done, numpy.cumsum(sizes)[:-1], 1)))\n"
             "found, = session.run(None, feed)\n"
             "scale = max(1, abs(wanted).max())\n"
             "error = abs(found - wanted).max() / scale\n"
             "print(f\"{len(wanted)} frames, {error:.1e} off\")\n"
             "assert error <= 1e-5 and abs(wanted).max() > 1e-3\n"
             "'",
             folder, python(), HEIGHT, WIDTH, inputs->frames, inputs->actions, raw_pixels, told,
             raw_pixels, HEIGHT - imp_network_node(network, 0)->height);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): the tester's own interpreter
}

static void skip_without_onnx(void)
{
    char command[512];
    snprintf(command, sizeof command, "%s -c 'import numpy, onnx, onnxruntime' 2>/dev/null",
             python());
    if (system(command) != 0) // NOLINT(cert-env33-c)
        skip_because("no python with numpy, onnx and onnxruntime");
}

static void built_in_networks_give_the_same(void **state)
{
    (void)state;
    skip_without_onnx();
    const char *name;
    for (int i = 0; (name = imp_network_builtin_name(i)) != NULL; i++) {
        imp_network *network = make_network(name);
        print_message("%s: ", name);
        fflush(stdout);
        compare(network, strcmp(name, "one-residual") == 0 ? 1000 : 100, true);
        imp_network_destroy(network);
    }
}

static void every_kind_of_layer_gives_the_same(void **state)
{
    (void)state;
    skip_without_onnx();
    write_bytes("zoo.yaml", ZOO, strlen(ZOO));
    imp_network *network = make_network(in_folder("zoo.yaml"));
    compare(network, 100, true);
    compare(network, 100, false);
    imp_network_destroy(network);
}

static void networks_with_a_past_give_the_same(void **state)
{
    (void)state;
    skip_without_onnx();
    write_bytes("past.yaml", PAST, strlen(PAST));
    imp_network *network = make_network(in_folder("past.yaml"));
    compare(network, 4 * BATCH, true);
    compare(network, 4 * BATCH, false);
    imp_network_destroy(network);
}

static void networks_with_conditions_give_the_same(void **state)
{
    (void)state;
    skip_without_onnx();
    write_bytes("told.yaml", TOLD, strlen(TOLD));
    imp_network *network = make_network(in_folder("told.yaml"));
    assert_int_equal(imp_input_value_count(imp_network_inputs(network)), 4 + 3 + 7);
    compare(network, 100, true);
    imp_network_destroy(network);
}

static void networks_that_leave_out_the_sky_give_the_same(void **state)
{
    (void)state;
    skip_without_onnx();
    write_bytes("ground.yaml", GROUND, strlen(GROUND));
    imp_network *network = make_network(in_folder("ground.yaml"));
    assert_int_equal(imp_network_node(network, 0)->height, 40);
    compare(network, 100, true);
    compare(network, 100, false);
    imp_network_destroy(network);
}

static void the_file_is_small_and_says_what_it_is(void **state)
{
    (void)state;
    imp_network *network = make_network("one-residual"), *loaded;
    imp_error err = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s", in_folder("model.safetensors"));
    assert_ok(imp_network_save(network, path, "{\"map\": \"udem1\"}", &err), err);
    assert_ok(imp_network_load(&loaded, path, &err), err);
    assert_ok(imp_network_export_onnx(loaded, in_folder("model.onnx"), true, &err), err);
    FILE *file = fopen(in_folder("model.onnx"), "rb");
    assert_non_null(file);
    const size_t parameters = (size_t)imp_network_parameter_count(network);
    char *bytes = malloc(parameters * 8);
    assert_non_null(bytes);
    const size_t length = fread(bytes, 1, parameters * 8, file);
    fclose(file);
    assert_in_range(length, parameters * 4, parameters * 4 + 8192);
    assert_memory_equal(bytes, "\x08\x07\x12\x07imprint", 11);
    static const char *const words[] = {"ReduceMean", "conv1.weight", "channel_order", "udem1"};
    for (int i = 0; i < 4; i++)
        assert_non_null(memmem(bytes, length, words[i], strlen(words[i])));
    free(bytes);
    imp_network_destroy(loaded);
    assert_int_equal(imp_network_export_onnx(network, "/nowhere/model.onnx", true, &err), IMP_IO);
    assert_non_null(strstr(err.message, "/nowhere/model.onnx"));
    imp_network_destroy(network);
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(built_in_networks_give_the_same),
        FOLDER_TEST(every_kind_of_layer_gives_the_same),
        FOLDER_TEST(networks_with_a_past_give_the_same),
        FOLDER_TEST(networks_with_conditions_give_the_same),
        FOLDER_TEST(networks_that_leave_out_the_sky_give_the_same),
        FOLDER_TEST(the_file_is_small_and_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
