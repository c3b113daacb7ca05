#include "agent/message.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const LIGHTS[] = {"center", "back_left", "back_right", "front_left",
                                     "front_right"};
enum { LIGHT_COUNT = sizeof LIGHTS / sizeof LIGHTS[0] };

// Copies text for people: bytes that a terminal could take for something else become '?'.
static void copy_text(char *out, size_t capacity, const imp_cbor_item *text)
{
    size_t k = 0;
    for (; text->bytes != NULL && k < text->count && k + 1 < capacity; k++) {
        const uint8_t byte = text->bytes[k];
        out[k] = byte == '\n' || byte == '\t'  ? ' '
                 : byte < 0x20 || byte >= 0x7f ? '?'
                                               : (char)byte;
    }
    out[k] = '\0';
}

// The item that a key of a map has.
static bool find_item(imp_cbor map, const char *key, imp_cbor *place, imp_cbor_item *item)
{
    imp_cbor after;
    if (!imp_cbor_find(map, key, place))
        return false;
    after = *place;
    return imp_cbor_value(&after, item);
}

static bool speaks_z2(imp_cbor item)
{
    imp_cbor list;
    imp_cbor_item head, word;
    if (!imp_cbor_find(item, "compat", &list) || !imp_cbor_value(&list, &head) ||
        head.kind != IMP_CBOR_ARRAY)
        return false;
    for (uint64_t k = 0; head.open || k < head.count; k++) {
        imp_cbor after = list;
        if (!imp_cbor_value(&after, &word) || word.kind == IMP_CBOR_BREAK || !imp_cbor_skip(&list))
            return false;
        if (imp_cbor_is_text(&word, "z2"))
            return true;
    }
    return false;
}

void imp_message_read(imp_message *out, imp_cbor item, bool strict)
{
    imp_cbor place;
    imp_cbor_item name, value;
    *out = (imp_message){.kind = IMP_MESSAGE_FOREIGN, .item = item};
    if (find_item(item, "control", &place, &name))
        out->kind = IMP_MESSAGE_CONTROL;
    else if (find_item(item, "topic", &place, &name) && (!strict || speaks_z2(item)))
        out->kind = IMP_MESSAGE_TOPIC;
    else
        return;
    if (name.kind != IMP_CBOR_TEXT) {
        out->kind = IMP_MESSAGE_UNREADABLE;
        return;
    }
    copy_text(out->name, sizeof out->name, &name);
    out->has_data = find_item(item, "data", &out->data, &value) && value.kind != IMP_CBOR_NULL;
    out->null_timing = find_item(item, "timing", &place, &value) && value.kind == IMP_CBOR_NULL;
}

bool imp_message_is(const imp_message *message, imp_message_kind kind, const char *name)
{
    return message->kind == kind && strcmp(message->name, name) == 0;
}

void imp_message_text(const imp_message *message, char *out, size_t capacity)
{
    imp_cbor_item item = {0};
    imp_cbor data = message->data;
    if (message->has_data && (!imp_cbor_value(&data, &item) || item.kind != IMP_CBOR_TEXT))
        item = (imp_cbor_item){0};
    copy_text(out, capacity, &item);
}

const char *imp_read_observations(const imp_message *message, const uint8_t **jpeg, size_t *length)
{
    imp_cbor camera, place;
    imp_cbor_item picture;
    if (!message->has_data || !imp_cbor_find(message->data, "camera", &camera))
        return "no camera among the observations";
    if (!find_item(camera, "jpg_data", &place, &picture))
        return "no jpg_data in the camera's observation";
    if (picture.kind != IMP_CBOR_BYTES || picture.bytes == NULL)
        return "jpg_data is no byte string";
    *jpeg = picture.bytes;
    *length = (size_t)picture.count;
    return NULL;
}

const char *imp_read_get_commands(const imp_message *message, double *at_time)
{
    imp_cbor place;
    imp_cbor_item time;
    *at_time = (double)NAN;
    // hosts of 2019 give none
    if (!message->has_data)
        return NULL;
    if (!find_item(message->data, "at_time", &place, &time))
        return "no at_time in get_commands";
    if (time.kind != IMP_CBOR_FLOAT)
        return "at_time is not a float";
    *at_time = time.real;
    return NULL;
}

