// sim/expert/expert_settings.h: the members of the definition of our expert.
#ifndef IMP_SIM_EXPERT_EXPERT_SETTINGS_H
#define IMP_SIM_EXPERT_EXPERT_SETTINGS_H

#include "base/text/struct_text.h"

extern const imp_struct_table imp_expert_members;

#endif
