// nn/model_files/model_file.h: what model files and files of training state have in common.
#ifndef IMP_NN_MODEL_FILES_MODEL_FILE_H
#define IMP_NN_MODEL_FILES_MODEL_FILE_H

#include "nn/model_files/safetensors.h"
#include "nn/network/network.h"

// Lists the tensors that lie within the first `count` of an array like the network's values, with a
// prefix to their names. Returns how many; out has room for IMP_MAX_TENSORS.
int imp_network_list_arrays(const imp_network *network, imp_named_array *out, const char *prefix,
                            const float *values, int64_t count);
// Reads the same from a file.
imp_status imp_network_read_arrays(const imp_network *network, const imp_safetensors *file,
                                   const char *prefix, float *values, int64_t count,
                                   imp_error *err);

// The metadata that describe a network; a new object, or NULL without memory.
json_t *imp_network_build_metadata(const imp_network *network, const char *format);
// Reads and checks them.
imp_status imp_network_read_metadata(const imp_safetensors *file, const char *format,
                                     imp_network_def *out, imp_error *err);

// Gives the arrays of a file the names of the network's tensors, where they have those behind a
// prefix or between the parts that PyTorch's wrappers add; leaves out PyTorch's counts of batches.
imp_status imp_network_match_tensor_names(imp_safetensors *file, const imp_graph *graph,
                                          imp_error *err);

// The network of a model file. Its arrays' names may change to the network's.
imp_status imp_network_from_file(imp_network **out, imp_safetensors *file, imp_error *err);

#endif
