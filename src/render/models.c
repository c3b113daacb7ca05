#include "render/models.h"

#include "base/vector.h"

int imp_model_of(const imp_object *object, const imp_object_state *state)
{
    switch (object->kind) {
    case IMP_OBJECT_DUCKIEBOT:
        return IMP_MODEL_FIRST_COLOUR + (int)object->color;
    case IMP_OBJECT_SIGN:
        return IMP_MODEL_FIRST_SIGN + (int)object->sign;
    case IMP_OBJECT_TRAFFIC_LIGHT: {
        const imp_object_state placed = {.position = object->position, .heading = object->heading};
        const imp_object_state *light = state != NULL ? state : &placed;
        // who looks at the face that the light turns 45 degrees to its left
        const double facing = imp_wrap_angle(light->heading + 1.25 * IMP_PI);
        return IMP_MODEL_FIRST_LIGHT + (imp_traffic_light_is_green(light, facing) ? 1 : 0);
    }
    default:
        return (int)object->kind;
    }
}

imp_object_kind imp_model_kind(int model)
{
    return model >= IMP_MODEL_FIRST_LIGHT    ? IMP_OBJECT_TRAFFIC_LIGHT
           : model >= IMP_MODEL_FIRST_SIGN   ? IMP_OBJECT_SIGN
           : model >= IMP_MODEL_FIRST_COLOUR ? IMP_OBJECT_DUCKIEBOT
                                             : (imp_object_kind)model;
}

void imp_model_build(imp_modeller *modeller, int model, bool fine)
{
    imp_model_begin(modeller, fine);
    switch (imp_model_kind(model)) {
    case IMP_OBJECT_DUCKIE:
        imp_shape_duckie(modeller);
        break;
    case IMP_OBJECT_DUCKIEBOT:
        imp_shape_duckiebot(modeller, model < IMP_MODEL_FIRST_COLOUR
                                          ? IMP_COLOR_RED
                                          : (imp_object_color)(model - IMP_MODEL_FIRST_COLOUR));
        break;
    case IMP_OBJECT_CONE:
        imp_shape_cone(modeller);
        break;
    case IMP_OBJECT_BARRIER:
        imp_shape_barrier(modeller);
        break;
    case IMP_OBJECT_BUILDING:
        imp_shape_building(modeller);
        break;
    case IMP_OBJECT_HOUSE:
        imp_shape_house(modeller);
        break;
    case IMP_OBJECT_BUS:
        imp_shape_bus(modeller);
        break;
    case IMP_OBJECT_TRUCK:
        imp_shape_truck(modeller);
        break;
    case IMP_OBJECT_TREE:
        imp_shape_tree(modeller);
        break;
    case IMP_OBJECT_TRAFFIC_LIGHT:
        imp_shape_traffic_light(modeller, model == IMP_MODEL_FIRST_LIGHT + 1);
        break;
    case IMP_OBJECT_CHECKERBOARD:
        imp_shape_checkerboard(modeller);
        break;
    case IMP_OBJECT_SIGN:
    case IMP_OBJECT_KIND_COUNT:
        imp_shape_sign(modeller, model < IMP_MODEL_FIRST_SIGN
                                     ? IMP_SIGN_BLANK
                                     : (imp_sign)(model - IMP_MODEL_FIRST_SIGN));
        break;
    }
}
