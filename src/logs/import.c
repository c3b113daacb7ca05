#include "logs/import.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMPORT_COOKIE = 0x1A97 };

imp_import_def imp_default_import_def(void)
{
    return (imp_import_def){.width = 80,
                            .height = 60,
                            .map = "unknown",
                            .policy = "recorded",
                            .settings = "{}",
                            .command_age = 0.5,
                            .gap = 0.5,
                            .gain = 1.0,
                            .lens = "duckiebot",
                            .cookie = IMPORT_COOKIE};
}

imp_status imp_import_check(const imp_import_def *def, imp_error *err)
{
    if (def->cookie != IMPORT_COOKIE)
        return imp_fail(err, IMP_USAGE, "make definitions with imp_default_import_def()");
    const bool as_recorded = def->width == 0 && def->height == 0;
    if (!as_recorded && (def->width < 1 || def->height < 1 || def->width > IMP_SIDE_MAX ||
                         def->height > IMP_SIDE_MAX))
        return imp_fail(err, IMP_USAGE, "observations cannot be %d x %d pixels", def->width,
                        def->height);
    return IMP_OK;
}

imp_dataset_info imp_import_info(const imp_import_def *def, int width, int height)
{
    imp_dataset_info info = {.width = width, .height = height, .time_step = IMP_TIME_STEP};
    snprintf(info.map, sizeof info.map, "%s", def->map);
    snprintf(info.policy, sizeof info.policy, "%s", def->policy);
    snprintf(info.settings, sizeof info.settings, "%s", def->settings);
    return info;
}

imp_moment imp_unknown_moment(void)
{
    return (imp_moment){.pose = {NAN, NAN, NAN}, .lane = {NAN, NAN}, .reward = NAN};
}

bool imp_is_black(const uint8_t *rgb, int width, int height)
{
    const size_t size = (size_t)width * (size_t)height * 3;
    return rgb[0] == 0 && memcmp(rgb, rgb + 1, size - 1) == 0;
}

imp_status imp_import_end(imp_recorder *recorder, imp_import_summary *summary, imp_ending ending,
                          bool repeat, imp_error *err)
{
    bool lonely = false;
    const imp_status status = imp_recorder_end(recorder, ending, repeat, &lonely, err);
    if (lonely)
        imp_summary_drop(summary, "single pictures between gaps", 1);
    return status;
}

static imp_status fail_empty(const imp_import_summary *summary, const char *path, imp_error *err)
{
    char reasons[320] = "";
    size_t used = 0;
    for (int k = 0; k < summary->reason_count && used < sizeof reasons; k++)
        used += (size_t)snprintf(reasons + used, sizeof reasons - used, "%s %s (%lld)",
                                 k == 0 ? ":" : ",", summary->dropped[k].reason,
                                 (long long)summary->dropped[k].count);
    return imp_fail(err, IMP_BAD_INPUT, "%s: nothing of it can be used%s", path, reasons);
}

imp_status imp_import_finish(imp_recorder *recorder, imp_import_summary *summary,
                             const char *format, const char *path, imp_error *err)
{
    summary->episodes = recorder == NULL ? 0 : imp_recorder_episodes(recorder);
    summary->steps = recorder == NULL ? 0 : imp_recorder_steps(recorder);
    if (summary->episodes == 0)
        return fail_empty(summary, path, err);
    char *origin = imp_summary_json(summary, format);
    if (origin == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for what was imported");
    const imp_status status = imp_recorder_finish(recorder, origin, err);
    free(origin);
    return status;
}
