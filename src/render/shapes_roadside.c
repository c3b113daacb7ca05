// Cone, barrier, checkerboard, sign and traffic light.
#include "base/vector.h"
#include "render/models.h"

static const uint32_t ORANGE = IMP_RGB(255, 105, 10), WHITE = IMP_RGB(250, 250, 250),
                      DARK = IMP_RGB(50, 50, 54), WOOD = IMP_RGB(190, 145, 90),
                      METAL = IMP_RGB(96, 98, 102);

void imp_shape_cone(imp_modeller *m)
{
    // radius and height where the colour changes
    static const float EDGES[][2] = {{7.6f, 1.6f},  {5.7f, 9.6f},  {4.4f, 15.1f},
                                     {3.1f, 20.6f}, {2.2f, 24.4f}, {0.9f, 30.0f}};
    const int corners = m->fine ? 14 : 7;
    m->colour = DARK;
    imp_model_box(m, -10.0f, 0.0f, -10.0f, 10.0f, 1.6f, 10.0f);
    for (int k = 0; k < 5; k++) {
        m->colour = k % 2 == 1 ? WHITE : ORANGE;
        imp_model_lathe(m, &EDGES[k], 2, corners, false);
    }
    const float tip[][2] = {{0.9f, 30.0f}, {0.0f, 30.3f}};
    imp_model_lathe(m, tip, 2, corners, false);
}

void imp_shape_barrier(imp_modeller *m)
{
    // across the barrier, from its foot up
    static const float PROFILE[][2] = {{-0.406f, 0.0f}, {0.406f, 0.0f},  {0.406f, 0.09f},
                                       {0.19f, 0.37f},  {0.12f, 1.143f}, {-0.12f, 1.143f},
                                       {-0.19f, 0.37f}, {-0.406f, 0.09f}};
    imp_model_turn(m, 1, (float)(0.5 * IMP_PI));
    m->colour = IMP_RGB(186, 184, 178);
    imp_model_prism(m, PROFILE, 8, -2.033f, 2.033f, NULL);
    m->face = IMP_FACE_STRIPES;
    m->colour = WHITE;
    for (int side = -1; side <= 1; side += 2) {
        const float s = (float)side, end = 2.0f * s;
        const float panel[4][3] = {{s * 0.135f, 1.05f, end},
                                   {s * 0.135f, 1.05f, -end},
                                   {s * 0.185f, 0.5f, -end},
                                   {s * 0.185f, 0.5f, end}};
        imp_model_panel(m, panel);
    }
    m->face = IMP_FACE_NONE;
}

void imp_shape_checkerboard(imp_modeller *m)
{
    m->colour = WHITE;
    m->face = IMP_FACE_CHECKERS;
    imp_model_box(m, -1.0f, 0.0f, -1.0f, 1.0f, 2.0f, 1.0f);
    m->face = IMP_FACE_NONE;
}

void imp_shape_sign(imp_modeller *m, imp_sign sign)
{
    static const float PLATE[4][3] = {{0.0042f, 0.23f, 0.0322f},
                                      {0.0042f, 0.23f, -0.0322f},
                                      {0.0042f, 0.1f, -0.0322f},
                                      {0.0042f, 0.1f, 0.0322f}};
    m->colour = IMP_RGB(60, 130, 70);
    imp_model_box(m, -0.0254f, 0.0f, -0.03f, 0.0254f, 0.006f, 0.03f);
    m->colour = WOOD;
    imp_model_box(m, -0.0035f, 0.006f, -0.022f, 0.0035f, 0.1f, -0.014f);
    imp_model_box(m, -0.0035f, 0.006f, 0.014f, 0.0035f, 0.1f, 0.022f);
    imp_model_box(m, -0.0035f, 0.1f, -0.0325f, 0.0035f, 0.2301f, 0.0325f);
    m->colour = WHITE;
    m->face = IMP_FACE_SIGN + (int)sign;
    imp_model_panel(m, PLATE);
    m->face = IMP_FACE_NONE;
}

void imp_shape_traffic_light(imp_modeller *m, bool diagonal_green)
{
    const float low = 0.17f, high = 0.275f, middle = 0.235f;
    m->colour = METAL;
    imp_model_box(m, -0.04f, 0.0f, -0.2917f, 0.04f, 0.012f, -0.2f);
    imp_model_box(m, -0.012f, 0.012f, -0.258f, 0.012f, 0.342f, -0.234f);
    imp_model_box(m, -0.012f, 0.342f, -0.27f, 0.012f, 0.3655f, 0.25f);
    imp_model_box(m, -0.005f, high, middle - 0.005f, 0.005f, 0.342f, middle + 0.005f);
    imp_model_place(m, 0.0f, 0.0f, middle);
    imp_model_turn(m, 1, (float)(0.25 * IMP_PI));
    m->colour = IMP_RGB(200, 160, 40);
    const float half = 0.0399f;
    imp_model_box(m, -half, low, -half, half, high, half);
    m->colour = WHITE;
    for (int k = 0; k < 4; k++) {
        const float at = half + 0.0002f, rim = half - 0.002f;
        const float panel[4][3] = {{at, high - 0.002f, rim},
                                   {at, high - 0.002f, -rim},
                                   {at, low + 0.002f, -rim},
                                   {at, low + 0.002f, rim}};
        m->face = (k % 2 == 0) == diagonal_green ? IMP_FACE_LAMP_GREEN : IMP_FACE_LAMP_RED;
        imp_model_panel(m, panel);
        imp_model_turn(m, 1, (float)(0.5 * IMP_PI));
    }
    m->face = IMP_FACE_NONE;
}
