// Paints the plates of signs: 1 wide and 2 high, a tag in the upper half, the sign in the lower
// half (centre (0.5, 1.5)). Symbols are polygons, lines and discs. Shapes and colours follow the
// traffic signs that they stand for, simplified.

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/render/meshes/decal_painters.h"
#include "sim/render/meshes/mesh.h"

static const uint32_t WHITE = IMP_RGB(250, 250, 250), BLACK = IMP_RGB(20, 20, 22),
                      RED = IMP_RGB(205, 20, 28), YELLOW = IMP_RGB(250, 200, 20),
                      GREEN = IMP_RGB(30, 170, 60), BLUE = IMP_RGB(20, 80, 180),
                      DUCK = IMP_RGB(255, 225, 40), ORANGE = IMP_RGB(240, 120, 20);

// A regular polygon around the sign's centre with a corner at angle `turn`.
static void paint_regular_polygon(imp_decal_canvas *canvas, uint32_t colour, int corners,
                                  float radius, float turn)
{
    float points[8][2];
    for (int k = 0; k < corners; k++) {
        const float angle = (float)(2.0 * IMP_PI * k / corners) + turn;
        points[k][0] = 0.5f + radius * imp_cosf(angle);
        points[k][1] = 1.5f + radius * imp_sinf(angle);
    }
    imp_decal_canvas_polygon(canvas, colour, (const float(*)[2])points, corners);
}

#define LINE(colour, thickness, ...)                                                               \
    do {                                                                                           \
        const float line[][2] = {__VA_ARGS__};                                                     \
        imp_decal_canvas_line(canvas, colour, line, (int)(sizeof line / sizeof line[0]),           \
                              thickness);                                                          \
    } while (0)

#define POLYGON(colour, ...)                                                                       \
    do {                                                                                           \
        const float outline[][2] = {__VA_ARGS__};                                                  \
        imp_decal_canvas_polygon(canvas, colour, outline,                                          \
                                 (int)(sizeof outline / sizeof outline[0]));                       \
    } while (0)

// A tag: a black frame around 6 x 6 pseudo-random cells. It belongs to no tag family, so no
// detector decodes it.
static void paint_tag(imp_decal_canvas *canvas, imp_sign sign)
{
    const float cell = 0.84f / 8.0f, left = 0.08f, top = 0.1f;
    imp_decal_canvas_box(canvas, BLACK, left, top, left + 8 * cell, top + 8 * cell);
    // a linear congruential generator, seeded by the sign
    uint32_t bits = 0x9e3779b9u * ((uint32_t)sign + 3u);
    for (int k = 0; k < 36; k++) {
        bits = bits * 1664525u + 1013904223u;
        const float x = left + (float)(1 + k % 6) * cell, y = top + (float)(1 + k / 6) * cell;
        if (bits >> 31)
            imp_decal_canvas_box(canvas, WHITE, x, y, x + cell, y + cell);
    }
}

// A red octagon with the letters S, T, O and P as lines.
static void paint_stop(imp_decal_canvas *canvas)
{
    const float turn = (float)(IMP_PI / 8.0), thick = 0.055f;
    // outline, rim and face
    paint_regular_polygon(canvas, BLACK, 8, 0.47f, turn);
    paint_regular_polygon(canvas, WHITE, 8, 0.46f, turn);
    paint_regular_polygon(canvas, RED, 8, 0.42f, turn);
    const float top = 1.37f, mid = 1.5f, low = 1.63f;
    // the letter S
    LINE(WHITE, thick, {0.30f, top + 0.03f}, {0.27f, top}, {0.20f, top}, {0.17f, top + 0.03f},
         {0.17f, mid - 0.03f}, {0.20f, mid}, {0.27f, mid}, {0.30f, mid + 0.03f},
         {0.30f, low - 0.03f}, {0.27f, low}, {0.20f, low}, {0.17f, low - 0.03f});
    // the letter T
    LINE(WHITE, thick, {0.35f, top}, {0.49f, top});
    LINE(WHITE, thick, {0.42f, top}, {0.42f, low});
    // the letter O
    LINE(WHITE, thick, {0.57f, top}, {0.63f, top}, {0.66f, top + 0.04f}, {0.66f, low - 0.04f},
         {0.63f, low}, {0.57f, low}, {0.54f, low - 0.04f}, {0.54f, top + 0.04f}, {0.57f, top});
    // the letter P
    LINE(WHITE, thick, {0.73f, low}, {0.73f, top}, {0.81f, top}, {0.84f, top + 0.03f},
         {0.84f, mid - 0.02f}, {0.81f, mid + 0.01f}, {0.73f, mid + 0.01f});
}

