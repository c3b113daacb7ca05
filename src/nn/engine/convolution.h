// nn/engine/convolution.h: convolutions as calls of kernels: what each position of the kernel sees,
// packed weights, and the gradients.
#ifndef IMP_NN_ENGINE_CONVOLUTION_H
#define IMP_NN_ENGINE_CONVOLUTION_H

#include "nn/engine/program.h"

// Describes the forward pass of the current node, but for its output, and packs its weights.
void imp_build_conv(imp_executor *e, imp_node_state *state);
// Appends the gradient by weights and bias of the current node.
void imp_build_conv_weight_gradient(imp_executor *e, const imp_node_state *state);
// Appends the gradient by the input of the current node, plus `added`, which may have no data.
void imp_build_conv_data_gradient(imp_executor *e, const imp_node_state *state,
                                  imp_image_view in_gradient, imp_image_view added);

#endif
