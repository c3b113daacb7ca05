// cli/options/old_names.h: what options and the words for their values are called elsewhere, and in
// earlier versions. Old names work for one version, with a warning.
#ifndef IMP_CLI_OPTIONS_OLD_NAMES_H
#define IMP_CLI_OPTIONS_OLD_NAMES_H

#include "cli/options/options.h"

// The name of a command's option in earlier versions, or NULL.
const char *imp_old_option_name(const char *command, const char *name);

// The present name of a setting that results store.
const char *imp_present_option_name(const char *stored);

// What other commands call an option of such a name, which need not be terminated. NULL: nothing.
const char *imp_related_option_name(const char *name, size_t length);

// The present word for a value of an option, whichever of its words is given, or what results
// store. Other texts come back as they are.
const char *imp_present_word(const char *option, imp_option_kind kind, const char *text);

// What results store for such a word.
const char *imp_stored_word(const char *option, imp_option_kind kind, const char *text);

#endif
