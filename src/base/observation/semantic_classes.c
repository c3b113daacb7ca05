// Names and palette of the semantic classes, and names of the kinds of observation. All come from
// the lists in the header, so that they cannot disagree with the enumerators.
#include <stddef.h>
#include <string.h>

#include "imprint/observation.h"

static const struct {
    const char *name;
    uint8_t rgb[3];
} CLASSES[IMP_CLASS_COUNT] = {
#define CLASS_ENTRY(name, name_text, red, green, blue) [name] = {name_text, {red, green, blue}},
    IMP_CLASS_MAP(CLASS_ENTRY)
#undef CLASS_ENTRY
};

// NULL past the last, so that names can be listed.
const char *imp_class_name(int class_id)
{
    return class_id >= 0 && class_id < IMP_CLASS_COUNT ? CLASSES[class_id].name : NULL;
}

const uint8_t *imp_class_colour(int class_id)
{
    return class_id >= 0 && class_id < IMP_CLASS_COUNT ? CLASSES[class_id].rgb : NULL;
}

// Mixes the colours of the classes, weighted by their shares. Works on blocks of cells, class by
// class, so that the inner loops vectorise.
void imp_class_shares_to_rgb(const float *shares, int cells, uint8_t *rgb)
{
    // Works on blocks of cells whose sums stay in registers or the first cache; each colour channel
    // is a plain loop over cells, which compilers turn into vector instructions.
    enum { BLOCK = 128 };
    for (int first = 0; first < cells; first += BLOCK) {
        const int count = cells - first < BLOCK ? cells - first : BLOCK;
        float sums[3][BLOCK];
        // 0.5 rounds to the nearest integer when the sum is truncated
        for (int k = 0; k < 3; k++)
            for (int i = 0; i < count; i++)
                sums[k][i] = 0.5F;
        for (int c = 0; c < IMP_CLASS_COUNT; c++)
            for (int k = 0; k < 3; k++) {
                const float colour = CLASSES[c].rgb[k];
                const float *share = shares + (size_t)c * (size_t)cells + first;
                for (int i = 0; i < count; i++)
                    sums[k][i] += colour * share[i];
            }
        // round to bytes: the sums started at a half
        for (int i = 0; i < count; i++)
            for (int k = 0; k < 3; k++) {
                const float value = sums[k][i];
                rgb[3 * (first + i) + k] = (uint8_t)(value < 255.0F ? value : 255.0F);
            }
    }
}

static const char *const OBSERVATION_NAMES[] = {
#define NAME(name, name_text) name_text,
    IMP_OBSERVATION_KIND_MAP(NAME)
#undef NAME
};

const char *imp_observation_kind_name(int observation)
{
    const int count = sizeof OBSERVATION_NAMES / sizeof OBSERVATION_NAMES[0];
    return observation >= 0 && observation < count ? OBSERVATION_NAMES[observation] : NULL;
}

// An empty name means the default, images.
bool imp_observation_kind_parse(imp_observation_kind *out, const char *name_text)
{
    int k = 0;
    if (name_text != NULL && name_text[0] != '\0')
        while (imp_observation_kind_name(k) != NULL &&
               strcmp(imp_observation_kind_name(k), name_text) != 0)
            k++;
    if (imp_observation_kind_name(k) == NULL)
        return false;
    *out = (imp_observation_kind)k;
    return true;
}
