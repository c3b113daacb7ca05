/// imprint/learn.h: everything that learns: collecting datasets, behaviour cloning, DAgger, online
/// training, training of segmenters. Results depend on the settings and the seed, never on the
/// number of threads. A *summary is filled also when a call fails, with what was done until then.
#ifndef IMPRINT_LEARN_H
#define IMPRINT_LEARN_H

#include "imprint/callback.h"
#include "imprint/collect.h"
#include "imprint/dagger.h"
#include "imprint/train.h"
#include "imprint/train_online.h"
#include "imprint/train_segmenter.h"

#endif
