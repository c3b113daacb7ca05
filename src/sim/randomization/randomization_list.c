// Parses lists of words such as "all,no-jpeg,light=0.5" into a randomisation. A word names one
// group or a set of groups, given as bits; sets of gym-duckietown also select its ranges. Items are
// applied from left to right. The result is a plain value; nothing is drawn here.
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/suggestion.h"
#include "sim/randomization/quantities.h"

// Names and descriptions of the groups.
static const struct {
    const char *word, *meaning;
} groups[] = {
#define ROW(name, word, meaning) {word, meaning},
    IMP_GROUP_MAP(ROW)
#undef ROW
};

const char *imp_randomization_group_name(int group)
{
    return group >= 0 && group < IMP_GROUP_COUNT ? groups[group].word : NULL;
}

const char *imp_randomization_group_help(int group)
{
    return group >= 0 && group < IMP_GROUP_COUNT ? groups[group].meaning : NULL;
}

imp_randomization imp_randomization_none(void)
{
    // strengths are 0; the distributions serve groups that are switched on later
    imp_randomization spec = {0};
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
        spec.quantities[q] = imp_quantity_table[q].default_distribution;
    return spec;
}

bool imp_randomization_is_on(const imp_randomization *spec)
{
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        if (spec->strength[g] > 0.0)
            return true;
    return false;
}

void imp_randomization_apply_to_scene(const imp_randomization *spec, uint64_t seed,
                                      const imp_camera_def *camera, imp_scene_def *scene)
{
    // eight styles per scene; images up to 160 pixels wide do not need the finest level
    enum { VARIANTS = 8, SMALL = 160 };
    // the strength of the group is the strength of wear
    const double wear = spec->strength[IMP_GROUP_ROAD];
    if (wear > 0.0) {
        scene->wear = (float)wear;
        scene->seed = seed;
        scene->finest = camera->width <= SMALL ? 1 : 0;
    }
    const double tape = spec->strength[IMP_GROUP_TAPE];
    if (tape > 0.0) {
        scene->tape = (float)tape;
        scene->seed = seed;
    }
    if (wear > 0.0 || tape > 0.0 || spec->strength[IMP_GROUP_MATERIALS] > 0.0)
        scene->variants = VARIANTS;
}

// Sets of groups as bits; those before GAIN are visual.
#define BIT(group) (1u << IMP_GROUP_##group)
#define EVERY ((1u << IMP_GROUP_COUNT) - 1)
// rooms, walls and tape are asked for by name, so that "all" stays what datasets and figures were
// made with
#define INDOORS (BIT(ROOM) | BIT(NIGHT))
#define ALL (EVERY & ~(INDOORS | BIT(WALLS) | BIT(TAPE)))
#define VISUAL (ALL & (BIT(GAIN) - 1))
#define DOMAIN                                                                                     \
    (BIT(HORIZON) | BIT(LIGHT) | BIT(MATERIALS) | BIT(CLUTTER) | BIT(OBJECTS) | BIT(MOUNTING) |    \
     BIT(WHEELS))
#define CAMERA (BIT(LENS) | BIT(MOUNTING))
#define DYNAMICS BIT(TRIM)

// Words that stand for several groups.
static const struct {
    const char *word;
    unsigned groups;
    bool reference; // whether gym-duckietown's ranges are used
    bool mild;      // whether colours differ no more than those of real images
} group_sets[] = {
    {"all", ALL, false, false},
    {"indoors", ALL | INDOORS, false, false},
    {"real", EVERY, false, true},
    {"looks", VISUAL, false, false},
    {"dynamics", ALL & ~VISUAL, false, false},
    {"reference", DOMAIN | BIT(LENS) | DYNAMICS, true, false},
    {"domain_rand", DOMAIN, true, false},
    {"camera_rand", CAMERA, true, false},
    {"dynamics_rand", DYNAMICS, true, false},
};

// What a word of a list names.
typedef struct named_groups {
    unsigned groups; // as bits; 0: the word is unknown
    bool reference, mild;
} named_groups;

// The groups that a word of `length` bytes means.
static named_groups find_groups_by_word(const char *word, size_t length)
{
    // sets first, then single groups
    for (int k = 0; k < (int)(sizeof group_sets / sizeof group_sets[0]); k++)
        if (strlen(group_sets[k].word) == length && memcmp(group_sets[k].word, word, length) == 0) {
            return (named_groups){group_sets[k].groups, group_sets[k].reference,
                                  group_sets[k].mild};
        }
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        if (strlen(groups[g].word) == length && memcmp(groups[g].word, word, length) == 0)
            return (named_groups){.groups = 1u << g};
    return (named_groups){0};
}

