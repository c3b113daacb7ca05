// imprint audit: says how far the expert's actions in datasets are determined by what a learner
// sees, before anything is trained. learn/audit compares the frames; audit_findings.c says what the
// numbers mean.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/data_commands/audit_findings.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"

typedef struct settings {
    imp_audit_def def;
    const char *out; // NULL: no report
    bool force;
    imp_audit audit;
    imp_audit_findings findings;
} settings;

// Numbers of both labels.
static json_t *labels_json(const double values[IMP_AUDIT_LABEL_COUNT])
{
    json_t *object = json_object();
    for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++)
        imp_json_set(object, imp_audit_label_name(label), imp_json_real_or_null(values[label]));
    return object;
}

// One set of inputs.
static json_t *row_json(const imp_audit *audit, int input)
{
    const imp_audit_row *row = &audit->rows[input];
    json_t *shares = json_object(), *spreads = json_object();
    for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++)
        imp_json_set(shares, imp_audit_label_name(label),
                     imp_estimate_json(row->unexplained[label]));
    for (int s = 0; s < IMP_AUDIT_SITUATION_COUNT; s++)
        imp_json_set(spreads, imp_audit_situation_name(s), labels_json(row->spread[s]));
    return json_pack("{s:s, s:b, s:o, s:o}", "inputs", imp_audit_input_name(input), "privileged",
                     imp_audit_input_is_privileged(input), "unexplained", shares, "spread",
                     spreads);
}

// Everything but the places.
static json_t *audit_json(const settings *s)
{
    const imp_audit *audit = &s->audit;
    json_t *situations = json_object(), *rows = json_array(), *findings = json_array();
    for (int k = 0; k < IMP_AUDIT_SITUATION_COUNT; k++)
        imp_json_set(situations, imp_audit_situation_name(k),
                     json_pack("{s:i, s:o}", "frames", audit->situation_queries[k], "deviation",
                               labels_json(audit->deviation[k])));
    for (int input = 0; input < IMP_AUDIT_INPUT_COUNT; input++)
        if (audit->rows[input].known)
            imp_json_append(rows, row_json(audit, input));
    for (int k = 0; k < s->findings.count; k++)
        imp_json_append(findings, json_string(s->findings.texts[k]));
    return json_pack("{s:i, s:i, s:i, s:o, s:o, s:o}", "episodes", audit->episodes, "frames",
                     audit->frames, "compared", audit->queries, "situations", situations, "inputs",
                     rows, "findings", findings);
}

// Writes the report with its images, and the numbers.
static imp_status write_results(const settings *s, imp_dataset *const *datasets, int count,
                                imp_error *err)
{
    char path[IMP_PATH_MAX];
    const char *findings[IMP_AUDIT_FINDINGS_MAX];
    for (int k = 0; k < s->findings.count; k++)
        findings[k] = s->findings.texts[k];
    IMP_TRY(imp_audit_write_report(&s->audit, datasets, count, findings, s->findings.count, s->out,
                                   err));
    IMP_TRY(imp_path_join(path, s->out, "audit.json", err));
    return imp_json_write_file(path, audit_json(s), 6, err);
}

// Compares the frames of open datasets.
static imp_status audit_datasets(settings *s, imp_dataset *const *datasets, int count,
                                 const imp_options *options, imp_error *err)
{
    imp_output_folder folder = {0};
    const imp_monitor monitor = imp_console_create_monitor(options);
    if (s->out != NULL)
        IMP_TRY(imp_output_folder_claim(&folder, options, s->out, s->force, err));
    imp_status status = imp_audit_run(&s->audit, datasets, count, &s->def, &monitor, err);
    imp_console_clear_progress();
    if (status == IMP_OK) {
        imp_audit_find(&s->findings, &s->audit);
        status = s->out != NULL ? write_results(s, datasets, count, err) : IMP_OK;
    }
    if (s->out != NULL)
        imp_output_folder_restore_or_drop_backup(&folder, status, err);
    return status;
}

static imp_status run_audit_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    const int count = options->operand_count;
    imp_dataset **datasets = calloc((size_t)count + 1, sizeof(imp_dataset *));
    if (datasets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "dataset"));
    imp_status status = count > 0
                            ? IMP_OK
                            : imp_fail(err, IMP_USAGE,
                                       "give a dataset, such as one of imprint log, or data-0 "
                                       "in a folder of imprint dagger");
    for (int d = 0; d < count && status == IMP_OK; d++)
        status = imp_dataset_open(&datasets[d], options->operands[d], err);
    if (status == IMP_OK)
        status = audit_datasets(s, datasets, count, options, err);
    for (int d = 0; d < count; d++)
        imp_dataset_close(datasets[d]);
    free(datasets);
    return status;
}

