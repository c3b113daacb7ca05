// evaluate/evaluation/given_starts.h: starts of episodes that the caller gives instead of drawing
// them.
#ifndef IMP_EVALUATE_EVALUATION_GIVEN_STARTS_H
#define IMP_EVALUATE_EVALUATION_GIVEN_STARTS_H

#include "imprint/evaluate.h"

// Finds the maps of the first def->episodes starts, as indices into the evaluation's maps.
imp_status imp_eval_find_start_maps(int *map_indices, const imp_map_set *maps,
                                    const imp_eval_def *def, imp_error *err);

// Fails if a robot with the pose of env, which is that of start k, is off the road or in an object.
imp_status imp_eval_check_given_start(const imp_env *env, const imp_eval_def *def, int k,
                                      imp_error *err);

#endif
