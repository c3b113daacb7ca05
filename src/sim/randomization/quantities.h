// sim/randomization/quantities.h: the table of all that can be randomised.
#ifndef IMP_SIM_RANDOMIZATION_QUANTITIES_H
#define IMP_SIM_RANDOMIZATION_QUANTITIES_H

#include "imprint/randomization.h"

typedef enum imp_quantity_kind {
    IMP_QUANTITY_NUMERIC,     // weakened towards its neutral value
    IMP_QUANTITY_CATEGORICAL, // has no order: weakened by being drawn less often
} imp_quantity_kind;

typedef struct imp_quantity_row {
    const char *name; // in files and recorded draws
    imp_randomization_group group;
    int size; // values
    imp_quantity_kind kind;
    double min, max;                       // that make sense
    imp_distribution default_distribution; // of "all"
} imp_quantity_row;

extern const imp_quantity_row imp_quantity_table[IMP_QUANTITY_COUNT];

// What value k of a quantity is without randomisation.
double imp_quantity_default_value(imp_quantity quantity, int k);

// What gym-duckietown draws it from.
imp_distribution imp_quantity_gym_distribution(imp_quantity quantity);

// Whether it is one of the seven that gym-duckietown's files name.
bool imp_quantity_is_in_gym_files(imp_quantity quantity);

// The stream of a quantity in an episode.
imp_random imp_quantity_random_stream(imp_quantity quantity, uint64_t seed, uint32_t environment,
                                      uint32_t episode);

// Draws its values for one thing: always as many draws, whatever the strength.
void imp_quantity_sample_values(const imp_randomization *spec, imp_quantity quantity,
                                imp_random *random, double *values);

#endif
