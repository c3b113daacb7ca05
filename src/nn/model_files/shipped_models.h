// nn/model_files/shipped_models.h: models that come with the library, by name.
#ifndef IMP_NN_MODEL_FILES_SHIPPED_MODELS_H
#define IMP_NN_MODEL_FILES_SHIPPED_MODELS_H

#include "base/io/file.h"

// The file of a model: the path itself, the model in a training's folder, or the one that comes
// with the library under this name. What is there as a path comes first. The file need not exist,
// unless the name is that of a shipped model.
imp_status imp_model_resolve_path(char out[IMP_PATH_MAX], const char *name_or_path, imp_error *err);

#endif
