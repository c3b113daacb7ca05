#include <stddef.h>
#include <string.h>

#include "imprint/vision.h"

static const struct {
    const char *name;
    uint8_t rgb[3];
} CLASSES[IMP_CLASS_COUNT] = {
#define ENTRY(name, word, red, green, blue) [name] = {word, {red, green, blue}},
    IMP_CLASS_MAP(ENTRY)
#undef ENTRY
};

const char *imp_class_name(int class)
{
    return class >= 0 && class < IMP_CLASS_COUNT ? CLASSES[class].name : NULL;
}

const uint8_t *imp_class_colour(int class)
{
    return class >= 0 && class < IMP_CLASS_COUNT ? CLASSES[class].rgb : NULL;
}

void imp_classes_paint(const float *shares, int cells, uint8_t *rgb)
{
    enum { BLOCK = 128 };
    for (int first = 0; first < cells; first += BLOCK) {
        const int count = cells - first < BLOCK ? cells - first : BLOCK;
        float sums[3][BLOCK];
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
        for (int i = 0; i < count; i++)
            for (int k = 0; k < 3; k++) {
                const float value = sums[k][i];
                rgb[3 * (first + i) + k] = (uint8_t)(value < 255.0F ? value : 255.0F);
            }
    }
}

static const char *const OBSERVATIONS[] = {
#define WORD(name, word) word,
    IMP_OBSERVATION_MAP(WORD)
#undef WORD
};

const char *imp_observation_word(int observation)
{
    const int count = sizeof OBSERVATIONS / sizeof OBSERVATIONS[0];
    return observation >= 0 && observation < count ? OBSERVATIONS[observation] : NULL;
}

bool imp_observation_find(imp_observation *out, const char *word)
{
    int k = 0;
    if (word != NULL && word[0] != '\0')
        while (imp_observation_word(k) != NULL && strcmp(imp_observation_word(k), word) != 0)
            k++;
    if (imp_observation_word(k) == NULL)
        return false;
    *out = (imp_observation)k;
    return true;
}

imp_observation imp_network_observation(const imp_network *network)
{
    imp_observation found = IMP_OBSERVATION_PICTURES;
    imp_observation_find(&found, imp_network_metadata(network, "observation"));
    return found;
}
