#include "pipeline/rounds.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "imprint/report.h"

enum { TABLE_BYTES_MAX = 1 << 20 };

static const char HEADER[] = "round,expert_share,frames,ended_badly,loss,validation_loss,survived,"
                             "lane_distance,distance,speed\n";

static bool read_row(const char *line, int number, imp_dagger_round *row)
{
    int round, end = 0;
    double share, loss, validation, lane, distance, speed;
    // NOLINTNEXTLINE(cert-err34-c): the file is ours, and a row that is cut off is told by its end
    if (sscanf(line, "%d,%lf,%" SCNd64 ",%d,%lf,%lf,%d,%lf,%lf,%lf%n", &round, &share, &row->frames,
               &row->ended_badly, &loss, &validation, &row->survived, &lane, &distance, &speed,
               &end) != 10 ||
        line[end] != '\0' || round != number)
        return false;
    row->expert_share = share;
    row->loss = loss;
    row->validation_loss = validation;
    row->lane_distance = lane;
    row->distance = distance;
    row->speed = speed;
    return true;
}

imp_status imp_rounds_read(imp_dagger *out, const char *folder, int last, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "rounds.csv", err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    char *text, *rest = NULL;
    size_t length;
    status = imp_file_read(&text, &length, path, TABLE_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    char *line = strtok_r(text, "\n", &rest);
    if (line == NULL || strncmp(line, HEADER, sizeof HEADER - 2) != 0)
        status = imp_fail(err, IMP_BAD_INPUT, "%s:1: is not a table of DAgger's rounds", path);
    while (status == IMP_OK && (line = strtok_r(NULL, "\n", &rest)) != NULL) {
        if (out->count > last)
            status =
                imp_fail(err, IMP_USAGE,
                         "%s: holds more rounds than the %d that are asked for: ask for more, or "
                         "start anew",
                         folder, last);
        else if (!read_row(line, out->count, &out->rounds[out->count]))
            status = imp_fail(err, IMP_BAD_INPUT, "%s:%d: is not the row of round %d", path,
                              out->count + 2, out->count);
        else
            out->count++;
    }
    free(text);
    return status;
}

static bool is_better(const imp_dagger_round *a, const imp_dagger_round *b, int episodes)
{
    const int lost_a = episodes - a->survived, lost_b = episodes - b->survived;
    // the standard deviation of a difference of two small counts
    if (abs(lost_a - lost_b) > sqrt((double)(lost_a + lost_b)))
        return lost_a < lost_b;
    return a->distance > b->distance;
}

int imp_rounds_best(const imp_dagger *out, int episodes)
{
    int best = 0;
    for (int k = 1; k < out->count; k++)
        if (is_better(&out->rounds[k], &out->rounds[best], episodes))
            best = k;
    return best;
}

// Share of survivors, lane distance and loss in one picture, on a logarithmic axis.
static imp_status draw(const imp_dagger *out, const char *folder, const imp_eval_def *eval,
                       imp_error *err)
{
    enum { LINES = 4 };
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "rounds.svg", err);
    const size_t count = (size_t)out->count;
    double *values = calloc(count * (LINES + 1), sizeof *values);
    if (status == IMP_OK && values == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    if (status == IMP_OK) {
        double *lines[LINES + 1];
        for (size_t k = 0; k <= LINES; k++)
            lines[k] = values + k * count;
        for (size_t k = 0; k < count; k++) {
            const imp_dagger_round *row = &out->rounds[k];
            lines[0][k] = (double)k;
            lines[1][k] = (double)row->survived / eval->episodes;
            lines[2][k] = row->lane_distance;
            lines[3][k] = row->loss;
            lines[4][k] = row->validation_loss;
        }
        const imp_series series[LINES] = {
            {"survival (share)", lines[0], lines[1], out->count},
            {"lane distance (m)", lines[0], lines[2], out->count},
            {"training loss", lines[0], lines[3], out->count},
            {"validation loss", lines[0], lines[4], out->count},
        };
        imp_plot_def plot = imp_default_plot_def();
        plot.title = "DAgger";
        plot.x_label = "round";
        plot.log_y = true;
        const bool validated = isfinite(lines[4][0]);
        status = imp_plot_write(path, &plot, series, validated ? LINES : LINES - 1, err);
    }
    free(values);
    return status;
}

imp_status imp_rounds_write(const imp_dagger *out, const char *folder, const imp_eval_def *eval,
                            imp_error *err)
{
    char path[IMP_PATH_MAX], *text = NULL;
    size_t length = 0;
    imp_status status = draw(out, folder, eval, err);
    if (status == IMP_OK)
        status = imp_path_join(path, folder, "rounds.csv", err);
    if (status != IMP_OK)
        return status;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    fputs(HEADER, file);
    for (int k = 0; k < out->count; k++) {
        const imp_dagger_round *row = &out->rounds[k];
        fprintf(file, "%d,%.17g,%" PRId64 ",%d,%.17g,%.17g,%d,%.17g,%.17g,%.17g\n", k,
                row->expert_share, row->frames, row->ended_badly, row->loss, row->validation_loss,
                row->survived, row->lane_distance, row->distance, row->speed);
    }
    if (fclose(file) != 0)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    else
        status = imp_file_write(path, text, length, err);
    free(text);
    return status;
}
