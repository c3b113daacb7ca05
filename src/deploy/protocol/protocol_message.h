// deploy/protocol/protocol_message.h: the challenge's messages: what is in an item that came, and
// how to write those that both sides send.
#ifndef IMP_DEPLOY_PROTOCOL_PROTOCOL_MESSAGE_H
#define IMP_DEPLOY_PROTOCOL_PROTOCOL_MESSAGE_H

#include "deploy/protocol/cbor.h"
#include "imprint/robot.h"

typedef enum imp_protocol_message_kind {
    IMP_PROTOCOL_CONTROL,
    IMP_PROTOCOL_TOPIC,
    IMP_PROTOCOL_IGNORED,   // neither, or of another protocol: the protocol's own node ignores it
    IMP_PROTOCOL_MALFORMED, // its `control` or `topic` is no text
} imp_protocol_message_kind;

// A message. What it points to is borrowed from the item that it was read from.
typedef struct imp_protocol_message {
    imp_protocol_message_kind kind;
    imp_cbor_cursor item; // all of it
    char name[64];        // the code or topic; cut off if longer
    bool has_data;        // data is there and not null
    imp_cbor_cursor data; // if it has any
    bool null_timing;     // has a timing that is null
} imp_protocol_message;

// Reads the envelope. strict: topics must say that they are of protocol z2, as hosts' do; the hosts
// themselves do not ask for it.
void imp_protocol_parse_message(imp_protocol_message *out, imp_cbor_cursor item, bool strict);

bool imp_protocol_message_is(const imp_protocol_message *message, imp_protocol_message_kind kind,
                             const char *name);

// The text of a control message's data, for people: printable, cut off where out ends; "" if none.
void imp_protocol_message_text(const imp_protocol_message *message, char *out, size_t capacity);

// The picture among the observations. Returns what is wrong, or NULL.
const char *imp_protocol_read_observation(const imp_protocol_message *message, const uint8_t **jpeg,
                                          size_t *length);

// The time of get_commands; NaN if it gives none. Returns what is wrong, or NULL.
const char *imp_protocol_read_get_commands(const imp_protocol_message *message, double *at_time);

// The wheels' duty cycles; as strict as the challenge's host. Returns what is wrong, or NULL.
const char *imp_protocol_read_commands(const imp_protocol_message *message, imp_action *out);

// A control message; text: nullable.
void imp_protocol_write_control(imp_cbor_writer *out, const char *code, const char *text);

// All of a topic message but its data, which the caller adds. The host's have a timing, which comes
// after the data and is for imp_protocol_write_null_timing() to write.
void imp_protocol_write_topic(imp_cbor_writer *out, const char *topic, bool has_timing);
void imp_protocol_write_null_timing(imp_cbor_writer *out);

// The same of a message that is recorded for people and not meant for the node that the recording
// is fed to: it does not say that it is of protocol z2, and nodes pass over such messages.
void imp_protocol_write_log_topic(imp_cbor_writer *out, const char *topic);

// The data of the topic `commands`, with all lights off.
void imp_protocol_write_commands(imp_cbor_writer *out, imp_action action);

#endif
