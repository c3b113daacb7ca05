// Meshes of building, house, tree, bus and truck. Each uses the units of gym-duckietown's mesh of
// that kind; finishing scales it to the class's extents. They are landmarks: robots collide with
// them, but rarely come close.
#include "sim/render/meshes/object_models.h"

static const uint32_t WHITE = IMP_RGB(255, 255, 255), DARK = IMP_RGB(40, 40, 44);

// A block with a decal on each side, a roof slab and a structure on top.
void imp_mesh_build_building(imp_mesh_builder *m)
{
    m->colour = WHITE;
    m->decal = IMP_DECAL_BUILDING;
    // walls
    imp_mesh_add_box(m, -1.76f, 0.0f, -1.14f, 1.76f, 3.2f, 1.14f);
    m->decal = IMP_DECAL_NONE;
    m->colour = IMP_RGB(205, 200, 190);
    // roof slab
    imp_mesh_add_box(m, -1.84f, 3.2f, -1.22f, 1.84f, 3.36f, 1.22f);
    m->colour = IMP_RGB(120, 118, 115);
    imp_mesh_add_box(m, -0.5f, 3.36f, -0.4f, 0.3f, 3.45f, 0.4f);
}

// One slope of the house's roof.
static void add_roof_side(imp_mesh_builder *m, float side)
{
    // both slopes, each counter-clockwise
    const float outline[2][4][2] = {
        {{0.0f, 4.3f}, {3.26f, 2.35f}, {3.26f, 2.6f}, {0.0f, 4.55f}},
        {{0.0f, 4.55f}, {-3.26f, 2.6f}, {-3.26f, 2.35f}, {0.0f, 4.3f}},
    };
    imp_mesh_add_prism(m, outline[side < 0.0f], 4, -4.237f, 4.237f, NULL);
}

void imp_mesh_build_house(imp_mesh_builder *m)
{
    static const float GABLE[3][2] = {{-2.8f, 2.6f}, {2.8f, 2.6f}, {0.0f, 4.35f}};
    static const float WALL[4][2] = {{-2.8f, 0.0f}, {2.8f, 0.0f}, {2.8f, 2.6f}, {-2.8f, 2.6f}};
    // front and rear have their own decals; the ends get that of the prism
    static const int WALLS[4] = {IMP_DECAL_OMIT_SIDE, IMP_DECAL_HOUSE_FRONT, IMP_DECAL_OMIT_SIDE,
                                 IMP_DECAL_HOUSE_SIDE};
    m->colour = WHITE;
    // walls, gables without sides, both slopes of the roof, the chimney
    m->decal = IMP_DECAL_HOUSE_SIDE;
    imp_mesh_add_prism(m, WALL, 4, -3.8f, 3.8f, WALLS);
    m->decal = IMP_DECAL_NONE;
    m->colour = IMP_RGB(225, 205, 160);
    imp_mesh_add_prism(
        m, GABLE, 3, -3.8f, 3.8f,
        (const int[]){IMP_DECAL_OMIT_SIDE, IMP_DECAL_OMIT_SIDE, IMP_DECAL_OMIT_SIDE});
    // tiles of the roof
    m->colour = IMP_RGB(165, 62, 45);
    add_roof_side(m, 1.0f);
    add_roof_side(m, -1.0f);
    // the chimney
    m->colour = IMP_RGB(140, 80, 66);
    imp_mesh_add_box(m, -1.7f, 3.0f, 1.6f, -0.9f, 4.818f, 2.4f);
}

void imp_mesh_build_tree(imp_mesh_builder *m)
{
    // centre and radius of each clump of leaves
    static const float CLUMPS[][4] = {{0.0f, 2.75f, 0.3f, 0.8f},
                                      {-0.4f, 2.1f, 0.0f, 0.62f},
                                      {0.4f, 2.05f, 0.62f, 0.66f},
                                      {0.2f, 1.95f, -0.1f, 0.6f}};
    static const uint32_t LEAVES[] = {IMP_RGB(70, 160, 50), IMP_RGB(52, 134, 42),
                                      IMP_RGB(60, 146, 46), IMP_RGB(46, 122, 40)};
    static const float TRUNK[][2] = {{0.26f, 0.0f}, {0.15f, 0.4f}, {0.12f, 2.0f}};
    // the trunk, then the clumps of leaves
    m->colour = IMP_RGB(112, 74, 42);
    imp_mesh_builder_set_origin(m, 0.05f, 0.0f, 0.25f);
    imp_mesh_add_lathe(m, TRUNK, 3, m->detailed ? 8 : 4, true);
    for (int k = 0; k < 4; k++) {
        const float *c = CLUMPS[k];
        m->colour = LEAVES[k];
        imp_mesh_builder_set_origin(m, c[0], c[1], c[2]);
        imp_mesh_add_ellipsoid(m, c[3], c[3], c[3], m->detailed ? 8 : 6);
    }
}

