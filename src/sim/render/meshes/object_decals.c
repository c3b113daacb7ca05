// Paints the decals of vehicles, buildings and other objects. Each painter first sets the units in
// which it paints, so that proportions match the mesh. Coordinates were chosen by looking at
// rendered images.
#include "sim/render/meshes/decal_painters.h"
#include "sim/render/meshes/mesh.h"

static const uint32_t WHITE = IMP_RGB(250, 250, 250), BLACK = IMP_RGB(22, 22, 24),
                      GLASS = IMP_RGB(48, 56, 66), YELLOW = IMP_RGB(252, 210, 50),
                      GREY = IMP_RGB(190, 192, 194), RED = IMP_RGB(215, 30, 35),
                      LAMP = IMP_RGB(255, 235, 170), SCHOOL_BUS_YELLOW = IMP_RGB(250, 185, 25);

// Sets the units of a canvas and fills it.
static void set_canvas_units_and_fill(imp_decal_canvas *canvas, float wide, float high,
                                      uint32_t colour)
{
    canvas->wide = wide;
    canvas->high = high;
    imp_decal_canvas_fill(canvas, colour);
}

// The side of the bus above the floor, front to the right.
static void paint_bus_side(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 16.0f, 4.0f, WHITE);
    imp_decal_canvas_box(canvas, SCHOOL_BUS_YELLOW, 0.0f, 2.55f, 16.0f, 2.9f);
    // six side windows
    for (int k = 0; k < 6; k++) {
        const float x = 0.4f + 1.95f * (float)k;
        imp_decal_canvas_box(canvas, GLASS, x, 0.55f, x + 1.75f, 2.2f);
    }
    // door and driver's window
    imp_decal_canvas_box(canvas, BLACK, 12.25f, 0.5f, 14.05f, 3.75f);
    // glass of both door leaves, then the driver's window
    imp_decal_canvas_box(canvas, GLASS, 12.35f, 0.6f, 13.1f, 3.65f);
    imp_decal_canvas_box(canvas, GLASS, 13.2f, 0.6f, 13.95f, 3.65f);
    imp_decal_canvas_box(canvas, GLASS, 14.3f, 0.55f, 15.5f, 2.2f);
    imp_decal_canvas_box(canvas, BLACK, 0.0f, 3.75f, 16.0f, 4.0f);
}

// Destination sign, windscreen, lights and plate.
static void paint_bus_front(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 5.0f, 4.0f, WHITE);
    // destination sign: dark frame, yellow letters
    imp_decal_canvas_box(canvas, BLACK, 0.8f, 0.15f, 4.2f, 0.5f);
    imp_decal_canvas_box(canvas, SCHOOL_BUS_YELLOW, 1.1f, 0.22f, 3.9f, 0.43f);
    imp_decal_canvas_box(canvas, GLASS, 0.3f, 0.6f, 4.7f, 2.4f);
    imp_decal_canvas_box(canvas, SCHOOL_BUS_YELLOW, 0.0f, 2.55f, 5.0f, 2.9f);
    imp_decal_canvas_disc(canvas, LAMP, 0.7f, 3.2f, 0.25f);
    imp_decal_canvas_disc(canvas, LAMP, 4.3f, 3.2f, 0.25f);
    imp_decal_canvas_box(canvas, GREY, 1.6f, 3.05f, 3.4f, 3.4f);
    imp_decal_canvas_box(canvas, BLACK, 0.0f, 3.65f, 5.0f, 4.0f);
}

// Rear window, lights and plate.
static void paint_bus_rear(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 5.0f, 4.0f, WHITE);
    imp_decal_canvas_box(canvas, GLASS, 0.6f, 0.6f, 4.4f, 2.1f);
    imp_decal_canvas_box(canvas, SCHOOL_BUS_YELLOW, 0.0f, 2.55f, 5.0f, 2.9f);
    imp_decal_canvas_box(canvas, RED, 0.25f, 3.05f, 0.95f, 3.4f);
    imp_decal_canvas_box(canvas, RED, 4.05f, 3.05f, 4.75f, 3.4f);
    imp_decal_canvas_box(canvas, GREY, 1.9f, 3.1f, 3.1f, 3.4f);
    imp_decal_canvas_box(canvas, BLACK, 0.0f, 3.65f, 5.0f, 4.0f);
}

// The cab of the truck from the side, 3 by 3.6 units; front to the right, cut off at the top.
static void paint_truck_cab(imp_decal_canvas *canvas)
{
    // the window follows the slope of the windscreen
    const float window[][2] = {{0.5f, 0.45f}, {1.55f, 0.45f}, {2.4f, 1.75f}, {0.5f, 1.75f}};
    set_canvas_units_and_fill(canvas, 3.0f, 3.6f, YELLOW);
    imp_decal_canvas_polygon(canvas, GLASS, window, 4);
    imp_decal_canvas_box(canvas, BLACK, 0.55f, 2.0f, 0.95f, 2.1f);
    imp_decal_canvas_box(canvas, BLACK, 0.0f, 3.3f, 3.0f, 3.6f);
}

