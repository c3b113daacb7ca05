// Builds what a scene needs to draw its objects: an instance per object, and for each model in use
// two meshes (coarse and detailed) with their decals. Models loaded from assets replace ours.
// Models are built once, on first use. Everything is constant afterwards, so renderers on several
// threads share it.
#include <stdlib.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/render/raster/object_renderer.h"

// Builds the meshes of a model and paints their decals, unless that was done before.
static imp_status build_object_model(imp_scene_objects *objects, imp_mesh_builder *builder,
                                     int model, imp_error *err)
{
    if (objects->loaded[model] != NULL || objects->meshes[model][0].triangles != NULL)
        return IMP_OK;
    // meshes are fitted to the extents that collisions use
    const imp_object_class *extents = imp_object_class_get(imp_object_model_kind(model));
    for (int detailed = 0; detailed < 2; detailed++) {
        imp_object_model_build(builder, model, detailed != 0);
        if (builder->overflowed)
            return imp_fail(err, IMP_INTERNAL, "the shape of a %s is too large", extents->name);
        if (!imp_mesh_builder_finish(builder, extents, &objects->meshes[model][detailed]))
            return imp_fail(err, IMP_NO_MEMORY, "no memory for the shape of a %s", extents->name);
        // paint each decal that the mesh uses
        for (int k = 0; k < builder->triangle_count; k++) {
            const int decal = builder->triangles[k].decal;
            if (decal != IMP_DECAL_NONE && objects->decals[decal].texels == NULL &&
                !imp_decal_paint(&objects->decals[decal], decal))
                return imp_fail(err, IMP_NO_MEMORY, "no memory to paint a %s", extents->name);
        }
    }
    return IMP_OK;
}

int imp_scene_objects_model(const imp_scene_objects *objects, const imp_object *object,
                            const imp_object_state *state)
{
    // an asset's traffic light has one card per pattern, whatever its heading
    if (object->kind == IMP_OBJECT_TRAFFIC_LIGHT &&
        objects->loaded[IMP_OBJECT_MODEL_FIRST_LIGHT] != NULL)
        return IMP_OBJECT_MODEL_FIRST_LIGHT + (state != NULL ? state->pattern & 1 : 0);
    return imp_object_model_of_object(object, state);
}

// Adds an instance and builds the models that it may show.
static imp_status add_object_instance(imp_scene_objects *objects, imp_mesh_builder *builder,
                                      int index, const imp_object *object, imp_error *err)
{
    // trigonometry is done once per scene
    const int model = imp_scene_objects_model(objects, object, NULL);
    const imp_sine_cosine heading = imp_sincos(object->heading);
    objects->objects[index] = (imp_object_instance){
        .model = model,
        .cosine = (float)heading.cosine,
        .sine = (float)heading.sine,
        .scale = (float)object->scale,
    };
    imp_status status = build_object_model(objects, builder, model, err);
    // a traffic light needs the models of both patterns
    for (int k = 0; status == IMP_OK && object->kind == IMP_OBJECT_TRAFFIC_LIGHT && k < 2; k++)
        status = build_object_model(objects, builder, IMP_OBJECT_MODEL_FIRST_LIGHT + k, err);
    return status;
}

imp_status imp_scene_objects_create(imp_scene_objects *objects, const imp_world *world,
                                    const imp_assets *assets, imp_error *err)
{
    *objects = (imp_scene_objects){.count = world->object_count};
    // asset models replace ours
    for (int k = 0; assets != NULL && k < IMP_OBJECT_MODEL_COUNT; k++)
        if (assets->models[k].piece_count > 0)
            objects->loaded[k] = &assets->models[k];
    // shared meshes of LEDs, clutter and rooms
    if (!imp_leds_clutter_create(objects) || !imp_room_meshes_create(objects)) {
        imp_scene_objects_free(objects);
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the objects of %s", world->name);
    }
    // an instance per object
    if (world->object_count == 0)
        return IMP_OK;
    imp_mesh_builder *builder = malloc(sizeof *builder);
    objects->objects = calloc((size_t)world->object_count, sizeof *objects->objects);
    imp_status status = IMP_OK;
    if (builder == NULL || objects->objects == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for the objects of %s", world->name);
    for (int k = 0; status == IMP_OK && k < world->object_count; k++)
        status = add_object_instance(objects, builder, k, &world->objects[k], err);
    free(builder);
    if (status != IMP_OK)
        imp_scene_objects_free(objects);
    return status;
}

void imp_scene_objects_free(imp_scene_objects *objects)
{
    free(objects->objects);
    for (int k = 0; k < IMP_OBJECT_MODEL_COUNT; k++)
        for (int detailed = 0; detailed < 2; detailed++)
            imp_mesh_free(&objects->meshes[k][detailed]);
    imp_mesh_free(&objects->box);
    imp_mesh_free(&objects->ball);
    imp_mesh_free(&objects->panel);
    imp_mesh_free(&objects->flat);
    for (int k = 0; k < IMP_DECAL_COUNT; k++)
        imp_mesh_texture_free(&objects->decals[k]);
    *objects = (imp_scene_objects){0};
}
