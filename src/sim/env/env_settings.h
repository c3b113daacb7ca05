// sim/env/env_settings.h: the members of the definitions of environments and drives, and of poses.
#ifndef IMP_SIM_ENV_ENV_SETTINGS_H
#define IMP_SIM_ENV_ENV_SETTINGS_H

#include "base/text/struct_text.h"

extern const imp_struct_table imp_pose_members, imp_drive_members, imp_env_members;

#endif
