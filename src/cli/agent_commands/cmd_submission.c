// imprint submission: `new` writes a folder that AI-DO's tools can submit, `check` tests such a
// folder. The work is in deploy/submission. `check` works on any program's folder, so the agent
// under test runs in a sandbox where the machine has one. The files are checked first: their
// errors need no process and no sandbox.
#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "cli/options/sandbox_option.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "imprint/evaluator.h"

// What goes into a submission, and how a submission is checked.
typedef struct settings {
    imp_submission_def submission;
    char program[IMP_PATH_MAX]; // beside the one that runs
    bool sandbox;               // for the agent under check
} settings;

// `new`: writes the folder. The path is checked first, because "submission.zip" would become a
// folder.
static imp_status create_submission(const settings *s, const imp_options *options,
                                    const char *folder, imp_error *err)
{
    IMP_TRY(imp_output_check_folder(folder, err));
    IMP_TRY(imp_submission_create(folder, &s->submission, err));
    // the summary, as JSON or as text
    if (options->json)
        return imp_console_print_json(
            json_pack("{s:s, s:s}", "folder", folder, "model", s->submission.model), err);
    printf("written: %s with Dockerfile, submission.yaml, imprint-agent, model.safetensors and "
           "README.md\n",
           folder);
    return IMP_OK;
}

// `check`: exit code 0 only if the files are complete and the agent drives.
static imp_status check_submission(const settings *s, const imp_options *options,
                                   const char *folder, imp_error *err)
{
    const imp_monitor monitor = imp_console_create_monitor(options);
    // what is wrong with the files comes before what is to be known about the sandbox
    imp_submission_command command;
    IMP_TRY(imp_submission_check_files(&command, folder, err));
    IMP_TRY(imp_submission_check_agent(&command, imp_sandbox_option_resolve(s->sandbox), &monitor,
                                       err));
    if (options->json)
        return imp_console_print_json(json_pack("{s:s, s:b}", "folder", folder, "ok", 1), err);
    printf("%s: ok, and its agent drives\n", folder);
    return IMP_OK;
}

// Both subcommands take exactly one folder.
static imp_status run_submission_command(void *state, const imp_options *options, imp_error *err)
{
    const settings *s = state;
    enum { NEW, CHECK };
    static const imp_subcommand subcommands[] = {
        [NEW] = {"new", 1, 1, "DIR"}, [CHECK] = {"check", 1, 1, "DIR"}, {0}};
    int action;
    IMP_TRY(imp_options_find_subcommand(&action, options, subcommands, err));
    return action == NEW ? create_submission(s, options, options->operands[1], err)
                         : check_submission(s, options, options->operands[1], err);
}

// The agent program is expected beside the running one, as both `cmake --install` and the build put
// it.
static void set_up_submission_command(void *state, imp_options *options)
{
    settings *s = state;
    s->submission = (imp_submission_def){.model = "runs/model", .label = "imprint"};
    s->sandbox = true;
    imp_sibling_program_path(s->program, "imprint-agent");
    s->submission.program = s->program;
    const imp_option table[] = {
        {"model", 'm', IMP_OPTION_TEXT, &s->submission.model, "MODEL",
         "model file, or a folder of `imprint train`", IMP_SETTING},
        {"label", 0, IMP_OPTION_TEXT, &s->submission.label, "NAME", "name of the submission",
         IMP_SETTING},
        {"program", 0, IMP_OPTION_TEXT, &s->submission.program, "FILE",
         "the program imprint-agent to copy into the submission", IMP_TRANSIENT},
        {"sandbox", 0, IMP_OPTION_FLAG, &s->sandbox, NULL, IMP_SANDBOX_HELP, IMP_TRANSIENT},
    };
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_submission = {
    .name = "submission",
    .summary = "create and check submissions to the AI Driving Olympics",
    .operands = "new|check DIR",
    .details = "`new` creates a folder that the challenge's tools accept: a Dockerfile, "
               "submission.yaml, the agent and the model. `check` tests any such folder: it checks "
               "the files, starts the agent as the Dockerfile says, and lets it drive for some "
               "seconds.",
    .examples = "  imprint log --episodes 4 --steps 100 --out /tmp/imprint-entry-d --force &&\n"
                "  imprint train --data /tmp/imprint-entry-d --epochs 1 --out /tmp/imprint-entry-m "
                "--force &&\n"
                "  rm -rf /tmp/imprint-entry &&\n"
                "  imprint submission new /tmp/imprint-entry --model /tmp/imprint-entry-m &&\n"
                "  imprint submission check /tmp/imprint-entry",
    .state_size = sizeof(settings),
    .set_up = set_up_submission_command,
    .run = run_submission_command,
};
