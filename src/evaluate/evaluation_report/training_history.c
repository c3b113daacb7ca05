// The history of a training run, one row per epoch. It is written as CSV, JSON lines and a loss
// plot after every epoch, and read back when a run is resumed. Numbers are written with 17
// digits, so that they are read back exactly.
#include "evaluate/evaluation_report/training_history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "imprint/report.h"

// Upper limit for a file that is read back [bytes].
enum { HISTORY_BYTES_MAX = 64 << 20 };

imp_status imp_training_history_add(imp_training_history *history, int epoch, double loss,
                                    double validation_loss, double rate, imp_error *err)
{
    if (history->count == history->capacity) {
        // Grow all columns; their old content stays valid if one of them fails.
        int capacity = history->capacity == 0 ? 64 : 2 * history->capacity;
        size_t bytes = (size_t)capacity * sizeof(double);
        double **columns[] = {&history->epochs, &history->losses, &history->validation_losses,
                              &history->rates};
        for (int k = 0; k < 4; k++) {
            double *grown = realloc(*columns[k], bytes);
            if (grown == NULL)
                return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                                IMP_PLURAL(capacity, "epoch"));
            *columns[k] = grown;
        }
        history->capacity = capacity;
    }
    // The four columns have the same length.
    history->epochs[history->count] = epoch;
    history->losses[history->count] = loss;
    history->validation_losses[history->count] = validation_loss;
    history->rates[history->count++] = rate;
    return IMP_OK;
}

// A missing file is an empty history. Epochs after `last_epoch` are left out, because a run that is
// resumed from an older checkpoint computes them again.
imp_status imp_training_history_read(imp_training_history *history, const char *folder,
                                     int last_epoch, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "history.csv", err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    // The whole file is read at once and split in place.
    char *text;
    size_t length;
    status = imp_file_read(&text, &length, path, HISTORY_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    // Parse each line: epoch, loss, validation loss (may be empty), learning rate.
    char *rest = NULL;
    strtok_r(text, "\n", &rest); // the header
    // Lines of other forms give NaN or are skipped, because they have no epoch of at least 1.
    for (char *line; status == IMP_OK && (line = strtok_r(NULL, "\n", &rest)) != NULL;) {
        char *at;
        long epoch = strtol(line, &at, 10);
        double loss = *at == ',' ? strtod(at + 1, &at) : NAN;
        double validation = NAN;
        if (*at == ',' && at[1] != ',') // nothing between commas: no validation
            validation = strtod(at + 1, &at);
        else if (*at == ',')
            at++;
        double rate = *at == ',' ? strtod(at + 1, NULL) : NAN;
        if (epoch >= 1 && epoch <= last_epoch)
            status = imp_training_history_add(history, (int)epoch, loss, validation, rate, err);
    }
    free(text);
    return status;
}

// Writes the row of entry k.
static void write_csv_row(FILE *out, const imp_training_history *history, int k)
{
    // A missing validation loss is an empty field.
    const double validation = history->validation_losses[k];
    fprintf(out, "%d,%.17g,", (int)history->epochs[k], history->losses[k]);
    if (!isnan(validation))
        fprintf(out, "%.17g", validation);
    fprintf(out, ",%.17g\n", history->rates[k]);
}

// The same as a JSON object; a missing validation loss is null.
static void write_json_line(FILE *out, const imp_training_history *history, int k)
{
    const double validation = history->validation_losses[k];
    fprintf(out, "{\"epoch\": %d, \"loss\": %.17g, \"validation_loss\": ", (int)history->epochs[k],
            history->losses[k]);
    if (isnan(validation))
        fputs("null", out);
    else
        fprintf(out, "%.17g", validation);
    fprintf(out, ", \"learning_rate\": %.17g}\n", history->rates[k]);
}

// Writes a file with one line per epoch.
// `put` writes one line; the header may be empty.
static imp_status write_lines(const imp_training_history *history, const char *folder,
                              const char *name, const char *header,
                              void (*put)(FILE *out, const imp_training_history *history, int k),
                              imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(path, folder, name, err));
    imp_atomic_file file;
    IMP_TRY(imp_atomic_file_open(&file, path, err));
    fputs(header, file.stream);
    for (int k = 0; k < history->count; k++)
        put(file.stream, history, k);
    return imp_atomic_file_commit(&file, err);
}

// All files are written anew after each epoch; each one is replaced in one step.
imp_status imp_training_history_write(const imp_training_history *history, const char *folder,
                                      imp_error *err)
{
    imp_status status =
        write_lines(history, folder, "history.csv", "epoch,loss,validation_loss,learning_rate\n",
                    write_csv_row, err);
    if (status == IMP_OK)
        status = write_lines(history, folder, "history.jsonl", "", write_json_line, err);
    if (status != IMP_OK || history->count == 0)
        return status;
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_path_join(path, folder, "loss.svg", err));
    // The plot of training and validation loss.
    imp_plot_def plot = imp_default_plot_def();
    plot.title = "Training";
    plot.x_label = "epoch";
    plot.integer_x = true;
    plot.y_label = "loss (logarithmic)";
    plot.log_y = true;
    imp_plot_series series[] = {
        {"training", history->epochs, history->losses, history->count},
        {"validation", history->epochs, history->validation_losses, history->count},
    };
    // Runs without validation have one curve only.
    bool validated = !isnan(history->validation_losses[history->count - 1]);
    return imp_plot_write(path, &plot, series, validated ? 2 : 1, err);
}

void imp_training_history_free(imp_training_history *history)
{
    free(history->epochs);
    free(history->losses);
    free(history->validation_losses);
    free(history->rates);
    *history = (imp_training_history){0};
}
