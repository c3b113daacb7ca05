// base/members.h: the members of a definition struct as a table: what must be equal for the same
// result to follow. One list writes, compares and reports them. tests/pipeline/test_settings.c
// fails if a struct has a member that its table lacks.
#ifndef IMP_BASE_MEMBERS_H
#define IMP_BASE_MEMBERS_H

#include "imprint/base.h"

#include <stddef.h>
#include <stdio.h>

typedef enum imp_member_kind {
    IMP_MEMBER_BOOL,
    IMP_MEMBER_INT, // and enumerations
    IMP_MEMBER_UINT32,
    IMP_MEMBER_UINT64,
    IMP_MEMBER_FLOAT,
    IMP_MEMBER_DOUBLE,
    IMP_MEMBER_TEXT,   // const char *; NULL counts as ""
    IMP_MEMBER_STRUCT, // of a table of its own, or several in an array
    IMP_MEMBER_OTHER,  // not written: results do not depend on it, or it is compared elsewhere
} imp_member_kind;

typedef struct imp_members imp_members;

typedef struct imp_member {
    const char *name;
    imp_member_kind kind;
    size_t offset, size;            // of all elements, if it is an array
    const imp_members *of;          // IMP_MEMBER_STRUCT: its elements
    const char *why;                // IMP_MEMBER_OTHER: the reason
    const char *(*word)(int value); // nullable: of an enumeration, what its values are called
} imp_member;

struct imp_members {
    const char *type; // name of the struct
    size_t size;
    const imp_member *list; // in the order of the struct
    int count;
};

// Entries of a table: a value, one that is called by a word, a struct, and a member that is left
// out for a reason.
// clang-format off
#define IMP_MEMBER_PLACE(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define IMP_MEMBER(type, member, kind)                                                             \
    {#member, IMP_MEMBER_##kind, IMP_MEMBER_PLACE(type, member), NULL, NULL, NULL}
#define IMP_MEMBER_WORD(type, member, word)                                                        \
    {#member, IMP_MEMBER_INT, IMP_MEMBER_PLACE(type, member), NULL, NULL, word}
#define IMP_MEMBER_TABLE(type, member, table)                                                      \
    {#member, IMP_MEMBER_STRUCT, IMP_MEMBER_PLACE(type, member), table, NULL, NULL}
#define IMP_MEMBER_LEFT_OUT(type, member, why)                                                     \
    {#member, IMP_MEMBER_OTHER, IMP_MEMBER_PLACE(type, member), NULL, why, NULL}
#define IMP_MEMBERS(type, entries)                                                                 \
    {#type, sizeof(type), entries, (int)(sizeof(entries) / sizeof((entries)[0]))}
// clang-format on

// Writes a line "prefix.name: value" for every member of a struct and those in it. Equal values
// give equal lines, and a real number's line gives it back to the bit.
void imp_members_write(FILE *out, const char *prefix, const imp_members *members, const void *from);

enum { IMP_DIFFERENCE_MAX = 160 };

// Compares two texts of such lines. Tells of the first line that differs: "name: one value, now
// another". "" if they are equal.
void imp_members_difference(char out[IMP_DIFFERENCE_MAX], const char *before, const char *now);

#endif
