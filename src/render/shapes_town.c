// Building, house, tree, bus and truck.
#include "render/models.h"

static const uint32_t WHITE = IMP_RGB(255, 255, 255), DARK = IMP_RGB(40, 40, 44);

void imp_shape_building(imp_modeller *m)
{
    m->colour = WHITE;
    m->face = IMP_FACE_BUILDING;
    imp_model_box(m, -1.76f, 0.0f, -1.14f, 1.76f, 3.2f, 1.14f);
    m->face = IMP_FACE_NONE;
    m->colour = IMP_RGB(205, 200, 190);
    imp_model_box(m, -1.84f, 3.2f, -1.22f, 1.84f, 3.36f, 1.22f);
    m->colour = IMP_RGB(120, 118, 115);
    imp_model_box(m, -0.5f, 3.36f, -0.4f, 0.3f, 3.45f, 0.4f);
}

// One side of the house's roof.
static void roof_side(imp_modeller *m, float side)
{
    const float outline[2][4][2] = {
        {{0.0f, 4.3f}, {3.26f, 2.35f}, {3.26f, 2.6f}, {0.0f, 4.55f}},
        {{0.0f, 4.55f}, {-3.26f, 2.6f}, {-3.26f, 2.35f}, {0.0f, 4.3f}},
    };
    imp_model_prism(m, outline[side < 0.0f], 4, -4.237f, 4.237f, NULL);
}

void imp_shape_house(imp_modeller *m)
{
    static const float GABLE[3][2] = {{-2.8f, 2.6f}, {2.8f, 2.6f}, {0.0f, 4.35f}};
    static const float WALL[4][2] = {{-2.8f, 0.0f}, {2.8f, 0.0f}, {2.8f, 2.6f}, {-2.8f, 2.6f}};
    static const int WALLS[4] = {IMP_FACE_OPEN, IMP_FACE_HOUSE_FRONT, IMP_FACE_OPEN,
                                 IMP_FACE_HOUSE_SIDE};
    m->colour = WHITE;
    m->face = IMP_FACE_HOUSE_SIDE;
    imp_model_prism(m, WALL, 4, -3.8f, 3.8f, WALLS);
    m->face = IMP_FACE_NONE;
    m->colour = IMP_RGB(225, 205, 160);
    imp_model_prism(m, GABLE, 3, -3.8f, 3.8f,
                    (const int[]){IMP_FACE_OPEN, IMP_FACE_OPEN, IMP_FACE_OPEN});
    m->colour = IMP_RGB(165, 62, 45);
    roof_side(m, 1.0f);
    roof_side(m, -1.0f);
    m->colour = IMP_RGB(140, 80, 66);
    imp_model_box(m, -1.7f, 3.0f, 1.6f, -0.9f, 4.818f, 2.4f);
}

void imp_shape_tree(imp_modeller *m)
{
    // middle and radius of each clump of leaves
    static const float CLUMPS[][4] = {{0.0f, 2.75f, 0.3f, 0.8f},
                                      {-0.4f, 2.1f, 0.0f, 0.62f},
                                      {0.4f, 2.05f, 0.62f, 0.66f},
                                      {0.2f, 1.95f, -0.1f, 0.6f}};
    static const uint32_t LEAVES[] = {IMP_RGB(70, 160, 50), IMP_RGB(52, 134, 42),
                                      IMP_RGB(60, 146, 46), IMP_RGB(46, 122, 40)};
    static const float TRUNK[][2] = {{0.26f, 0.0f}, {0.15f, 0.4f}, {0.12f, 2.0f}};
    m->colour = IMP_RGB(112, 74, 42);
    imp_model_place(m, 0.05f, 0.0f, 0.25f);
    imp_model_lathe(m, TRUNK, 3, m->fine ? 8 : 4, true);
    for (int k = 0; k < 4; k++) {
        const float *c = CLUMPS[k];
        m->colour = LEAVES[k];
        imp_model_place(m, c[0], c[1], c[2]);
        imp_model_ellipsoid(m, c[3], c[3], c[3], m->fine ? 8 : 6);
    }
}

// Wheels at two places along a vehicle, flush with its sides.
static void wheels(imp_modeller *m, float front, float rear, float radius, float side)
{
    m->colour = WHITE;
    m->face = IMP_FACE_WHEEL;
    for (int k = 0; k < 4; k++) {
        imp_model_place(m, k < 2 ? front : rear, radius, 0.0f);
        if (k % 2 == 0)
            imp_model_wheel(m, radius, side - 0.7f, side, DARK, m->fine ? 12 : 6);
        else
            imp_model_wheel(m, radius, -side, -side + 0.7f, DARK, m->fine ? 12 : 6);
    }
    m->face = IMP_FACE_NONE;
    imp_model_place(m, 0.0f, 0.0f, 0.0f);
}

void imp_shape_bus(imp_modeller *m)
{
    static const float OUTLINE[][2] = {
        {-8.0f, 0.42f}, {8.0f, 0.42f}, {8.0f, 1.9f}, {7.5f, 4.41f}, {-8.0f, 4.41f}};
    static const int SIDES[] = {IMP_FACE_OPEN, IMP_FACE_NONE, IMP_FACE_BUS_FRONT, IMP_FACE_NONE,
                                IMP_FACE_BUS_REAR};
    m->colour = WHITE;
    m->face = IMP_FACE_BUS_SIDE;
    imp_model_prism(m, OUTLINE, 5, -2.46f, 2.46f, SIDES);
    m->face = IMP_FACE_NONE;
    m->colour = DARK;
    imp_model_box(m, -8.07f, 0.3f, -2.4f, 8.07f, 0.75f, 2.4f);
    wheels(m, 5.0f, -4.6f, 0.8f, 2.518f);
}

void imp_shape_truck(imp_modeller *m)
{
    static const float CAB[][2] = {
        {1.7f, 0.6f}, {4.66f, 0.6f}, {4.66f, 2.4f}, {3.6f, 4.2f}, {1.7f, 4.2f}};
    static const int CAB_SIDES[] = {IMP_FACE_OPEN, IMP_FACE_TRUCK_FRONT, IMP_FACE_TRUCK_SHIELD,
                                    IMP_FACE_OPEN, IMP_FACE_OPEN};
    static const float ROOF[4][3] = {
        {3.6f, 4.2f, -1.85f}, {3.6f, 4.2f, 1.85f}, {1.7f, 4.2f, 1.85f}, {1.7f, 4.2f, -1.85f}};
    static const float LOAD[][2] = {{-4.66f, 1.1f}, {1.6f, 1.1f}, {1.6f, 5.188f}, {-4.66f, 5.188f}};
    static const int LOAD_SIDES[] = {IMP_FACE_NONE, IMP_FACE_NONE, IMP_FACE_NONE,
                                     IMP_FACE_TRUCK_REAR};
    m->colour = IMP_RGB(235, 236, 238);
    imp_model_prism(m, LOAD, 4, -1.98f, 1.98f, LOAD_SIDES);
    m->colour = WHITE;
    m->face = IMP_FACE_TRUCK_CAB;
    imp_model_prism(m, CAB, 5, -1.85f, 1.85f, CAB_SIDES);
    m->face = IMP_FACE_NONE;
    m->colour = IMP_RGB(252, 210, 50);
    imp_model_panel(m, ROOF);
    m->colour = DARK;
    imp_model_box(m, -4.7f, 0.55f, -1.7f, 4.7f, 1.1f, 1.7f);
    wheels(m, 3.1f, -2.9f, 0.85f, 2.018f);
}
