// evaluate/report/report_formats/hyperparameters.h: what TensorBoard's table of hyperparameters
// shows of a run, besides the numbers of its log.
#ifndef IMP_EVALUATE_REPORT_REPORT_FORMATS_HYPERPARAMETERS_H
#define IMP_EVALUATE_REPORT_REPORT_FORMATS_HYPERPARAMETERS_H

#include "imprint/report.h"

// Adds the settings of a run, a JSON object. Numbers, texts and flags keep their types; anything
// else becomes its JSON text. What is no object has no settings.
void imp_tensorboard_add_hyperparameters(imp_tensorboard *events, const char *settings);

// Says that the run has ended well. Numbers that belong to its end are to be added before.
void imp_tensorboard_add_session_end(imp_tensorboard *events);

#endif
