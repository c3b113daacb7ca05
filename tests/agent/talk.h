// talk.h: a node served from a file of messages, its answers as a list of words.
#ifndef IMP_TESTS_AGENT_TALK_H
#define IMP_TESTS_AGENT_TALK_H

#include "base/folder.h"

#include <fcntl.h>
#include <string.h>

#include "agent/message.h"
#include "base/file.h"

// The codes and topics of the messages of a file, a space behind each.
static inline void list_messages(const char *path, char *out, size_t capacity)
{
    char *bytes;
    size_t length;
    imp_error err = {0};
    assert_ok(imp_file_read(&bytes, &length, path, 1 << 24, &err), err);
    imp_cbor rest = {(uint8_t *)bytes, (uint8_t *)bytes + length};
    out[0] = '\0';
    while (rest.at < rest.end) {
        imp_cbor item = rest;
        imp_message message;
        if (!imp_cbor_skip(&rest))
            fail_msg("%s: no CBOR", path);
        item.end = rest.at;
        imp_message_read(&message, item, false);
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
    imp_cbor rest = {(uint8_t *)bytes, (uint8_t *)bytes + length};
    while (rest.at < rest.end) {
        imp_message message;
        imp_message_read(&message, rest, false);
        assert_true(imp_cbor_skip(&rest));
        if (!imp_message_is(&message, IMP_MESSAGE_TOPIC, "commands"))
            continue;
        assert_true(count < most);
        assert_null(imp_read_commands(&message, &actions[count++]));
    }
    free(bytes);
    return count;
}

#endif
