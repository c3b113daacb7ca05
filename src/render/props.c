#include <stdlib.h>

#include "base/vector.h"
#include "render/objects.h"

// Builds a model's two meshes, unless they are there already, and paints the faces on them.
static imp_status add_model(imp_props *props, imp_modeller *modeller, int model, imp_error *err)
{
    if (props->loaded[model] != NULL || props->meshes[model][0].facets != NULL)
        return IMP_OK;
    const imp_object_class *extents = imp_object_class_of(imp_model_kind(model));
    for (int fine = 0; fine < 2; fine++) {
        imp_model_build(modeller, model, fine != 0);
        if (modeller->full)
            return imp_fail(err, IMP_INTERNAL, "the shape of a %s is too large", extents->name);
        if (!imp_model_finish(modeller, extents, &props->meshes[model][fine]))
            return imp_fail(err, IMP_NO_MEMORY, "no memory for the shape of a %s", extents->name);
        for (int k = 0; k < modeller->facet_count; k++) {
            const int face = modeller->facets[k].face;
            if (face != IMP_FACE_NONE && props->faces[face].texels == NULL &&
                !imp_face_paint(&props->faces[face], face))
                return imp_fail(err, IMP_NO_MEMORY, "no memory to paint a %s", extents->name);
        }
    }
    return IMP_OK;
}

int imp_props_model(const imp_props *props, const imp_object *object, const imp_object_state *state)
{
    // a loaded light's card is its pattern, whichever way it is turned
    if (object->kind == IMP_OBJECT_TRAFFIC_LIGHT && props->loaded[IMP_MODEL_FIRST_LIGHT] != NULL)
        return IMP_MODEL_FIRST_LIGHT + (state != NULL ? state->pattern & 1 : 0);
    return imp_model_of(object, state);
}

static imp_status add_object(imp_props *props, imp_modeller *modeller, int index,
                             const imp_object *object, imp_error *err)
{
    const int model = imp_props_model(props, object, NULL);
    props->props[index] = (imp_prop){
        .model = model,
        .cosine = (float)cos(object->heading),
        .sine = (float)sin(object->heading),
        .scale = (float)object->scale,
    };
    imp_status status = add_model(props, modeller, model, err);
    // a light may change
    for (int k = 0; status == IMP_OK && object->kind == IMP_OBJECT_TRAFFIC_LIGHT && k < 2; k++)
        status = add_model(props, modeller, IMP_MODEL_FIRST_LIGHT + k, err);
    return status;
}

imp_status imp_props_create(imp_props *props, const imp_world *world, const imp_assets *assets,
                            imp_error *err)
{
    *props = (imp_props){.count = world->object_count};
    for (int k = 0; assets != NULL && k < IMP_MODEL_COUNT; k++)
        if (assets->models[k].piece_count > 0)
            props->loaded[k] = &assets->models[k];
    if (!imp_extras_create(props)) {
        imp_props_free(props);
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the objects of %s", world->name);
    }
    if (world->object_count == 0)
        return IMP_OK;
    imp_modeller *modeller = malloc(sizeof *modeller);
    props->props = calloc((size_t)world->object_count, sizeof *props->props);
    imp_status status = IMP_OK;
    if (modeller == NULL || props->props == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for the objects of %s", world->name);
    for (int k = 0; status == IMP_OK && k < world->object_count; k++)
        status = add_object(props, modeller, k, &world->objects[k], err);
    free(modeller);
    if (status != IMP_OK)
        imp_props_free(props);
    return status;
}

void imp_props_free(imp_props *props)
{
    free(props->props);
    for (int k = 0; k < IMP_MODEL_COUNT; k++)
        for (int fine = 0; fine < 2; fine++)
            imp_mesh_free(&props->meshes[k][fine]);
    imp_mesh_free(&props->box);
    imp_mesh_free(&props->ball);
    for (int k = 0; k < IMP_FACE_COUNT; k++)
        imp_face_free(&props->faces[k]);
    *props = (imp_props){0};
}
