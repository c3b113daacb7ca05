// The table of DAgger's rounds: rounds.csv, which resuming reads again to the bit, rounds.svg, and
// which round is the best. Tables of earlier releases are read, too: a header says which they are.
#include "learn/imitation/dagger_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/text_stream.h"
#include "imprint/report.h"

// A larger file is not a table of ours.
enum { TABLE_BYTES_MAX = 1 << 20 };

// What tables of earlier releases begin with: they know nothing of stalls.
static const char OLD_HEADER[] = "round,expert_share,frames,ended_badly,loss,validation_loss,"
                                 "survived,lane_distance,distance,speed";
static const char HEADER[] =
    "round,expert_share,frames,ended_badly,loss,validation_loss,survived,"
    "lane_distance,distance,speed,completed,stalled,progress,net_distance\n";

// Parses a row of the table, and checks that it is complete and of the expected round. Returns
// false for any other text. `old` selects the columns of earlier releases.
static bool parse_round_row(const char *line, bool old, int number, imp_dagger_round *row)
{
    // %n stores how far a row was read, for rows of the old form and of the new one
    int round, old_end = 0, end = 0;
    double share, loss, validation, lane, distance, speed, progress = NAN, net_distance = NAN;
    // NOLINTNEXTLINE(cert-err34-c): the file is ours, and a truncated row lacks its end
    const int fields = sscanf(
        line, "%d,%lf,%" SCNd64 ",%d,%lf,%lf,%d,%lf,%lf,%lf%n,%d,%d,%lf,%lf%n", &round, &share,
        &row->frames, &row->terminated, &loss, &validation, &row->survived, &lane, &distance,
        &speed, &old_end, &row->completed, &row->stalled, &progress, &net_distance, &end);
    if (fields != (old ? 10 : 14) || line[old ? old_end : end] != '\0' || round != number)
        return false;
    row->expert_share = share;
    row->loss = loss;
    row->validation_loss = validation;
    row->lane_distance = lane;
    row->distance = distance;
    row->speed = speed;
    row->progress = progress;
    row->net_distance = net_distance;
    // old tables lack these columns; the closest known value is used
    if (old) {
        row->completed = row->survived;
        row->net_distance = distance;
    }
    return true;
}

// Reads at most rounds 0 to `last`; a folder without a table gives none.
imp_status imp_dagger_table_read(imp_dagger_result *out, const char *folder, int last,
                                 imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "rounds.csv", err);
    if (status != IMP_OK || !imp_path_exists(path))
        return status;
    char *text, *rest = NULL;
    size_t length;
    IMP_TRY(imp_file_read(&text, &length, path, TABLE_BYTES_MAX, err));
    // the header tells the release, then come the rounds in their order
    char *line = strtok_r(text, "\n", &rest);
    const bool old = line != NULL && strcmp(line, OLD_HEADER) == 0;
    if (line == NULL || (!old && strncmp(line, HEADER, sizeof HEADER - 2) != 0))
        status = imp_fail(err, IMP_BAD_INPUT, "%s:1: is not a table of DAgger's rounds", path);
    while (status == IMP_OK && (line = strtok_r(NULL, "\n", &rest)) != NULL) {
        if (out->count > last)
            status = imp_add_hint(
                err, IMP_HINT_START_OVER,
                imp_fail(err, IMP_USAGE,
                         "%s: holds more rounds than are asked for (%d): ask for as many or more",
                         folder, last));
        else if (!parse_round_row(line, old, out->count, &out->rounds[out->count]))
            status = imp_fail(err, IMP_BAD_INPUT, "%s:%d: is not the row of round %d", path,
                              out->count + 2, out->count);
        else
            out->count++;
    }
    free(text);
    return status;
}

// Whether round a is better than b, over the same number of evaluation episodes. Completed episodes
// decide if they differ by more than chance; else the distance does.
static bool is_better_round(const imp_dagger_round *a, const imp_dagger_round *b, int episodes)
{
    // counts of rare failures are nearly Poisson, so that the variance of their difference is their
    // sum
    const int lost_a = episodes - a->completed, lost_b = episodes - b->completed;
    // the standard deviation of a difference of two small counts
    if (abs(lost_a - lost_b) > sqrt((double)(lost_a + lost_b)))
        return lost_a < lost_b;
    // the distance counts circles on the spot, too
    return a->stalled > 0 || b->stalled > 0 ? a->net_distance > b->net_distance
                                            : a->distance > b->distance;
}

// Returns the number of the best round; of equal ones, the first.
int imp_dagger_table_find_best_round(const imp_dagger_result *out, int episodes)
{
    int best = 0;
    for (int k = 1; k < out->count; k++)
        if (is_better_round(&out->rounds[k], &out->rounds[best], episodes))
            best = k;
    return best;
}

// Line 0 holds the x-coordinates of all the others.
enum { PLOT_LINES = 7 }; // of rounds.svg: rounds, and what is drawn of them

