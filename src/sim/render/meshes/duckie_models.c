// The duckie, and the Duckiebot that carries one. Shapes are ellipsoids, lathed hulls and boxes;
// coarse versions have fewer corners and omit small parts. Lengths of the duckie are in units of
// half its body's length, those of the robot in metres. Proportions resemble gym-duckietown's
// meshes.
#include "sim/render/meshes/object_models.h"

static const uint32_t YELLOW = IMP_RGB(255, 212, 10), WING = IMP_RGB(240, 178, 5),
                      BEAK = IMP_RGB(255, 110, 10), WHITE = IMP_RGB(255, 255, 255),
                      BLACK = IMP_RGB(18, 18, 20), DARK = IMP_RGB(45, 46, 50),
                      METAL = IMP_RGB(160, 162, 166);

// Position and size of a duckie: one unit is half its body's length.
typedef struct duckie_placement {
    float x, y, z, size;
} duckie_placement;

// An ellipsoid in the duckie's units.
static void add_duckie_ellipsoid(imp_mesh_builder *m, const duckie_placement *d, float x, float y,
                                 float z, float rx, float ry, float rz, int corners)
{
    imp_mesh_builder_set_origin(m, d->x + d->size * x, d->y + d->size * y, d->z + d->size * z);
    imp_mesh_add_ellipsoid(m, d->size * rx, d->size * ry, d->size * rz, corners);
}

// A cone, tilted backwards.
static void add_duckie_tail(imp_mesh_builder *m, const duckie_placement *d, int corners)
{
    const float profile[][2] = {
        {d->size * 0.3f, 0.0f}, {d->size * 0.2f, d->size * 0.28f}, {0.0f, d->size * 0.5f}};
    imp_mesh_builder_set_origin(m, d->x - d->size * 0.52f, d->y + d->size * 0.48f, d->z);
    // tilt about the sideways axis, then flatten
    imp_mesh_builder_rotate(m, 2, 0.75f);
    imp_mesh_builder_scale(m, 0.8f, 1.0f, 1.0f);
    imp_mesh_add_lathe(m, profile, 3, corners, true);
}

// White and pupil on one side.
static void add_duckie_eye(imp_mesh_builder *m, const duckie_placement *d, float side)
{
    m->colour = WHITE;
    add_duckie_ellipsoid(m, d, 0.585f, 1.2f, side * 0.2f, 0.1f, 0.13f, 0.11f, m->detailed ? 6 : 4);
    m->colour = BLACK;
    add_duckie_ellipsoid(m, d, 0.625f, 1.2f, side * 0.225f, 0.085f, 0.1f, 0.095f,
                         m->detailed ? 6 : 4);
}

// The body.
static void add_duckie_body(imp_mesh_builder *m, const duckie_placement *d, bool detailed)
{
    // a rounded hull, open at the bottom
    const float s = d->size;
    const float profile[][2] = {{s * 0.40f, 0.0f},      {s * 0.52f, s * 0.16f},
                                {s * 0.56f, s * 0.36f}, {s * 0.48f, s * 0.58f},
                                {s * 0.28f, s * 0.74f}, {0.0f, s * 0.8f}};
    m->colour = YELLOW;
    imp_mesh_builder_set_origin(m, d->x - s * 0.05f, d->y, d->z);
    imp_mesh_builder_scale(m, 1.35f, 1.0f, 1.0f);
    imp_mesh_add_lathe(m, profile, 6, detailed ? 12 : 7, true);
}

// A flat ellipsoid, tilted; one side.
static void add_duckie_wing(imp_mesh_builder *m, const duckie_placement *d, float side)
{
    imp_mesh_builder_set_origin(m, d->x - 0.2f * d->size, d->y + 0.47f * d->size,
                                d->z + side * 0.47f * d->size);
    imp_mesh_builder_rotate(m, 2, -0.35f);
    imp_mesh_add_ellipsoid(m, 0.4f * d->size, 0.2f * d->size, 0.12f * d->size, m->detailed ? 6 : 4);
}

void imp_mesh_build_duckie_at(imp_mesh_builder *m, float x, float y, float z, float size,
                              bool parts)
{
    const duckie_placement d = {x, y, z, size};
    // body, tail, head and beak always; eyes and wings only if they would be visible
    const bool detailed = m->detailed && parts;
    add_duckie_body(m, &d, detailed);
    add_duckie_tail(m, &d, detailed ? 6 : 4);
    add_duckie_ellipsoid(m, &d, 0.36f, 1.1f, 0.0f, 0.39f, 0.42f, 0.38f, detailed ? 10 : 6);
    // upper and lower part of the beak
    m->colour = BEAK;
    add_duckie_ellipsoid(m, &d, 0.74f, 1.06f, 0.0f, 0.22f, 0.07f, 0.18f, detailed ? 6 : 4);
    if (detailed)
        add_duckie_ellipsoid(m, &d, 0.68f, 0.97f, 0.0f, 0.18f, 0.05f, 0.14f, 6);
    // the coarse duckie on a robot is too small for eyes
    if (!parts && !m->detailed)
        return;
    add_duckie_eye(m, &d, 1.0f);
    add_duckie_eye(m, &d, -1.0f);
    if (!parts)
        return;
    m->colour = WING;
    add_duckie_wing(m, &d, 1.0f);
    add_duckie_wing(m, &d, -1.0f);
}

