// Reads and writes the messages of the AI Driving Olympics (docs/agent.md describes them). A
// message is a CBOR map. Control messages have the key "control"; data messages have "topic",
// "data" and, for protocol version z2, "compat": ["z2"]. Readers look keys up by name and ignore
// unknown ones. They return a constant text that says what is
// wrong, or NULL.
#include "deploy/protocol/protocol_message.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// The five lights of a Duckiebot, in ascending order.
// AI-DO demands a colour for each light in every command.
static const char *const LED_NAMES[] = {"center", "back_left", "back_right", "front_left",
                                        "front_right"};
enum { LED_COUNT = sizeof LED_NAMES / sizeof LED_NAMES[0] };

// Copies a text for display. Bytes that a terminal could interpret become '?'.
static void copy_printable(char *out, size_t capacity, const imp_cbor_item *text)
{
    size_t k = 0;
    // The result is cut off at the capacity. A missing text becomes an empty one.
    for (; text->bytes != NULL && k < text->count && k + 1 < capacity; k++) {
        const uint8_t byte = text->bytes[k];
        out[k] = byte == '\n' || byte == '\t'  ? ' '
                 : byte < 0x20 || byte >= 0x7f ? '?'
                                               : (char)byte;
    }
    out[k] = '\0';
}

// Finds the value of a key and reads its head; *place is where the value begins.
static bool find_map_item(imp_cbor_cursor map, const char *key, imp_cbor_cursor *place,
                          imp_cbor_item *item)
{
    imp_cbor_cursor after;
    if (!imp_cbor_find_key(map, key, place))
        return false;
    after = *place;
    return imp_cbor_read_value(&after, item);
}

// Returns whether the list "compat" contains "z2".
static bool is_protocol_z2_supported(imp_cbor_cursor item)
{
    imp_cbor_cursor list;
    imp_cbor_item head, word;
    if (!imp_cbor_find_key(item, "compat", &list) || !imp_cbor_read_value(&list, &head) ||
        head.kind != IMP_CBOR_ARRAY)
        return false;
    // A list of indefinite length ends with a break instead of a count.
    for (uint64_t k = 0; head.is_indefinite || k < head.count; k++) {
        imp_cbor_cursor after = list;
        if (!imp_cbor_read_value(&after, &word) || word.kind == IMP_CBOR_BREAK ||
            !imp_cbor_skip_item(&list))
            return false;
        if (imp_cbor_is_text(&word, "z2"))
            return true;
    }
    return false;
}

// Finds the kind and the name of a message. `strict` demands "z2" in `compat`, as agents do; hosts
// accept topics without it.
void imp_protocol_parse_message(imp_protocol_message *out, imp_cbor_cursor item, bool strict)
{
    imp_cbor_cursor place;
    imp_cbor_item name, value;
    *out = (imp_protocol_message){.kind = IMP_PROTOCOL_IGNORED, .item = item};
    // The key that is present determines the kind of message.
    if (find_map_item(item, "control", &place, &name))
        out->kind = IMP_PROTOCOL_CONTROL;
    else if (find_map_item(item, "topic", &place, &name) &&
             (!strict || is_protocol_z2_supported(item)))
        out->kind = IMP_PROTOCOL_TOPIC;
    else
        return;
    // The key is there, but its value is not a name.
    if (name.kind != IMP_CBOR_TEXT) {
        out->kind = IMP_PROTOCOL_MALFORMED;
        return;
    }
    copy_printable(out->name, sizeof out->name, &name);
    // A data of null counts as no data. A timing of null is an error in `commands` only.
    out->has_data = find_map_item(item, "data", &out->data, &value) && value.kind != IMP_CBOR_NULL;
    out->null_timing = find_map_item(item, "timing", &place, &value) && value.kind == IMP_CBOR_NULL;
}

bool imp_protocol_message_is_named(const imp_protocol_message *message,
                                   imp_protocol_message_kind kind, const char *name)
{
    return message->kind == kind && strcmp(message->name, name) == 0;
}

// Copies a message's text, such as the reason of an error. Other data gives an empty text.
void imp_protocol_message_text(const imp_protocol_message *message, char *out, size_t capacity)
{
    imp_cbor_item item = {0};
    imp_cbor_cursor data = message->data;
    if (message->has_data && (!imp_cbor_read_value(&data, &item) || item.kind != IMP_CBOR_TEXT))
        item = (imp_cbor_item){0};
    copy_printable(out, capacity, &item);
}

// The image is data["camera"]["jpg_data"]. The JPEG itself is not checked here.
const char *imp_protocol_read_observation(const imp_protocol_message *message, const uint8_t **jpeg,
                                          size_t *length)
{
    imp_cbor_cursor camera, place;
    imp_cbor_item image;
    if (!message->has_data || !imp_cbor_find_key(message->data, "camera", &camera))
        return "the observations contain no camera";
    if (!find_map_item(camera, "jpg_data", &place, &image))
        return "no jpg_data in the camera's observation";
    if (image.kind != IMP_CBOR_BYTES || image.bytes == NULL)
        return "jpg_data is not a byte string";
    *jpeg = image.bytes;
    *length = (size_t)image.count;
    return NULL;
}

