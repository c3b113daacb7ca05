// Parses a command line into options. It accepts --name VALUE, --name=VALUE, --flag, --no-flag, -n
// VALUE, -nVALUE, -fq, and operands between them; everything after "--" is an operand. Names must
// be complete: a prefix is answered by a suggestion, so that an option added later never changes
// what a script means. The parser runs twice over the arguments (see imp_options_parse()): the
// first pass takes only the options that locate a settings file, the second takes all, so that
// options override the file.
#include "cli/options/argument_parser.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/common/try.h"
#include "base/text/suggestion.h"
#include "cli/options/old_names.h"
#include "cli/options/settings_file.h"

// State of one pass.
// The options are shared by both passes; operands are collected anew in each.
typedef struct argument_parser {
    imp_options *options;
    int argc;
    char **argv;
    int at; // the argument that is being read
    bool only_file_options;
    imp_error *err;
} argument_parser;

// Whether an option locates a settings file (or ends the parsing: --help, --version). The first
// pass takes only these.
static bool affects_settings_file_path(const imp_options *options, int index)
{
    const imp_option *option = &options->table[index];
    return option->value == &options->config || option->value == &options->help ||
           option->value == &options->version || strcmp(option->name, "resume") == 0 ||
           strcmp(option->name, "out") == 0;
}

// Warns that a value has a new name, in the second pass only, so that the warning comes once.
static void warn_old_word(const imp_option *option, const char *text, bool first_pass)
{
    const char *present = imp_present_word(option->name, option->kind, text);
    if (!first_pass && strcmp(present, text) != 0)
        fprintf(stderr, "imprint: --%s %s is now %s; the old word will go in the next version\n",
                option->name, text, present);
}

// Sets an option, unless this pass leaves it to the second one.
static imp_status set_option_value(argument_parser *r, int index, const char *text)
{
    // the first pass ignores everything that a settings file could also set
    if (r->only_file_options && !affects_settings_file_path(r->options, index))
        return IMP_OK;
    warn_old_word(&r->options->table[index], text, r->only_file_options);
    return imp_option_set_value(r->options, index, text, r->err);
}

// Flags take no value and have a --no- form.
static bool is_flag_option(const imp_options *options, int index)
{
    return options->table[index].type == IMP_OPTION_FLAG;
}

// Whether an argument is the name of a known option. Then it cannot be the value of the option
// before it.
static bool is_option_name(const imp_options *options, const char *text)
{
    // both spellings count: --name and --no-name
    if (strncmp(text, "--", 2) != 0)
        return false;
    text += strncmp(text + 2, "no-", 3) == 0 ? 5 : 2;
    return imp_option_find_n(options, text, strcspn(text, "=")) >= 0;
}

// Whether the usage line names an operand as a word is written: MAP for "map".
static bool is_operand_of_usage(const imp_options *options, const char *word, size_t length)
{
    for (const char *at = options->command->operands; *at != '\0';) {
        const size_t blanks = strcspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        at += blanks;
        const size_t letters = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (letters == length && length > 0 && strncasecmp(at, word, length) == 0)
            return true;
        at += letters;
    }
    return false;
}

// Fails for an unknown option and suggests similar ones. `dashes` is how the user wrote it.
static imp_status unknown_option_error(const argument_parser *r, const char *dashes,
                                       const char *name, size_t length)
{
    // what was given, shortened to fit into a message
    enum { SHOWN = 60 };
    const imp_options *options = r->options;
    char known[IMP_OPTIONS_MAX * 2][48], hint[IMP_SUGGESTION_TEXT_MAX];
    char given[128];
    snprintf(given, sizeof given, "--%.*s", length < SHOWN ? (int)length : SHOWN, name);
    imp_suggestion suggestion = imp_suggestion_begin(given, strlen(given));
    // candidates: every option, and for flags the --no- form
    for (int k = 0; k < options->count; k++) {
        snprintf(known[2 * k], sizeof known[0], "--%s", options->table[k].name);
        imp_suggestion_add_candidate(&suggestion, known[2 * k]);
        snprintf(known[2 * k + 1], sizeof known[0], "--no-%s", options->table[k].name);
        if (is_flag_option(options, k))
            imp_suggestion_add_candidate(&suggestion, known[2 * k + 1]);
    }
    if (is_operand_of_usage(options, name, length))
        return imp_fail(r->err, IMP_USAGE,
                        "unknown option %s%s: it is an argument here. Write it without %s%s: %s %s",
                        dashes, given + 2, dashes, given + 2, imp_options_program_name(options),
                        options->command->operands);
    imp_suggestion_format(&suggestion, hint);
    const char *related = imp_related_option_name(name, length);
    if (hint[0] == '\0' && related != NULL && imp_option_find(options, related) >= 0)
        snprintf(hint, sizeof hint, "; is '--%s' meant?", related);
    return imp_fail(r->err, IMP_USAGE, "unknown option %s%s%s%s %s --help", dashes, given + 2, hint,
                    hint[0] == '\0' ? ": see" : " See", imp_options_program_name(options));
}

