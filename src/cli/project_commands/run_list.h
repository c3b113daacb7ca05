// cli/project_commands/run_list.h: the runs in a folder: what made them, with which settings, and
// what came out.
#ifndef IMP_CLI_PROJECT_COMMANDS_RUN_LIST_H
#define IMP_CLI_PROJECT_COMMANDS_RUN_LIST_H

#include <time.h>

#include "base/io/file.h"

enum { IMP_RUN_SETTINGS_MAX = 96, IMP_RUN_FIGURES_MAX = 128 };

// A folder that a command wrote, with its settings.yaml.
typedef struct imp_run {
    char path[IMP_PATH_MAX];
    char command[32]; // "train"
    time_t modified;  // when its settings were written last
    char *text;       // of settings.yaml, cut into keys and values; owned
    const char *keys[IMP_RUN_SETTINGS_MAX], *values[IMP_RUN_SETTINGS_MAX];
    int setting_count;
    char figures[IMP_RUN_FIGURES_MAX]; // for people; "" if there are none yet
    double rank;                       // smaller is better; INFINITY without figures
} imp_run;

typedef struct imp_run_list {
    imp_run *runs; // owned
    int count, capacity;
} imp_run_list;

// Adds the runs in a folder and its subfolders, down to three levels. A folder that is itself a run
// is one, and is not searched. Fails with IMP_IO if `folder` cannot be read. Free the list with
// imp_run_list_free(), after a failure too.
imp_status imp_run_list_add(imp_run_list *list, const char *folder, imp_error *err);
void imp_run_list_free(imp_run_list *list);

// The value of a setting, or NULL; the key "command" is the run's command.
const char *imp_run_find_setting(const imp_run *run, const char *key);

// Reads the figures of a run from its files, for people and as a rank.
void imp_run_read_metrics(imp_run *run);

#endif
