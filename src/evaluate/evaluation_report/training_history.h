// evaluate/evaluation_report/training_history.h: the record of a training run: a row per epoch, as
// CSV, as JSON lines and as a plot.
#ifndef IMP_EVALUATE_EVALUATION_REPORT_TRAINING_HISTORY_H
#define IMP_EVALUATE_EVALUATION_REPORT_TRAINING_HISTORY_H

#include "imprint/base.h"

typedef struct imp_training_history {
    int count, capacity;
    double *epochs, *losses, *rates; // (count); rates: learning rate at the end of the epoch
    double *validation_losses;       // (count); NaN where there is no validation
} imp_training_history;

imp_status imp_training_history_add(imp_training_history *history, int epoch, double loss,
                                    double validation_loss, double rate, imp_error *err);

// Reads the rows of folder/history.csv up to an epoch. Without the file the history is empty.
imp_status imp_training_history_read(imp_training_history *history, const char *folder,
                                     int last_epoch, imp_error *err);

// Writes folder/history.csv, folder/history.jsonl and folder/loss.svg.
imp_status imp_training_history_write(const imp_training_history *history, const char *folder,
                                      imp_error *err);

void imp_training_history_free(imp_training_history *history);

#endif
