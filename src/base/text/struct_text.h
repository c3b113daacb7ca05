// base/text/struct_text.h: tables of the members of definition structs. One table says of each
// member its type, its place, the values that it may have, what it is for, and whether two runs
// must agree in it to give the same result. It writes, compares and checks definitions, and a
// program makes its options of it. tests/learn/test_settings_tables.c fails if a struct has a
// member that its table lacks.
#ifndef IMP_BASE_TEXT_STRUCT_TEXT_H
#define IMP_BASE_TEXT_STRUCT_TEXT_H

#include "imprint/base.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

typedef enum imp_member_type {
    IMP_MEMBER_BOOL,
    IMP_MEMBER_INT, // and enumerations
    IMP_MEMBER_UINT32,
    IMP_MEMBER_UINT64,
    IMP_MEMBER_FLOAT,
    IMP_MEMBER_DOUBLE,
    IMP_MEMBER_TEXT,   // const char *; NULL counts as ""
    IMP_MEMBER_STRUCT, // has a table of its own; may be an array
    IMP_MEMBER_OTHER,  // of no type that tables know; it is never written
} imp_member_type;

// Values that a number may have. All 0: any.
typedef struct imp_range {
    double low, high;
    bool without_low, without_high; // the bound itself is no such value
} imp_range;

#define IMP_WITHIN(low, high)                                                                      \
    {                                                                                              \
        low, high, false, false                                                                    \
    }
#define IMP_FROM(low)                                                                              \
    {                                                                                              \
        low, INFINITY, false, false                                                                \
    }
#define IMP_ABOVE(low)                                                                             \
    {                                                                                              \
        low, INFINITY, true, false                                                                 \
    }

typedef struct imp_struct_table imp_struct_table;

typedef struct imp_struct_member {
    const char *name; // name in the struct
    const char *key;  // name in the text; NULL: the same
    imp_member_type kind;
    size_t offset, size;            // of all elements, if it is an array
    const imp_struct_table *of;     // IMP_MEMBER_STRUCT: table of its members
    const char *reason;             // why it is left out of the text; NULL: it is written
    const char *(*word)(int value); // nullable; names of an enumeration's values in the text
    int cookie;                     // what a definition with defaults holds; 0: it is no cookie
    // of settings that people choose
    imp_range range;
    const char *(*choices)(int value); // nullable; names of values, NULL past the last
    const char *unit;                  // nullable; stands for a value in help texts
    const char *help;                  // nullable; what it is for, in one line
} imp_struct_member;

struct imp_struct_table {
    const char *type; // name of the struct
    size_t size;
    const imp_struct_member *list; // in the order of the text
    int count;
};

// Entries of a table: a value; a value with more members of imp_struct_member; an enumeration
// written by name; a nested struct; a member that is left out, with the reason; the cookie.
// clang-format off
// NOLINTBEGIN(bugprone-macro-parentheses)
#define IMP_MEMBER_EXTENT(type, member) \
    .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define IMP_MEMBER_WITH(type, member, type_of_member, ...) \
    {.name = #member, .kind = IMP_MEMBER_##type_of_member, IMP_MEMBER_EXTENT(type, member), \
     __VA_ARGS__}
#define IMP_MEMBER(type, member, type_of_member) \
    {.name = #member, .kind = IMP_MEMBER_##type_of_member, IMP_MEMBER_EXTENT(type, member)}
#define IMP_MEMBER_NAMED(type, member, names) IMP_MEMBER_WITH(type, member, INT, .word = names)
#define IMP_MEMBER_NESTED(type, member, table) IMP_MEMBER_WITH(type, member, STRUCT, .of = table)
#define IMP_MEMBER_IGNORED(type, member, why) IMP_MEMBER_WITH(type, member, OTHER, .reason = why)
#define IMP_MEMBER_COOKIE(type, value) \
    IMP_MEMBER_WITH(type, cookie, OTHER, .cookie = value, \
                .reason = "says only that the definition has its defaults")
#define IMP_STRUCT_TABLE(type, entries) \
    {#type, sizeof(type), entries, (int)(sizeof(entries) / sizeof((entries)[0]))}
// NOLINTEND(bugprone-macro-parentheses)
// clang-format on

// Writes a line "prefix.name: value" for every member, including nested structs. Equal values give
// equal lines, and a real number's line gives back the same bits.
void imp_struct_write_text(FILE *out, const char *prefix, const imp_struct_table *members,
                           const void *from);

// Reads such lines, with no prefix, into a struct; members that no line names keep their values.
// Texts are not read, because they are borrowed. IMP_BAD_INPUT names the line.
imp_status imp_struct_read_text(const imp_struct_table *members, const char *text, void *to,
                                imp_error *err);

// Finds a member by its path, "trainer.batch", and where it is in a struct. NULL if there is none.
const imp_struct_member *imp_struct_find_member(void **at, const imp_struct_table *members,
                                                const char *path, void *in);

// Refuses a struct that was not made from its defaults, or with a number out of its range, in
// nested structs, too. IMP_USAGE names the struct and the member.
imp_status imp_struct_check_ranges(const imp_struct_table *members, const void *def,
                                   imp_error *err);

// Whether a number is in a range, which NaN never is; and the range in words: "from 0 to 1".
bool imp_range_contains(const imp_range *range, double value);
enum { IMP_RANGE_TEXT_MAX = 96 };
const char *imp_range_format(const imp_range *range, char out[IMP_RANGE_TEXT_MAX]);

enum { IMP_STRUCT_DIFFERENCE_MAX = 160 };

// Compares two such texts. Describes the first line that differs: "name: one value, now another".
// Writes "" if they are equal.
void imp_struct_text_difference(char out[IMP_STRUCT_DIFFERENCE_MAX], const char *before,
                                const char *now);

#endif
