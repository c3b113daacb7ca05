// sim/render/meshes/object_models.h: the meshes of all kinds of object.
#ifndef IMP_SIM_RENDER_MESHES_OBJECT_MODELS_H
#define IMP_SIM_RENDER_MESHES_OBJECT_MODELS_H

#include "sim/render/meshes/mesh.h"

// Indices of models. Kinds with variants have one per variant: colours of duckiebots, signs, and
// patterns of traffic lights.
enum {
    IMP_OBJECT_MODEL_FIRST_COLOUR = IMP_OBJECT_KIND_COUNT,
    IMP_OBJECT_MODEL_FIRST_SIGN = IMP_OBJECT_MODEL_FIRST_COLOUR + 4,
    IMP_OBJECT_MODEL_FIRST_LIGHT = IMP_OBJECT_MODEL_FIRST_SIGN + IMP_SIGN_COUNT,
    IMP_OBJECT_MODEL_COUNT = IMP_OBJECT_MODEL_FIRST_LIGHT + 2,
};

// The model that draws an object in a state (nullable: as the map places it).
int imp_object_model_of_object(const imp_object *object, const imp_object_state *state);

// The kind that a model belongs to.
imp_object_kind imp_object_model_kind(int model);

// Builds a model, detailed or coarse.
void imp_object_model_build(imp_mesh_builder *builder, int model, bool detailed);

// Builders of the single kinds.
void imp_mesh_build_duckie(imp_mesh_builder *m);
// A duckie of a size at a position, facing ahead; without `parts` it is simplified, to ride on
// robots.
void imp_mesh_build_duckie_at(imp_mesh_builder *m, float x, float y, float z, float size,
                              bool parts);
void imp_mesh_build_duckiebot(imp_mesh_builder *m, imp_object_color color);
void imp_mesh_build_cone(imp_mesh_builder *m);
void imp_mesh_build_barrier(imp_mesh_builder *m);
void imp_mesh_build_checkerboard(imp_mesh_builder *m);
void imp_mesh_build_building(imp_mesh_builder *m);
void imp_mesh_build_house(imp_mesh_builder *m);
void imp_mesh_build_tree(imp_mesh_builder *m);
void imp_mesh_build_bus(imp_mesh_builder *m);
void imp_mesh_build_truck(imp_mesh_builder *m);
void imp_mesh_build_sign(imp_mesh_builder *m, imp_sign sign);
// diagonal_green: whether the faces at 45 and -135 degrees are green; the other two show the
// opposite.
void imp_mesh_build_traffic_light(imp_mesh_builder *m, bool diagonal_green);

#endif
