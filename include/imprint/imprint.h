/// imprint/imprint.h: all public headers of the library.
#ifndef IMPRINT_IMPRINT_H
#define IMPRINT_IMPRINT_H

#include "imprint/agent.h"
#include "imprint/api.h"
#include "imprint/base.h"
#include "imprint/challenge.h"
#include "imprint/collect.h"
#include "imprint/dagger.h"
#include "imprint/dataset.h"
#include "imprint/env.h"
#include "imprint/evaluate.h"
#include "imprint/evaluator.h"
#include "imprint/import_export.h"
#include "imprint/learn.h"
#include "imprint/map_generator.h"
#include "imprint/map_set.h"
#include "imprint/nn.h"
#include "imprint/observation.h"
#include "imprint/policy.h"
#include "imprint/randomization.h"
#include "imprint/render.h"
#include "imprint/report.h"
#include "imprint/robot.h"
#include "imprint/rollout.h"
#include "imprint/segmentation.h"
#include "imprint/train.h"
#include "imprint/train_online.h"
#include "imprint/train_segmenter.h"
#include "imprint/version.h"
#include "imprint/world.h"

#endif
