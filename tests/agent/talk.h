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

#endif