// What each set of inputs leaves open, those that a robot cannot measure last.
static void print_inputs(const imp_audit *audit)
{
    printf("share of the variance of the expert's action that stays open [%%]\n");
    printf("  %-46s %22s %22s\n", "inputs", "steering", "drive");
    for (int input = 0; input < IMP_AUDIT_INPUT_COUNT; input++) {
        if (!audit->rows[input].known)
            continue;
        printf("  %-46s", imp_audit_input_name(input));
        for (int label = 0; label < IMP_AUDIT_LABEL_COUNT; label++) {
            const imp_estimate share = audit->rows[input].unexplained[label];
            char text[32] = "-"; // a label that does not vary
            if (isfinite(share.value))
                snprintf(text, sizeof text, "%.1f (%.1f to %.1f)", 100.0 * share.value,
                         100.0 * share.low, 100.0 * share.high);
            printf("  %22s", text);
        }
        printf("\n");
    }
}

// How much steering stays open where.
static void print_situations(const imp_audit *audit)
{
    static const int inputs[] = {IMP_AUDIT_IMAGE, IMP_AUDIT_COMMAND, IMP_AUDIT_ACTIONS,
                                 IMP_AUDIT_EARLIER_300};
    static const char *const names[] = {"image", "+command", "+actions", "+0.3 s before"};
    enum { INPUTS = sizeof inputs / sizeof inputs[0] };
    printf("\nsteering that stays open, root mean square [duty cycle]\n");
    printf("  %-22s %7s %7s", "situation", "frames", "labels");
    for (int k = 0; k < INPUTS; k++)
        if (audit->rows[inputs[k]].known)
            printf(" %14s", names[k]);
    printf("\n");
    for (int s = 0; s < IMP_AUDIT_SITUATION_COUNT; s++) {
        if (audit->situation_queries[s] == 0)
            continue;
        printf("  %-22s %7d %7.3f", imp_audit_situation_name(s), audit->situation_queries[s],
               audit->deviation[s][IMP_AUDIT_STEERING]);
        for (int k = 0; k < INPUTS; k++)
            if (audit->rows[inputs[k]].known)
                printf(" %14.3f", audit->rows[inputs[k]].spread[s][IMP_AUDIT_STEERING]);
        printf("\n");
    }
}

static int print_audit(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_audit *audit = &s->audit;
    if (options->json)
        return imp_console_finish_with_json(audit_json(s));
    printf("%s of %s; for %d of them the %d nearest frames of other episodes were found\n\n",
           IMP_PLURAL(audit->frames, "frame"), IMP_PLURAL(audit->episodes, "episode"),
           audit->queries, s->def.neighbours);
    print_inputs(audit);
    print_situations(audit);
    printf("\n");
    for (int k = 0; k < s->findings.count; k++)
        printf("- %s\n", s->findings.texts[k]);
    if (s->out != NULL)
        printf("\nwritten: %s/report.html, audit.json, map.svg, alike.png\n", s->out);
    return imp_console_flush();
}

static void free_audit_command(void *state)
{
    settings *s = state;
    imp_audit_free(&s->audit);
}

static void set_up_audit_command(void *state, imp_options *options)
{
    settings *s = state;
    s->def = imp_default_audit_def();
    const imp_option table[] = {
        {"frames", 0, IMP_OPTION_INT, &s->def.frames, "N",
         "number of frames, drawn evenly from the datasets", IMP_TRANSIENT},
        {"queries", 0, IMP_OPTION_INT, &s->def.queries, "N",
         "number of these whose nearest frames are sought", IMP_TRANSIENT},
        {"neighbours", 0, IMP_OPTION_INT, &s->def.neighbours, "N",
         "number of nearest frames that are compared with each", IMP_TRANSIENT},
        {"seed", 's', IMP_OPTION_SEED, &s->def.seed, "N", "seed of the draw", IMP_TRANSIENT},
        {"threads", 'j', IMP_OPTION_INT, &s->def.threads, "N",
         "number of threads, 0: one per processor; results do not depend on it", IMP_TRANSIENT},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "DIR",
         "folder of a report with a map and images [none]", IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the folder if it exists",
         IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_audit = {
    .name = "audit",
    .summary = "say what a network can learn from datasets, before it is trained",
    .operands = "DIR...",
    .details =
        "Compares frames of different episodes that look alike. Where the expert does different "
        "things in them, no network can learn from the image what to do. Prints how much stays "
        "open, in which situations, and what would explain it: navigation commands, past actions, "
        "earlier images, or what only the simulator knows. The last lines say what to change. "
        "Datasets are those of imprint log, import and dagger, of one size of images. "
        "docs/audit.md explains the numbers.",
    .examples = "  imprint log --map 4way_bordered --episodes 24 --steps 150 --noise 0.1 \\\n"
                "    --out /tmp/imprint-open --force &&\n"
                "  imprint audit /tmp/imprint-open --out /tmp/imprint-audit --force",
    .state_size = sizeof(settings),
    .set_up = set_up_audit_command,
    .run = run_audit_command,
    .report = print_audit,
    .tear_down = free_audit_command,
};
