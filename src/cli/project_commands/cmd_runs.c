// imprint runs: lists the runs in a folder with the settings in which they differ and their main
// figures, and deletes runs. Settings are compared among runs of the same command.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"
#include "cli/project_commands/run_list.h"

typedef struct settings {
    const char *sort;
    imp_text_list filters;
    bool force;
} settings;

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const imp_run *)a)->path, ((const imp_run *)b)->path);
}

static int compare_times(const void *a, const void *b)
{
    const time_t first = ((const imp_run *)a)->modified, second = ((const imp_run *)b)->modified;
    return first != second ? (first > second) - (first < second) : compare_paths(a, b);
}

// Runs of one command stand together, the best one first.
static int compare_runs_by_command_and_score(const void *a, const void *b)
{
    const imp_run *first = a, *second = b;
    const int commands = strcmp(first->command, second->command);
    if (commands != 0)
        return commands;
    return first->rank != second->rank ? (first->rank > second->rank) - (first->rank < second->rank)
                                       : compare_paths(a, b);
}

// Whether a run has all settings that --filter names. A filter is KEY=VALUE; quotes do not count.
static bool passes_filters(const imp_run *run, const imp_text_list *filters)
{
    for (int k = 0; k < filters->count; k++) {
        char key[64];
        const char *equals = strchr(filters->items[k], '=');
        snprintf(key, sizeof key, "%.*s", (int)(equals - filters->items[k]), filters->items[k]);
        const char *value = imp_run_find_setting(run, key), *wanted = equals + 1;
        const size_t length = strlen(wanted);
        if (value == NULL)
            return false;
        value += value[0] == '"';
        if (strncmp(value, wanted, length) != 0 ||
            strspn(value + length, "\"") != strlen(value + length))
            return false;
    }
    return true;
}

// Whether runs of the same command differ in a setting. What says where a run is differs always.
static bool does_setting_differ(const imp_run_list *list, const imp_run *run, int setting)
{
    const char *key = run->keys[setting];
    if (strcmp(key, "out") == 0)
        return false;
    for (int k = 0; k < list->count; k++) {
        const imp_run *other = &list->runs[k];
        const char *value = imp_run_find_setting(other, key);
        if (strcmp(other->command, run->command) == 0 &&
            (value == NULL || strcmp(value, run->values[setting]) != 0))
            return true;
    }
    return false;
}

// All settings of each run, and apart those in which the runs differ.
static json_t *list_to_json(const imp_run_list *list)
{
    json_t *out = json_array();
    for (int k = 0; k < list->count; k++) {
        const imp_run *run = &list->runs[k];
        json_t *all = json_object(), *different = json_object();
        for (int s = 0; s < run->setting_count; s++) {
            imp_json_set(all, run->keys[s], json_string(run->values[s]));
            if (does_setting_differ(list, run, s))
                imp_json_set(different, run->keys[s], json_string(run->values[s]));
        }
        imp_json_append(out,
                        json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "run", run->path, "command",
                                  run->command, "modified", (json_int_t)run->modified, "figures",
                                  run->figures, "differs", different, "settings", all));
    }
    return json_pack("{s:o}", "runs", out);
}

// A row for each run, with the settings in which the runs differ.
static void print_list(const imp_run_list *list)
{
    // columns are as wide as their longest entry
    int names = 3, figures = 7;
    for (int k = 0; k < list->count; k++) {
        const int name = (int)strlen(list->runs[k].path);
        const int length = (int)strlen(list->runs[k].figures);
        names = name > names ? name : names;
        figures = length > figures ? length : figures;
    }
    printf("%-*s  %-9s  %-16s  %-*s  differs in\n", names, "run", "command", "changed", figures,
           "figures");
    for (int k = 0; k < list->count; k++) {
        const imp_run *run = &list->runs[k];
        char when[32] = "";
        struct tm time;
        if (localtime_r(&run->modified, &time) != NULL)
            strftime(when, sizeof when, "%Y-%m-%d %H:%M", &time);
        printf("%-*s  %-9s  %-16s  %-*s ", names, run->path, run->command, when, figures,
               run->figures[0] != '\0' ? run->figures : "-");
        for (int s = 0; s < run->setting_count; s++)
            if (does_setting_differ(list, run, s))
                printf(" %s=%s", run->keys[s], run->values[s]);
        printf("\n");
    }
}

