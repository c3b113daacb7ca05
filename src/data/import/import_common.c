// Shared by all imports: definitions and their check, dataset attributes, ends of episodes, and the
// end of an import.
// An import that yields no episode fails with the counted reasons.
#include "data/import/import_common.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMPORT_COOKIE = 0x1A97 };

// The cookie detects structs that were not obtained here.
imp_import_def imp_default_import_def(void)
{
    // defaults for both formats
    return (imp_import_def){.width = 80,
                            .height = 60,
                            .map = "unknown",
                            .policy = "recorded",
                            .settings = "{}",
                            .max_command_age = 0.5,
                            .gap = 0.5,
                            .gain = 1.0,
                            .lens = "duckiebot",
                            .cookie = IMPORT_COOKIE};
}

imp_status imp_import_def_check(const imp_import_def *def, imp_error *err)
{
    if (def->cookie != IMPORT_COOKIE)
        return imp_fail(err, IMP_USAGE, "a definition must come from imp_default_import_def()");
    // train.log may keep the recorded size
    const bool as_recorded = def->width == 0 && def->height == 0;
    // NaN cannot occur: the sizes are integers
    if (!as_recorded && (def->width < 1 || def->height < 1 || def->width > IMP_IMPORT_SIDE_MAX ||
                         def->height > IMP_IMPORT_SIDE_MAX))
        return imp_fail(err, IMP_USAGE, "observations cannot be %d x %d pixels", def->width,
                        def->height);
    return IMP_OK;
}

// Lens and time step are filled in by the caller if they are known.
imp_dataset_info imp_import_dataset_info(const imp_import_def *def, int width, int height)
{
    imp_dataset_info info = {.width = width, .height = height, .time_step = IMP_TIME_STEP};
    snprintf(info.map, sizeof info.map, "%s", def->map);
    snprintf(info.policy, sizeof info.policy, "%s", def->policy);
    snprintf(info.settings, sizeof info.settings, "%s", def->settings);
    return info;
}

// NaN stands for unknown.
imp_import_step imp_import_unknown_step(void)
{
    return (imp_import_step){.pose = {NAN, NAN, NAN}, .lane = {NAN, NAN}, .reward = NAN};
}

// The first byte is 0 and every byte equals the one before it.
bool imp_import_image_is_black(const uint8_t *rgb, int width, int height)
{
    const size_t size = (size_t)width * (size_t)height * 3;
    return rgb[0] == 0 && memcmp(rgb, rgb + 1, size - 1) == 0;
}

// A single image cannot be an episode, so it is counted as dropped.
imp_status imp_import_end_episode(imp_dataset_builder *builder, imp_import_summary *summary,
                                  imp_episode_end ending, bool repeat, imp_error *err)
{
    bool is_single_image = false;
    // the builder decides whether there was enough for an episode
    const imp_status status =
        imp_dataset_builder_end(builder, ending, repeat, &is_single_image, err);
    if (is_single_image)
        imp_import_add_dropped(summary, "single images between gaps", 1);
    return status;
}

// Lists the counted reasons in the message.
static imp_status fail_empty_dataset(const imp_import_summary *summary, const char *path,
                                     imp_error *err)
{
    char reasons[320] = "";
    size_t used = 0;
    for (int k = 0; k < summary->reason_count && used < sizeof reasons; k++)
        used += (size_t)snprintf(reasons + used, sizeof reasons - used, "%s %s (%lld)",
                                 k == 0 ? ":" : ",", summary->dropped[k].reason,
                                 (long long)summary->dropped[k].count);
    return imp_fail(err, IMP_BAD_INPUT, "%s: it contains nothing usable%s", path, reasons);
}

// The dataset stores the summary as its origin.
imp_status imp_import_finish_dataset(imp_dataset_builder *builder, imp_import_summary *summary,
                                     const char *format, const char *path, imp_error *err)
{
    // counts are reported even if nothing was imported
    summary->episodes = builder == NULL ? 0 : imp_dataset_builder_episodes(builder);
    summary->steps = builder == NULL ? 0 : imp_dataset_builder_steps(builder);
    if (summary->episodes == 0)
        return fail_empty_dataset(summary, path, err);
    // notes and counts become part of the dataset
    char *origin = imp_import_summary_json(summary, format);
    if (origin == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for what was imported");
    const imp_status status = imp_dataset_builder_finish(builder, origin, err);
    free(origin);
    return status;
}
