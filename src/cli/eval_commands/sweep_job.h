// cli/eval_commands/sweep_job.h: the command that a sweep runs, with the options of one run.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_JOB_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_JOB_H

#include "cli/eval_commands/sweep_axes.h"

// What a command must have so that a sweep can run it.
typedef struct imp_sweep_command {
    const imp_command *command;
    const char *seed;    // the option for the seed of a training
    const char *budget;  // the option that says how long it trains: "epochs"
    const char *history; // its table of losses
} imp_sweep_command;

enum { IMP_SWEEP_WORDS_MAX = IMP_SWEEP_AXES_MAX + 4 };

// A run of the command: its state and its options, as if they had been typed.
typedef struct imp_sweep_job {
    const imp_sweep_command *of;
    imp_options options;
    void *state; // owned
    int argc;
    char *argv[IMP_LIST_MAX + IMP_SWEEP_WORDS_MAX + 2]; // the last `owned` ones are owned
    int owned;
} imp_sweep_job;

// Finds the command that the words begin with; without its name they are options of `imprint
// train`. *first: index of the first option among the words.
imp_status imp_sweep_command_find(const imp_sweep_command **out, int *first,
                                  const imp_text_list *words, imp_error *err);

// Begins a job with the words behind the command's name. Close it, after a failure too.
imp_status imp_sweep_job_open(imp_sweep_job *job, const imp_sweep_command *of,
                              const imp_text_list *words, int first, imp_error *err);
void imp_sweep_job_close(imp_sweep_job *job);

// Adds --NAME=VALUE, or for a flag --NAME or --no-NAME.
imp_status imp_sweep_job_add_option(imp_sweep_job *job, const char *name, const char *value,
                                    imp_error *err);

// Reads the options; after --help, prints it and sets options.help. IMP_USAGE as the command says.
imp_status imp_sweep_job_parse(imp_sweep_job *job, imp_error *err);

// Refuses what a sweep sets itself.
imp_status imp_sweep_job_check_free(const imp_sweep_job *job, imp_error *err);

// Checks the settings, once they are parsed. Writes nothing.
imp_status imp_sweep_job_check_settings(imp_sweep_job *job, imp_error *err);

// Runs it in its folder, where it goes on with what is there.
imp_status imp_sweep_job_run(imp_sweep_job *job, imp_error *err);

// How long it trains, and whether it could train on for longer and end with the same.
int imp_sweep_job_training_budget(const imp_sweep_job *job);
bool imp_sweep_job_can_extend_training(const imp_sweep_job *job);

// The command line that runs the same in another folder; the caller frees it. NULL without memory.
char *imp_sweep_job_command_line(const imp_sweep_job *job);

#endif
