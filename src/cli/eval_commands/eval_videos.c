// `imprint eval --videos`: options in, videos of the worst episodes out.
#include "cli/eval_commands/eval_videos.h"

#include <stdio.h>
#include <string.h>

#include "base/common/try.h"
#include "cli/output/console.h"
#include "evaluate/evaluation_report/episode_videos.h"
#include "evaluate/report/report_formats/video.h"

imp_status imp_eval_videos_check(const imp_eval_settings *s, bool is_challenge, imp_error *err)
{
    char name[32];
    if (s->videos == 0)
        return IMP_OK;
    if (s->videos < 0 || s->videos > IMP_WORST_EPISODES_MAX)
        return imp_fail(err, IMP_USAGE, "--videos %d is not within 0 to %d", s->videos,
                        IMP_WORST_EPISODES_MAX);
    if (s->out == NULL || is_challenge)
        return imp_fail(err, IMP_USAGE, "--videos: give the folder for them with --out%s",
                        is_challenge ? ", and --protocol baseline" : "");
    if (s->video_size[0] < 16 || s->video_size[1] < 16 || s->video_size[0] > 4096 ||
        s->video_size[1] > 4096)
        return imp_fail(err, IMP_USAGE, "--video-size %dx%d is not within 16 to 4096",
                        s->video_size[0], s->video_size[1]);
    snprintf(name, sizeof name, "a.%.24s", s->video_format);
    imp_error wrong = {0};
    return imp_video_check_can_write(name, &wrong) == IMP_OK
               ? IMP_OK
               : imp_fail(err, IMP_USAGE, "--video-format %s", wrong.message + strlen("a."));
}

imp_status imp_eval_videos_write(const imp_eval_settings *s, const imp_options *options,
                                 const imp_eval_outcome *o, imp_error *err)
{
    char extension[32];
    if (s->videos == 0)
        return IMP_OK;
    const imp_monitor monitor = imp_console_create_monitor(options);
    snprintf(extension, sizeof extension, ".%s", s->video_format);
    const imp_episode_videos_def def = {
        .folder = s->out,
        .extension = extension,
        .width = s->video_size[0],
        .height = s->video_size[1],
        .videos = s->videos,
        .count = o->count,
        .names = (const char *const *)s->policies.items,
        .factories = (const imp_policy_factory *const *)o->drivers,
        .defs = o->defs,
        .evaluations = o->evaluations,
    };
    const imp_status status = imp_episode_videos_write(&def, &monitor, err);
    imp_console_clear_progress();
    return status;
}
