// An agent from a model's file to its commands: the same decisions on every processor, whichever
// way the picture is decoded; and what is refused before anything is read.
#include "deploy/agent/message_files.h"

#include "base/image/jpeg_codec.h"
#include "deploy/agent/agent.h"
#include "imprint/agent.h"
#include "told_network.h"

enum { WIDE = 640, HIGH = 480, PICTURES = 4 };

// A network with random weights; metadata: nullable.
static const char *make_model(const char *name, const char *metadata, int outputs)
{
    static char path[600];
    imp_error err = {0};
    imp_network *network;
    imp_network_def def = imp_default_network_def();
    def.outputs = outputs;
    assert_ok(imp_network_create(&network, &def, 13, &err), err);
    snprintf(path, sizeof path, "%s", in_folder(name));
    assert_ok(imp_network_save(network, path, metadata, &err), err);
    imp_network_destroy(network);
    return path;
}

static imp_agent *open_agent(const char *model)
{
    imp_error err = {0};
    imp_agent *agent;
    imp_agent_def def = imp_default_agent_def();
    def.model = model;
    assert_ok(imp_agent_create(&agent, &def, &err), err);
    return agent;
}

// A road of sorts, which leans to one side or the other.
static void draw_test_image(uint8_t *rgb, int which)
{
    for (int y = 0; y < HIGH; y++)
        for (int x = 0; x < WIDE; x++) {
            uint8_t *p = rgb + ((size_t)y * WIDE + (size_t)x) * 3;
            const int line = x - WIDE / 2 + (which - 1) * (HIGH - y) / 3;
            const bool white = line > 150 && line<190, yellow = line> - 30 && line < -5;
            p[0] = y < 160 ? 110 : white || yellow ? 230 : (uint8_t)(60 + y / 16);
            p[1] = y < 160 ? 150 : white || yellow ? 210 : (uint8_t)(62 + x / 32);
            p[2] = y < 160 ? 220 : white ? 225 : yellow ? 40 : (uint8_t)(70 + (x + y) % 13);
        }
}

// Pictures of a camera, as JPEG: one writer each, because a writer's bytes are its own.
typedef struct image {
    imp_jpeg_writer *writer;
    const uint8_t *jpeg;
    size_t length;
} image;

static void encode_images(image *images)
{
    imp_error err = {0};
    uint8_t *rgb = malloc((size_t)3 * WIDE * HIGH);
    assert_non_null(rgb);
    for (int k = 0; k < PICTURES; k++) {
        image *p = &images[k];
        draw_test_image(rgb, k);
        assert_ok(imp_jpeg_writer_create(&p->writer, WIDE, HIGH, 95, &err), err);
        assert_ok(imp_jpeg_writer_encode(p->writer, rgb, &p->jpeg, &p->length, &err), err);
    }
    free(rgb);
}

static void free_images(image *images)
{
    for (int k = 0; k < PICTURES; k++)
        imp_jpeg_writer_destroy(images[k].writer);
}

static void test_instruction_sets_agree(void **state)
{
    (void)state;
    // as decided on x86-64 with AVX-512; other sums are rounded otherwise
    static const double wanted[PICTURES][2] = {
        {0.5546048, 0.1353106}, {-0.7924220, -0.3041855}, {1.0, 1.0}, {0.1383120, 0.1213672}};
    image images[PICTURES];
    imp_error err = {0};
    imp_agent *agent = open_agent(make_model("m", NULL, 2));
    encode_images(images);
    for (int k = 0; k < PICTURES; k++) {
        imp_action action;
        assert_ok(imp_agent_act(agent, images[k].jpeg, images[k].length, &action, &err), err);
        assert_close(action.left, wanted[k][0], 1e-5);
        assert_close(action.right, wanted[k][1], 1e-5);
    }
    free_images(images);
    imp_agent_destroy(agent);
}