// Reads the runs of all folders, leaves out what the filters refuse, and sorts.
static imp_status read_runs(imp_run_list *list, const settings *s, const imp_options *options,
                            imp_error *err)
{
    if (options->operand_count <= 1)
        IMP_TRY(imp_run_list_add(list, "runs", err));
    for (int k = 1; k < options->operand_count; k++)
        IMP_TRY(imp_run_list_add(list, options->operands[k], err));
    // figures are read only of what is shown
    int kept = 0;
    for (int k = 0; k < list->count; k++) {
        const imp_run run = list->runs[k];
        if (passes_filters(&run, &s->filters))
            list->runs[kept++] = run;
        else
            free(run.text);
    }
    list->count = kept;
    for (int k = 0; k < list->count; k++)
        imp_run_read_metrics(&list->runs[k]);
    if (list->count > 0)
        qsort(list->runs, (size_t)list->count, sizeof list->runs[0],
              strcmp(s->sort, "time") == 0      ? compare_times
              : strcmp(s->sort, "figures") == 0 ? compare_runs_by_command_and_score
                                                : compare_paths);
    return IMP_OK;
}

// Reads, filters, sorts and prints.
static imp_status list_runs(const settings *s, const imp_options *options, imp_error *err)
{
    imp_run_list list = {0};
    imp_status status = read_runs(&list, s, options, err);
    if (status == IMP_OK && options->json)
        status = imp_console_print_json(list_to_json(&list), err);
    else if (status == IMP_OK && list.count == 0)
        puts("no runs");
    else if (status == IMP_OK)
        print_list(&list);
    imp_run_list_free(&list);
    return status;
}

// All folders are checked before the first one is deleted.
static imp_status delete_runs(const settings *s, const imp_options *options, imp_error *err)
{
    for (int k = 1; k < options->operand_count; k++)
        IMP_TRY(imp_output_folder_remove(options->operands[k], false, err));
    for (int k = 1; k < options->operand_count && s->force; k++)
        IMP_TRY(imp_output_folder_remove(options->operands[k], true, err));
    if (options->json)
        return imp_console_print_json(
            json_pack("{s:b, s:i}", "deleted", s->force, "runs", options->operand_count - 1), err);
    printf(s->force ? "deleted: %s\n" : "would delete %s: add --force to do it\n",
           IMP_PLURAL(options->operand_count - 1, "run"));
    return IMP_OK;
}

// Checks the options before any folder is read.
static imp_status run_runs_command(void *state, const imp_options *options, imp_error *err)
{
    const settings *s = state;
    static const imp_subcommand subcommands[] = {
        {"list", 0, -1, "[DIR...]"}, {"delete", 1, -1, "DIR..."}, {0}};
    int action;
    IMP_TRY(imp_options_find_subcommand(&action, options, subcommands, err));
    if (strcmp(s->sort, "name") != 0 && strcmp(s->sort, "time") != 0 &&
        strcmp(s->sort, "figures") != 0)
        return imp_fail(err, IMP_USAGE, "--sort '%.60s' is none of name, time, figures", s->sort);
    for (int k = 0; k < s->filters.count; k++)
        if (strchr(s->filters.items[k], '=') == NULL)
            return imp_fail(err, IMP_USAGE,
                            "--filter '%.60s': write KEY=VALUE, as in command=train",
                            s->filters.items[k]);
    return action == 0 ? list_runs(s, options, err) : delete_runs(s, options, err);
}

// Defaults and options of both subcommands.
static void set_up_runs_command(void *state, imp_options *options)
{
    settings *s = state;
    s->sort = "name";
    const imp_option table[] = {
        {"sort", 's', IMP_OPTION_TEXT, &s->sort, "KEY",
         "list: order: name, time (of the last change), or figures (the best first)",
         IMP_TRANSIENT},
        {"filter", 0, IMP_OPTION_LIST, &s->filters, "KEY=VALUE",
         "list: only runs with this setting, such as command=train or seed=7; may be repeated",
         IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL,
         "delete: do it; without, nothing is deleted", IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, sizeof table / sizeof table[0]);
}

const imp_command imp_command_runs = {
    .name = "runs",
    .summary = "list runs with settings and figures, or delete some",
    .operands = "list [DIR...] | delete DIR...",
    .details = "A run is a folder that a command wrote. `list` searches the folders, or `runs`. It "
               "prints the main figures of each run, and the settings in which runs of the same "
               "command differ. `delete` refuses folders that hold anything that imprint did not "
               "write.",
    .examples = "  imprint log --episodes 2 --steps 60 --out runs/a && imprint log --episodes 2 "
                "--steps 60 --noise 0.1 --out runs/b\n"
                "  imprint runs list --sort time\n"
                "  imprint runs delete runs/b --force",
    .state_size = sizeof(settings),
    .set_up = set_up_runs_command,
    .run = run_runs_command,
};