// Considers all known words for a suggestion.
static void add_names_to_suggestion(imp_suggestion *suggestion)
{
    imp_suggestion_add_candidate(suggestion, "none");
    for (int k = 0; k < (int)(sizeof group_sets / sizeof group_sets[0]); k++)
        imp_suggestion_add_candidate(suggestion, group_sets[k].word);
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        imp_suggestion_add_candidate(suggestion, groups[g].word);
}

// Sets the strength of groups, and the distributions of their quantities.
static void set_group_strengths(imp_randomization *spec, const named_groups *named, double strength)
{
    // mild colours give roads the tints of real ones (docs/randomisation.md)
    static const double MILD[IMP_GROUP_COUNT] = {[IMP_GROUP_LIGHT] = 0.5,
                                                 [IMP_GROUP_MATERIALS] = 0.5,
                                                 [IMP_GROUP_EXPOSURE] = 0.6,
                                                 [IMP_GROUP_NIGHT] = 0.85};
    const unsigned which = named->groups;
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        // the strength of each group in the set
        if ((which >> g & 1) != 0)
            spec->strength[g] = strength * (named->mild && MILD[g] > 0.0 ? MILD[g] : 1.0);
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
        // distributions are replaced, so that "reference" and "all" can follow each other
        if ((which >> imp_quantity_table[q].group & 1) != 0)
            spec->quantities[q] = named->reference ? imp_quantity_gym_distribution(q)
                                                   : imp_quantity_table[q].default_distribution;
}

// Applies one word of a list.
static imp_status apply_list_item(imp_randomization *spec, const char *word, size_t length,
                                  imp_error *err)
{
    const int shown = length < 60 ? (int)length : 60;
    // "none" resets everything before it
    if (length == 4 && memcmp(word, "none", 4) == 0) {
        *spec = imp_randomization_none();
        return IMP_OK;
    }
    // split off "no-" or "=strength"
    const char *equals = memchr(word, '=', length);
    const bool off = length > 3 && memcmp(word, "no-", 3) == 0;
    double strength = off ? 0.0 : 1.0;
    size_t named = length;
    if (equals != NULL && !off) {
        char *end = NULL;
        strength = strtod(equals + 1, &end);
        // the negation also rejects NaN
        if (end == equals + 1 || end != word + length || !(strength >= 0.0 && strength <= 1.0))
            return imp_fail(err, IMP_USAGE, "'%.*s': a strength must be within 0 to 1", shown,
                            word);
        named = (size_t)(equals - word);
    }
    const named_groups which =
        off ? find_groups_by_word(word + 3, length - 3) : find_groups_by_word(word, named);
    if (which.groups == 0) {
        // unknown: list the groups and suggest a similar word
        char known[300] = "", hint[IMP_SUGGESTION_TEXT_MAX];
        imp_suggestion suggestion =
            off ? imp_suggestion_begin(word + 3, length - 3) : imp_suggestion_begin(word, named);
        add_names_to_suggestion(&suggestion);
        for (int g = 0; g < IMP_GROUP_COUNT; g++) {
            strncat(known, g > 0 ? ", " : " ", sizeof known - strlen(known) - 1);
            strncat(known, groups[g].word, sizeof known - strlen(known) - 1);
        }
        return imp_fail(
            err, IMP_USAGE,
            "'%.*s' is none of all, none, indoors, real, looks, dynamics, reference, domain_rand, "
            "camera_rand, dynamics_rand, nor a group:%s%s",
            shown, word, known, imp_suggestion_format(&suggestion, hint));
    }
    set_group_strengths(spec, &which, strength);
    return IMP_OK;
}

imp_status imp_randomization_parse_list(imp_randomization *spec, const char *list, imp_error *err)
{
    // work on a copy, so that *spec is unchanged after a failure
    imp_randomization made = *spec;
    for (const char *word = list; *word != '\0';) {
        // an empty item is an unknown word
        const size_t length = strcspn(word, ",");
        IMP_TRY(apply_list_item(&made, word, length, err));
        word += length + (word[length] == ',');
    }
    *spec = made;
    return IMP_OK;
}
