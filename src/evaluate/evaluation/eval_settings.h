// evaluate/evaluation/eval_settings.h: the members of the definition of evaluations.
#ifndef IMP_EVALUATE_EVALUATION_EVAL_SETTINGS_H
#define IMP_EVALUATE_EVALUATION_EVAL_SETTINGS_H

#include "base/text/struct_text.h"

extern const imp_struct_table imp_eval_members;

#endif