static const char *read_duty(imp_cbor wheels, const char *motor, double *out)
{
    imp_cbor place;
    imp_cbor_item value;
    if (!find_item(wheels, motor, &place, &value))
        return "commands: wheels without motor_left or motor_right";
    if (value.kind != IMP_CBOR_FLOAT)
        return "commands: a motor's duty cycle is not a float";
    if (!(fabs(value.real) <= 1.0))
        return "commands: a motor's duty cycle is not within -1 to 1";
    *out = value.real;
    return NULL;
}

static const char *check_lights(imp_cbor lights)
{
    static const char *const colours[] = {"r", "g", "b"};
    imp_cbor light, place;
    imp_cbor_item value;
    for (int k = 0; k < LIGHT_COUNT; k++) {
        if (!imp_cbor_find(lights, LIGHTS[k], &light))
            return "commands: LEDS without one of the five lights";
        for (int c = 0; c < 3; c++)
            if (!find_item(light, colours[c], &place, &value) || value.kind != IMP_CBOR_FLOAT)
                return "commands: a light's r, g or b is missing or not a float";
    }
    return NULL;
}

const char *imp_read_commands(const imp_message *message, imp_action *out)
{
    imp_cbor wheels, lights;
    imp_action action = {0};
    if (message->null_timing)
        return "commands: timing is null; leave it out";
    if (!message->has_data || !imp_cbor_find(message->data, "wheels", &wheels))
        return "commands without wheels";
    if (!imp_cbor_find(message->data, "LEDS", &lights))
        return "commands without LEDS";
    const char *wrong = read_duty(wheels, "motor_left", &action.left);
    if (wrong == NULL)
        wrong = read_duty(wheels, "motor_right", &action.right);
    if (wrong == NULL)
        wrong = check_lights(lights);
    if (wrong == NULL)
        *out = action;
    return wrong;
}

void imp_put_control(imp_cbor_out *out, const char *code, const char *text)
{
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "control");
    imp_cbor_put_text(out, code);
    imp_cbor_put_text(out, "data");
    if (text != NULL)
        imp_cbor_put_text(out, text);
    else
        imp_cbor_put_null(out);
}

void imp_put_topic(imp_cbor_out *out, const char *topic, bool has_timing)
{
    imp_cbor_put_map(out, has_timing ? 4 : 3);
    imp_cbor_put_text(out, "compat");
    imp_cbor_put_array(out, 1);
    imp_cbor_put_text(out, "z2");
    imp_cbor_put_text(out, "topic");
    imp_cbor_put_text(out, topic);
    imp_cbor_put_text(out, "data");
}

void imp_put_remark(imp_cbor_out *out, const char *topic)
{
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "topic");
    imp_cbor_put_text(out, topic);
    imp_cbor_put_text(out, "data");
}

void imp_put_no_timing(imp_cbor_out *out)
{
    imp_cbor_put_text(out, "timing");
    imp_cbor_put_null(out);
}

void imp_put_commands(imp_cbor_out *out, imp_action action)
{
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "LEDS");
    imp_cbor_put_map(out, LIGHT_COUNT);
    for (int k = 0; k < LIGHT_COUNT; k++) {
        imp_cbor_put_text(out, LIGHTS[k]);
        imp_cbor_put_map(out, 3);
        imp_cbor_put_text(out, "b");
        imp_cbor_put_real(out, 0.0);
        imp_cbor_put_text(out, "g");
        imp_cbor_put_real(out, 0.0);
        imp_cbor_put_text(out, "r");
        imp_cbor_put_real(out, 0.0);
    }
    imp_cbor_put_text(out, "wheels");
    imp_cbor_put_map(out, 2);
    imp_cbor_put_text(out, "motor_left");
    imp_cbor_put_real(out, action.left);
    imp_cbor_put_text(out, "motor_right");
    imp_cbor_put_real(out, action.right);
}
