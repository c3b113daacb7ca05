// Creates and destroys scenes. Scenes that are created together share textures: first all scenes
// are created without, then the textures that any of them needs are built once (scene_textures.c).
// A scene is constant afterwards; what differs between images is in imp_view.
#include "sim/render/scene/scene.h"

#include <stdlib.h>
#include <string.h>

#include "sim/render/assets/assets.h"

// keeps a cell's index and positions within 32 bits
enum { MAP_SIDE_MAX = 8192 };

int imp_scene_variant_count(const imp_scene *scene, imp_tile_kind kind)
{
    return scene->variants[kind];
}

// Ours are bright: faces turned away keep 60 % of their colour, faces towards the lamp all of it.
// Assets are made for gym-duckietown's light: ambient light 0.3, and a lamp with ambient 0.25 and
// diffuse 0.35.
static void set_light_factors(imp_scene *scene, const imp_scene_def *def)
{
    // light factors for assets or ours
    scene->lamp_on_tiles = def->assets != NULL;
    scene->objects.ambient = def->assets != NULL ? 0.55f : 0.6f;
    scene->objects.diffuse = def->assets != NULL ? 0.35f : 0.8f;
}

imp_scene_def imp_default_scene_def(void)
{
    return (imp_scene_def){0};
}

imp_status imp_scene_create(imp_scene **out, const imp_world *world, imp_error *err)
{
    const imp_scene_def def = imp_default_scene_def();
    return imp_scene_create_with_def(out, world, &def, err);
}

// Checks a definition and the size of the map.
static imp_status check_scene_def(const imp_world *world, const imp_scene_def *def, imp_error *err)
{
    if (world->columns > MAP_SIDE_MAX || world->rows > MAP_SIDE_MAX)
        return imp_fail(err, IMP_BAD_INPUT,
                        "a map of %d x %d tiles cannot be drawn; the most is %d a side",
                        world->columns, world->rows, MAP_SIDE_MAX);
    if (def->variants < 0 || def->variants > IMP_TILE_VARIANTS_MAX)
        return imp_fail(err, IMP_USAGE, "a scene must have 0 to %d tile variants, not %d",
                        IMP_TILE_VARIANTS_MAX, def->variants);
    // the negation also rejects NaN
    if (!(def->wear >= 0.0f && def->wear <= 1.0f))
        return imp_fail(err, IMP_USAGE, "the wear of a scene must be within 0 to 1, not %g",
                        (double)def->wear);
    if (!(def->tape >= 0.0f && def->tape <= 1.0f))
        return imp_fail(err, IMP_USAGE, "the tape of a scene must be within 0 to 1, not %g",
                        (double)def->tape);
    if (def->finest < 0 || def->finest > IMP_TEXTURE_LEVELS / 2)
        return imp_fail(err, IMP_USAGE, "a scene must skip 0 to %d mip levels, not %d",
                        IMP_TEXTURE_LEVELS / 2, def->finest);
    return IMP_OK;
}

imp_status imp_scene_create_with_def(imp_scene **out, const imp_world *world,
                                     const imp_scene_def *def, imp_error *err)
{
    return imp_scene_create_many(out, &world, 1, def, err);
}

// Generates the room of the definition.
static imp_status create_room(imp_scene *scene, imp_error *err)
{
    if (scene->def.room == 0)
        return IMP_OK;
    scene->room = malloc(sizeof *scene->room);
    if (scene->room == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the room of %s", scene->world->name);
    imp_random random = imp_random_stream(scene->def.room, 0, 0, IMP_PURPOSE_ROOM);
    imp_room_generate(scene->room, scene->world, IMP_ROOM_OFFICE, false, &random);
    return IMP_OK;
}

imp_view imp_scene_add_room_to_view(const imp_scene *scene, const imp_view *view)
{
    imp_view out = *view;
    if (scene->room == NULL || view->room != NULL)
        return out;
    out.room = scene->room;
    out.horizon = NULL;
    memcpy(out.sky, scene->room->ceiling, sizeof out.sky);
    memcpy(out.ground, scene->room->floor, sizeof out.ground);
    return out;
}

// Creates a scene without textures.
static imp_status create_scene_without_textures(imp_scene **out, const imp_world *world,
                                                const imp_scene_def *def, imp_error *err)
{
    imp_status status = check_scene_def(world, def, err);
    if (status != IMP_OK)
        return status;
    imp_scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the scene of %s", world->name);
    scene->world = world;
    // a ring of empty cells surrounds the tiles
    scene->columns = world->columns + 2;
    scene->rows = world->rows + 2;
    scene->def = *def;
    status = imp_scene_objects_create(&scene->objects, world, def->assets, err);
    if (status == IMP_OK)
        status = create_room(scene, err);
    set_light_factors(scene, def);
    if (status == IMP_OK)
        *out = scene;
    else
        imp_scene_destroy(scene);
    return status;
}

imp_status imp_scene_create_many(imp_scene **out, const imp_world *const *worlds, int count,
                                 const imp_scene_def *def, imp_error *err)
{
    imp_status status = IMP_OK;
    // on failure, destroy what was created
    int made = 0;
    while (made < count && status == IMP_OK) {
        status = create_scene_without_textures(&out[made], worlds[made], def, err);
        made += status == IMP_OK;
    }
    // textures that any of the scenes needs
    if (status == IMP_OK && !imp_scenes_build_textures(out, count, def))
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for the scene of %s", worlds[0]->name);
    for (int k = 0; k < made && status != IMP_OK; k++) {
        imp_scene_destroy(out[k]);
        out[k] = NULL;
    }
    return status;
}

const imp_scene_def *imp_scene_get_def(const imp_scene *scene)
{
    return &scene->def;
}

// Must not run on two threads for scenes that share textures, whose count is not atomic.
void imp_scene_destroy(imp_scene *scene)
{
    if (scene == NULL)
        return;
    free(scene->cells);
    free(scene->cell_variants);
    imp_scene_release_textures(scene);
    free(scene->styles);
    free(scene->room);
    imp_scene_objects_free(&scene->objects);
    free(scene);
}
