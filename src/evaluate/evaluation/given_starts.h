// evaluate/evaluation/given_starts.h: the starts that an evaluation is given instead of drawing
// them.
#ifndef IMP_EVALUATE_EVALUATION_GIVEN_STARTS_H
#define IMP_EVALUATE_EVALUATION_GIVEN_STARTS_H

#include "imprint/evaluate.h"

// Finds the maps of the first def->episodes starts, as indices into the maps that take part.
imp_status imp_eval_find_start_maps(int *map_indices, const imp_map_set *maps,
                                    const imp_eval_def *def, imp_error *err);

// Refuses start k if a robot that stands there, as that of env does, would not stand on the road.
imp_status imp_eval_check_start(const imp_env *env, const imp_eval_def *def, int k, imp_error *err);

#endif
