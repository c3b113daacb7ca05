#include "base/plural.h"
#include "imprint/report.h"

#include <stdlib.h>

#include "base/image.h"
#include "report/canvas.h"

enum { MARGIN = 16, GAP = 10, BAR_GAP = 4, BAR = 6 };

static imp_status check(const imp_strip *strip, imp_error *err)
{
    if (strip->count < 1 || strip->columns < 1)
        return imp_fail(err, IMP_BAD_INPUT, "a contact sheet of %s in %s is empty",
                        IMP_COUNT(strip->count, "frame"), IMP_COUNT(strip->columns, "column"));
    if (strip->scale < 1 || strip->scale > 16)
        return imp_fail(err, IMP_BAD_INPUT, "contact sheet: scale is %d, 1 to 16 is possible",
                        strip->scale);
    if (strip->width < 1 || strip->height < 1 ||
        (int64_t)strip->width * strip->height * strip->count > 1 << 26 || strip->columns > 256)
        return imp_fail(err, IMP_BAD_INPUT, "contact sheet: %d times %d x %d pixels are too many",
                        strip->count, strip->width, strip->height);
    return IMP_OK;
}

// Enlarges a frame without smoothing, so that one sees the pixels that the network sees.
static void draw_frame(imp_canvas *canvas, const imp_strip *strip, int index, int left, int top)
{
    const uint8_t *pixel = strip->frames + (size_t)3 * strip->width * strip->height * (size_t)index;
    const int scale = strip->scale;
    for (int row = 0; row < strip->height; row++)
        for (int column = 0; column < strip->width; column++, pixel += 3)
            imp_canvas_fill_box(canvas, left + column * scale, top + row * scale,
                                left + (column + 1) * scale, top + (row + 1) * scale,
                                (imp_colour){pixel[0], pixel[1], pixel[2]});
}

// One wheel's bar from `middle` to the given side (-1 left, 1 right).
static void draw_bar(imp_canvas *canvas, double duty, int middle, int half, int top, int side)
{
    const double size = duty < 0.0 ? -duty : duty;
    const int length = size >= 1.0 ? half : (int)(size * half + 0.5); // a NaN gives 0
    const int track = middle + side * half, tip = middle + side * length;
    imp_canvas_fill_box(canvas, side < 0 ? track : middle, top, side < 0 ? middle : track,
                        top + BAR, imp_colour_faint);
    imp_canvas_fill_box(canvas, side < 0 ? tip : middle, top, side < 0 ? middle : tip, top + BAR,
                        imp_series_colour(duty < 0.0 ? 1 : 0));
}

imp_status imp_report_strip(const char *path, const imp_strip *strip, imp_error *err)
{
    imp_status status = check(strip, err);
    if (status != IMP_OK)
        return status;
    const int columns = strip->columns < strip->count ? strip->columns : strip->count;
    const int rows = (strip->count + columns - 1) / columns;
    const int width = strip->width * strip->scale, height = strip->height * strip->scale;
    const int bars = strip->actions != NULL ? BAR_GAP + BAR : 0;

    imp_canvas canvas;
    status = imp_canvas_init(&canvas, 2 * MARGIN + columns * (width + GAP) - GAP,
                             2 * MARGIN + rows * (height + bars + GAP) - GAP, err);
    for (int i = 0; status == IMP_OK && i < strip->count; i++) {
        const int left = MARGIN + i % columns * (width + GAP);
        const int top = MARGIN + i / columns * (height + bars + GAP);
        draw_frame(&canvas, strip, i, left, top);
        if (strip->actions != NULL) {
            const float *duty = strip->actions + 2 * (size_t)i;
            const int middle = left + width / 2, half = width / 2 - 1;
            draw_bar(&canvas, duty[0], middle - 1, half, top + height + BAR_GAP, -1);
            draw_bar(&canvas, duty[1], middle + 1, half, top + height + BAR_GAP, 1);
        }
    }
    if (status == IMP_OK)
        status = imp_png_write(path, canvas.width, canvas.height, canvas.rgb, err);
    imp_canvas_release(&canvas);
    return status;
}
