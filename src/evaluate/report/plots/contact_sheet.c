// Contact sheets: frames in rows, as a PNG. Under each frame two bars show the duty cycles of
// the wheels, left and right of the middle. Frames are enlarged by a whole factor without
// interpolation.
#include "base/common/try.h"
#include "base/text/plural.h"
#include "imprint/report.h"

#include <stdlib.h>

#include "base/image/image.h"
#include "evaluate/report/drawing/canvas.h"

// Border of the sheet, distances and height of the bars [px].
enum { MARGIN = 16, GAP = 10, BAR_GAP = 4, BAR_HEIGHT = 6 };

// Limits keep all sizes within int.
static imp_status check_contact_sheet(const imp_contact_sheet *sheet, imp_error *err)
{
    if (sheet->count < 1 || sheet->columns < 1)
        return imp_fail(err, IMP_BAD_INPUT, "a contact sheet of %s in %s is empty",
                        IMP_PLURAL(sheet->count, "frame"), IMP_PLURAL(sheet->columns, "column"));
    if (sheet->scale < 1 || sheet->scale > 16)
        return imp_fail(err, IMP_BAD_INPUT, "contact sheet: scale is %d, must be 1 to 16",
                        sheet->scale);
    if (sheet->width < 1 || sheet->height < 1 ||
        (int64_t)sheet->width * sheet->height * sheet->count > 1 << 26 || sheet->columns > 256)
        return imp_fail(err, IMP_BAD_INPUT, "contact sheet: %d times %d x %d pixels are too many",
                        sheet->count, sheet->width, sheet->height);
    return IMP_OK;
}

// Draws a frame enlarged without interpolation, so that the network's input pixels stay visible.
static void draw_scaled_frame(imp_canvas *canvas, const imp_contact_sheet *sheet, int index,
                              int left, int top)
{
    const uint8_t *pixel = sheet->frames + (size_t)3 * sheet->width * sheet->height * (size_t)index;
    const int scale = sheet->scale;
    for (int row = 0; row < sheet->height; row++)
        for (int column = 0; column < sheet->width; column++, pixel += 3)
            imp_canvas_fill_rectangle(canvas, left + column * scale, top + row * scale,
                                      left + (column + 1) * scale, top + (row + 1) * scale,
                                      (imp_colour){pixel[0], pixel[1], pixel[2]});
}

// Draws one wheel's bar from `middle` to a side (-1 left, 1 right) over a grey track. Backward
// rotation has another colour.
static void draw_action_bar(imp_canvas *canvas, double duty, int middle, int half, int top,
                            int side)
{
    // A duty cycle of 1 fills half the width of the frame; one that is not known, nothing.
    const double size = duty < 0.0 ? -duty : duty;
    const int length = size >= 1.0 ? half : size > 0.0 ? (int)(size * half + 0.5) : 0;
    const int track = middle + side * half, tip = middle + side * length;
    // First the track, then the bar above it.
    imp_canvas_fill_rectangle(canvas, side < 0 ? track : middle, top, side < 0 ? middle : track,
                              top + BAR_HEIGHT, imp_colour_light_grey);
    imp_canvas_fill_rectangle(canvas, side < 0 ? tip : middle, top, side < 0 ? middle : tip,
                              top + BAR_HEIGHT, imp_plot_series_colour(duty < 0.0 ? 1 : 0));
}

imp_status imp_contact_sheet_write(const char *path, const imp_contact_sheet *sheet, imp_error *err)
{
    IMP_TRY(check_contact_sheet(sheet, err));
    // The layout: cells of a frame, its bars and a gap.
    const int columns = sheet->columns < sheet->count ? sheet->columns : sheet->count;
    const int rows = (sheet->count + columns - 1) / columns;
    const int width = sheet->width * sheet->scale, height = sheet->height * sheet->scale;
    const int bars = sheet->actions != NULL ? BAR_GAP + BAR_HEIGHT : 0;

    imp_canvas canvas;
    imp_status status = imp_canvas_init(&canvas, 2 * MARGIN + columns * (width + GAP) - GAP,
                                        2 * MARGIN + rows * (height + bars + GAP) - GAP, err);
    // Frames fill the rows from left to right.
    for (int i = 0; status == IMP_OK && i < sheet->count; i++) {
        const int left = MARGIN + i % columns * (width + GAP);
        const int top = MARGIN + i / columns * (height + bars + GAP);
        draw_scaled_frame(&canvas, sheet, i, left, top);
        if (sheet->actions != NULL) {
            const float *duty = sheet->actions + 2 * (size_t)i;
            // The left wheel's bar grows to the left, the right wheel's to the right.
            const int middle = left + width / 2, half = width / 2 - 1;
            draw_action_bar(&canvas, duty[0], middle - 1, half, top + height + BAR_GAP, -1);
            draw_action_bar(&canvas, duty[1], middle + 1, half, top + height + BAR_GAP, 1);
        }
    }
    if (status == IMP_OK)
        status = imp_png_write(path, canvas.width, canvas.height, canvas.rgb, err);
    imp_canvas_release(&canvas);
    return status;
}
