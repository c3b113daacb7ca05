// sim/randomization/quantities.h: the table of all randomised quantities.
#ifndef IMP_SIM_RANDOMIZATION_QUANTITIES_H
#define IMP_SIM_RANDOMIZATION_QUANTITIES_H

#include "imprint/randomization.h"

typedef enum imp_quantity_kind {
    IMP_QUANTITY_NUMERIC,     // strength interpolates from the default value
    IMP_QUANTITY_CATEGORICAL, // unordered: strength is the probability of the drawn value
} imp_quantity_kind;

typedef struct imp_quantity_row {
    const char *name; // in files and recorded samples
    imp_randomization_group group;
    int size; // number of values
    imp_quantity_kind kind;
    double min, max;                       // valid range
    imp_distribution default_distribution; // distribution of "all"
} imp_quantity_row;

extern const imp_quantity_row imp_quantity_table[IMP_QUANTITY_COUNT];

// Value k of a quantity without randomisation.
double imp_quantity_default_value(imp_quantity quantity, int k);

// The distribution that gym-duckietown uses.
imp_distribution imp_quantity_gym_distribution(imp_quantity quantity);

// Whether it is one of the seven quantities that gym-duckietown's files contain.
bool imp_quantity_is_in_gym_files(imp_quantity quantity);

// The random stream of a quantity in an episode.
imp_random imp_quantity_random_stream(imp_quantity quantity, uint64_t seed, uint32_t environment,
                                      uint32_t episode);

// Draws the values for one tile, object or episode. The number of draws does not depend on the
// strength.
void imp_quantity_sample_values(const imp_randomization *spec, imp_quantity quantity,
                                imp_random *random, double *values);

#endif
