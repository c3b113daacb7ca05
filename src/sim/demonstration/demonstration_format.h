// sim/demonstration/demonstration_format.h: what the reader and the writer of demonstrations
// share. docs/formats.md describes the file.
#ifndef IMP_SIM_DEMONSTRATION_DEMONSTRATION_FORMAT_H
#define IMP_SIM_DEMONSTRATION_DEMONSTRATION_FORMAT_H

#include "base/text/struct_text.h"
#include "imprint/demonstration.h"
#include "sim/env/env_settings.h"

#define IMP_DEMONSTRATION_FORMAT "imprint-demonstration"

enum {
    IMP_DEMONSTRATION_VERSION = 1,
    IMP_DEMONSTRATION_HASH_DIGITS = 16,
    IMP_DEMONSTRATION_SETTING_MAX = 64, // bytes of a setting's path
};

// Whole numbers up to this one are exact as numbers of JavaScript.
#define IMP_DEMONSTRATION_EXACT_MAX ((uint64_t)1 << 53)

// Whether a member of an environment's definition, by its path, is stored as a setting. The seed
// has a place of its own, and the number of steps says how long a drive is.
bool imp_demonstration_is_member_stored(const char *path, const imp_struct_member *member);

// Bytes of one value of a kind that settings have: bool, int, uint32 or double. 0: another kind.
size_t imp_demonstration_value_size(imp_member_type kind);

#endif