// A red triangle with a white interior.
static void paint_yield(imp_decal_canvas *canvas)
{
    POLYGON(RED, {0.03f, 1.1f}, {0.97f, 1.1f}, {0.5f, 1.93f});
    POLYGON(WHITE, {0.21f, 1.2f}, {0.79f, 1.2f}, {0.5f, 1.72f});
}

// A crossed-out arrow to the right (side 1) or to the left (-1).
static void paint_no_turn(imp_decal_canvas *canvas, float side)
{
    const float x = 0.5f;
    // shaft and head of the arrow
    LINE(BLACK, 0.1f, {x - side * 0.13f, 1.74f}, {x - side * 0.13f, 1.42f},
         {x + side * 0.08f, 1.42f});
    POLYGON(BLACK, {x + side * 0.06f, 1.29f}, {x + side * 0.27f, 1.42f}, {x + side * 0.06f, 1.55f});
    enum { CORNERS = 32 };
    // the ring and its bar
    float ring[CORNERS + 1][2];
    for (int k = 0; k <= CORNERS; k++) {
        const float angle = (float)(2.0 * IMP_PI * k / CORNERS);
        ring[k][0] = x + 0.41f * imp_cosf(angle);
        ring[k][1] = 1.5f + 0.41f * imp_sinf(angle);
    }
    imp_decal_canvas_line(canvas, RED, (const float(*)[2])ring, CORNERS + 1, 0.1f);
    LINE(RED, 0.09f, {x - 0.29f, 1.21f}, {x + 0.29f, 1.79f});
}

// A white arrow on black, to the right (side 1) or left (-1).
static void paint_one_way(imp_decal_canvas *canvas, float side)
{
    const float x = 0.5f;
    imp_decal_canvas_box(canvas, BLACK, 0.03f, 1.24f, 0.97f, 1.76f);
    POLYGON(WHITE, {x - side * 0.4f, 1.4f}, {x + side * 0.1f, 1.4f}, {x + side * 0.1f, 1.3f},
            {x + side * 0.42f, 1.5f}, {x + side * 0.1f, 1.7f}, {x + side * 0.1f, 1.6f},
            {x - side * 0.4f, 1.6f});
}

// The yellow diamond that all warning signs share.
static void paint_warning_diamond(imp_decal_canvas *canvas)
{
    paint_regular_polygon(canvas, BLACK, 4, 0.49f, 0.0f);
    paint_regular_polygon(canvas, YELLOW, 4, 0.45f, 0.0f);
}

// The roads of an intersection; bits for up, right, down, left.
static void paint_intersection_arms(imp_decal_canvas *canvas, int arms)
{
    // up, right, down, left
    static const float ENDS[4][2] = {{0.5f, 1.25f}, {0.75f, 1.5f}, {0.5f, 1.75f}, {0.25f, 1.5f}};
    paint_warning_diamond(canvas);
    for (int k = 0; k < 4; k++)
        if (arms >> k & 1)
            LINE(BLACK, 0.1f, {0.5f, 1.5f}, {ENDS[k][0], ENDS[k][1]});
}

// A white bar in a red disc.
static void paint_do_not_enter(imp_decal_canvas *canvas)
{
    imp_decal_canvas_disc(canvas, RED, 0.5f, 1.5f, 0.45f);
    imp_decal_canvas_box(canvas, WHITE, 0.17f, 1.42f, 0.83f, 1.58f);
}

// A walking figure: head, body, arms, legs.
static void paint_pedestrian(imp_decal_canvas *canvas)
{
    paint_warning_diamond(canvas);
    imp_decal_canvas_disc(canvas, BLACK, 0.51f, 1.25f, 0.055f);
    LINE(BLACK, 0.1f, {0.5f, 1.37f}, {0.49f, 1.52f});
    LINE(BLACK, 0.05f, {0.52f, 1.37f}, {0.6f, 1.47f}, {0.67f, 1.44f});
    LINE(BLACK, 0.05f, {0.48f, 1.37f}, {0.4f, 1.45f}, {0.38f, 1.54f});
    LINE(BLACK, 0.06f, {0.5f, 1.54f}, {0.57f, 1.63f}, {0.6f, 1.76f});
    LINE(BLACK, 0.06f, {0.48f, 1.54f}, {0.44f, 1.65f}, {0.36f, 1.75f});
}

