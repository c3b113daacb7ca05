// base/text/struct_text.h: definition structs as text. A table of members describes what must be
// equal for two runs to give the same result; it writes, compares and reports them.
// tests/learn/test_settings_tables.c fails if a struct has a member that its table lacks.
#ifndef IMP_BASE_TEXT_STRUCT_TEXT_H
#define IMP_BASE_TEXT_STRUCT_TEXT_H

#include "imprint/base.h"

#include <stddef.h>
#include <stdio.h>

typedef enum imp_member_type {
    IMP_MEMBER_BOOL,
    IMP_MEMBER_INT, // and enumerations
    IMP_MEMBER_UINT32,
    IMP_MEMBER_UINT64,
    IMP_MEMBER_FLOAT,
    IMP_MEMBER_DOUBLE,
    IMP_MEMBER_TEXT,        // const char *; NULL counts as ""
    IMP_MEMBER_STRUCT,      // has a table of its own; may be an array
    IMP_MEMBER_NOT_WRITTEN, // not written: does not affect results, or is compared elsewhere
} imp_member_type;

typedef struct imp_struct_table imp_struct_table;

typedef struct imp_struct_member {
    const char *name; // name in the struct
    const char *key;  // name in the text
    imp_member_type kind;
    size_t offset, size;            // of all elements, if it is an array
    const imp_struct_table *of;     // IMP_MEMBER_STRUCT: table of its members
    const char *reason;             // IMP_MEMBER_NOT_WRITTEN: the reason
    const char *(*word)(int value); // nullable; names of an enumeration's values
} imp_struct_member;

struct imp_struct_table {
    const char *type; // name of the struct
    size_t size;
    const imp_struct_member *list; // in the order of the text
    int count;
};

// Entries of a table: a value; a value with another key in the text; an enumeration written by
// name; a nested struct; a member that is left out, with the reason.
// clang-format off
#define IMP_MEMBER_EXTENT(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define IMP_MEMBER(type, member, kind) \
    {#member, #member, IMP_MEMBER_##kind, IMP_MEMBER_EXTENT(type, member), NULL, NULL, NULL}
#define IMP_MEMBER_WITH_KEY(type, member, key, kind) \
    {#member, key, IMP_MEMBER_##kind, IMP_MEMBER_EXTENT(type, member), NULL, NULL, NULL}
#define IMP_MEMBER_NAMED(type, member, word) \
    {#member, #member, IMP_MEMBER_INT, IMP_MEMBER_EXTENT(type, member), NULL, NULL, word}
#define IMP_MEMBER_NESTED(type, member, table) \
    {#member, #member, IMP_MEMBER_STRUCT, IMP_MEMBER_EXTENT(type, member), table, NULL, NULL}
#define IMP_MEMBER_IGNORED(type, member, reason) \
    {#member, #member, IMP_MEMBER_NOT_WRITTEN, IMP_MEMBER_EXTENT(type, member), NULL, reason, NULL}
#define IMP_STRUCT_TABLE(type, entries) \
    {#type, sizeof(type), entries, (int)(sizeof(entries) / sizeof((entries)[0]))}
// clang-format on

// Writes a line "prefix.name: value" for every member, including nested structs. Equal values give
// equal lines, and a real number's line gives back the same bits.
void imp_struct_write_text(FILE *out, const char *prefix, const imp_struct_table *members,
                           const void *from);

enum { IMP_STRUCT_DIFFERENCE_MAX = 160 };

// Compares two such texts. Describes the first line that differs: "name: one value, now another".
// Writes "" if they are equal.
void imp_struct_text_difference(char out[IMP_STRUCT_DIFFERENCE_MAX], const char *before,
                                const char *now);

#endif
