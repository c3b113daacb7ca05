// What is drawn from what: words of the command line, and the reference's files.
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/words.h"
#include "randomize/quantities.h"

static const struct {
    const char *word, *meaning;
} groups[] = {
#define ROW(name, word, meaning) {word, meaning},
    IMP_GROUP_MAP(ROW)
#undef ROW
};

const char *imp_group_word(int group)
{
    return group >= 0 && group < IMP_GROUP_COUNT ? groups[group].word : NULL;
}

const char *imp_group_meaning(int group)
{
    return group >= 0 && group < IMP_GROUP_COUNT ? groups[group].meaning : NULL;
}

imp_randomization imp_randomization_none(void)
{
    imp_randomization spec = {0};
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
        spec.quantities[q] = imp_quantity_rows[q].usual;
    return spec;
}

bool imp_randomization_is_on(const imp_randomization *spec)
{
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        if (spec->strength[g] > 0.0)
            return true;
    return false;
}

void imp_randomization_scene(const imp_randomization *spec, uint64_t seed,
                             const imp_camera_def *camera, imp_scene_def *scene)
{
    enum { VARIANTS = 8, SMALL = 160 };
    const double wear = spec->strength[IMP_GROUP_ROAD];
    if (wear > 0.0) {
        scene->wear = (float)wear;
        scene->seed = seed;
        scene->finest = camera->width <= SMALL ? 1 : 0;
    }
    if (wear > 0.0 || spec->strength[IMP_GROUP_MATERIALS] > 0.0)
        scene->variants = VARIANTS;
}

#define BIT(group) (1u << IMP_GROUP_##group)
#define ALL ((1u << IMP_GROUP_COUNT) - 1)
#define LOOKS (BIT(GAIN) - 1)
#define DOMAIN                                                                                     \
    (BIT(HORIZON) | BIT(LIGHT) | BIT(MATERIALS) | BIT(CLUTTER) | BIT(OBJECTS) | BIT(MOUNTING) |    \
     BIT(WHEELS))
#define CAMERA (BIT(LENS) | BIT(MOUNTING))
#define DYNAMICS BIT(TRIM)

// Words for several groups.
static const struct {
    const char *word;
    unsigned groups;
    bool reference; // with its ranges
} sets[] = {
    {"all", ALL, false},
    {"looks", LOOKS, false},
    {"dynamics", ALL & ~LOOKS, false},
    {"reference", DOMAIN | BIT(LENS) | DYNAMICS, true},
    {"domain_rand", DOMAIN, true},
    {"camera_rand", CAMERA, true},
    {"dynamics_rand", DYNAMICS, true},
};

// The groups that a word of `length` bytes means; 0 if there is none.
static unsigned groups_of(const char *word, size_t length, bool *reference)
{
    *reference = false;
    for (int k = 0; k < (int)(sizeof sets / sizeof sets[0]); k++)
        if (strlen(sets[k].word) == length && memcmp(sets[k].word, word, length) == 0) {
            *reference = sets[k].reference;
            return sets[k].groups;
        }
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        if (strlen(groups[g].word) == length && memcmp(groups[g].word, word, length) == 0)
            return 1u << g;
    return 0;
}

static void offer_words(imp_guess *guess)
{
    imp_guess_offer(guess, "none");
    for (int k = 0; k < (int)(sizeof sets / sizeof sets[0]); k++)
        imp_guess_offer(guess, sets[k].word);
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        imp_guess_offer(guess, groups[g].word);
}

static void switch_groups(imp_randomization *spec, unsigned which, bool reference, double strength)
{
    for (int g = 0; g < IMP_GROUP_COUNT; g++)
        if ((which >> g & 1) != 0)
            spec->strength[g] = strength;
    for (int q = 0; q < IMP_QUANTITY_COUNT; q++)
        if ((which >> imp_quantity_rows[q].group & 1) != 0)
            spec->quantities[q] =
                reference ? imp_quantity_reference(q) : imp_quantity_rows[q].usual;
}

static imp_status set_word(imp_randomization *spec, const char *word, size_t length, imp_error *err)
{
    const int shown = length < 60 ? (int)length : 60;
    if (length == 4 && memcmp(word, "none", 4) == 0) {
        *spec = imp_randomization_none();
        return IMP_OK;
    }
    const char *equals = memchr(word, '=', length);
    const bool off = length > 3 && memcmp(word, "no-", 3) == 0;
    double strength = off ? 0.0 : 1.0;
    size_t named = length;
    if (equals != NULL && !off) {
        char *end = NULL;
        strength = strtod(equals + 1, &end);
        // the negation also catches what is not a number
        if (end == equals + 1 || end != word + length || !(strength >= 0.0 && strength <= 1.0))
            return imp_fail(err, IMP_USAGE, "'%.*s': a strength lies within 0 to 1", shown, word);
        named = (size_t)(equals - word);
    }
    bool reference = false;
    const unsigned which =
        off ? groups_of(word + 3, length - 3, &reference) : groups_of(word, named, &reference);
    if (which == 0) {
        char known[300] = "", hint[IMP_GUESS_TEXT];
        imp_guess guess = off ? imp_guess_of(word + 3, length - 3) : imp_guess_of(word, named);
        offer_words(&guess);
        for (int g = 0; g < IMP_GROUP_COUNT; g++) {
            strncat(known, g > 0 ? ", " : " ", sizeof known - strlen(known) - 1);
            strncat(known, groups[g].word, sizeof known - strlen(known) - 1);
        }
        return imp_fail(err, IMP_USAGE,
                        "'%.*s' is none of all, none, looks, dynamics, reference, domain_rand, "
                        "camera_rand, dynamics_rand, nor a group:%s%s",
                        shown, word, known, imp_guess_tell(&guess, hint));
    }
    switch_groups(spec, which, reference, strength);
    return IMP_OK;
}

imp_status imp_randomization_set(imp_randomization *spec, const char *list, imp_error *err)
{
    imp_randomization made = *spec;
    for (const char *word = list; *word != '\0';) {
        const size_t length = strcspn(word, ",");
        imp_status status = set_word(&made, word, length, err);
        if (status != IMP_OK)
            return status;
        word += length + (word[length] == ',');
    }
    *spec = made;
    return IMP_OK;
}