// Grille and headlights.
static void paint_truck_front(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 4.0f, 1.8f, YELLOW);
    imp_decal_canvas_box(canvas, GREY, 1.1f, 0.35f, 2.9f, 0.85f);
    imp_decal_canvas_disc(canvas, LAMP, 0.5f, 0.6f, 0.28f);
    imp_decal_canvas_disc(canvas, LAMP, 3.5f, 0.6f, 0.28f);
    imp_decal_canvas_box(canvas, BLACK, 0.0f, 1.3f, 4.0f, 1.8f);
}

// The windscreen.
static void paint_truck_windshield(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 4.0f, 2.0f, YELLOW);
    imp_decal_canvas_box(canvas, GLASS, 0.25f, 0.2f, 3.75f, 1.75f);
}

// Doors, bumper and lights.
static void paint_truck_rear(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 4.0f, 4.4f, IMP_RGB(225, 226, 228));
    // gap between the doors, two handles, bumper with lights
    imp_decal_canvas_box(canvas, GREY, 1.96f, 0.2f, 2.04f, 3.7f);
    imp_decal_canvas_box(canvas, BLACK, 1.6f, 1.8f, 1.8f, 2.3f);
    imp_decal_canvas_box(canvas, BLACK, 2.2f, 1.8f, 2.4f, 2.3f);
    imp_decal_canvas_box(canvas, BLACK, 0.0f, 3.8f, 4.0f, 4.4f);
    imp_decal_canvas_box(canvas, RED, 0.2f, 3.9f, 0.8f, 4.2f);
    imp_decal_canvas_box(canvas, RED, 3.2f, 3.9f, 3.8f, 4.2f);
}

// Tyre, rim and hub.
static void paint_wheel(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 2.0f, 2.0f, BLACK);
    // rim and hub
    imp_decal_canvas_disc(canvas, GREY, 1.0f, 1.0f, 0.58f);
    imp_decal_canvas_disc(canvas, IMP_RGB(120, 122, 125), 1.0f, 1.0f, 0.2f);
}

// A window with a frame and glazing bars.
static void paint_window(imp_decal_canvas *canvas, uint32_t frame, float x, float y, float wide,
                         float high)
{
    // frame, glass, vertical and horizontal bar
    imp_decal_canvas_box(canvas, frame, x - 0.12f, y - 0.12f, x + wide + 0.12f, y + high + 0.12f);
    imp_decal_canvas_box(canvas, IMP_RGB(120, 165, 200), x, y, x + wide, y + high);
    imp_decal_canvas_box(canvas, frame, x + 0.5f * wide - 0.05f, y, x + 0.5f * wide + 0.05f,
                         y + high);
    imp_decal_canvas_box(canvas, frame, x, y + 0.5f * high - 0.05f, x + wide,
                         y + 0.5f * high + 0.05f);
}

// A brick facade with four storeys of windows, and a door.
static void paint_building_facade(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 8.0f, 10.0f, IMP_RGB(165, 88, 66));
    // rows of bricks, windows, then the door
    for (int k = 1; k < 20; k++)
        imp_decal_canvas_box(canvas, IMP_RGB(150, 78, 58), 0.0f, 0.5f * (float)k, 8.0f,
                             0.5f * (float)k + 0.08f);
    for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++)
            // no windows where the door is
            if (j < 3 || i == 0 || i == 3)
                paint_window(canvas, WHITE, 0.55f + 1.9f * (float)i, 0.9f + 2.3f * (float)j, 1.2f,
                             1.4f);
    // the door with two panes
    imp_decal_canvas_box(canvas, IMP_RGB(90, 55, 35), 3.1f, 7.5f, 4.9f, 10.0f);
    imp_decal_canvas_box(canvas, GLASS, 3.3f, 7.7f, 3.95f, 10.0f);
    imp_decal_canvas_box(canvas, GLASS, 4.05f, 7.7f, 4.7f, 10.0f);
}

// Horizontal boards.
static void paint_wooden_wall(imp_decal_canvas *canvas, uint32_t colour, uint32_t seam)
{
    set_canvas_units_and_fill(canvas, 8.0f, 4.0f, colour);
    for (int k = 1; k < 10; k++)
        imp_decal_canvas_box(canvas, seam, 0.0f, 0.4f * (float)k, 8.0f, 0.4f * (float)k + 0.06f);
}

