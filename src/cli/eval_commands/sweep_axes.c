// The values that a sweep tries. --grid NAME=A,B lists values, which are combined with those of all
// other grids. --random NAME=LOW..HIGH draws from a range, NAME=A,B one of the values. A draw is a
// function of (seed, axis, number of the draw), so more draws do not change the first ones.
// Values stay texts: the option table of the command reads them as it reads a command line.
// A candidate is named by a hash of its values.
#include "cli/eval_commands/sweep_axes.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "base/text/number_format.h"
#include "base/text/suggestion.h"
#include "cli/options/settings_file.h"

// Fails for a name that the command does not have, and suggests similar ones.
static imp_status unknown_axis_error(const char *what, const char *name, const imp_options *command,
                                     imp_error *err)
{
    char hint[IMP_SUGGESTION_TEXT_MAX];
    imp_suggestion suggestion = imp_suggestion_begin(name, strlen(name));
    for (int k = 0; k < command->count; k++)
        imp_suggestion_add_candidate(&suggestion, command->table[k].name);
    imp_suggestion_format(&suggestion, hint);
    return imp_fail(err, IMP_USAGE, "--%s: %s has no option --%s%s%s %s --help", what,
                    imp_options_program_name(command), name, hint,
                    hint[0] == '\0' ? ": see" : " See", imp_options_program_name(command));
}

// Cuts a list into values. Semicolons separate values that hold commas themselves.
static imp_status read_values(imp_sweep_axis *axis, const char *what, const char *text,
                              imp_error *err)
{
    const char separator[] = {strchr(text, ';') != NULL ? ';' : ',', '\0'};
    axis->values = calloc(IMP_SWEEP_VALUES_MAX, sizeof axis->values[0]);
    if (axis->values == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, separator);
        if (length == 0 || length >= IMP_SWEEP_VALUE_TEXT_MAX)
            return imp_fail(err, IMP_USAGE, "--%s %s=%.60s: a value must have 1 to %d characters",
                            what, axis->name, text, IMP_SWEEP_VALUE_TEXT_MAX - 1);
        if (axis->count == IMP_SWEEP_VALUES_MAX)
            return imp_fail(err, IMP_USAGE, "--%s %s: more than %d values", what, axis->name,
                            IMP_SWEEP_VALUES_MAX);
        memcpy(axis->values[axis->count++], at, length);
        for (int k = 0; k + 1 < axis->count; k++)
            if (strcmp(axis->values[k], axis->values[axis->count - 1]) == 0)
                return imp_fail(err, IMP_USAGE, "--%s %s: %s is given twice", what, axis->name,
                                axis->values[k]);
        at += length;
        if (*at == '\0')
            return IMP_OK;
    }
}

// Reads LOW..HIGH and LOW..HIGH:log. Sets *is_range to whether the text is one.
static imp_status read_range(imp_sweep_axis *axis, bool *is_range, const char *text,
                             imp_option_type type, imp_error *err)
{
    const char *dots = strstr(text, "..");
    char low[64], *end, *last;
    axis->integer = type == IMP_OPTION_INT || type == IMP_OPTION_SEED;
    // dots in texts belong to paths
    *is_range = (axis->integer || type == IMP_OPTION_REAL) && dots != NULL &&
                dots - text < (ptrdiff_t)sizeof low;
    if (!*is_range)
        return IMP_OK;
    // a number may end with a dot, so the first one is read alone
    snprintf(low, sizeof low, "%.*s", (int)(dots - text), text);
    axis->low = strtod(low, &end);
    axis->high = strtod(dots + 2, &last);
    axis->log = strcmp(last, ":log") == 0;
    if (end == low || *end != '\0' || last == dots + 2 || (*last != '\0' && !axis->log) ||
        !isfinite(axis->low) || !isfinite(axis->high) || !(axis->low < axis->high))
        return imp_fail(err, IMP_USAGE,
                        "--random %s=%.60s: a range is LOW..HIGH or LOW..HIGH:log, with LOW below "
                        "HIGH",
                        axis->name, text);
    if (axis->log && !(axis->low > 0.0))
        return imp_fail(err, IMP_USAGE, "--random %s=%.60s: a logarithmic range begins above 0",
                        axis->name, text);
    if (axis->integer && (axis->low != floor(axis->low) || axis->high != floor(axis->high)))
        return imp_fail(err, IMP_USAGE, "--random %s=%.60s: --%s takes whole numbers", axis->name,
                        text, axis->name);
    return IMP_OK;
}

// Reads one text of --grid or --random.
static imp_status add_axis(imp_sweep_space *space, const char *text, bool random,
                           const imp_options *command, imp_error *err)
{
    const char *what = random ? "random" : "grid", *equals = strchr(text, '=');
    char name[64];
    bool is_range = false;
    if (equals == NULL || equals == text)
        return imp_fail(err, IMP_USAGE, "--%s '%.60s': write %s", what, text,
                        random ? "NAME=LOW..HIGH, as in learning-rate=1e-4..1e-2:log"
                               : "NAME=VALUE,VALUE, as in learning-rate=1e-3,3e-4");
    if (space->axis_count == IMP_SWEEP_AXES_MAX)
        return imp_fail(err, IMP_USAGE, "--%s %s: more than %d options differ", what, text,
                        IMP_SWEEP_AXES_MAX);
    const char *begin = text + (strncmp(text, "--", 2) == 0 ? 2 : 0);
    snprintf(name, sizeof name, "%.*s", (int)(equals - begin), begin);
    const int index = imp_option_find(command, name);
    if (index < 0)
        return unknown_axis_error(what, name, command, err);
    imp_sweep_axis *axis = &space->axes[space->axis_count++];
    axis->random = random;
    snprintf(axis->name, sizeof axis->name, "%s", command->table[index].name);
    for (int k = 0; k + 1 < space->axis_count; k++)
        if (strcmp(space->axes[k].name, axis->name) == 0)
            return imp_fail(err, IMP_USAGE, "--%s %s: is swept twice", what, axis->name);
    if (command->given[index])
        return imp_fail(err, IMP_USAGE, "--%s after --: the sweep sets it, leave it out there",
                        axis->name);
    if (random)
        IMP_TRY(read_range(axis, &is_range, equals + 1, command->table[index].type, err));
    return is_range ? IMP_OK : read_values(axis, what, equals + 1, err);
}