// What the network makes of a picture that is decoded pixel by pixel.
static void act_with_full_decoding(const imp_agent *agent, const image *p, double *duty)
{
    imp_error err = {0};
    imp_image_preprocessor *eye;
    imp_jpeg_reader *reader;
    const uint8_t *pixels;
    uint8_t seen[80 * 60 * 3];
    int width, height;
    float out[2];
    assert_ok(imp_image_preprocessor_create(&eye, 80, 60, NULL, &err), err);
    assert_ok(imp_jpeg_reader_create(&reader, &err), err);
    assert_ok(imp_jpeg_reader_open(reader, p->jpeg, p->length, &width, &height, &err), err);
    assert_ok(imp_jpeg_reader_decode(reader, false, &pixels, &width, &height, &err), err);
    assert_ok(imp_image_preprocessor_run(eye, pixels, width, height, seen, &err), err);
    const uint8_t *frames[1] = {seen};
    imp_inference_run(agent->inference, frames, NULL, out);
    duty[0] = (double)out[0];
    duty[1] = (double)out[1];
    imp_jpeg_reader_destroy(reader);
    imp_image_preprocessor_destroy(eye);
}

// Decoding at reduced scale is allowed because it hardly moves a decision.
static void test_reduced_decoding(void **state)
{
    (void)state;
    image images[PICTURES];
    imp_error err = {0};
    imp_agent *agent = open_agent(make_model("m", NULL, 2));
    encode_images(images);
    for (int k = 0; k < PICTURES; k++) {
        imp_action action;
        double duty[2];
        assert_ok(imp_agent_act(agent, images[k].jpeg, images[k].length, &action, &err), err);
        act_with_full_decoding(agent, &images[k], duty);
        const imp_action fully = imp_action_clip((imp_action){duty[0], duty[1]});
        assert_close(action.left, fully.left, 0.02);
        assert_close(action.right, fully.right, 0.02);
    }
    free_images(images);
    imp_agent_destroy(agent);
}