// Shares are in percent, lane distances in centimetres. lines[k][r] is quantity k of round r;
// rounds that lack it have NaN.
static void fill_plot_lines(double *lines[PLOT_LINES], const imp_dagger_result *out, int episodes)
{
    for (int k = 0; k < out->count; k++) {
        const imp_dagger_round *row = &out->rounds[k];
        lines[0][k] = k;
        lines[1][k] = 100.0 * row->completed / episodes;
        lines[2][k] = 100.0 * row->progress;
        lines[3][k] = 100.0 * row->expert_share;
        lines[4][k] = 100.0 * row->lane_distance;
        lines[5][k] = row->loss;
        lines[6][k] = row->validation_loss;
    }
}

// Whether a line has a point that a plot can show; a logarithmic axis needs positive values.
static bool any_positive(const double *line, int count)
{
    bool found = false;
    for (int k = 0; k < count; k++)
        found = found || (isfinite(line[k]) && line[k] > 0.0);
    return found;
}

imp_status imp_dagger_count_rounds(int *out, const char *folder, imp_error *err)
{
    enum { BYTES_MAX = 1 << 20 };
    char path[IMP_PATH_MAX], *text = NULL;
    size_t length;
    int lines = 0;
    *out = 0;
    IMP_TRY(imp_path_join(path, folder, "rounds.csv", err));
    if (!imp_path_exists(path))
        return IMP_OK;
    IMP_TRY(imp_file_read(&text, &length, path, BYTES_MAX, err));
    for (size_t k = 0; k < length; k++)
        lines += text[k] == '\n';
    free(text);
    *out = lines > 0 ? lines - 1 : 0; // the first line names the columns
    return IMP_OK;
}

// How policies did, and what they were trained to, one below the other. There are three panels:
// shares, lane distance and loss.
static imp_status write_round_plot(double *lines[PLOT_LINES], int count, const char *path,
                                   imp_error *err)
{
    const imp_plot_series series[] = {{"completed", lines[0], lines[1], count},
                                      {"progress", lines[0], lines[2], count},
                                      {"driven by the expert", lines[0], lines[3], count},
                                      {"lane distance", lines[0], lines[4], count},
                                      {"training", lines[0], lines[5], count},
                                      {"validation", lines[0], lines[6], count}};
    // panels share the axis of rounds; only the lowest one names it
    imp_plot_def share = imp_default_plot_def();
    share.integer_x = true;
    share.x_max = count - 1;
    share.height = 260;
    imp_plot_def lane = share, loss = share;
    share.title = "DAgger";
    share.y_label = "share [%]";
    share.y_max = 100.0;
    lane.y_label = "mean |lane distance| [cm]";
    loss.y_label = "loss (logarithmic)";
    loss.log_y = true;
    loss.x_label = "round";
    // panels without a point are left out
    imp_plot_panel panels[3] = {{&share, series, 3}};
    int used = 1;
    if (any_positive(lines[4], count))
        panels[used++] = (imp_plot_panel){&lane, &series[3], 1};
    if (any_positive(lines[5], count))
        panels[used++] = (imp_plot_panel){&loss, &series[4], any_positive(lines[6], count) ? 2 : 1};
    return imp_plot_write_panels(path, panels, used, err);
}

// Allocates the lines, fills them and writes rounds.svg.
static imp_status plot_rounds(const imp_dagger_result *out, const char *folder,
                              const imp_eval_def *eval, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "rounds.svg", err);
    // one block for all lines; lines[k] points into it
    double *values = calloc((size_t)out->count * PLOT_LINES, sizeof *values), *lines[PLOT_LINES];
    if (status == IMP_OK && values == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    for (int k = 0; status == IMP_OK && k < PLOT_LINES; k++)
        lines[k] = values + k * out->count;
    if (status == IMP_OK) {
        fill_plot_lines(lines, out, eval->episodes);
        status = write_round_plot(lines, out->count, path, err);
    }
    free(values);
    return status;
}

// The plot comes first: the table says which rounds are finished, so that it must be the last file.
imp_status imp_dagger_table_write(const imp_dagger_result *out, const char *folder,
                                  const imp_eval_def *eval, imp_error *err)
{
    char path[IMP_PATH_MAX];
    imp_status status = plot_rounds(out, folder, eval, err);
    if (status == IMP_OK)
        status = imp_path_join(path, folder, "rounds.csv", err);
    if (status != IMP_OK)
        return status;
    // the whole table is made in memory, so that the file changes at once
    imp_text_stream table;
    IMP_TRY(imp_text_stream_open(&table, path, err));
    fputs(HEADER, table.out);
    for (int k = 0; k < out->count; k++) {
        const imp_dagger_round *row = &out->rounds[k];
        fprintf(table.out,
                "%d,%.17g,%" PRId64 ",%d,%.17g,%.17g,%d,%.17g,%.17g,%.17g,%d,%d,%.17g,%.17g\n", k,
                row->expert_share, row->frames, row->terminated, row->loss, row->validation_loss,
                row->survived, row->lane_distance, row->distance, row->speed, row->completed,
                row->stalled, row->progress, row->net_distance);
    }
    IMP_TRY(imp_text_stream_close(&table, path, err));
    status = imp_file_write(path, table.bytes, table.length, err);
    free(table.bytes);
    return status;
}
