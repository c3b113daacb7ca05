// cli/render_commands/drive_replay.h: draws drives (*.drive.json) side by side in a video.
#ifndef IMP_CLI_RENDER_COMMANDS_DRIVE_REPLAY_H
#define IMP_CLI_RENDER_COMMANDS_DRIVE_REPLAY_H

#include "cli/options/sim_options.h"

// Writes the video `out` of files or folders of drives; every: as of a replay, where 0 is 1.
// *frames is how many it has.
imp_status imp_drive_replay_write(const imp_options *options, const imp_text_list *drives,
                                  const imp_sim_options *sim, int every, const char *out,
                                  int *frames, imp_error *err);

#endif