// The time is in seconds since the start of the episode, NaN if it is missing.
const char *imp_protocol_read_get_commands(const imp_protocol_message *message, double *at_time)
{
    imp_cbor_cursor place;
    imp_cbor_item time;
    *at_time = (double)NAN;
    // hosts of the 2019 challenge send no time
    if (!message->has_data)
        return NULL;
    if (!find_map_item(message->data, "at_time", &place, &time))
        return "no at_time in get_commands";
    if (time.kind != IMP_CBOR_FLOAT)
        return "at_time is not a float";
    *at_time = time.real;
    return NULL;
}

// Reads one motor's duty cycle. NaN fails the range check as well.
// A duty cycle is the share of the motor's voltage, from -1 (backwards) to 1.
static const char *read_duty_cycle(imp_cbor_cursor wheels, const char *motor, double *out)
{
    imp_cbor_cursor place;
    imp_cbor_item value;
    if (!find_map_item(wheels, motor, &place, &value))
        return "commands: wheels without motor_left or motor_right";
    if (value.kind != IMP_CBOR_FLOAT)
        return "commands: a motor's duty cycle is not a float";
    if (!(fabs(value.real) <= 1.0))
        return "commands: a motor's duty cycle is not within -1 to 1";
    *out = value.real;
    return NULL;
}

// Checks that all five lights have r, g and b. Their values are not used.
static const char *find_led_error(imp_cbor_cursor lights)
{
    static const char *const colours[] = {"r", "g", "b"};
    imp_cbor_cursor light, place;
    imp_cbor_item value;
    for (int k = 0; k < LED_COUNT; k++) {
        if (!imp_cbor_find_key(lights, LED_NAMES[k], &light))
            return "commands: LEDS without one of the five lights";
        for (int c = 0; c < 3; c++)
            if (!find_map_item(light, colours[c], &place, &value) || value.kind != IMP_CBOR_FLOAT)
                return "commands: a light's r, g or b is missing or not a float";
    }
    return NULL;
}

// Checks as strictly as the challenge does, because an agent that passes here must pass there.
const char *imp_protocol_read_commands(const imp_protocol_message *message, imp_action *out)
{
    imp_cbor_cursor wheels, lights;
    imp_action action = {0};
    if (message->null_timing)
        return "commands: timing is null; leave it out";
    if (!message->has_data || !imp_cbor_find_key(message->data, "wheels", &wheels))
        return "commands without wheels";
    if (!imp_cbor_find_key(message->data, "LEDS", &lights))
        return "commands without LEDS";
    // *out is written only if the whole message is valid.
    const char *wrong = read_duty_cycle(wheels, "motor_left", &action.left);
    if (wrong == NULL)
        wrong = read_duty_cycle(wheels, "motor_right", &action.right);
    if (wrong == NULL)
        wrong = find_led_error(lights);
    if (wrong == NULL)
        *out = action;
    return wrong;
}

// Writes {"control": code, "data": text or null}.
void imp_protocol_write_control(imp_cbor_writer *out, const char *code, const char *text)
{
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "control");
    imp_cbor_write_text(out, code);
    imp_cbor_write_text(out, "data");
    if (text != NULL)
        imp_cbor_write_text(out, text);
    else
        imp_cbor_write_null(out);
}

// Writes the envelope of a topic. The caller then writes the value of "data", and the timing if it
// announced one.
void imp_protocol_write_topic(imp_cbor_writer *out, const char *topic, bool has_timing)
{
    imp_cbor_write_map(out, has_timing ? 4 : 3);
    imp_cbor_write_text(out, "compat");
    imp_cbor_write_array(out, 1);
    imp_cbor_write_text(out, "z2");
    imp_cbor_write_text(out, "topic");
    imp_cbor_write_text(out, topic);
    imp_cbor_write_text(out, "data");
}

// Writes an envelope without `compat`. Agents ignore such messages, so a log can be replayed.
void imp_protocol_write_log_topic(imp_cbor_writer *out, const char *topic)
{
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "topic");
    imp_cbor_write_text(out, topic);
    imp_cbor_write_text(out, "data");
}

// The key `timing` may say when data were acquired and processed. Here it is null.
void imp_protocol_write_null_timing(imp_cbor_writer *out)
{
    imp_cbor_write_text(out, "timing");
    imp_cbor_write_null(out);
}

// Maps list their keys in ascending order.
void imp_protocol_write_commands(imp_cbor_writer *out, imp_action action)
{
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "LEDS");
    imp_cbor_write_map(out, LED_COUNT);
    // All lights are off: their brightness is from 0 to 1.
    for (int k = 0; k < LED_COUNT; k++) {
        imp_cbor_write_text(out, LED_NAMES[k]);
        imp_cbor_write_map(out, 3);
        imp_cbor_write_text(out, "b");
        imp_cbor_write_double(out, 0.0);
        imp_cbor_write_text(out, "g");
        imp_cbor_write_double(out, 0.0);
        imp_cbor_write_text(out, "r");
        imp_cbor_write_double(out, 0.0);
    }
    imp_cbor_write_text(out, "wheels");
    imp_cbor_write_map(out, 2);
    imp_cbor_write_text(out, "motor_left");
    imp_cbor_write_double(out, action.left);
    imp_cbor_write_text(out, "motor_right");
    imp_cbor_write_double(out, action.right);
}