imp_status imp_sweep_space_read(imp_sweep_space *space, const imp_text_list *grid,
                                const imp_text_list *random, const imp_options *command,
                                imp_error *err)
{
    for (int k = 0; k < grid->count; k++)
        IMP_TRY(add_axis(space, grid->items[k], false, command, err));
    for (int k = 0; k < random->count; k++)
        IMP_TRY(add_axis(space, random->items[k], true, command, err));
    return IMP_OK;
}

// Draws a value. Numbers have four digits, so that people can type them.
static void sample_axis_value(char out[IMP_SWEEP_VALUE_TEXT_MAX], const imp_sweep_axis *axis,
                              int index, int draw, uint64_t seed)
{
    char text[32], number[IMP_NUMBER_TEXT_MAX];
    imp_random random = imp_random_stream(seed, (uint32_t)index, (uint32_t)draw, IMP_PURPOSE_SWEEP);
    if (axis->count > 0) {
        snprintf(out, IMP_SWEEP_VALUE_TEXT_MAX, "%s",
                 axis->values[imp_random_uniform_int(&random, (uint32_t)axis->count)]);
        return;
    }
    // a whole number stands for the numbers that are rounded down to it
    const double high = axis->integer ? axis->high + 1.0 : axis->high;
    double value = axis->log
                       ? imp_exp(imp_random_uniform(&random, imp_log(axis->low), imp_log(high)))
                       : imp_random_uniform(&random, axis->low, high);
    if (axis->integer) {
        snprintf(out, IMP_SWEEP_VALUE_TEXT_MAX, "%.0f", fmin(floor(value), axis->high));
        return;
    }
    snprintf(text, sizeof text, "%.4g", value);
    value = fmin(fmax(strtod(text, NULL), axis->low), axis->high);
    snprintf(out, IMP_SWEEP_VALUE_TEXT_MAX, "%s", imp_number_format(number, value));
}

// The name of a candidate follows from names and values.
static void name_candidate(imp_sweep_candidate *candidate, const imp_sweep_space *space)
{
    uint64_t hash = IMP_HASH_START;
    if (space->axis_count == 0) {
        snprintf(candidate->name, sizeof candidate->name, "seeds");
        return;
    }
    for (int k = 0; k < space->axis_count; k++) {
        hash = imp_hash_bytes(hash, space->axes[k].name, strlen(space->axes[k].name) + 1);
        hash = imp_hash_bytes(hash, candidate->values[k], strlen(candidate->values[k]) + 1);
    }
    snprintf(candidate->name, sizeof candidate->name, "trial-%08x", (unsigned)(hash ^ hash >> 32));
}

// Gives a candidate its values: `combination` counts through the grid, its last axis fastest.
static void set_candidate_values(imp_sweep_candidate *candidate, const imp_sweep_space *space,
                                 int combination, int draw, uint64_t seed)
{
    for (int k = space->axis_count - 1; k >= 0; k--) {
        const imp_sweep_axis *axis = &space->axes[k];
        if (axis->random) {
            sample_axis_value(candidate->values[k], axis, k, draw, seed);
            continue;
        }
        strcpy(candidate->values[k], axis->values[combination % axis->count]);
        combination /= axis->count;
    }
    name_candidate(candidate, space);
}

// Draws may repeat each other where values are few; each combination is tried once.
static bool is_repeated(const imp_sweep_space *space, int index)
{
    for (int k = 0; k < index; k++)
        if (strcmp(space->candidates[k].name, space->candidates[index].name) == 0)
            return true;
    return false;
}

imp_status imp_sweep_space_generate_candidates(imp_sweep_space *space, int draws, uint64_t seed,
                                               imp_error *err)
{
    int combinations = 1;
    bool random = false;
    for (int k = 0; k < space->axis_count; k++) {
        random = random || space->axes[k].random;
        combinations *= space->axes[k].random ? 1 : space->axes[k].count;
        if (combinations > IMP_SWEEP_CANDIDATES_MAX)
            return imp_fail(err, IMP_USAGE, "--grid: more than %d combinations",
                            IMP_SWEEP_CANDIDATES_MAX);
    }
    draws = random ? draws : 1;
    if (draws < 1 || draws > IMP_SWEEP_CANDIDATES_MAX / combinations)
        return imp_fail(err, IMP_USAGE, "--draws %d: must be 1 to %d", draws,
                        IMP_SWEEP_CANDIDATES_MAX / combinations);
    space->candidates = calloc((size_t)combinations * (size_t)draws, sizeof *space->candidates);
    if (space->candidates == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for the combinations");
    for (int draw = 0; draw < draws; draw++)
        for (int k = 0; k < combinations; k++) {
            set_candidate_values(&space->candidates[space->candidate_count], space, k, draw, seed);
            space->candidate_count += !is_repeated(space, space->candidate_count);
        }
    return IMP_OK;
}

void imp_sweep_space_free(imp_sweep_space *space)
{
    for (int k = 0; k < space->axis_count; k++)
        free(space->axes[k].values);
    free(space->candidates);
    *space = (imp_sweep_space){0};
}
