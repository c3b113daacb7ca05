// deploy/agent/message_files.h: a node served from a file of messages, its answers as a list of
// words.
#ifndef IMP_TESTS_DEPLOY_AGENT_MESSAGE_FILES_H
#define IMP_TESTS_DEPLOY_AGENT_MESSAGE_FILES_H

#include "temporary_folder.h"

#include <fcntl.h>
#include <string.h>

#include "base/io/file.h"
#include "deploy/protocol/protocol_message.h"

// The codes and topics of the messages of a file, a space behind each.
static inline void list_messages(const char *path, char *out, size_t capacity)
{
    char *bytes;
    size_t length;
    imp_error err = {0};
    assert_ok(imp_file_read(&bytes, &length, path, 1 << 24, &err), err);
    imp_cbor_cursor rest = {(uint8_t *)bytes, (uint8_t *)bytes + length};
    out[0] = '\0';
    while (rest.at < rest.end) {
        imp_cbor_cursor item = rest;
        imp_protocol_message message;
        if (!imp_cbor_skip_item(&rest))
            fail_msg("%s: no CBOR", path);
        item.end = rest.at;
        imp_protocol_parse_message(&message, item, false);
        assert_true(strlen(out) + strlen(message.name) + 2 < capacity);
        strcat(strcat(out, message.name), " ");
    }
    free(bytes);
}

// The actions among the messages of a file, at most `most`; returns how many.
static inline int read_actions(const char *path, imp_action *actions, int most)
{
    char *bytes;
    size_t length;
    imp_error err = {0};
    int count = 0;
    assert_ok(imp_file_read(&bytes, &length, path, 1 << 24, &err), err);
    imp_cbor_cursor rest = {(uint8_t *)bytes, (uint8_t *)bytes + length};
    while (rest.at < rest.end) {
        imp_protocol_message message;
        imp_protocol_parse_message(&message, rest, false);
        assert_true(imp_cbor_skip_item(&rest));
        if (!imp_protocol_message_is_named(&message, IMP_PROTOCOL_TOPIC, "commands"))
            continue;
        assert_true(count < most);
        assert_null(imp_protocol_read_commands(&message, &actions[count++]));
    }
    free(bytes);
    return count;
}

#endif
