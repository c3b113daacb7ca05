// Writes observations.png beside a dataset: a contact sheet of the first episode, with its
// actions drawn in. One look shows whether the images are what they should be. The frames are
// spread evenly over the episode. Very large images get fewer frames, so that the sheet stays
// within a fixed number of pixels.
#include "cli/data_commands/dataset_preview.h"

#include <stdlib.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "imprint/dataset.h"
#include "imprint/report.h"

// Opens the dataset again, as every other reader does.
imp_status imp_dataset_preview_write(const char *folder, imp_error *err)
{
    // at most this many images and pixels; COLUMNS of them side by side
    enum { FRAMES = 24, COLUMNS = 6, PIXELS_MAX = 1 << 25 };
    imp_dataset *dataset;
    IMP_TRY(imp_dataset_open(&dataset, folder, err));
    const imp_dataset_info *info = imp_dataset_get_info(dataset);
    const imp_episode *episode = imp_dataset_episode(dataset, 0);
    // how many frames fit
    int count = episode->steps < FRAMES ? episode->steps : FRAMES;
    const int affordable = PIXELS_MAX / (info->width * info->height);
    count = affordable < 1 ? 1 : (affordable < count ? affordable : count);
    const size_t image_bytes = (size_t)info->width * (size_t)info->height * 3;
    uint8_t *frames = malloc((size_t)count * image_bytes);
    float actions[2 * FRAMES];
    // copy evenly spaced frames and their actions
    for (int k = 0; frames != NULL && k < count; k++) {
        int step = k * episode->steps / count;
        const uint8_t *frame = episode->observations + (size_t)step * image_bytes;
        for (size_t byte = 0; byte < image_bytes; byte++)
            frames[(size_t)k * image_bytes + byte] = frame[byte];
        actions[2 * k] = episode->actions[2 * step];
        actions[2 * k + 1] = episode->actions[2 * step + 1];
    }
    // small images are enlarged
    imp_contact_sheet strip = {
        frames, actions, count, info->width, info->height, COLUMNS, info->width < 160 ? 2 : 1};
    char path[IMP_PATH_MAX];
    imp_status status = imp_path_join(path, folder, "observations.png", err);
    if (status == IMP_OK && frames == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    if (status == IMP_OK)
        status = imp_contact_sheet_write(path, &strip, err);
    free(frames);
    imp_dataset_close(dataset);
    return status;
}
