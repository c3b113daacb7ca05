#include "pipeline/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "imprint/report.h"

enum { HISTORY_BYTES_MAX = 64 << 20, ROW_BYTES = 96 };

imp_status imp_history_add(imp_history *history, int epoch, double loss, double validation_loss,
                           imp_error *err)
{
    if (history->count == history->capacity) {
        int capacity = history->capacity == 0 ? 64 : 2 * history->capacity;
        size_t bytes = (size_t)capacity * sizeof(double);
        double **columns[] = {&history->epochs, &history->losses, &history->validation_losses};
        for (int k = 0; k < 3; k++) {
            double *grown = realloc(*columns[k], bytes);
            if (grown == NULL)
                return imp_fail(err, IMP_NO_MEMORY, "out of memory for %d epochs", capacity);
            *columns[k] = grown;
        }
        history->capacity = capacity;
    }
    history->epochs[history->count] = epoch;
    history->losses[history->count] = loss;
    history->validation_losses[history->count++] = validation_loss;
    return IMP_OK;
}

imp_status imp_history_read(imp_history *history, const char *folder, int last_epoch,
                            imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "history.csv", err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    char *text;
    size_t length;
    status = imp_file_read(&text, &length, path, HISTORY_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    char *rest = NULL;
    strtok_r(text, "\n", &rest); // the header
    for (char *line; status == IMP_OK && (line = strtok_r(NULL, "\n", &rest)) != NULL;) {
        char *at;
        long epoch = strtol(line, &at, 10);
        double loss = *at == ',' ? strtod(at + 1, &at) : NAN;
        double validation = *at == ',' && at[1] != '\0' ? strtod(at + 1, NULL) : NAN;
        if (epoch >= 1 && epoch <= last_epoch)
            status = imp_history_add(history, (int)epoch, loss, validation, err);
    }
    free(text);
    return status;
}

static imp_status write_table(const imp_history *history, const char *folder, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "history.csv", err);
    if (status != IMP_OK)
        return status;
    size_t capacity = (size_t)(history->count + 1) * ROW_BYTES;
    char *text = malloc(capacity);
    if (text == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    size_t used = (size_t)snprintf(text, capacity, "epoch,loss,validation_loss\n");
    for (int k = 0; k < history->count; k++) {
        used += (size_t)snprintf(text + used, capacity - used, "%d,%.17g,", (int)history->epochs[k],
                                 history->losses[k]);
        if (!isnan(history->validation_losses[k]))
            used += (size_t)snprintf(text + used, capacity - used, "%.17g",
                                     history->validation_losses[k]);
        used += (size_t)snprintf(text + used, capacity - used, "\n");
    }
    status = imp_file_write(path, text, used, err);
    free(text);
    return status;
}

imp_status imp_history_write(const imp_history *history, const char *folder, imp_error *err)
{
    imp_status status = write_table(history, folder, err);
    if (status != IMP_OK || history->count == 0)
        return status;
    char path[IMP_PATH_MAX];
    status = imp_path_join(path, folder, "loss.svg", err);
    if (status != IMP_OK)
        return status;
    imp_plot_def plot = imp_default_plot_def();
    plot.title = "Training";
    plot.x_label = "epoch";
    plot.y_label = "mean squared error of the duty cycles";
    plot.log_y = true;
    imp_series series[] = {
        {"training", history->epochs, history->losses, history->count},
        {"validation", history->epochs, history->validation_losses, history->count},
    };
    bool validated = !isnan(history->validation_losses[history->count - 1]);
    return imp_plot_write(path, &plot, series, validated ? 2 : 1, err);
}

void imp_history_free(imp_history *history)
{
    free(history->epochs);
    free(history->losses);
    free(history->validation_losses);
    *history = (imp_history){0};
}