// The value of an option that follows as an argument of its own.
static imp_status parse_value_argument(argument_parser *r, int index)
{
    const char *written = r->argv[r->at];
    if (r->at + 1 >= r->argc)
        return imp_fail(r->err, IMP_USAGE, "%s wants a value", written);
    // "--out --force" has most likely lost its value
    if (is_option_name(r->options, r->argv[r->at + 1]))
        return imp_fail(r->err, IMP_USAGE,
                        "%s wants a value, and %s is an option; if it is the value, write --%s=%s",
                        written, r->argv[r->at + 1], r->options->table[index].name,
                        r->argv[r->at + 1]);
    return set_option_value(r, index, r->argv[++r->at]);
}

// Warns that an option has a new name. `no` is "no-" or "". Only the second pass warns, so that the
// warning comes once.
static void warn_old_name(const argument_parser *r, int index, const char *no, size_t length)
{
    const char *name = r->options->table[index].name, *given = r->argv[r->at] + 2;
    // the length of the name without its "no-"
    const size_t used = length - strlen(no);
    if (!r->only_file_options &&
        (strlen(name) != used || memcmp(given + strlen(no), name, used) != 0))
        fprintf(stderr, "imprint: --%.*s is now --%s%s; the old name will go in the next version\n",
                (int)length, given, no, name);
}

// Parses --name, --name=VALUE and --no-name. An option whose own name begins with "no-" has
// precedence over a negated flag.
static imp_status parse_long_option(argument_parser *r)
{
    // split at "=", then look for the name, and without "no-"
    const char *name = r->argv[r->at] + 2;
    const size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    const int index = imp_option_find_n(r->options, name, length);
    const bool negated = index < 0 && strncmp(name, "no-", 3) == 0;
    const int negative = negated ? imp_option_find_n(r->options, name + 3, length - 3) : -1;
    // unknown names, and --no- before an option that takes a value
    if (negative >= 0 && !is_flag_option(r->options, negative))
        return imp_fail(r->err, IMP_USAGE, "--%.*s: --%s takes a value and has no --no- form",
                        (int)length, name, name + 3);
    if (index < 0 && negative < 0)
        return unknown_option_error(r, "--", name, length);
    // the value: in the same argument, in the next one, or true or false for a flag
    warn_old_name(r, index < 0 ? negative : index, negated ? "no-" : "", length);
    if (index >= 0 && !is_flag_option(r->options, index))
        return value != NULL ? set_option_value(r, index, value) : parse_value_argument(r, index);
    if (value != NULL)
        return imp_fail(r->err, IMP_USAGE, "--%.*s takes no value: write --%s or --no-%s",
                        (int)length, name, r->options->table[index < 0 ? negative : index].name,
                        r->options->table[index < 0 ? negative : index].name);
    return set_option_value(r, index < 0 ? negative : index, index < 0 ? "false" : "true");
}

// Parses short options in one argument, as in -fq. The last of them may have its value directly
// behind it.
static imp_status parse_short_options(argument_parser *r)
{
    const char *letters = r->argv[r->at] + 1;
    // "-map" is meant to be "--map", not "-m ap"
    if (letters[1] != '\0' && imp_option_find_n(r->options, letters, strlen(letters)) >= 0)
        return unknown_option_error(r, "-", letters, strlen(letters));
    // every letter but the last must be a flag
    for (const char *letter = letters; *letter != '\0'; letter++) {
        // the letters are searched in the table; there are few of them
        int index = 0;
        while (index < r->options->count && r->options->table[index].letter != *letter)
            index++;
        if (index == r->options->count && letters[1] != '\0')
            return unknown_option_error(r, "-", letters, strlen(letters));
        if (index == r->options->count)
            return imp_fail(r->err, IMP_USAGE, "unknown option -%s: see %s --help", letters,
                            imp_options_program_name(r->options));
        if (!is_flag_option(r->options, index))
            return letter[1] != '\0' ? set_option_value(r, index, letter + 1)
                                     : parse_value_argument(r, index);
        IMP_TRY(set_option_value(r, index, "true"));
    }
    return IMP_OK;
}

// Keeps an argument that is no option; commands interpret it.
static imp_status add_operand(const argument_parser *r)
{
    imp_options *options = r->options;
    // the limit is that of the array of operands
    if (options->operand_count == IMP_LIST_MAX)
        return imp_fail(r->err, IMP_USAGE, "more than %d arguments", IMP_LIST_MAX);
    options->operands[options->operand_count++] = r->argv[r->at];
    return IMP_OK;
}

// One pass over the arguments. A single "-" is an operand: it stands for standard input or output.
imp_status imp_arguments_parse(imp_options *options, int argc, char **argv, bool only_file_options,
                               imp_error *err)
{
    argument_parser r = {options, argc, argv, 1, only_file_options, err};
    // after "--" an argument is an operand even if it begins with a dash
    bool all_operands = false;
    options->operand_count = 0;
    for (; r.at < argc; r.at++) {
        const char *text = argv[r.at];
        if (!all_operands && strcmp(text, "--") == 0)
            all_operands = true;
        else if (!all_operands && strncmp(text, "--", 2) == 0)
            IMP_TRY(parse_long_option(&r));
        else if (!all_operands && text[0] == '-' && text[1] != '\0')
            IMP_TRY(parse_short_options(&r));
        else
            IMP_TRY(add_operand(&r));
    }
    return IMP_OK;
}
