// nn/network/doubt_head.h: a second head of a network, which tells its doubt from hidden layers.
#ifndef IMP_NN_NETWORK_DOUBT_HEAD_H
#define IMP_NN_NETWORK_DOUBT_HEAD_H

#include "nn/network/network.h"

enum { IMP_FEATURE_NODES_MAX = 4, IMP_FEATURES_MAX = 1024 };

// Key of a model's metadata: the bias and then the weights, separated by spaces.
#define IMP_DOUBT_KEY "doubt"

// The hidden vectors of a network that its dense layers read, in the order of computation: those of
// at most IMP_FEATURES_MAX / IMP_FEATURE_NODES_MAX values, the last ones if there are many.
typedef struct imp_feature_list {
    int nodes[IMP_FEATURE_NODES_MAX];
    int sizes[IMP_FEATURE_NODES_MAX]; // values of each
    int count;
    int total; // values of all
} imp_feature_list;

imp_feature_list imp_graph_list_features(const imp_graph *graph);

// Doubt is the logistic function of bias + sum of weights * features.
typedef struct imp_doubt_head {
    bool exists;
    float bias;
    float weights[IMP_FEATURES_MAX];
} imp_doubt_head;

// Reads the head of a network from its metadata, if it has one. IMP_BAD_INPUT if it is not one for
// this network.
imp_status imp_doubt_head_read(imp_doubt_head *out, const imp_network *network, imp_error *err);

// The doubt at these features, in [0, 1].
double imp_doubt_head_evaluate(const imp_doubt_head *head, const float *features, int count);

#endif