static void serve_stream(imp_agent *agent, const imp_cbor_writer *stream)
{
    imp_error err = {0};
    assert_ok(imp_file_write(in_folder("in"), stream->bytes, stream->length, &err), err);
    const int input = open(in_folder("in"), O_RDONLY);
    const int output = open(in_folder("out"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(input >= 0 && output >= 0);
    assert_ok(imp_agent_serve(agent, input, output, NULL, &err), err);
    close(input);
    close(output);
}

// An episode of several pictures through the node is answered by what imp_agent_act() says.
static void test_serve_equals_act(void **state)
{
    (void)state;
    static uint8_t stream[1 << 20];
    char answers[2048];
    image images[PICTURES];
    imp_error err = {0};
    imp_cbor_writer out = {.bytes = stream, .capacity = sizeof stream};
    imp_agent *agent = open_agent(make_model("m", NULL, 2));
    encode_images(images);
    imp_protocol_write_topic(&out, "episode_start", false);
    imp_cbor_write_map(&out, 1);
    imp_cbor_write_text(&out, "episode_name");
    imp_cbor_write_text(&out, "e");
    for (int k = 0; k < PICTURES; k++) {
        imp_protocol_write_topic(&out, "observations", false);
        imp_cbor_write_map(&out, 1);
        imp_cbor_write_text(&out, "camera");
        imp_cbor_write_map(&out, 1);
        imp_cbor_write_text(&out, "jpg_data");
        imp_cbor_write_bytes(&out, images[k].jpeg, images[k].length);
        imp_protocol_write_topic(&out, "get_commands", false);
        imp_cbor_write_null(&out);
    }
    assert_false(out.full);
    serve_stream(agent, &out);
    list_messages(in_folder("out"), answers, sizeof answers);
    assert_string_equal(answers, "understood over "
                                 "understood over understood commands over "
                                 "understood over understood commands over "
                                 "understood over understood commands over "
                                 "understood over understood commands over ");
    imp_action actions[PICTURES];
    read_actions(in_folder("out"), actions, PICTURES);
    for (int k = 0; k < PICTURES; k++) {
        imp_action action;
        assert_ok(imp_agent_act(agent, images[k].jpeg, images[k].length, &action, &err), err);
        assert_close(actions[k].left, action.left, 0.0);
        assert_close(actions[k].right, action.right, 0.0);
    }
    free_images(images);
    imp_agent_destroy(agent);
}

static void check_create_fails(const imp_agent_def *def, imp_status wanted, const char *says)
{
    imp_error err = {0};
    imp_agent *agent = NULL;
    assert_int_equal(imp_agent_create(&agent, def, &err), wanted);
    assert_null(agent);
    if (strstr(err.message, says) == NULL)
        fail_msg("wanted '%s' in '%s'", says, err.message);
}

static void test_invalid_models_are_refused(void **state)
{
    (void)state;
    imp_agent_def def = imp_default_agent_def();
    def.model = make_model("three", NULL, 3);
    check_create_fails(&def, IMP_BAD_INPUT, "3 outputs");
    def.model = make_model("straight", "{\"lens\": \"none\"}", 2);
    def.lens = in_folder("lens.yaml");
    check_create_fails(&def, IMP_BAD_INPUT, "lens.yaml");
    def = imp_default_agent_def();
    def.model = make_model("bent", "{\"lens\": \"duckiebot\"}", 2);
    def.lens = "none";
    check_create_fails(&def, IMP_BAD_INPUT, "with the lens 'duckiebot', this camera has 'none'");
    def.lens = "duckiebot";
    def.deadline = 0.0;
    check_create_fails(&def, IMP_USAGE, "deadline");
    // a folder without a model in it
    def.deadline = 1.0;
    def.model = folder;
    check_create_fails(&def, IMP_BAD_INPUT, "model.safetensors");
}

// A model of pictures whose lens nobody knows takes those of any camera, as they are.
static void test_unknown_lens_is_accepted(void **state)
{
    (void)state;
    static const char *const lenses[] = {"duckiebot", "none"};
    for (int k = 0; k < 2; k++) {
        imp_error err = {0};
        imp_agent *agent = NULL;
        imp_agent_def def = imp_default_agent_def();
        def.model = make_model("unknown", "{\"lens\": \"unknown\"}", 2);
        def.lens = lenses[k];
        assert_ok(imp_agent_create(&agent, &def, &err), err);
        imp_agent_destroy(agent);
    }
}

// A network that gives what it is told: the definition's speed, and the time step of its training,
// of the caller, or of the clock.
static void test_conditions_reach_the_network(void **state)
{
    (void)state;
    static const told_output outputs[2] = {{IMP_CONDITION_SPEED, 1.0F},
                                           {IMP_CONDITION_TIME_STEP, 0.25F}};
    imp_error err = {0};
    imp_agent *agent = NULL;
    imp_agent_def def = imp_default_agent_def();
    imp_network *network = make_told_network(80, 60, outputs);
    static uint8_t rgb[80 * 60 * 3];
    imp_action action;
    def.model = in_folder("told.safetensors");
    def.wanted_speed = 0.45;
    assert_ok(imp_network_save(network, def.model, "{\"time_step\": \"0.05\"}", &err), err);
    imp_network_destroy(network);
    assert_ok(imp_agent_create(&agent, &def, &err), err);
    assert_ok(imp_agent_act_on_image(agent, rgb, 80, 60, &action, &err), err);
    assert_close(action.left, 0.45, 1e-7);
    assert_close(action.right, 0.125, 1e-6);
    imp_conditions conditions = imp_agent_conditions(agent);
    conditions.numbers[IMP_CONDITION_SPEED] = 0.2;
    conditions.numbers[IMP_CONDITION_TIME_STEP] = 0.1;
    imp_agent_set_conditions(agent, &conditions);
    assert_ok(imp_agent_act_on_image(agent, rgb, 80, 60, &action, &err), err);
    assert_close(action.left, 0.2, 1e-7);
    assert_close(action.right, 0.5, 1e-6);
    image images[PICTURES];
    char why[IMP_ASYNC_ERROR_MAX];
    const imp_action_history history = {.time_step = 1.0 / 15.0};
    encode_images(images);
    assert_true(imp_agent_infer(agent, &history, images[0].jpeg, images[0].length, &action, why,
                                sizeof why));
    assert_close(action.right, 0.25, 1e-6);
    free_images(images);
    imp_agent_destroy(agent);
    def.model = make_model("m", NULL, 2);
    check_create_fails(&def, IMP_USAGE, "takes no wanted speed");
    def.wanted_speed = 3.0;
    check_create_fails(&def, IMP_USAGE, "3 m/s is not within 0 to 2");
}

// A model whose doubt is 0.5 at every image: all weights of its 96 hidden values are 0.
static void test_doubt_slows_down(void **state)
{
    (void)state;
    imp_error err = {0};
    char metadata[256] = "{\"doubt\": \"0";
    for (int k = 0; k < 96; k++)
        strcat(metadata, " 0");
    strcat(metadata, "\"}");
    const char *model = make_model("doubting.safetensors", metadata, 2);
    uint8_t *rgb = malloc((size_t)3 * WIDE * HIGH);
    assert_non_null(rgb);
    draw_test_image(rgb, 0);
    // what the robot still does of its action, where it slows down from and stops at these doubts
    static const double cases[][3] = {
        {0.0, 0.0, 1.0}, {0.6, 0.9, 1.0}, {0.25, 0.75, 0.5},
        {0.4, 0.9, 0.8}, {0.1, 0.5, 0.0}, {0.1, 0.3, 0.0},
    };
    imp_action whole = {0.0, 0.0};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_agent *agent;
        imp_action action;
        imp_agent_def def = imp_default_agent_def();
        def.model = model;
        def.slow_down_at = cases[k][0];
        def.stop_at = cases[k][1];
        assert_ok(imp_agent_create(&agent, &def, &err), err);
        assert_ok(imp_agent_act_on_image(agent, rgb, WIDE, HIGH, &action, &err), err);
        assert_close(imp_agent_doubt(agent), 0.5, 1e-12);
        if (k == 0)
            whole = action;
        assert_true(whole.left != 0.0 || whole.right != 0.0);
        assert_close(action.left, cases[k][2] * whole.left, 1e-12);
        assert_close(action.right, cases[k][2] * whole.right, 1e-12);
        imp_agent_destroy(agent);
    }
    // doubts in the wrong order, and a model without
    static const double wrong[][2] = {{0.5, 0.5}, {0.6, 0.5}, {0.0, 0.5}, {0.5, 0.0}, {0.5, 1.5}};
    imp_agent *agent;
    imp_agent_def def = imp_default_agent_def();
    def.model = model;
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        def.slow_down_at = wrong[k][0];
        def.stop_at = wrong[k][1];
        assert_int_equal(imp_agent_create(&agent, &def, &err), IMP_USAGE);
    }
    def.model = make_model("sure.safetensors", NULL, 2);
    def.slow_down_at = 0.2;
    def.stop_at = 0.4;
    assert_int_equal(imp_agent_create(&agent, &def, &err), IMP_USAGE);
    assert_non_null(strstr(err.message, "imprint doubt"));
    agent = open_agent(def.model);
    assert_ok(imp_agent_act_on_image(agent, rgb, WIDE, HIGH, &whole, &err), err);
    assert_close(imp_agent_doubt(agent), -1.0, 0.0);
    imp_agent_destroy(agent);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instruction_sets_agree),
        cmocka_unit_test(test_reduced_decoding),
        cmocka_unit_test(test_serve_equals_act),
        cmocka_unit_test(test_invalid_models_are_refused),
        cmocka_unit_test(test_unknown_lens_is_accepted),
        cmocka_unit_test(test_conditions_reach_the_network),
        cmocka_unit_test(test_doubt_slows_down),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
