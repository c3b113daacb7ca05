// Maps objects to models and builds models. Kinds with variants (colours, signs, light patterns)
// have one model per variant; which one an object uses may depend on its state. Models are built
// twice, coarse and detailed; the renderer chooses by size in the image.
#include "sim/render/meshes/object_models.h"

#include "base/common/vector2.h"

int imp_object_model_of_object(const imp_object *object, const imp_object_state *state)
{
    switch (object->kind) {
    case IMP_OBJECT_DUCKIEBOT:
        return IMP_OBJECT_MODEL_FIRST_COLOUR + (int)object->color;
    case IMP_OBJECT_SIGN:
        return IMP_OBJECT_MODEL_FIRST_SIGN + (int)object->sign;
    // a light's model depends on its state; without one it is as the map places it
    case IMP_OBJECT_TRAFFIC_LIGHT: {
        // a state made from the map's data
        const imp_object_state placed = {.position = object->position, .heading = object->heading};
        const imp_object_state *light = state != NULL ? state : &placed;
        // the driving direction towards the face at 45 degrees to the light's left
        const double facing = imp_wrap_angle(light->heading + 1.25 * IMP_PI);
        return IMP_OBJECT_MODEL_FIRST_LIGHT + (imp_traffic_light_is_green(light, facing) ? 1 : 0);
    }
    default:
        return (int)object->kind;
    }
}

imp_object_kind imp_object_model_kind(int model)
{
    // the ranges of variants follow the kinds: colours, signs, lights
    return model >= IMP_OBJECT_MODEL_FIRST_LIGHT    ? IMP_OBJECT_TRAFFIC_LIGHT
           : model >= IMP_OBJECT_MODEL_FIRST_SIGN   ? IMP_OBJECT_SIGN
           : model >= IMP_OBJECT_MODEL_FIRST_COLOUR ? IMP_OBJECT_DUCKIEBOT
                                                    : (imp_object_kind)model;
}

void imp_object_model_build(imp_mesh_builder *builder, int model, bool detailed)
{
    // variants are offsets from the first model of their kind
    imp_mesh_builder_reset(builder, detailed);
    switch (imp_object_model_kind(model)) {
    case IMP_OBJECT_DUCKIE:
        imp_mesh_build_duckie(builder);
        break;
    // colours and signs are offsets from the first model of their kind
    case IMP_OBJECT_DUCKIEBOT:
        imp_mesh_build_duckiebot(builder,
                                 model < IMP_OBJECT_MODEL_FIRST_COLOUR
                                     ? IMP_COLOR_RED
                                     : (imp_object_color)(model - IMP_OBJECT_MODEL_FIRST_COLOUR));
        break;
    case IMP_OBJECT_CONE:
        imp_mesh_build_cone(builder);
        break;
    case IMP_OBJECT_BARRIER:
        imp_mesh_build_barrier(builder);
        break;
    case IMP_OBJECT_BUILDING:
        imp_mesh_build_building(builder);
        break;
    case IMP_OBJECT_HOUSE:
        imp_mesh_build_house(builder);
        break;
    case IMP_OBJECT_BUS:
        imp_mesh_build_bus(builder);
        break;
    case IMP_OBJECT_TRUCK:
        imp_mesh_build_truck(builder);
        break;
    case IMP_OBJECT_TREE:
        imp_mesh_build_tree(builder);
        break;
    case IMP_OBJECT_TRAFFIC_LIGHT:
        imp_mesh_build_traffic_light(builder, model == IMP_OBJECT_MODEL_FIRST_LIGHT + 1);
        break;
    case IMP_OBJECT_CHECKERBOARD:
        imp_mesh_build_checkerboard(builder);
        break;
    case IMP_OBJECT_SIGN:
    // not reached; keeps the switch complete
    case IMP_OBJECT_KIND_COUNT:
        imp_mesh_build_sign(builder, model < IMP_OBJECT_MODEL_FIRST_SIGN
                                         ? IMP_SIGN_BLANK
                                         : (imp_sign)(model - IMP_OBJECT_MODEL_FIRST_SIGN));
        break;
    }
}
