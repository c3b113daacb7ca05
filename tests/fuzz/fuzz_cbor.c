// Any bytes at all as a stream of messages, arriving in pieces: items that are taken lie within
// what came, everything that reads messages can read them, and nothing is allocated that is larger
// than 64 times what came.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/protocol/message_reader.h"
#include "deploy/protocol/protocol_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1 << 16, LARGEST_PER_BYTE = 64 };

static size_t largest; // of the allocations since this input's beginning

// Clang's address sanitizer tells of allocations (Debian's gcc comes without the header that says
// how); elsewhere only the inbox's is known.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TOLD_OF_ALLOCATIONS
#endif
#endif
#ifdef TOLD_OF_ALLOCATIONS
#include <sanitizer/allocator_interface.h>

static void on_malloc(const volatile void *memory, size_t size)
{
    (void)memory;
    largest = size > largest ? size : largest;
}

static void on_free(const volatile void *memory)
{
    (void)memory;
}

static void watch_allocations(void)
{
    static bool watches;
    if (!watches)
        __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    watches = true;
    largest = 0;
}
#else
static void watch_allocations(void)
{
    largest = 0;
}
#endif

static void wanted(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void read_item(imp_cbor_cursor item)
{
    imp_protocol_message message;
    imp_action action = {0};
    const uint8_t *jpeg = NULL;
    size_t length = 0;
    double time;
    char text[64];
    imp_cbor_cursor rest = item;
    wanted(imp_cbor_skip_item(&rest) && rest.at == item.end, "an item is as long as it was taken");
    for (int strict = 0; strict < 2; strict++) {
        imp_protocol_parse_message(&message, item, strict == 1);
        wanted(strlen(message.name) < sizeof message.name, "names end");
        imp_protocol_message_text(&message, text, sizeof text);
        if (imp_protocol_read_observation(&message, &jpeg, &length) == NULL)
            wanted(jpeg >= item.at && length <= (size_t)(item.end - jpeg), "a picture lies within");
        if (imp_protocol_read_commands(&message, &action) == NULL)
            wanted(action.left >= -1.0 && action.left <= 1.0, "duty cycles are within 1");
        imp_protocol_read_get_commands(&message, &time);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    imp_message_reader reader = {.limit = LIMIT};
    // the first byte says in which pieces the others come
    const size_t piece = size > 0 ? 1 + (size_t)data[0] * 7 : 1;
    size_t sent = size > 0 ? 1 : 0, taken = 0;
    imp_cbor_scan_result state = IMP_CBOR_INCOMPLETE;
    watch_allocations();
    while (state != IMP_CBOR_MALFORMED && sent < size) {
        size_t room;
        uint8_t *target = imp_message_reader_reserve_space(&reader, &room);
        wanted(target != NULL && room > 0, "there is room until an item is too long");
        size_t count = piece < room ? piece : room;
        count = count < size - sent ? count : size - sent;
        memcpy(target, data + sent, count);
        imp_message_reader_add_received(&reader, count);
        sent += count;
        imp_cbor_cursor item;
        const char *why = NULL;
        while ((state = imp_message_reader_next(&reader, &item, &why)) == IMP_CBOR_COMPLETE) {
            taken += (size_t)(item.end - item.at);
            read_item(item);
        }
        wanted((state == IMP_CBOR_MALFORMED) == (why != NULL), "what is bad has a reason");
    }
    wanted(taken <= size, "nothing is taken that did not come");
    largest = reader.capacity > largest ? reader.capacity : largest;
    wanted(largest <= LARGEST_PER_BYTE * size, "memory is bounded");
    imp_message_reader_free(&reader);
    return 0;
}
