// render/models.h: the shape of every kind of object.
#ifndef IMP_RENDER_MODELS_H
#define IMP_RENDER_MODELS_H

#include "render/mesh.h"

// Kinds that come in variants have a model for each: colours of duckiebots, signs, and what a
// traffic light shows.
enum {
    IMP_MODEL_FIRST_COLOUR = IMP_OBJECT_KIND_COUNT,
    IMP_MODEL_FIRST_SIGN = IMP_MODEL_FIRST_COLOUR + 4,
    IMP_MODEL_FIRST_LIGHT = IMP_MODEL_FIRST_SIGN + IMP_SIGN_COUNT,
    IMP_MODEL_COUNT = IMP_MODEL_FIRST_LIGHT + 2,
};

// The model that draws an object in a state (nullable: as the map places it).
int imp_model_of(const imp_object *object, const imp_object_state *state);

// The kind that a model belongs to.
imp_object_kind imp_model_kind(int model);

// Builds a model, with many corners or few.
void imp_model_build(imp_modeller *modeller, int model, bool fine);

// Families of shapes.
void imp_shape_duckie(imp_modeller *m);
// A duck of a size on a place, looking ahead; on a car or so it has fewer parts.
void imp_shape_duck_at(imp_modeller *m, float x, float y, float z, float size, bool parts);
void imp_shape_duckiebot(imp_modeller *m, imp_object_color color);
void imp_shape_cone(imp_modeller *m);
void imp_shape_barrier(imp_modeller *m);
void imp_shape_checkerboard(imp_modeller *m);
void imp_shape_building(imp_modeller *m);
void imp_shape_house(imp_modeller *m);
void imp_shape_tree(imp_modeller *m);
void imp_shape_bus(imp_modeller *m);
void imp_shape_truck(imp_modeller *m);
void imp_shape_sign(imp_modeller *m, imp_sign sign);
// diagonal: what the faces at 45 and -135 degrees show; the other two show the opposite.
void imp_shape_traffic_light(imp_modeller *m, bool diagonal_green);

#endif
