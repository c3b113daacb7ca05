// nn/model_files/model_file.h: functions shared by model files and training checkpoints.
#ifndef IMP_NN_MODEL_FILES_MODEL_FILE_H
#define IMP_NN_MODEL_FILES_MODEL_FILE_H

#include "nn/model_files/safetensors.h"
#include "nn/network/network.h"

// Lists the tensors within the first `count` values of an array that is laid out like the network's
// values. Names get a prefix. Returns their number; out has room for IMP_MAX_TENSORS.
int imp_network_list_arrays(const imp_network *network, imp_named_array *out, const char *prefix,
                            const float *values, int64_t count);
// Reads the same arrays from a file.
imp_status imp_network_read_arrays(const imp_network *network, const imp_safetensors *file,
                                   const char *prefix, float *values, int64_t count,
                                   imp_error *err);

// The metadata that describe a network, as a new JSON object; NULL without memory.
json_t *imp_network_build_metadata(const imp_network *network, const char *format);
// Reads and checks these metadata.
imp_status imp_network_read_metadata(const imp_safetensors *file, const char *format,
                                     imp_network_def *out, imp_error *err);

// Renames arrays of a file to the network's tensors, by removing a common prefix and the parts that
// PyTorch's wrappers add. Drops PyTorch's counters of batches.
imp_status imp_network_match_tensor_names(imp_safetensors *file, const imp_graph *graph,
                                          imp_error *err);

// Creates the network of a model file. The names of the file's arrays may be changed.
imp_status imp_network_from_file(imp_network **out, imp_safetensors *file, imp_error *err);

#endif
