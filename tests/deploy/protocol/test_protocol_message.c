// Commands as strictly read as by the challenge's host.
#include "testing.h"

#include <string.h>

#include "deploy/protocol/protocol_message.h"

typedef enum command_fault {
    FAULT_NONE,
    FAULT_NULL_TIMING,
    FAULT_NO_LEDS,
    FAULT_NO_WHEELS,
    FAULT_INTEGER_PWM,
    FAULT_LARGE_PWM,
    FAULT_NAN_PWM,
    FAULT_INTEGER_LED,
    FAULT_ONE_LED,
    FAULT_COUNT,
} command_fault;

static void write_light(imp_cbor_writer *out, const char *name, command_fault with)
{
    imp_cbor_write_text(out, name);
    imp_cbor_write_map(out, 3);
    imp_cbor_write_text(out, "r");
    if (with == FAULT_INTEGER_LED)
        imp_cbor_write_integer(out, 1);
    else
        imp_cbor_write_double(out, 2.0); // the host takes that
    imp_cbor_write_text(out, "g");
    imp_cbor_write_double(out, 0.0);
    imp_cbor_write_text(out, "b");
    imp_cbor_write_double(out, 0.0);
}

static void write_commands(imp_cbor_writer *out, command_fault with)
{
    static const char *const lights[] = {"center", "front_left", "front_right", "back_left",
                                         "back_right"};
    const int count = with == FAULT_ONE_LED ? 1 : 5;
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, with == FAULT_NO_WHEELS ? "feet" : "wheels");
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "motor_left");
    if (with == FAULT_INTEGER_PWM)
        imp_cbor_write_integer(out, 0);
    else
        imp_cbor_write_double(out, with == FAULT_LARGE_PWM ? 1.5
                                   : with == FAULT_NAN_PWM ? NAN
                                                           : 1.0);
    imp_cbor_write_text(out, "motor_right");
    imp_cbor_write_double(out, -1.0);
    imp_cbor_write_text(out, with == FAULT_NO_LEDS ? "leds" : "LEDS");
    imp_cbor_write_map(out, (uint64_t)count);
    for (int k = 0; k < count; k++)
        write_light(out, lights[k], with);
}

static void test_malformed_commands(void **state)
{
    (void)state;
    for (int with = FAULT_NONE; with < FAULT_COUNT; with++) {
        uint8_t bytes[1024];
        imp_cbor_writer out = {.bytes = bytes, .capacity = sizeof bytes};
        imp_protocol_write_topic(&out, "commands", with == FAULT_NULL_TIMING);
        write_commands(&out, (command_fault)with);
        if (with == FAULT_NULL_TIMING)
            imp_protocol_write_null_timing(&out);
        assert_false(out.full);
        imp_protocol_message message;
        imp_protocol_parse_message(&message, (imp_cbor_cursor){bytes, bytes + out.length}, true);
        assert_true(imp_protocol_message_is_named(&message, IMP_PROTOCOL_TOPIC, "commands"));
        imp_action action = {7.0, 7.0};
        const char *wrong = imp_protocol_read_commands(&message, &action);
        if ((wrong != NULL) != (with != FAULT_NONE))
            fail_msg("fault %d: %s", with, wrong != NULL ? wrong : "accepted");
        assert_close(action.left, with == FAULT_NONE ? 1.0 : 7.0, 0.0);
    }
}

static void test_written_commands_are_read(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    imp_cbor_writer out = {.bytes = bytes, .capacity = sizeof bytes};
    imp_protocol_write_topic(&out, "commands", false);
    imp_protocol_write_commands(&out, (imp_action){0.0, -0.75});
    imp_protocol_message message;
    imp_protocol_parse_message(&message, (imp_cbor_cursor){bytes, bytes + out.length}, true);
    imp_action action;
    assert_null(imp_protocol_read_commands(&message, &action));
    assert_close(action.left, 0.0, 0.0);
    assert_close(action.right, -0.75, 0.0);
}

static void test_texts_are_made_printable(void **state)
{
    (void)state;
    uint8_t bytes[256];
    char text[16];
    imp_cbor_writer out = {.bytes = bytes, .capacity = sizeof bytes};
    imp_protocol_write_control(&out, "aborted", "a\033[2Jb\nc\xff and much more than fits");
    imp_protocol_message message;
    imp_protocol_parse_message(&message, (imp_cbor_cursor){bytes, bytes + out.length}, true);
    imp_protocol_message_text(&message, text, sizeof text);
    assert_string_equal(text, "a?[2Jb c? and m");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed_commands),
        cmocka_unit_test(test_written_commands_are_read),
        cmocka_unit_test(test_texts_are_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
