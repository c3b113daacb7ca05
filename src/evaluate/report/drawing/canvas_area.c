// Areas on a canvas: closed contours of lines, filled by the non-zero rule. Every row of pixels is
// cut into thin lines. Where contours cross a line, they divide it into spans; each pixel counts
// the exact length of the spans in it. So coverage is exact along rows, and sampled across them.
#include <math.h>
#include <string.h>

#include "evaluate/report/drawing/canvas.h"

// Thin lines per row; crossings that one of them can have.
enum { LINES = 8, CROSSINGS_MAX = 128 };

// Where a contour crosses a line, and whether it goes down (+1) or up (-1) there.
typedef struct crossing {
    double x;
    int direction;
} crossing;

// The contours of an area.
typedef struct area {
    const imp_pixel_point *points;
    const int *lengths;
    int contours;
} area;

// Inserts a crossing into a sorted list. Those beyond the list's size are left out.
static int insert_edge_crossing(crossing *list, int count, crossing found)
{
    if (count == CROSSINGS_MAX)
        return count;
    int at = count;
    for (; at > 0 && list[at - 1].x > found.x; at--)
        list[at] = list[at - 1];
    list[at] = found;
    return count + 1;
}

// Finds where the contours cross the line at height y, from left to right.
static int find_crossings(const area *a, double y, crossing list[CROSSINGS_MAX])
{
    int count = 0;
    const imp_pixel_point *points = a->points;
    for (int c = 0; c < a->contours; points += a->lengths[c++])
        for (int k = 0, last = a->lengths[c] - 1; k < a->lengths[c]; last = k++) {
            const imp_pixel_point from = points[last], to = points[k];
            if ((from.y > y) == (to.y > y))
                continue;
            const double x = from.x + (to.x - from.x) * (y - from.y) / (to.y - from.y);
            count = insert_edge_crossing(list, count, (crossing){x, to.y > from.y ? 1 : -1});
        }
    return count;
}

// Adds the part of each pixel that lies between x0 and x1.
static void add_pixel_coverage(const imp_canvas *canvas, double x0, double x1)
{
    x0 = fmax(x0, 0.0);
    x1 = fmin(x1, canvas->width);
    if (x0 >= x1)
        return;
    for (int i = (int)x0; i < x1; i++)
        canvas->row[i] += (float)(fmin(x1, i + 1.0) - fmax(x0, i));
}

// Adds a row of pixels to the mask, [left, right) of which the area may cover.
static void fill_mask_row(const imp_canvas *canvas, const area *a, int row, int left, int right)
{
    crossing list[CROSSINGS_MAX];
    uint8_t *coverage = canvas->coverage + (size_t)row * (size_t)canvas->width;
    memset(canvas->row + left, 0, (size_t)(right - left) * sizeof *canvas->row);
    for (int n = 0; n < LINES; n++) {
        const int count = find_crossings(a, row + (n + 0.5) / LINES, list);
        int winding = 0;
        for (int k = 0; k + 1 < count; k++) {
            winding += list[k].direction;
            if (winding != 0)
                add_pixel_coverage(canvas, list[k].x, list[k + 1].x);
        }
    }
    for (int i = left; i < right; i++) {
        const int covered = (int)((double)canvas->row[i] * (255.0 / LINES) + 0.5);
        const int clamped = covered > 255 ? 255 : covered;
        coverage[i] = clamped > coverage[i] ? (uint8_t)clamped : coverage[i];
    }
}

// Converts a coordinate, which may be infinite, to a pixel index in [0, limit].
static int clamp_to_canvas(double value, int limit)
{
    return (int)fmax(0.0, fmin(value, limit));
}

void imp_canvas_add_area(imp_canvas *canvas, const imp_pixel_point *points, const int *lengths,
                         int contours)
{
    const area a = {points, lengths, contours};
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int c = 0, k = 0; c < contours; c++)
        for (const int end = k + lengths[c]; k < end; k++) {
            x0 = fmin(x0, points[k].x);
            y0 = fmin(y0, points[k].y);
            x1 = fmax(x1, points[k].x);
            y1 = fmax(y1, points[k].y);
        }
    // only pixels of the bounding box that lie on the canvas
    const int left = clamp_to_canvas(floor(x0), canvas->width);
    const int right = clamp_to_canvas(ceil(x1), canvas->width);
    const int top = clamp_to_canvas(floor(y0), canvas->height);
    const int bottom = clamp_to_canvas(ceil(y1), canvas->height);
    if (left >= right || top >= bottom)
        return;
    for (int row = top; row < bottom; row++)
        fill_mask_row(canvas, &a, row, left, right);
    canvas->left = left < canvas->left ? left : canvas->left;
    canvas->top = top < canvas->top ? top : canvas->top;
    canvas->right = right > canvas->right ? right : canvas->right;
    canvas->bottom = bottom > canvas->bottom ? bottom : canvas->bottom;
}
