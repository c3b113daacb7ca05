// imprint plot: draws the loss of one or several trainings over the epochs, with a logarithmic
// axis. The values come from the history.csv in each training's folder, so a training that is
// still running can be plotted. With more than two trainings only the validation loss is drawn,
// because names and lines would be hard to distinguish.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "evaluate/evaluation_report/training_history.h"
#include "imprint/report.h"

// The curves. Up to RUNS_WITH_BOTH runs have one curve for training and one for validation, where
// there is any. More runs have only the latter.
enum { RUNS_WITH_BOTH = 2 };

// The names are kept here, because the series only borrow them.
typedef struct curves {
    imp_training_history histories[IMP_LIST_MAX];
    imp_plot_series series[2 * IMP_LIST_MAX];
    char names[2 * IMP_LIST_MAX][96];
    int count;
} curves;

// Options and what is plotted.
typedef struct settings {
    const char *out;
    int size[2];
    bool force;
    curves curves;
} settings;

// Adds a curve. It borrows its values from the history and its name from this struct.
static void add_loss_curve(curves *c, const char *run, const char *what,
                           const imp_training_history *history, const double *values)
{
    // the name is the run and the kind of loss; a single run has only the kind
    snprintf(c->names[c->count], sizeof c->names[0], "%.70s%s%s", run, run[0] != '\0' ? " " : "",
             what);
    c->series[c->count] = (imp_plot_series){
        .name = c->names[c->count], .x = history->epochs, .y = values, .count = history->count};
    c->count++;
}

// Reads the histories. A single run needs no name; several are named by what distinguishes their
// folders.
static imp_status read_histories_of_runs(curves *c, const imp_options *options, imp_error *err)
{
    for (int k = 0; k < options->operand_count; k++) {
        const char *run = options->operands[k];
        imp_training_history *history = &c->histories[k];
        // a file instead of a folder gets a message of its own
        IMP_TRY(imp_file_type_expect_folder(run, "a run is a folder of imprint train", err));
        IMP_TRY(imp_training_history_read(history, run, INT32_MAX, err));
        if (history->count == 0)
            return imp_fail(
                err, IMP_BAD_INPUT,
                "%s: has no history.csv with an epoch in it: give the folder of a training; of "
                "DAgger's rounds, DIR/model-000 and so on",
                run);
        // curves of this run
        const char *name =
            options->operand_count == 1
                ? ""
                : imp_path_shortest_unique_tail(options->operands, options->operand_count, k);
        // the first row decides whether the training has a validation
        const bool validated = !isnan(history->validation_losses[0]);
        if (!validated || options->operand_count <= RUNS_WITH_BOTH)
            add_loss_curve(c, name, "training", history, history->losses);
        if (validated)
            add_loss_curve(c, name, "validation", history, history->validation_losses);
    }
    return IMP_OK;
}

// Checks the options, reads the runs, and writes the plot.
static imp_status run_plot_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    curves *c = &s->curves;
    if (options->operand_count < 1)
        return imp_fail(err, IMP_USAGE, "give at least one folder of imprint train");
    static const char *const extensions[] = {".png", ".svg", NULL};
    const imp_status named = imp_output_check_file(s->out, extensions, err);
    if (named != IMP_OK)
        return named;
    if (imp_path_exists(s->out) && !s->force)
        return imp_fail(err, IMP_IO, "%s exists: replace it with --force, or choose another --out",
                        s->out);
    IMP_TRY(read_histories_of_runs(c, options, err));
    // losses span orders of magnitude
    imp_plot_def def = imp_default_plot_def();
    def.title = "Training";
    def.x_label = "epoch";
    def.integer_x = true;
    def.y_label = "loss (logarithmic)";
    def.log_y = true;
    def.width = s->size[0];
    def.height = s->size[1];
    return imp_plot_write(s->out, &def, c->series, c->count, err);
}

// Says what was drawn.
static int print_plot_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const curves *c = &s->curves;
    if (options->json)
        return imp_console_finish_with_json(json_pack("{s:s, s:i, s:i}", "out", s->out, "runs",
                                                      options->operand_count, "curves", c->count));
    printf("%s: %s of %s\n", s->out, IMP_PLURAL(c->count, "curve"),
           IMP_PLURAL(options->operand_count, "run"));
    return imp_console_flush();
}

// The default size suits a page of text.
static void set_up_plot_command(void *state, imp_options *options)
{
    settings *s = state;
    s->out = "loss.svg";
    s->size[0] = 720;
    s->size[1] = 420;
    const imp_option table[] = {
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE", "image to write: FILE.svg or FILE.png",
         IMP_TRANSIENT},
        {"size", 0, IMP_OPTION_PAIR, &s->size, "WxH", "size of the image [px], 720x420 by default",
         IMP_SETTING},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the file if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// Frees the histories; those that were never read are empty.
static void free_plot_command(void *state)
{
    settings *s = state;
    for (int k = 0; k < IMP_LIST_MAX; k++)
        imp_training_history_free(&s->curves.histories[k]);
}

const imp_command imp_command_plot = {
    .name = "plot",
    .summary = "plot the loss of one or several trainings",
    .operands = "RUN...",
    .details = "RUN is a folder of `imprint train`, finished or not. With more than two, only the "
               "validation loss is plotted.",
    .examples = "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-plot-d --force &&\n"
                "  imprint train --data /tmp/imprint-plot-d --epochs 3 --out /tmp/imprint-plot-m "
                "--force &&\n"
                "  imprint plot /tmp/imprint-plot-m --out /tmp/imprint-loss.png --force",
    .state_size = sizeof(settings),
    .set_up = set_up_plot_command,
    .run = run_plot_command,
    .report = print_plot_summary,
    .tear_down = free_plot_command,
};
