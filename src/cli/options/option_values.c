// Values of options from text: each type has its parser, whose messages say what is wanted. Words
// of enumerations and ranges of numbers follow from the members that options set.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/old_names.h"
#include "cli/options/settings_file.h"

// The one form of the message about a value that cannot be parsed.
static imp_status invalid_value_error(const imp_option *option, const char *text,
                                      const char *wanted, imp_error *err)
{
    return imp_fail(err, IMP_USAGE, "--%s: '%s' is not %s", option->name, text, wanted);
}

// The limit leaves room for sums and products of two such values in 64 bits.
static imp_status parse_int(const imp_option *option, const char *text, imp_error *err)
{
    // strtol() reports an overflow by errno only
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < -1000000000L || value > 1000000000L)
        return invalid_value_error(option, text, "a whole number within -10^9 to 10^9", err);
    *(int *)option->value = (int)value;
    return IMP_OK;
}

// strtoull() accepts a minus sign and wraps around, so that is refused.
static imp_status parse_seed(const imp_option *option, const char *text, imp_error *err)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    // JSON and YAML readers take no more than 63 bits
    if (end == text || *end != '\0' || errno != 0 || strchr(text, '-') != NULL || value > INT64_MAX)
        return invalid_value_error(option, text, "a whole number within 0 to 2^63 - 1", err);
    *(uint64_t *)option->value = value;
    return IMP_OK;
}

// strtod() accepts "inf" and "nan", which no option takes.
static imp_status parse_real(const imp_option *option, const char *text, imp_error *err)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value))
        return invalid_value_error(option, text, "a finite number", err);
    *(double *)option->value = value;
    return IMP_OK;
}

// Settings files and --no- forms give flags as words.
static imp_status parse_flag(const imp_option *option, const char *text, imp_error *err)
{
    if (strcmp(text, "true") == 0)
        *(bool *)option->value = true;
    else if (strcmp(text, "false") == 0)
        *(bool *)option->value = false;
    else
        return invalid_value_error(option, text, "true or false", err);
    return IMP_OK;
}

// Reads `count` finite numbers with one of the separators between them, and nothing else.
static bool parse_numbers(const char *text, const char *separators, int count, double *out)
{
    // each number ends at a separator, the last one at the end of the text
    for (int k = 0; k < count; k++) {
        char *end;
        out[k] = strtod(text, &end);
        bool last = k == count - 1;
        if (end == text || !isfinite(out[k]) || (last && *end != '\0') ||
            (!last && (*end == '\0' || strchr(separators, *end) == NULL)))
            return false;
        text = end + 1;
    }
    return true;
}

// Two whole numbers with "x" or "," between them.
static imp_status parse_pair(const imp_option *option, const char *text, imp_error *err)
{
    char *end, *last = NULL;
    // by tens, or 0x10 would be one number
    const long first = strtol(text, &end, 10),
               second = *end != '\0' ? strtol(end + 1, &last, 10) : 0;
    if (end == text || (*end != 'x' && *end != ',') || last == end + 1 || *last != '\0' ||
        labs(first) > 1000000000L || labs(second) > 1000000000L)
        return invalid_value_error(option, text,
                                   strcmp(option->placeholder, "WxH") == 0
                                       ? "a width and a height such as 80x60"
                                       : "two whole numbers such as 3,1",
                                   err);
    ((int *)option->value)[0] = (int)first;
    ((int *)option->value)[1] = (int)second;
    return IMP_OK;
}

// Three finite numbers with commas between them.
static imp_status parse_pose(const imp_option *option, const char *text, imp_error *err)
{
    // x and z in metres, the heading in degrees
    double pose[3];
    if (!parse_numbers(text, ",", 3, pose))
        return invalid_value_error(option, text, "a pose X,Z,DEGREES such as 1.5,0.7,90", err);
    memcpy(option->value, pose, sizeof pose);
    return IMP_OK;
}

// Appends to a list. The first value from one source (file or command line) replaces the values
// that were there before.
static imp_status append_to_text_list_option(imp_options *options, int index, const char *text,
                                             imp_error *err)
{
    const imp_option *option = &options->table[index];
    imp_text_list *list = option->value;
    // the first value after a change of the source empties the list
    if (!options->appends[index])
        list->count = 0;
    options->appends[index] = true;
    if (list->count == IMP_LIST_MAX)
        return imp_fail(err, IMP_USAGE, "--%s: more than %d", option->name, IMP_LIST_MAX);
    list->items[list->count++] = text;
    return IMP_OK;
}

// The words of an enumeration: those that people can choose, or else all.
imp_name_list imp_option_choices(const imp_options *options, int index)
{
    const imp_struct_member *member = options->members[index];
    return member->choices != NULL ? member->choices : member->word;
}

// One of the words of an enumeration.
static imp_status parse_choice(const imp_option *option, imp_name_list choices, const char *text,
                               imp_error *err)
{
    char what[IMP_OPTION_NAME_MAX + 8];
    snprintf(what, sizeof what, "--%s: ", option->name);
    return imp_name_lookup(option->value, what, imp_present_word(option->name, option->kind, text),
                           choices, err);
}

// Numbers have the range of the member that they set.
static imp_status check_option_range(const imp_options *options, int index, imp_error *err)
{
    const imp_option *option = &options->table[index];
    const imp_struct_member *member = options->members[index];
    char wanted[IMP_RANGE_TEXT_MAX];
    if (member == NULL || (option->type != IMP_OPTION_INT && option->type != IMP_OPTION_REAL))
        return IMP_OK;
    const double value = option->type == IMP_OPTION_INT ? *(const int *)option->value
                                                        : *(const double *)option->value;
    return imp_range_contains(&member->range, value)
               ? IMP_OK
               : imp_fail(err, IMP_USAGE, "--%s %g: must be %s", option->name, value,
                          imp_range_format(&member->range, wanted));
}

// Parses a text as the option's type and stores it. Texts and lists borrow the pointer.
imp_status imp_option_set_value(imp_options *options, int index, const char *text, imp_error *err)
{
    const imp_option *option = &options->table[index];
    imp_status status = IMP_OK;
    // parse by type; texts are stored as they are, except for aliases
    switch (option->type) {
    case IMP_OPTION_FLAG:
        status = parse_flag(option, text, err);
        break;
    case IMP_OPTION_INT:
        status = parse_int(option, text, err);
        break;
    case IMP_OPTION_SEED:
        status = parse_seed(option, text, err);
        break;
    case IMP_OPTION_REAL:
        status = parse_real(option, text, err);
        break;
    case IMP_OPTION_TEXT:
        *(const char **)option->value = imp_stored_word(option->name, option->kind, text);
        break;
    case IMP_OPTION_LIST:
        status = append_to_text_list_option(options, index,
                                            imp_stored_word(option->name, option->kind, text), err);
        break;
    case IMP_OPTION_PAIR:
        status = parse_pair(option, text, err);
        break;
    case IMP_OPTION_POSE:
        status = parse_pose(option, text, err);
        break;
    case IMP_OPTION_CHOICE:
        status = parse_choice(option, imp_option_choices(options, index), text, err);
        break;
    case IMP_OPTION_MEMBER:
        break; // such rows are not in the table of a command
    }
    options->given[index] = true;
    return status == IMP_OK ? check_option_range(options, index, err) : status;
}
