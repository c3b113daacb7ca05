// Draws rooms: their parts are a few unit meshes, scaled and tinted per part. Parts are drawn from
// the last to the first, because walls come first and hide nothing. What is smaller than a pixel is
// left out, so that small images do not pay for books on a far shelf.
#include <math.h>
#include <stdlib.h>

#include "sim/render/raster/object_renderer.h"

// Parts whose radius has fewer pixels are not drawn, nor those whose second longest side has.
static const float RADIUS_PIXELS_MIN = 1.2f, SIDE_PIXELS_MIN = 0.35f;

bool imp_room_meshes_create(imp_scene_objects *objects)
{
    // clockwise from the top left, seen from ahead; and seen from above
    static const float PANEL[4][3] = {{0, 1, 0.5f}, {0, 1, -0.5f}, {0, 0, -0.5f}, {0, 0, 0.5f}};
    static const float FLAT[4][3] = {
        {0.5f, 0, -0.5f}, {0.5f, 0, 0.5f}, {-0.5f, 0, 0.5f}, {-0.5f, 0, -0.5f}};
    imp_mesh_builder *builder = malloc(sizeof *builder);
    if (builder == NULL)
        return false;
    imp_mesh_builder_reset(builder, false);
    builder->colour = IMP_RGB(255, 255, 255);
    imp_mesh_add_panel(builder, PANEL);
    bool made = imp_mesh_builder_finish(builder, NULL, &objects->panel);
    imp_mesh_builder_reset(builder, false);
    builder->colour = IMP_RGB(255, 255, 255);
    imp_mesh_add_panel(builder, FLAT);
    made = imp_mesh_builder_finish(builder, NULL, &objects->flat) && made;
    free(builder);
    return made;
}

// The middle of a part, and the radius of a sphere around it that holds the part [m].
static float find_bounding_sphere(const imp_room_part *part, double middle[3])
{
    const float *size = part->size;
    const bool centred = part->shape == IMP_ROOM_BALL || part->shape == IMP_ROOM_FLAT;
    for (int c = 0; c < 3; c++)
        middle[c] = (double)part->at[c];
    middle[1] += centred ? 0.0 : 0.5 * (double)size[1];
    if (part->shape == IMP_ROOM_BALL)
        return fmaxf(size[0], fmaxf(size[1], size[2]));
    const float deep = part->shape == IMP_ROOM_PANEL ? 0.0f : size[0];
    const float high = part->shape == IMP_ROOM_FLAT ? 0.0f : size[1];
    return 0.5f * sqrtf(deep * deep + high * high + size[2] * size[2]);
}

// The second longest of a part's sides [m]: the thickness of a table's leg, or of a joint.
static float second_longest_side(const imp_room_part *part)
{
    const float *size = part->size;
    if (part->shape == IMP_ROOM_PANEL)
        return fminf(size[1], size[2]);
    if (part->shape == IMP_ROOM_FLAT)
        return fminf(size[0], size[2]);
    const float most = fmaxf(size[0], fmaxf(size[1], size[2]));
    const float least = fminf(size[0], fminf(size[1], size[2]));
    return size[0] + size[1] + size[2] - most - least;
}

// Whether a part may be seen, and is large enough to matter. Long parts may be nearer than their
// middles, so the sphere's nearest point counts.
static bool is_part_visible(const imp_object_pass *pass, const imp_camera_frame *camera_frame,
                            const imp_room_part *part)
{
    double middle[3], square = 0.0;
    const float radius = find_bounding_sphere(part, middle);
    for (int c = 0; c < 3; c++)
        square += (middle[c] - camera_frame->at[c]) * (middle[c] - camera_frame->at[c]);
    const float distance = fmaxf((float)sqrt(square) - radius, 0.0f);
    const float focal = pass->projection.focal[1] * pass->projection.scale[1];
    return focal * radius >= RADIUS_PIXELS_MIN * distance &&
           focal * second_longest_side(part) >= SIDE_PIXELS_MIN * distance &&
           imp_sphere_is_visible(&pass->projection, camera_frame, middle, radius);
}

// Each shape is a unit mesh, which is scaled.
static const imp_mesh *unit_mesh_of_room_part(const imp_scene_objects *objects,
                                              const imp_room_part *part)
{
    switch (part->shape) {
    case IMP_ROOM_PANEL:
        return &objects->panel;
    case IMP_ROOM_FLAT:
        return &objects->flat;
    case IMP_ROOM_BALL:
        return &objects->ball;
    case IMP_ROOM_BOX:
    case IMP_ROOM_SHAPE_COUNT:
        break;
    }
    return &objects->box;
}

// What lies on the floor is as far away as the floor itself, and does not change its class.
static bool is_room_part_selected(const imp_room_part *part, imp_room_selection selection)
{
    return selection == IMP_ROOM_ALL ||
           (part->duckie == (selection == IMP_ROOM_DUCKIES) && part->shape != IMP_ROOM_FLAT);
}

bool imp_room_draw(imp_object_pass *pass, const imp_scene_objects *objects,
                   const imp_camera_frame *camera_frame, const imp_view *view,
                   imp_room_selection selection)
{
    bool drawn = false;
    for (int k = view->room->part_count - 1; k >= 0; k--) {
        const imp_room_part *part = &view->room->parts[k];
        if (!is_room_part_selected(part, selection))
            continue;
        if (!is_part_visible(pass, camera_frame, part))
            continue;
        const imp_object_placement at = {
            {(double)part->at[0], (double)part->at[1], (double)part->at[2]},
            {.cosine = part->cosine, .sine = part->sine, .scale = 1.0f}};
        imp_object_transform placed =
            imp_object_transform_of(objects, camera_frame, view, &at, part->size);
        // what glows takes no light
        if (part->glows) {
            placed.ambient = placed.full = 1.0f;
            placed.diffuse = 0.0f;
        }
        for (int c = 0; c < 3; c++)
            pass->tint[c] = part->colour[c];
        imp_objects_draw_mesh(pass, objects, unit_mesh_of_room_part(objects, part), &placed,
                              camera_frame->nearest);
        drawn = true;
    }
    return drawn;
}
