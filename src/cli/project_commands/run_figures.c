// The figures of a run, from the tables that its command wrote: a training's smallest validation
// loss, DAgger's best round, an evaluation's last policy, the size of a dataset.
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/plural.h"
#include "cli/project_commands/run_list.h"
#include "imprint/dataset.h"

enum { COLUMNS_MAX = 32, LINE_MAX_LENGTH = 2048 };

// A row of a CSV table of numbers; NAN where a cell is empty.
typedef struct table_row {
    double cells[COLUMNS_MAX];
} table_row;

// The place of a column in the first line of a table, or -1.
static int column_index(const char *header, const char *name)
{
    int column = 0;
    for (const char *at = header; *at != '\0'; column++) {
        const size_t length = strcspn(at, ",\n");
        if (length == strlen(name) && strncmp(at, name, length) == 0)
            return column;
        at += length + (at[length] != '\0');
    }
    return -1;
}

// Reads the numbers of a line; NaN where there is none.
static void parse_table_row(table_row *row, const char *line)
{
    for (int k = 0; k < COLUMNS_MAX; k++) {
        char *end;
        row->cells[k] = strtod(line, &end);
        if (end == line)
            row->cells[k] = NAN;
        line += strcspn(line, ",");
        line += *line == ',';
    }
}

// Finds the row of a table with the largest value in a column, times `sign`. Returns the number of
// rows, 0 if there is no such table.
static int read_best_row(table_row *best, char header[LINE_MAX_LENGTH], const imp_run *run,
                         const char *name, const char *column, double sign)
{
    char path[IMP_PATH_MAX], line[LINE_MAX_LENGTH];
    int rows = 0, place = -1;
    if (imp_path_join(path, run->path, name, NULL) != IMP_OK)
        return 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(header, LINE_MAX_LENGTH, file) != NULL)
        place = column_index(header, column);
    while (place >= 0 && place < COLUMNS_MAX && fgets(line, sizeof line, file) != NULL) {
        table_row row;
        parse_table_row(&row, line);
        if (rows++ == 0 || sign * row.cells[place] > sign * best->cells[place])
            *best = row;
    }
    fclose(file);
    return rows;
}

// A cell by its column's name; NAN without it.
static double cell_of_column(const table_row *row, const char *header, const char *column)
{
    const int place = column_index(header, column);
    return place >= 0 && place < COLUMNS_MAX ? row->cells[place] : (double)NAN;
}

// The best loss: of validation, or of training where nothing was held out.
static void read_training_metrics(imp_run *run)
{
    char header[LINE_MAX_LENGTH];
    table_row best;
    const int epochs = read_best_row(&best, header, run, "history.csv", "validation_loss", -1.0);
    if (epochs == 0)
        return;
    double loss = cell_of_column(&best, header, "validation_loss");
    if (isnan(loss))
        loss = cell_of_column(&best, header, "loss");
    snprintf(run->figures, sizeof run->figures, "loss %.5f, %s", loss, IMP_PLURAL(epochs, "epoch"));
    run->rank = loss;
}

// The round that completed most.
static void read_dagger_metrics(imp_run *run)
{
    char header[LINE_MAX_LENGTH];
    table_row best;
    const int rounds = read_best_row(&best, header, run, "rounds.csv", "completed", 1.0);
    const char *episodes = imp_run_find_setting(run, "eval-episodes");
    if (rounds == 0)
        return;
    const double completed = cell_of_column(&best, header, "completed");
    snprintf(run->figures, sizeof run->figures, "completed %.0f of %s, %.2f cm, %s", completed,
             episodes != NULL ? episodes : "?",
             100.0 * cell_of_column(&best, header, "lane_distance"), IMP_PLURAL(rounds, "round"));
    run->rank = -completed;
}

// The last policy is the one that is evaluated; those before it are what it is compared with.
static void read_evaluation_metrics(imp_run *run)
{
    char path[IMP_PATH_MAX];
    if (imp_path_join(path, run->path, "metrics.json", NULL) != IMP_OK)
        return;
    json_t *metrics = json_load_file(path, 0, NULL);
    const json_t *policies = json_object_get(metrics, "policies");
    const json_t *last = json_array_get(policies, json_array_size(policies) - 1);
    const char *name = json_string_value(json_object_get(last, "policy"));
    if (name != NULL) {
        const double completed = json_number_value(json_object_get(last, "completed"));
        const double episodes = json_number_value(json_object_get(last, "episodes"));
        snprintf(run->figures, sizeof run->figures, "%.40s: completed %.0f of %.0f, %.0f %%", name,
                 completed, episodes, 100.0 * json_number_value(json_object_get(last, "progress")));
        run->rank = -completed / fmax(episodes, 1.0);
    }
    json_decref(metrics);
}

// How much was recorded; datasets that cannot be opened have no figures.
static void read_dataset_metrics(imp_run *run)
{
    imp_dataset *dataset;
    if (imp_dataset_open(&dataset, run->path, NULL) != IMP_OK)
        return;
    const int episodes = imp_dataset_episode_count(dataset);
    const int64_t frames = imp_dataset_step_count(dataset);
    snprintf(run->figures, sizeof run->figures, "%s, %s", IMP_PLURAL(episodes, "episode"),
             IMP_PLURAL(frames, "frame"));
    run->rank = -(double)frames;
    imp_dataset_close(dataset);
}

void imp_run_read_metrics(imp_run *run)
{
    if (strcmp(run->command, "train") == 0 || strcmp(run->command, "seg-train") == 0)
        read_training_metrics(run);
    else if (strcmp(run->command, "dagger") == 0)
        read_dagger_metrics(run);
    else if (strcmp(run->command, "eval") == 0)
        read_evaluation_metrics(run);
    else if (strcmp(run->command, "log") == 0 || strcmp(run->command, "import") == 0)
        read_dataset_metrics(run);
}
