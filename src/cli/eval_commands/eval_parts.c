// imprint eval in parts. A part is a folder with the settings and, for each policy, a file of
// results (evaluation_part.c). `join` takes the settings of the first part, so that it is called
// with nothing but the folders; the files say whether all parts were driven with the same.
#include "cli/eval_commands/eval_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/options/share_option.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_folder.h"

enum { EVAL_JOIN };
static const imp_subcommand SUBCOMMANDS[] = {[EVAL_JOIN] = {"join", 1, -1, "PART..."}, {0}};

imp_status imp_eval_parts_check_operands(bool *joins, const imp_options *options, imp_error *err)
{
    int action;
    *joins = options->operand_count > 0;
    return *joins ? imp_options_find_subcommand(&action, options, SUBCOMMANDS, err) : IMP_OK;
}

const char *imp_eval_parts_find_settings_folder(const imp_options *options)
{
    return options->operand_count > 1 && strcmp(options->operands[0], "join") == 0
               ? options->operands[1]
               : NULL;
}

imp_status imp_eval_parts_check_options(imp_eval_settings *s, bool joins, bool is_challenge,
                                        imp_error *err)
{
    if (joins)
        s->share = NULL; // that of the first part
    const char *what = joins ? "join" : "--share";
    if (!joins && s->share == NULL)
        return IMP_OK;
    IMP_TRY(imp_share_option_parse(&s->eval.share, &s->eval.shares, s->share, err));
    if (s->out == NULL)
        return imp_fail(err, IMP_USAGE, "%s: give the folder to write with --out", what);
    if (is_challenge || s->robustness_test || s->explain)
        return imp_fail(err, IMP_USAGE,
                        "%s: challenges, --robustness and --explain work in one process", what);
    if (!joins && s->videos > 0)
        return imp_fail(err, IMP_USAGE, "--videos: give it to imprint eval join");
    return IMP_OK;
}

imp_status imp_eval_parts_set_communicator(imp_eval_settings *s, const imp_options *options,
                                           bool is_challenge, imp_error *err)
{
    const int ranks = options->ranks != NULL ? options->ranks->size : 1;
    s->eval.communicator = options->ranks;
    if (ranks > 1 &&
        (is_challenge || s->robustness_test || s->explain || s->joins || s->share != NULL))
        return imp_fail(
            err, IMP_USAGE,
            "mpirun: challenges, --robustness, --explain, --share and join work in one process: "
            "start it without");
    if (ranks > 1 && s->eval.episodes < ranks)
        return imp_fail(err, IMP_USAGE, "%s for %s: start at most as many processes",
                        IMP_PLURAL(s->eval.episodes, "episode"), IMP_PLURAL(ranks, "process"));
    return IMP_OK;
}

// The file of a policy, numbered from 1, in the folder of a part.
static imp_status part_path(char out[IMP_PATH_MAX], const char *folder, int p, imp_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "part-%d.jsonl", p + 1);
    return imp_path_join(out, folder, name, err);
}

imp_status imp_eval_parts_write(const imp_eval_settings *s, const imp_options *options,
                                const imp_eval_outcome *o, imp_error *err)
{
    char path[IMP_PATH_MAX];
    IMP_TRY(imp_output_folder_save_settings(options, s->out, err));
    for (int p = 0; p < o->count; p++) {
        IMP_TRY(part_path(path, s->out, p, err));
        IMP_TRY(
            imp_evaluation_write_part(&o->evaluations[p], o->drivers[p], &o->defs[p], path, err));
    }
    return IMP_OK;
}

imp_status imp_eval_parts_join(imp_evaluation *out, const imp_options *options,
                               const imp_policy_factory *driver, const imp_eval_def *def, int p,
                               imp_error *err)
{
    // the first operand is "join"
    const int count = options->operand_count - 1;
    char *texts = calloc((size_t)count, IMP_PATH_MAX);
    const char **paths = calloc((size_t)count, sizeof *paths);
    imp_status status =
        texts != NULL && paths != NULL
            ? IMP_OK
            : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(count, "part"));
    for (int k = 0; k < count && status == IMP_OK; k++) {
        paths[k] = texts + (size_t)k * IMP_PATH_MAX;
        status = part_path(texts + (size_t)k * IMP_PATH_MAX, options->operands[k + 1], p, err);
    }
    if (status == IMP_OK)
        status = imp_evaluation_join_parts(out, paths, count, driver, def, err);
    free(paths);
    free(texts);
    return status;
}

void imp_eval_parts_say_what_is_kept(const imp_eval_settings *s, imp_error *err)
{
    if (s->share != NULL)
        imp_fail(err, IMP_INTERRUPTED,
                 "interrupted: nothing of part %d of %d is kept; other parts are: drive this one "
                 "again by the same command",
                 s->eval.share, s->eval.shares);
    else
        imp_fail(err, IMP_INTERRUPTED,
                 "interrupted: nothing of an evaluation is kept; long ones can be driven in parts, "
                 "with --share 1/4 and so on, and put together by imprint eval join");
}

int imp_eval_parts_report(const imp_eval_settings *s, const imp_eval_outcome *o,
                          const imp_options *options)
{
    const imp_evaluation *first = &o->evaluations[0];
    if (options->json) {
        json_t *policies = json_array();
        for (int p = 0; p < o->count; p++)
            imp_json_append(policies, json_pack("{s:s, s:i, s:f}", "policy", s->policies.items[p],
                                                "completed", o->evaluations[p].completed, "seconds",
                                                o->evaluations[p].seconds));
        return imp_console_finish_with_json(
            json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:o}", "out", s->out, "share", s->eval.share,
                      "shares", s->eval.shares, "first_episode", first->first, "episodes",
                      first->episodes, "whole_episodes", s->eval.episodes, "policies", policies));
    }
    printf("%s: part %d of %d: %s of %d\n", s->out, s->eval.share, s->eval.shares,
           IMP_PLURAL(first->episodes, "episode"), s->eval.episodes);
    for (int p = 0; p < o->count; p++)
        printf("%s: completed %d of %d\n", s->policies.items[p], o->evaluations[p].completed,
               o->evaluations[p].episodes);
    return imp_console_flush();
}
