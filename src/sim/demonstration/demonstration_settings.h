// sim/demonstration/demonstration_settings.h: settings of an environment in a demonstration.
#ifndef IMP_SIM_DEMONSTRATION_DEMONSTRATION_SETTINGS_H
#define IMP_SIM_DEMONSTRATION_DEMONSTRATION_SETTINGS_H

#include <jansson.h>

#include "imprint/env.h"

// Fails with IMP_BAD_INPUT and "name: reason" in one line of valid UTF-8.
imp_status imp_demonstration_fail(imp_error *err, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define imp_demonstration_fail(...) IMP_FAILURE((imp_demonstration_fail)(__VA_ARGS__))

// Sets the members of *env that an object names. *env starts with the defaults. Fails with
// IMP_BAD_INPUT if a name is unknown or a value is not possible.
imp_status imp_demonstration_read_settings(imp_env_def *env, const json_t *settings,
                                           const char *name, imp_error *err);

#endif
