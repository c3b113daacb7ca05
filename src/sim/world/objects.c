// Object kinds and what follows from them: names, footprints, the safety radius of the proximity
// penalty and the distance that start poses keep. Constants and formulas are gym-duckietown's
// (objects.py, collision.py). The extents of a kind are in units of its mesh and are multiplied by
// the object's scale.
#include "sim/world/objects.h"

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/world/box.h"

// One row per kind, in the order of the enumeration.
static const imp_object_class OBJECT_CLASSES[] = {
#define IMP_OBJECT_CLASS(name, word, min_x, min_z, max_x, max_z, height)                           \
    {word, min_x, min_z, max_x, max_z, height},
    IMP_OBJECT_MAP(IMP_OBJECT_CLASS)
#undef IMP_OBJECT_CLASS
};

const imp_object_class *imp_object_class_get(imp_object_kind kind)
{
    return kind >= 0 && kind < IMP_OBJECT_KIND_COUNT ? &OBJECT_CLASSES[kind] : NULL;
}

const char *imp_sign_name(imp_sign sign)
{
    static const char *const names[] = {
#define IMP_SIGN_NAME(name, word) word,
        IMP_SIGN_MAP(IMP_SIGN_NAME)
#undef IMP_SIGN_NAME
    };
    return sign >= 0 && sign < IMP_SIGN_COUNT ? names[sign] : "unknown";
}

imp_box imp_object_footprint_at(const imp_object *object, imp_vec2 position, double heading)
{
    const imp_object_class *c = &OBJECT_CLASSES[object->kind];
    const double s = object->scale;
    return imp_box_from_pose(position, heading, c->min_x * s, c->min_z * s, c->max_x * s,
                             c->max_z * s);
}

void imp_object_set_box_and_radii(imp_object *object)
{
    const imp_object_class *c = &OBJECT_CLASSES[object->kind];
    // the largest extent in each direction, over both sides
    const float reach_x = (float)fmax(fabs(c->min_x), fabs(c->max_x));
    const float reach_z = (float)fmax(fabs(c->min_z), fabs(c->max_z));
    object->box = imp_object_footprint_at(object, object->position, object->heading);
    // gym-duckietown's meshes are in single precision, and so is this length
    const float reach = sqrtf(reach_x * reach_x + reach_z * reach_z);
    object->safety_radius = 1.8 * (double)reach * object->scale;
    // gym-duckietown uses the mesh's largest coordinate, its height included
    const double largest = fmax(fmax(c->max_x, c->max_z), c->height);
    object->spawn_distance = 0.25 + 0.5 * largest * object->scale;
}

bool imp_traffic_light_is_green(const imp_object_state *light, double heading)
{
    // pattern 0 shows green to one axis of the crossing, pattern 1 to the other
    const imp_vec2 ahead = imp_heading_direction(heading);
    const bool along_rows = fabs(ahead.x) > fabs(ahead.z);
    const bool first_pair = imp_sin(light->heading) >= 0.0;
    return (light->pattern == 0) == (first_pair != along_rows);
}
