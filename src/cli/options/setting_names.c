// Messages of the library in terms of the program's options. The library names the member of a
// definition, as in "start_tile 9,9 is not drivable", and says so by a hint. The option that sets
// the member, or is called like it, takes its place: "--start-tile 9,9 is not drivable".
#include <stdio.h>
#include <string.h>

#include "cli/options/options.h"

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz_";

// Whether a word is an option's name, with low lines in the place of dashes.
static bool is_name_of_option(const char *word, size_t length, const char *name)
{
    if (strlen(name) != length)
        return false;
    for (size_t k = 0; k < length; k++)
        if (word[k] != name[k] && !(word[k] == '_' && name[k] == '-'))
            return false;
    return true;
}

// The option of a member, or NULL.
static const char *option_of_member(const imp_options *options, const char *word, size_t length)
{
    for (int k = 0; k < options->count; k++) {
        const imp_struct_member *member = options->members[k];
        if ((member != NULL && is_name_of_option(word, length, member->name)) ||
            is_name_of_option(word, length, options->table[k].name))
            return options->table[k].name;
    }
    return NULL;
}

void imp_options_name_settings(const imp_options *options, imp_error *err)
{
    const imp_error first = *err;
    const char *at = first.message;
    size_t used = 0;
    if (first.hint != IMP_HINT_SETTING)
        return;
    while (*at != '\0' && used < sizeof err->message - 1) {
        // a word, or what is between two
        const size_t word = strspn(at, LETTERS), length = word > 0 ? word : strcspn(at, LETTERS);
        // plain words are members only where the message begins
        const bool may_be_member =
            word > 0 && (at == first.message || memchr(at, '_', word) != NULL);
        const char *name = may_be_member ? option_of_member(options, at, word) : NULL;
        const int written =
            name != NULL ? snprintf(err->message + used, sizeof err->message - used, "--%s", name)
                         : snprintf(err->message + used, sizeof err->message - used, "%.*s",
                                    (int)length, at);
        used += (size_t)written;
        at += length;
    }
}
