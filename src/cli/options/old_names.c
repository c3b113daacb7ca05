// Names of earlier versions: of options, and of the words for their values. Two tables say what
// each is called now. Results store settings under the first name and word that there ever was, so
// that the bytes of all versions are equal.
#include "cli/options/old_names.h"

#include <stddef.h>
#include <string.h>

// Each row is the command, the old name and the present name.
static const struct {
    const char *command, *old_name, *name; // command NULL: all that have the option
} NAMES[] = {
    {NULL, "by-sight", "pose-only"},
    {NULL, "trials", "look-ahead"},
    {NULL, "turning-rate", "turn-rate-gain"},
    {NULL, "turn-rate", "max-turn-rate"},
    {NULL, "return-angle-deg", "max-return-angle-deg"},
    {NULL, "average", "ema-decay"},
    {NULL, "weight-turns", "turn-weight"},
    {NULL, "window", "shuffle-buffer"},
    {NULL, "buffer", "replay-buffer"},
    {NULL, "keep", "plot-episodes"},
    {NULL, "robust", "robustness"},
    {NULL, "pictures", "images"},
    {NULL, "held-out", "validation-images"},
    {NULL, "degrade", "camera-effects"},
    {NULL, "draw", "overlay"},
    {"render", "rectified", "undistort"},
    {NULL, "following", "next-action"},
    {NULL, "received-times", "receive-times"},
    {NULL, "observe", "observation"},
    {NULL, "randomization", "distributions"},
    {"bench", "renderer", "instruction-set"},
    {"page", "max-steps", "steps"},
    {"page", "episodes", "drive"},
};
enum { NAME_COUNT = sizeof NAMES / sizeof NAMES[0] };

// A name can have changed in one command and not in the others.
const char *imp_old_option_name(const char *command, const char *name)
{
    for (int k = 0; k < NAME_COUNT; k++)
        if (strcmp(name, NAMES[k].name) == 0 &&
            (NAMES[k].command == NULL || strcmp(command, NAMES[k].command) == 0))
            return NAMES[k].old_name;
    return NULL;
}

// Names that changed in one command only are of commands that write no results.
const char *imp_present_option_name(const char *stored)
{
    for (int k = 0; k < NAME_COUNT; k++)
        if (NAMES[k].command == NULL && strcmp(stored, NAMES[k].old_name) == 0)
            return NAMES[k].name;
    return stored;
}

// What drives is a model in commands that take nothing else, and a policy in the others.
const char *imp_related_option_name(const char *name, size_t length)
{
    static const char *const pairs[][2] = {{"model", "policy"}, {"policy", "model"}};
    for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
        if (strlen(pairs[k][0]) == length && memcmp(pairs[k][0], name, length) == 0)
            return pairs[k][1];
    return NULL;
}

// The first word for a stored value is its present name, the others are old.
static const struct {
    const char *option;
    imp_option_kind kind; // imports have another --policy
    const char *word, *stored;
} WORDS[] = {
    {"observation", IMP_SETTING, "image", "pictures"},
    {"observation", IMP_SETTING, "images", "pictures"},
    {"observation", IMP_SETTING, "segments", "segments"},
    {"observation", IMP_SETTING, "masks", "segments"},
    {"policy", IMP_INPUT_PATH, "pure-pursuit", "reference"},
    {"expert", IMP_INPUT_PATH, "pure-pursuit", "reference"},
    {"view", IMP_SETTING, "camera", "camera"},
    {"view", IMP_SETTING, "driver", "camera"},
    {"view", IMP_SETTING, "top-down", "top-down"},
    {"view", IMP_SETTING, "map", "top-down"},
};
enum { WORD_COUNT = sizeof WORDS / sizeof WORDS[0] };

// How a value is stored that is given by any of its words; the text itself if it is none of them.
const char *imp_stored_word(const char *option, imp_option_kind kind, const char *text)
{
    for (int k = 0; k < WORD_COUNT; k++)
        if (strcmp(option, WORDS[k].option) == 0 && kind == WORDS[k].kind &&
            strcmp(text, WORDS[k].word) == 0)
            return WORDS[k].stored;
    return text;
}

// Words and stored values lead to the first word with the same stored value.
const char *imp_present_word(const char *option, imp_option_kind kind, const char *text)
{
    const char *stored = imp_stored_word(option, kind, text);
    for (int k = 0; k < WORD_COUNT; k++)
        if (strcmp(option, WORDS[k].option) == 0 && kind == WORDS[k].kind &&
            strcmp(stored, WORDS[k].stored) == 0)
            return WORDS[k].word;
    return text;
}
