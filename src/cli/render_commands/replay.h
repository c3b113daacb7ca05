// cli/render_commands/replay.h: draws an episode of a dataset.
#ifndef IMP_CLI_RENDER_COMMANDS_REPLAY_H
#define IMP_CLI_RENDER_COMMANDS_REPLAY_H

#include "cli/render_commands/view_renderer.h"

typedef struct imp_replay_options {
    const char *dataset; // folder; "": none
    int episode;
    int every;    // frame; 0: as it suits
    bool caption; // time, speed and actions below a video
} imp_replay_options;

void imp_replay_options_add(imp_options *options, imp_replay_options *replay);

// Writes frames into a folder, a video (see
// imp_video_extensions) or a contact sheet (*.png), according to the
// extension. *frames is their number. The recorded frames are shown, unless the options ask for
// another size or view.
imp_status imp_replay_write(const imp_options *options, const imp_replay_options *replay,
                            imp_sim_options *sim, const imp_image_options *image, const char *out,
                            int *frames, imp_error *err);

#endif