// Four wheels at two positions along a vehicle, flush with its sides.
static void add_vehicle_wheels(imp_mesh_builder *m, float front, float rear, float radius,
                               float side)
{
    m->colour = WHITE;
    m->decal = IMP_DECAL_WHEEL;
    for (int k = 0; k < 4; k++) {
        // wheels are placed in pairs, right and left
        imp_mesh_builder_set_origin(m, k < 2 ? front : rear, radius, 0.0f);
        if (k % 2 == 0)
            imp_mesh_add_wheel(m, radius, side - 0.7f, side, DARK, m->detailed ? 12 : 6);
        else
            imp_mesh_add_wheel(m, radius, -side, -side + 0.7f, DARK, m->detailed ? 12 : 6);
    }
    m->decal = IMP_DECAL_NONE;
    imp_mesh_builder_set_origin(m, 0.0f, 0.0f, 0.0f);
}

void imp_mesh_build_bus(imp_mesh_builder *m)
{
    static const float OUTLINE[][2] = {
        {-8.0f, 0.42f}, {8.0f, 0.42f}, {8.0f, 1.9f}, {7.5f, 4.41f}, {-8.0f, 4.41f}};
    // decals of bottom, bumper, windscreen, roof and rear
    static const int SIDES[] = {IMP_DECAL_OMIT_SIDE, IMP_DECAL_NONE, IMP_DECAL_BUS_FRONT,
                                IMP_DECAL_NONE, IMP_DECAL_BUS_REAR};
    m->colour = WHITE;
    // body with decals, floor, wheels
    m->decal = IMP_DECAL_BUS_SIDE;
    imp_mesh_add_prism(m, OUTLINE, 5, -2.46f, 2.46f, SIDES);
    m->decal = IMP_DECAL_NONE;
    m->colour = DARK;
    // the floor, a little longer than the body
    imp_mesh_add_box(m, -8.07f, 0.3f, -2.4f, 8.07f, 0.75f, 2.4f);
    add_vehicle_wheels(m, 5.0f, -4.6f, 0.8f, 2.518f);
}

void imp_mesh_build_truck(imp_mesh_builder *m)
{
    static const float CAB[][2] = {
        {1.7f, 0.6f}, {4.66f, 0.6f}, {4.66f, 2.4f}, {3.6f, 4.2f}, {1.7f, 4.2f}};
    static const int CAB_SIDES[] = {IMP_DECAL_OMIT_SIDE, IMP_DECAL_TRUCK_FRONT,
                                    IMP_DECAL_TRUCK_WINDSHIELD, IMP_DECAL_OMIT_SIDE,
                                    IMP_DECAL_OMIT_SIDE};
    // the cab's roof is a panel, since its sides are decals
    static const float ROOF[4][3] = {
        {3.6f, 4.2f, -1.85f}, {3.6f, 4.2f, 1.85f}, {1.7f, 4.2f, 1.85f}, {1.7f, 4.2f, -1.85f}};
    // the load is a box with a decal on its rear
    static const float LOAD[][2] = {{-4.66f, 1.1f}, {1.6f, 1.1f}, {1.6f, 5.188f}, {-4.66f, 5.188f}};
    static const int LOAD_SIDES[] = {IMP_DECAL_NONE, IMP_DECAL_NONE, IMP_DECAL_NONE,
                                     IMP_DECAL_TRUCK_REAR};
    // load, cab with its roof, chassis, wheels
    m->colour = IMP_RGB(235, 236, 238);
    imp_mesh_add_prism(m, LOAD, 4, -1.98f, 1.98f, LOAD_SIDES);
    m->colour = WHITE;
    m->decal = IMP_DECAL_TRUCK_CAB;
    imp_mesh_add_prism(m, CAB, 5, -1.85f, 1.85f, CAB_SIDES);
    m->decal = IMP_DECAL_NONE;
    m->colour = IMP_RGB(252, 210, 50);
    imp_mesh_add_panel(m, ROOF);
    m->colour = DARK;
    imp_mesh_add_box(m, -4.7f, 0.55f, -1.7f, 4.7f, 1.1f, 1.7f);
    add_vehicle_wheels(m, 3.1f, -2.9f, 0.85f, 2.018f);
}
