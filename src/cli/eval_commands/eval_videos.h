// cli/eval_commands/eval_videos.h: videos of the worst episodes of an evaluation.
#ifndef IMP_CLI_EVAL_COMMANDS_EVAL_VIDEOS_H
#define IMP_CLI_EVAL_COMMANDS_EVAL_VIDEOS_H

#include "cli/eval_commands/eval.h"

// Refuses videos that could not be made, before anything drives.
imp_status imp_eval_videos_check(const imp_eval_settings *s, bool is_challenge, imp_error *err);

// Writes the videos of all policies; none without --videos.
imp_status imp_eval_videos_write(const imp_eval_settings *s, const imp_options *options,
                                 const imp_eval_outcome *o, imp_error *err);

#endif