// A wall with windows; in the front wall a door replaces the middle one.
static void paint_house_wall(imp_decal_canvas *canvas, bool door)
{
    const uint32_t frame = IMP_RGB(240, 235, 225);
    paint_wooden_wall(canvas, IMP_RGB(225, 205, 160), IMP_RGB(200, 180, 138));
    paint_window(canvas, frame, 0.9f, 1.1f, 1.5f, 1.5f);
    paint_window(canvas, frame, 5.6f, 1.1f, 1.5f, 1.5f);
    // a third window, or the door with its frame and knob
    if (!door) {
        paint_window(canvas, frame, 3.25f, 1.1f, 1.5f, 1.5f);
        return;
    }
    imp_decal_canvas_box(canvas, frame, 3.1f, 0.9f, 4.9f, 4.0f);
    imp_decal_canvas_box(canvas, IMP_RGB(150, 40, 35), 3.3f, 1.1f, 4.7f, 4.0f);
    imp_decal_canvas_disc(canvas, YELLOW, 4.45f, 2.7f, 0.1f);
}

// Slanted red stripes of barriers.
static void paint_stripes(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 7.0f, 1.0f, WHITE);
    for (int k = 0; k < 8; k++) {
        // each stripe is a parallelogram; the first starts outside
        const float x = (float)k - 0.7f;
        const float stripe[][2] = {{x + 0.5f, 0.0f}, {x + 1.0f, 0.0f}, {x + 0.5f, 1.0f}, {x, 1.0f}};
        imp_decal_canvas_polygon(canvas, RED, stripe, 4);
    }
}

// The calibration pattern: 6 x 8 squares with a white margin.
static void paint_checkerboard(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 10.0f, 8.0f, WHITE);
    for (int j = 0; j < 6; j++)
        for (int i = 0; i < 8; i++)
            if ((i + j) % 2 == 0)
                imp_decal_canvas_box(canvas, BLACK, (float)i + 1.0f, (float)j + 1.0f,
                                     (float)i + 2.0f, (float)j + 2.0f);
}

// The 7 x 3 circles by which robots detect each other.
static void paint_circle_grid(imp_decal_canvas *canvas)
{
    set_canvas_units_and_fill(canvas, 8.0f, 3.0f, WHITE);
    for (int k = 0; k < 21; k++)
        imp_decal_canvas_disc(canvas, BLACK, 1.0f + (float)(k % 7), 0.5f + (float)(k / 7), 0.3f);
}

// A traffic light's face: the upper (red) or the lower (green) lamp is lit.
static void paint_traffic_lamps(imp_decal_canvas *canvas, bool green)
{
    set_canvas_units_and_fill(canvas, 3.0f, 3.0f, IMP_RGB(28, 28, 30));
    imp_decal_canvas_disc(canvas, green ? IMP_RGB(70, 14, 14) : IMP_RGB(255, 30, 20), 1.5f, 0.58f,
                          0.46f);
    imp_decal_canvas_disc(canvas, IMP_RGB(72, 58, 12), 1.5f, 1.5f, 0.42f);
    imp_decal_canvas_disc(canvas, green ? IMP_RGB(30, 255, 70) : IMP_RGB(10, 62, 22), 1.5f, 2.42f,
                          0.46f);
}

void imp_decal_paint_object(imp_decal_canvas *canvas, int decal)
{
    // signs are painted elsewhere
    switch (decal) {
    case IMP_DECAL_BUS_SIDE:
        paint_bus_side(canvas);
        break;
    case IMP_DECAL_BUS_FRONT:
        paint_bus_front(canvas);
        break;
    case IMP_DECAL_BUS_REAR:
        paint_bus_rear(canvas);
        break;
    case IMP_DECAL_TRUCK_CAB:
        paint_truck_cab(canvas);
        break;
    case IMP_DECAL_TRUCK_FRONT:
        paint_truck_front(canvas);
        break;
    case IMP_DECAL_TRUCK_WINDSHIELD:
        paint_truck_windshield(canvas);
        break;
    case IMP_DECAL_TRUCK_REAR:
        paint_truck_rear(canvas);
        break;
    case IMP_DECAL_WHEEL:
        paint_wheel(canvas);
        break;
    case IMP_DECAL_BUILDING:
        paint_building_facade(canvas);
        break;
    case IMP_DECAL_HOUSE_FRONT:
    case IMP_DECAL_HOUSE_SIDE:
        paint_house_wall(canvas, decal == IMP_DECAL_HOUSE_FRONT);
        break;
    case IMP_DECAL_STRIPES:
        paint_stripes(canvas);
        break;
    case IMP_DECAL_CHECKERS:
        paint_checkerboard(canvas);
        break;
    case IMP_DECAL_DOTS:
        paint_circle_grid(canvas);
        break;
    case IMP_DECAL_LAMP_RED:
    case IMP_DECAL_LAMP_GREEN:
        paint_traffic_lamps(canvas, decal == IMP_DECAL_LAMP_GREEN);
        break;
    default:
        break;
    }
}
