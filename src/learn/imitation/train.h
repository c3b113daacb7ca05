// learn/imitation/train.h: what DAgger asks of behaviour cloning beforehand.
#ifndef IMP_LEARN_IMITATION_TRAIN_H
#define IMP_LEARN_IMITATION_TRAIN_H

#include "imprint/train.h"

// Refuses settings that imp_train() would refuse for images of that size, network included.
imp_status imp_train_check_def(const imp_train_def *def, int width, int height, imp_error *err);

#endif
