// learn/doubt_fit/logistic_regression.h: logistic regression with a penalty, by Newton's method.
#ifndef IMP_LEARN_DOUBT_FIT_LOGISTIC_REGRESSION_H
#define IMP_LEARN_DOUBT_FIT_LOGISTIC_REGRESSION_H

#include "imprint/base.h"

enum { IMP_REGRESSION_FEATURES_MAX = 1024 };

// Samples: features, and whether each is a success.
typedef struct imp_regression_data {
    const float **rows; // (count) features of each
    const bool *labels; // (count)
    int count, features;
} imp_regression_data;

// Finds weights (features) and a bias that maximise the sum of log-likelihoods, minus ridge / 2
// times the sum of squared weights of features that are standardised. The weights returned are
// those of the features as they are. IMP_CHECK_FAILED if all labels are equal.
imp_status imp_logistic_regression_fit(double *weights, double *bias,
                                       const imp_regression_data *data, double ridge,
                                       imp_error *err);

#endif
