// Meshes of objects beside the road: cone, barrier, checkerboard, sign and traffic light. Each uses
// the units of gym-duckietown's mesh of that kind; finishing scales it to the class's extents. Only
// round shapes have a coarse version.
#include "base/common/vector2.h"
#include "sim/render/meshes/object_models.h"

static const uint32_t ORANGE = IMP_RGB(255, 105, 10), WHITE = IMP_RGB(250, 250, 250),
                      DARK = IMP_RGB(50, 50, 54), WOOD = IMP_RGB(190, 145, 90),
                      METAL = IMP_RGB(96, 98, 102);

void imp_mesh_build_cone(imp_mesh_builder *m)
{
    // radius and height where the colour changes
    static const float EDGES[][2] = {{7.6f, 1.6f},  {5.7f, 9.6f},  {4.4f, 15.1f},
                                     {3.1f, 20.6f}, {2.2f, 24.4f}, {0.9f, 30.0f}};
    // a square foot, five bands in alternating colours, and the tip
    const int corners = m->detailed ? 14 : 7;
    m->colour = DARK;
    imp_mesh_add_box(m, -10.0f, 0.0f, -10.0f, 10.0f, 1.6f, 10.0f);
    for (int k = 0; k < 5; k++) {
        // each band is a part of a cone between two heights
        m->colour = k % 2 == 1 ? WHITE : ORANGE;
        imp_mesh_add_lathe(m, &EDGES[k], 2, corners, false);
    }
    const float tip[][2] = {{0.9f, 30.0f}, {0.0f, 30.3f}};
    imp_mesh_add_lathe(m, tip, 2, corners, false);
}

void imp_mesh_build_barrier(imp_mesh_builder *m)
{
    // cross-section of the barrier, from its foot up
    static const float PROFILE[][2] = {{-0.406f, 0.0f}, {0.406f, 0.0f},  {0.406f, 0.09f},
                                       {0.19f, 0.37f},  {0.12f, 1.143f}, {-0.12f, 1.143f},
                                       {-0.19f, 0.37f}, {-0.406f, 0.09f}};
    // the prism is extruded along z, the barrier stands across the road
    imp_mesh_builder_rotate(m, 1, (float)(0.5 * IMP_PI));
    m->colour = IMP_RGB(186, 184, 178);
    imp_mesh_add_prism(m, PROFILE, 8, -2.033f, 2.033f, NULL);
    // a striped panel on each side
    m->decal = IMP_DECAL_STRIPES;
    m->colour = WHITE;
    for (int side = -1; side <= 1; side += 2) {
        // the panel lies just outside the sloping side
        const float s = (float)side, end = 2.0f * s;
        const float panel[4][3] = {{s * 0.135f, 1.05f, end},
                                   {s * 0.135f, 1.05f, -end},
                                   {s * 0.185f, 0.5f, -end},
                                   {s * 0.185f, 0.5f, end}};
        imp_mesh_add_panel(m, panel);
    }
    m->decal = IMP_DECAL_NONE;
}

void imp_mesh_build_checkerboard(imp_mesh_builder *m)
{
    m->colour = WHITE;
    m->decal = IMP_DECAL_CHECKERS;
    imp_mesh_add_box(m, -1.0f, 0.0f, -1.0f, 1.0f, 2.0f, 1.0f);
    m->decal = IMP_DECAL_NONE;
}

void imp_mesh_build_sign(imp_mesh_builder *m, imp_sign sign)
{
    static const float PLATE[4][3] = {{0.0042f, 0.23f, 0.0322f},
                                      {0.0042f, 0.23f, -0.0322f},
                                      {0.0042f, 0.1f, -0.0322f},
                                      {0.0042f, 0.1f, 0.0322f}};
    // foot, two posts and the board; the sign is a panel on its front
    m->colour = IMP_RGB(60, 130, 70);
    // the foot
    imp_mesh_add_box(m, -0.0254f, 0.0f, -0.03f, 0.0254f, 0.006f, 0.03f);
    m->colour = WOOD;
    imp_mesh_add_box(m, -0.0035f, 0.006f, -0.022f, 0.0035f, 0.1f, -0.014f);
    imp_mesh_add_box(m, -0.0035f, 0.006f, 0.014f, 0.0035f, 0.1f, 0.022f);
    imp_mesh_add_box(m, -0.0035f, 0.1f, -0.0325f, 0.0035f, 0.2301f, 0.0325f);
    m->colour = WHITE;
    // the plate is painted with the sign's decal
    m->decal = IMP_DECAL_SIGN + (int)sign;
    imp_mesh_add_panel(m, PLATE);
    m->decal = IMP_DECAL_NONE;
}

void imp_mesh_build_traffic_light(imp_mesh_builder *m, bool diagonal_green)
{
    // foot, post, arm, and the box that hangs from it, turned by 45 degrees
    const float low = 0.17f, high = 0.275f, middle = 0.235f;
    m->colour = METAL;
    imp_mesh_add_box(m, -0.04f, 0.0f, -0.2917f, 0.04f, 0.012f, -0.2f);
    imp_mesh_add_box(m, -0.012f, 0.012f, -0.258f, 0.012f, 0.342f, -0.234f);
    imp_mesh_add_box(m, -0.012f, 0.342f, -0.27f, 0.012f, 0.3655f, 0.25f);
    imp_mesh_add_box(m, -0.005f, high, middle - 0.005f, 0.005f, 0.342f, middle + 0.005f);
    imp_mesh_builder_set_origin(m, 0.0f, 0.0f, middle);
    imp_mesh_builder_rotate(m, 1, (float)(0.25 * IMP_PI));
    m->colour = IMP_RGB(200, 160, 40);
    const float half = 0.0399f;
    imp_mesh_add_box(m, -half, low, -half, half, high, half);
    m->colour = WHITE;
    // a panel on each side; opposite sides show the same colour
    for (int k = 0; k < 4; k++) {
        // just outside the box, with a small rim
        const float at = half + 0.0002f, rim = half - 0.002f;
        const float panel[4][3] = {{at, high - 0.002f, rim},
                                   {at, high - 0.002f, -rim},
                                   {at, low + 0.002f, -rim},
                                   {at, low + 0.002f, rim}};
        m->decal = (k % 2 == 0) == diagonal_green ? IMP_DECAL_LAMP_GREEN : IMP_DECAL_LAMP_RED;
        imp_mesh_add_panel(m, panel);
        imp_mesh_builder_rotate(m, 1, (float)(0.5 * IMP_PI));
    }
    m->decal = IMP_DECAL_NONE;
}
