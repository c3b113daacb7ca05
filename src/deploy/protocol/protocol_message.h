// deploy/protocol/protocol_message.h: reads the challenge's messages from CBOR items and writes
// those that both sides send.
#ifndef IMP_DEPLOY_PROTOCOL_PROTOCOL_MESSAGE_H
#define IMP_DEPLOY_PROTOCOL_PROTOCOL_MESSAGE_H

#include "deploy/protocol/cbor.h"
#include "imprint/robot.h"

typedef enum imp_protocol_message_kind {
    IMP_PROTOCOL_CONTROL,
    IMP_PROTOCOL_TOPIC,
    IMP_PROTOCOL_IGNORED,   // neither, or of another protocol: the protocol's own node ignores it
    IMP_PROTOCOL_MALFORMED, // its `control` or `topic` is not a text
} imp_protocol_message_kind;

// A message. Its pointers borrow from the item that it was read from.
typedef struct imp_protocol_message {
    imp_protocol_message_kind kind;
    imp_cbor_cursor item; // all of it
    char name[64];        // the control code or topic; truncated if longer
    bool has_data;        // data is present and not null
    imp_cbor_cursor data; // valid if has_data
    bool null_timing;     // timing is present and null
} imp_protocol_message;

// Reads the envelope of a message. strict: topics must name protocol z2 in `compat`, as those of
// hosts do. Hosts themselves do not check this in an agent's messages.
void imp_protocol_parse_message(imp_protocol_message *out, imp_cbor_cursor item, bool strict);

bool imp_protocol_message_is_named(const imp_protocol_message *message,
                                   imp_protocol_message_kind kind, const char *name);

// Copies the data of a control message as printable text, truncated to fit; "" if there is none.
void imp_protocol_message_text(const imp_protocol_message *message, char *out, size_t capacity);

// Finds the camera image in an observation. Returns what is wrong, or NULL.
const char *imp_protocol_read_observation(const imp_protocol_message *message, const uint8_t **jpeg,
                                          size_t *length);

// Reads the time of get_commands; NaN if absent. Returns what is wrong, or NULL.
const char *imp_protocol_read_get_commands(const imp_protocol_message *message, double *at_time);

// Reads the wheels' duty cycles, as strictly as the challenge's host. Returns what is wrong, or
// NULL.
const char *imp_protocol_read_commands(const imp_protocol_message *message, imp_action *out);

// Writes a control message; text: nullable.
void imp_protocol_write_control(imp_cbor_writer *out, const char *code, const char *text);

// Writes a topic message up to its data, which the caller appends. Messages of a host also have a
// timing after the data, which imp_protocol_write_null_timing() writes.
void imp_protocol_write_topic(imp_cbor_writer *out, const char *topic, bool has_timing);
void imp_protocol_write_null_timing(imp_cbor_writer *out);

// Writes a topic message that is only recorded for people. It does not name protocol z2, so a node
// that receives the recording as input ignores it.
void imp_protocol_write_log_topic(imp_cbor_writer *out, const char *topic);

// Writes the data of the topic `commands`, with all lights off.
void imp_protocol_write_commands(imp_cbor_writer *out, imp_action action);

#endif
