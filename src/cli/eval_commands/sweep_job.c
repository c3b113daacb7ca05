// Runs of the command behind "--". A job has the command's own option table and functions, so a run
// of a sweep is the same as one that is typed: the same checks, the same messages, the same bytes.
// Which commands can be run is a table here: those that train a policy in a folder and can go on
// with it. Settings in the folder are not read. The command compares them with those of the job and
// refuses others.
#include "cli/eval_commands/sweep_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/text/suggestion.h"
#include "base/text/text_stream.h"
#include "cli/options/settings_file.h"
#include "cli/options/sim_options.h"

static const imp_sweep_command commands[] = {
    {&imp_command_train, "seed", "epochs", "history.csv"},
    {&imp_command_dagger, "train-seed", "rounds", "rounds.csv"},
};

static const char *command_name(int k)
{
    return k < (int)(sizeof commands / sizeof commands[0]) ? commands[k].command->name : NULL;
}

imp_status imp_sweep_command_find(const imp_sweep_command **out, int *first,
                                  const imp_text_list *words, imp_error *err)
{
    int index = 0;
    *first = words->count > 0 && words->items[0][0] != '-';
    if (*first == 1)
        IMP_TRY(imp_name_lookup(&index, "behind --: ", words->items[0], command_name, err));
    *out = &commands[index];
    return IMP_OK;
}

imp_status imp_sweep_job_open(imp_sweep_job *job, const imp_sweep_command *of,
                              const imp_text_list *words, int first, imp_error *err)
{
    *job = (imp_sweep_job){.of = of};
    imp_options_init(&job->options, of->command);
    job->argv[job->argc++] = (char *)(uintptr_t)of->command->name;
    for (int k = first; k < words->count; k++)
        job->argv[job->argc++] = (char *)(uintptr_t)words->items[k];
    job->state = calloc(1, of->command->state_size);
    if (job->state == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    of->command->set_up(job->state, &job->options);
    return IMP_OK;
}

void imp_sweep_job_close(imp_sweep_job *job)
{
    if (job->of == NULL)
        return;
    if (job->state != NULL)
        job->of->command->tear_down(job->state);
    free(job->state);
    imp_options_free(&job->options);
    for (int k = job->argc - job->owned; k < job->argc; k++)
        free(job->argv[k]);
    *job = (imp_sweep_job){0};
}

imp_status imp_sweep_job_add_option(imp_sweep_job *job, const char *name, const char *value,
                                    imp_error *err)
{
    const int index = imp_option_find(&job->options, name);
    char *word = NULL;
    int written;
    if (job->options.table[index].type != IMP_OPTION_FLAG)
        written = asprintf(&word, "--%s=%s", name, value);
    else if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        written = asprintf(&word, "--%s%s", value[0] == 't' ? "" : "no-", name);
    else
        return imp_fail(err, IMP_USAGE, "--%s: '%s' is not true or false", name, value);
    if (written < 0)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory");
    job->argv[job->argc++] = word;
    job->owned++;
    return IMP_OK;
}

imp_status imp_sweep_job_parse(imp_sweep_job *job, imp_error *err)
{
    return imp_options_parse(&job->options, job->argc, job->argv, err);
}

imp_status imp_sweep_job_check_free(const imp_sweep_job *job, imp_error *err)
{
    const char *const set[] = {"out", job->of->seed, "resume", "force", "json"};
    for (size_t k = 0; k < sizeof set / sizeof set[0]; k++)
        if (job->options.given[imp_option_find(&job->options, set[k])])
            return imp_fail(err, IMP_USAGE, "--%s after --: a sweep sets it itself", set[k]);
    return IMP_OK;
}

imp_status imp_sweep_job_check_settings(imp_sweep_job *job, imp_error *err)
{
    return job->of->command->check(job->state, &job->options, err);
}

imp_status imp_sweep_job_run(imp_sweep_job *job, imp_error *err)
{
    // set after parsing, so that the settings in the folder are compared, not read
    *(bool *)job->options.table[imp_option_find(&job->options, "resume")].value = true;
    return job->of->command->run(job->state, &job->options, err);
}

int imp_sweep_job_training_budget(const imp_sweep_job *job)
{
    return *(const int *)job->options.table[imp_option_find(&job->options, job->of->budget)].value;
}

bool imp_sweep_job_can_extend_training(const imp_sweep_job *job)
{
    char schedule[64] = "";
    const int index = imp_option_find(&job->options, "schedule");
    if (index >= 0)
        imp_option_format_value(&job->options, index, schedule, sizeof schedule);
    return strcmp(schedule, "cosine") != 0;
}

// Writes a word as a shell reads it back.
static void write_shell_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./=:,+@%";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word != '\0'; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

char *imp_sweep_job_command_line(const imp_sweep_job *job)
{
    imp_text_stream text;
    if (imp_text_stream_open(&text, "a command", NULL) != IMP_OK)
        return NULL;
    fprintf(text.out, "imprint %s", job->of->command->name);
    for (int k = 1; k < job->argc; k++) {
        if (strncmp(job->argv[k], "--out=", 6) == 0 || strcmp(job->argv[k], "--quiet") == 0)
            continue;
        fputc(' ', text.out);
        write_shell_word(text.out, job->argv[k]);
    }
    fputs(" --out runs/best", text.out);
    return imp_text_stream_close(&text, "a command", NULL) == IMP_OK ? text.bytes : NULL;
}
