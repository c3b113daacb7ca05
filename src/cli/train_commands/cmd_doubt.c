// imprint doubt: gives a model doubt, a second head that says how likely the model fails within two
// seconds. The model drives with pushes, and the head is fitted to what became of its decisions.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"
#include "cli/output/output_extension.h"
#include "imprint/doubt_fit.h"

// Options and the result for the report.
typedef struct settings {
    imp_doubt_fit_def fit;
    imp_sim_options sim;
    imp_assets *assets; // NULL: ours
    const char *policy, *out;
    bool force;
    imp_doubt_fit_summary summary;
} settings;

static void add_doubt_options(imp_options *options, settings *s)
{
    const imp_option table[] = {
        {"policy", 'p', IMP_OPTION_TEXT, &s->policy, "MODEL",
         "model that gets doubt: its file, its folder, or the name of one that comes with imprint",
         IMP_INPUT_PATH},
        {"out", 'o', IMP_OPTION_TEXT, &s->out, "FILE", "model with doubt (.safetensors)",
         IMP_TRANSIENT},
        {"force", 'f', IMP_OPTION_FLAG, &s->force, NULL, "replace the file if it exists",
         IMP_TRANSIENT},
        {"episodes", 'n', IMP_OPTION_INT, &s->fit.episodes, "N",
         "number of episodes to drive; every fourth is held out", IMP_SETTING},
        {"steps", 0, IMP_OPTION_INT, &s->fit.steps, "N", "maximum number of steps of an episode",
         IMP_SETTING},
        {"ridge", 0, IMP_OPTION_REAL, &s->fit.ridge, "WEIGHT",
         "penalty on the head's weights; more makes doubt depend on less", IMP_SETTING},
    };
    imp_sim_options_add_for_many_maps(options, &s->sim);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

// A network fixes the size and the lens of what it sees.
static imp_status match_camera_to_model(const settings *s, const imp_options *options,
                                        imp_error *err)
{
    imp_policy_factory *driver = NULL;
    imp_sim_def *sim = s->sim.def;
    IMP_TRY(imp_policy_factory_open(&driver, s->policy, NULL, err));
    imp_status status =
        imp_policy_factory_is_network(driver)
            ? imp_sim_options_fit_camera_to_policy(options, &s->sim, driver, &sim->camera, err)
            : imp_fail(err, IMP_USAGE, "%s: only models get doubt", s->policy);
    if (status == IMP_OK)
        imp_sim_options_warn_time_step(driver, sim->env.drive.time_step * sim->env.frame_skip);
    imp_policy_factory_close(driver);
    return status;
}

static imp_status run_doubt_command(void *state, const imp_options *options, imp_error *err)
{
    static const char *const extensions[] = {".safetensors", NULL};
    settings *s = state;
    if (s->policy == NULL)
        return imp_fail(err, IMP_USAGE, "which model gets doubt? give --policy MODEL");
    IMP_TRY(imp_output_check_file(s->out, extensions, err));
    if (imp_path_exists(s->out) && !s->force)
        return imp_fail(err, IMP_USAGE, "%s exists: replace it with --force", s->out);
    IMP_TRY(imp_sim_options_complete_def(options, &s->sim, &s->assets, err));
    IMP_TRY(match_camera_to_model(s, options, err));
    const imp_monitor monitor = imp_console_create_monitor(options);
    const imp_status status = imp_fit_doubt(&s->summary, s->out, s->policy, &s->fit, &monitor, err);
    imp_console_clear_progress();
    return status;
}

static int print_doubt_summary(const void *state, const imp_options *options)
{
    const settings *s = state;
    const imp_doubt_fit_summary *done = &s->summary;
    const imp_doubt_stats *fresh = &done->fresh;
    if (options->json)
        return imp_console_finish_with_json(json_pack(
            "{s:s, s:i, s:I, s:I, s:i, s:i, s:o, s:o, s:o, s:o, s:f}", "out", s->out, "episodes",
            done->episodes, "decisions", (json_int_t)done->decisions, "failing",
            (json_int_t)done->failing, "features", done->features, "failed_episodes_held_out",
            fresh->failed_episodes, "auroc", imp_json_real_or_null(fresh->auroc.value), "auroc_low",
            imp_json_real_or_null(fresh->auroc.low), "auroc_high",
            imp_json_real_or_null(fresh->auroc.high), "calibration_error",
            imp_json_real_or_null(fresh->calibration_error), "seconds", done->seconds));
    printf("%s: doubt from %s, fitted to %s of %s in %.1f s; %" PRId64 " fail within %.0f s\n"
           "held out: AUROC %.3f (%.3f-%.3f), %s that failed, calibration %.2f %%\n",
           s->out, IMP_PLURAL(done->features, "hidden value"),
           IMP_PLURAL(done->decisions, "decision"), IMP_PLURAL(done->episodes, "episode"),
           done->seconds, done->failing, IMP_DOUBT_HORIZON, fresh->auroc.value, fresh->auroc.low,
           fresh->auroc.high, IMP_PLURAL(fresh->failed_episodes, "episode"),
           100.0 * fresh->calibration_error);
    return imp_console_flush();
}

static void set_up_doubt_command(void *state, imp_options *options)
{
    settings *s = state;
    s->fit = imp_default_doubt_fit_def();
    s->sim = imp_default_sim_options(&s->fit.sim);
    s->sim.start_angle_deg = 60.0;
    s->out = "runs/doubt.safetensors";
    add_doubt_options(options, s);
}

static void free_doubt_command(void *state)
{
    settings *s = state;
    imp_assets_close(s->assets);
}

const imp_command imp_command_doubt = {
    .name = "doubt",
    .summary = "give a model doubt: how likely it fails within two seconds",
    .operands = "",
    .operand_option = "policy",
    .details = "Lets a model drive, pushes its wheels now and then, and fits a second head to what "
               "became of its decisions. The model is written with that head; it drives as before. "
               "`imprint eval` then says how well its doubt predicts failures.",
    .examples = "  imprint doubt --policy town --map loop_empty --randomize looks --episodes 60 "
                "\\\n    --steps 150 --out /tmp/imprint-doubt.safetensors --force",
    .state_size = sizeof(settings),
    .set_up = set_up_doubt_command,
    .run = run_doubt_command,
    .report = print_doubt_summary,
    .tear_down = free_doubt_command,
};
