// What policies would do, drawn on what they see: the image, enlarged or reduced to one width; the
// classes that a segmenter finds; and the path on which the robot would drive for a second with the
// action, seen through the robot's camera. A caption has the policy's name and its duty cycles.
#include "cli/robot_commands/prediction_overlay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/try.h"
#include "evaluate/report/drawing/canvas.h"

static int image_height(const imp_image_frame *frame)
{
    const int height = (int)lround((double)IMP_OVERLAY_WIDTH * frame->height / frame->width);
    return height < 1 ? 1 : height > 4 * IMP_OVERLAY_WIDTH ? 4 * IMP_OVERLAY_WIDTH : height;
}

int imp_overlay_height(const imp_image_frame *frame)
{
    return image_height(frame) + IMP_OVERLAY_CAPTION;
}

// Whether a colour of the palette is that of a line on the road.
static bool is_line_colour(const uint8_t *rgb)
{
    static const int lines[] = {IMP_CLASS_WHITE, IMP_CLASS_YELLOW, IMP_CLASS_RED};
    for (size_t k = 0; k < sizeof lines / sizeof lines[0]; k++)
        if (memcmp(rgb, imp_class_colour(lines[k]), 3) == 0)
            return true;
    return false;
}

// Copies the image into its place, with the classes over it.
static void draw_image_with_classes(imp_canvas *canvas, int left, const imp_image_frame *frame,
                                    const uint8_t *masks, int mask_width, int mask_height,
                                    const imp_overlay_parts *parts)
{
    const int height = image_height(frame);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < IMP_OVERLAY_WIDTH; x++) {
            const size_t column = (size_t)((int64_t)x * frame->width / IMP_OVERLAY_WIDTH);
            const size_t row = (size_t)((int64_t)y * frame->height / height);
            const uint8_t *from = frame->rgb + 3 * (row * (size_t)frame->width + column);
            uint8_t *to =
                canvas->rgb + 3 * ((size_t)y * (size_t)canvas->width + (size_t)(left + x));
            memcpy(to, from, 3);
            if (masks == NULL)
                continue;
            const size_t i = (size_t)(x * mask_width / IMP_OVERLAY_WIDTH);
            const size_t j = (size_t)(y * mask_height / height);
            const uint8_t *mask = masks + 3 * (j * (size_t)mask_width + i);
            const bool line = parts->lane && is_line_colour(mask);
            for (int c = 0; c < 3 && (line || parts->classes); c++)
                to[c] = line ? mask[c] : (uint8_t)((11 * to[c] + 9 * mask[c]) / 20);
        }
}

// A point of the ground ahead of and to the right of the robot as a point of the image; false if it
// is not seen.
static bool project_ground(const imp_camera *camera, double ahead, double right, double *x,
                           double *y)
{
    const imp_camera_def *def = &camera->def;
    const imp_sine_cosine pitch = imp_sincos(def->pitch);
    const double forward = ahead - def->mount_forward;
    const double depth = forward * pitch.cosine + def->mount_height * pitch.sine;
    return depth > 0.03 &&
           imp_camera_ray_to_pixel(
               camera, (right - def->mount_right) / depth,
               (def->mount_height * pitch.cosine - forward * pitch.sine) / depth, x, y);
}

// Draws the path of a second of driving; where it turns backwards or stands, only a dot.
static void draw_predicted_path(imp_canvas *canvas, int left, int height, const imp_camera *camera,
                                imp_action action)
{
    enum { POINTS = 40 };
    static const imp_colour GREEN = {40, 230, 60}, BLACK = {0, 0, 0};
    // the speeds that the usual motors reach
    const double speed = IMP_ACCELERATION_GAIN / IMP_SPEED_DAMPING * (action.right + action.left);
    const double turn =
        IMP_TURN_ACCELERATION_GAIN / IMP_TURN_DAMPING * (action.right - action.left);
    for (int pass = 0; pass < 2; pass++) {
        const double thickness = pass == 0 ? 6.0 : 3.0;
        imp_pose pose = {0};
        double x, y, before_x = NAN, before_y = NAN;
        for (int k = 0; k < POINTS; k++) {
            pose = imp_pose_integrate(pose, speed, turn, 1.0 / POINTS);
            const bool seen = project_ground(camera, pose.x, pose.z, &x, &y) && x >= 0.0 &&
                              x < IMP_OVERLAY_WIDTH && y >= 0.0 && y < height;
            if (seen && isfinite(before_x))
                imp_canvas_add_line(canvas, left + before_x, before_y, left + x, y, thickness);
            before_x = seen ? x : NAN;
            before_y = y;
        }
        if (isfinite(before_x))
            imp_canvas_add_line(canvas, left + before_x, before_y, left + before_x, before_y,
                                2.5 * thickness);
        imp_canvas_fill_shape(canvas, pass == 0 ? BLACK : GREEN, pass == 0 ? 0.5 : 1.0);
    }
}

// A strip below the image with the policy, its duty cycles, the direction and its doubt, unless
// that is -1.
static void draw_caption(imp_canvas *canvas, int left, int top, const char *name, imp_action action,
                         double doubt)
{
    static const double SIZE = 8.0;
    char text[96], shown[40];
    snprintf(shown, sizeof shown, "%s", name);
    imp_canvas_fill_rectangle(canvas, left, top, left + IMP_OVERLAY_WIDTH,
                              top + IMP_OVERLAY_CAPTION, imp_colour_background);
    snprintf(
        text, sizeof text, "%s  %+.2f %+.2f %s", shown, action.left, action.right,
        (const char *[]){"right", "straight", "left"}[imp_action_turn_direction(action, 0.1) + 1]);
    if (doubt >= 0.0) {
        const size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "  doubt %.0f %%", 100.0 * doubt);
    }
    imp_canvas_add_text(canvas, left + 4.0, top + IMP_OVERLAY_CAPTION - 5.0, SIZE, text);
    imp_canvas_fill_shape(canvas, imp_colour_foreground, 1.0);
}

imp_status imp_overlay_draw_predictions(uint8_t *rgb, const imp_predictor *predictor,
                                        const imp_image_frame *frame, const uint8_t *masks,
                                        int mask_width, int mask_height,
                                        const imp_overlay_parts *parts, imp_error *err)
{
    const int height = image_height(frame), width = predictor->count * IMP_OVERLAY_WIDTH;
    imp_camera_def def = predictor->robot.camera;
    imp_camera camera;
    imp_canvas canvas;
    def.width = IMP_OVERLAY_WIDTH;
    def.height = height;
    IMP_TRY(imp_camera_init(&camera, &def, err));
    imp_status status = imp_canvas_init(&canvas, width, height + IMP_OVERLAY_CAPTION, err);
    for (int k = 0; k < predictor->count && status == IMP_OK; k++) {
        const int left = k * IMP_OVERLAY_WIDTH;
        draw_image_with_classes(&canvas, left, frame, masks, mask_width, mask_height, parts);
        if (parts->arrow)
            draw_predicted_path(&canvas, left, height, &camera, predictor->actions[k]);
        draw_caption(&canvas, left, height, predictor->names[k], predictor->actions[k],
                     predictor->doubts[k]);
    }
    if (status == IMP_OK)
        memcpy(rgb, canvas.rgb, (size_t)width * (size_t)(height + IMP_OVERLAY_CAPTION) * 3);
    imp_canvas_release(&canvas);
    return status;
}
