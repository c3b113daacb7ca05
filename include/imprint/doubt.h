/// imprint/doubt.h: the doubt of networks: how likely a network holds it that it fails within
/// IMP_DOUBT_HORIZON, computed from its hidden vectors by a second head (docs/doubt.md).
#ifndef IMPRINT_DOUBT_H
#define IMPRINT_DOUBT_H

#include "imprint/nn.h"

IMP_API_BEGIN

/// Values of the network's hidden vectors, those that its dense layers read. 0 if it has none.
int imp_inference_feature_count(const imp_inference *inference);
/// Copies them for a sample of the last run: out is (imp_inference_feature_count()).
void imp_inference_read_features(const imp_inference *inference, int sample, float *out);

/// Whether the model has doubt, which imp_fit_doubt() gives it (imprint/doubt_fit.h).
bool imp_inference_has_doubt(const imp_inference *inference);
/// Doubt at a sample of the last run, in [0, 1]; 0 if the model has none. Allocates nothing.
double imp_inference_doubt(const imp_inference *inference, int sample);

IMP_API_END

#endif
