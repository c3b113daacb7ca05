// cli/robot_commands/prediction_overlay.h: what policies would do, drawn on what they see.
#ifndef IMP_CLI_ROBOT_COMMANDS_PREDICTION_OVERLAY_H
#define IMP_CLI_ROBOT_COMMANDS_PREDICTION_OVERLAY_H

#include "cli/robot_commands/predictor.h"
#include "imprint/segmentation.h"

// What is drawn on an image.
typedef struct imp_overlay_parts {
    bool arrow;   // the path of the next second
    bool classes; // the segmenter's classes, pale
    bool lane;    // its white and yellow lines and stop lines, in full colour
} imp_overlay_parts;

enum { IMP_OVERLAY_WIDTH = 320, IMP_OVERLAY_CAPTION = 18 };

// Height of an overlay, with its caption.
int imp_overlay_height(const imp_image_frame *frame);

// Draws an image for each policy, side by side: rgb is (imp_overlay_height() x count *
// IMP_OVERLAY_WIDTH x 3), allocated and freed by the caller. masks: the image's classes painted in
// the palette, (mask_height x mask_width x 3); NULL: none.
imp_status imp_overlay_draw_predictions(uint8_t *rgb, const imp_predictor *predictor,
                                        const imp_image_frame *frame, const uint8_t *masks,
                                        int mask_width, int mask_height,
                                        const imp_overlay_parts *parts, imp_error *err);

#endif