// A traffic light.
static void paint_traffic_light_ahead(imp_decal_canvas *canvas)
{
    paint_warning_diamond(canvas);
    imp_decal_canvas_box(canvas, BLACK, 0.41f, 1.23f, 0.59f, 1.77f);
    imp_decal_canvas_disc(canvas, RED, 0.5f, 1.32f, 0.07f);
    imp_decal_canvas_disc(canvas, YELLOW, 0.5f, 1.5f, 0.07f);
    imp_decal_canvas_disc(canvas, GREEN, 0.5f, 1.68f, 0.07f);
}

// A duck: body, head, beak, eye and wing.
static void paint_duck_crossing(imp_decal_canvas *canvas)
{
    paint_warning_diamond(canvas);
    // body
    POLYGON(BLACK, {0.24f, 1.53f}, {0.36f, 1.55f}, {0.5f, 1.52f}, {0.68f, 1.5f}, {0.73f, 1.58f},
            {0.69f, 1.68f}, {0.58f, 1.74f}, {0.4f, 1.74f}, {0.29f, 1.67f});
    // head, beak, eye, wing
    imp_decal_canvas_disc(canvas, BLACK, 0.6f, 1.41f, 0.115f);
    POLYGON(ORANGE, {0.68f, 1.38f}, {0.8f, 1.43f}, {0.69f, 1.48f});
    imp_decal_canvas_disc(canvas, DUCK, 0.62f, 1.38f, 0.025f);
    LINE(DUCK, 0.025f, {0.38f, 1.6f}, {0.46f, 1.66f}, {0.57f, 1.62f});
}

// The letter P.
static void paint_parking(imp_decal_canvas *canvas)
{
    imp_decal_canvas_box(canvas, BLUE, 0.06f, 1.06f, 0.94f, 1.94f);
    LINE(WHITE, 0.12f, {0.38f, 1.78f}, {0.38f, 1.24f}, {0.57f, 1.24f}, {0.65f, 1.3f},
         {0.65f, 1.43f}, {0.57f, 1.5f}, {0.38f, 1.5f});
}

void imp_decal_paint_sign(imp_decal_canvas *canvas, imp_sign sign)
{
    // all but the blank sign have a tag
    enum { UP = 1, RIGHT = 2, DOWN = 4, LEFT = 8 };
    canvas->wide = 1.0f;
    canvas->high = 2.0f;
    imp_decal_canvas_fill(canvas, WHITE);
    if (sign != IMP_SIGN_BLANK)
        paint_tag(canvas, sign);
    switch (sign) {
    case IMP_SIGN_STOP:
        paint_stop(canvas);
        break;
    case IMP_SIGN_YIELD:
        paint_yield(canvas);
        break;
    case IMP_SIGN_NO_RIGHT_TURN:
        paint_no_turn(canvas, 1.0f);
        break;
    case IMP_SIGN_NO_LEFT_TURN:
        paint_no_turn(canvas, -1.0f);
        break;
    case IMP_SIGN_ONEWAY_RIGHT:
        paint_one_way(canvas, 1.0f);
        break;
    case IMP_SIGN_ONEWAY_LEFT:
        paint_one_way(canvas, -1.0f);
        break;
    case IMP_SIGN_4_WAY_INTERSECT:
        paint_intersection_arms(canvas, UP | RIGHT | DOWN | LEFT);
        break;
    case IMP_SIGN_RIGHT_T_INTERSECT:
        paint_intersection_arms(canvas, UP | RIGHT | DOWN);
        break;
    case IMP_SIGN_LEFT_T_INTERSECT:
        paint_intersection_arms(canvas, UP | LEFT | DOWN);
        break;
    case IMP_SIGN_T_INTERSECT:
        paint_intersection_arms(canvas, RIGHT | DOWN | LEFT);
        break;
    case IMP_SIGN_DO_NOT_ENTER:
        paint_do_not_enter(canvas);
        break;
    case IMP_SIGN_PEDESTRIAN:
        paint_pedestrian(canvas);
        break;
    case IMP_SIGN_T_LIGHT_AHEAD:
        paint_traffic_light_ahead(canvas);
        break;
    case IMP_SIGN_DUCK_CROSSING:
        paint_duck_crossing(canvas);
        break;
    case IMP_SIGN_PARKING:
        paint_parking(canvas);
        break;
    case IMP_SIGN_BLANK:
    case IMP_SIGN_COUNT:
        break;
    }
}