void imp_mesh_build_duckie(imp_mesh_builder *m)
{
    imp_mesh_build_duckie_at(m, 0.0f, 0.0f, 0.0f, 1.0f, true);
}

// Two wheels and the castor.
static void add_robot_wheels(imp_mesh_builder *m)
{
    imp_mesh_builder_set_origin(m, 0.035f, 0.033f, 0.0f);
    m->colour = WHITE;
    // the decal is painted on both ends of a wheel
    m->decal = IMP_DECAL_WHEEL;
    imp_mesh_add_wheel(m, 0.033f, 0.05f, 0.0736f, BLACK, m->detailed ? 14 : 8);
    imp_mesh_add_wheel(m, 0.033f, -0.0736f, -0.05f, BLACK, m->detailed ? 14 : 8);
    m->decal = IMP_DECAL_NONE;
    // the castor
    imp_mesh_builder_set_origin(m, -0.075f, 0.014f, 0.0f);
    m->colour = METAL;
    imp_mesh_add_ellipsoid(m, 0.014f, 0.014f, 0.014f, m->detailed ? 6 : 4);
}

// Bumpers with lights, and the plate with a circle grid at the back.
static void add_robot_bumpers(imp_mesh_builder *m)
{
    // the plate at the back
    static const float PLATE[4][3] = {{-0.1005f, 0.083f, -0.05f},
                                      {-0.1005f, 0.083f, 0.05f},
                                      {-0.1005f, 0.045f, 0.05f},
                                      {-0.1005f, 0.045f, -0.05f}};
    // bumpers at the back and front
    m->colour = DARK;
    imp_mesh_add_box(m, -0.1f, 0.042f, -0.053f, -0.096f, 0.086f, 0.053f);
    imp_mesh_add_box(m, 0.09f, 0.036f, -0.06f, m->detailed ? 0.098f : 0.1005f, 0.052f, 0.06f);
    m->colour = WHITE;
    m->decal = IMP_DECAL_DOTS;
    imp_mesh_add_panel(m, PLATE);
    m->decal = IMP_DECAL_NONE;
    // lights
    // three lights in front
    for (int side = -1; m->detailed && side <= 1; side++) {
        const float z = 0.045f * (float)side;
        imp_mesh_add_box(m, 0.096f, 0.038f, z - 0.006f, 0.1005f, 0.05f, z + 0.006f);
    }
    m->colour = IMP_RGB(255, 40, 30);
    // two at the back
    for (int side = -1; m->detailed && side <= 1; side += 2) {
        const float z = 0.045f * (float)side;
        imp_mesh_add_box(m, -0.1f, 0.034f, z - 0.006f, -0.094f, 0.043f, z + 0.006f);
    }
}

// The camera on its mast; the lens only in the detailed version.
static void add_robot_camera(imp_mesh_builder *m)
{
    m->colour = DARK;
    imp_mesh_add_box(m, 0.055f, 0.07f, -0.008f, 0.065f, 0.098f, 0.008f);
    imp_mesh_add_box(m, 0.055f, 0.094f, -0.02f, 0.07f, 0.122f, 0.02f);
    if (!m->detailed)
        return;
    imp_mesh_builder_set_origin(m, 0.07f, 0.108f, 0.0f);
    // wheels lie along z, so turn the lens's axis ahead
    imp_mesh_builder_rotate(m, 1, 1.5707963f);
    m->colour = METAL;
    imp_mesh_add_wheel(m, 0.0115f, 0.0f, 0.008f, METAL, m->detailed ? 10 : 6);
    m->colour = BLACK;
    imp_mesh_add_wheel(m, 0.0075f, 0.0f, 0.0095f, BLACK, m->detailed ? 8 : 5);
    imp_mesh_builder_set_origin(m, 0.0f, 0.0f, 0.0f);
}

void imp_mesh_build_duckiebot(imp_mesh_builder *m, imp_object_color color)
{
    // the order of imp_object_color
    static const uint32_t BODY[] = {IMP_RGB(205, 25, 25), IMP_RGB(25, 150, 50),
                                    IMP_RGB(25, 75, 200), IMP_RGB(130, 132, 136)};
    add_robot_wheels(m);
    imp_mesh_builder_set_origin(m, 0.0f, 0.0f, 0.0f);
    add_robot_bumpers(m);
    // two decks with the battery between them
    m->colour = BODY[color];
    imp_mesh_add_box(m, -0.096f, 0.03f, -0.048f, 0.09f, 0.04f, 0.048f);
    imp_mesh_add_box(m, -0.09f, 0.066f, -0.048f, 0.085f, 0.074f, 0.048f);
    imp_mesh_add_box(m, 0.076f, 0.04f, -0.046f, 0.084f, 0.066f, 0.046f);
    m->colour = DARK;
    imp_mesh_add_box(m, -0.085f, 0.04f, -0.04f, 0.06f, 0.066f, 0.04f);
    add_robot_camera(m);
    imp_mesh_build_duckie_at(m, -0.03f, 0.074f, 0.0f, 0.0399f, false);
}
