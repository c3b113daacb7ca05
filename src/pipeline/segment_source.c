#include "pipeline/segment_source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/vector.h"

enum { CAMERAS = 8 };

// A camera and the look of things in its pictures.
typedef struct painter {
    int64_t roll; // that is in it; -1: none
    imp_draw draw;
    imp_env env, crowded; // on all maps, and on those with obstacles
    imp_renderer *renderer;
    imp_labeller *labeller;
    imp_appearance *appearance; // these two if pictures are randomised
    imp_degrader *degrader;
} painter;

struct imp_segment_source {
    imp_segment_source_def def;
    imp_map_set crowded; // maps with obstacles, borrowed from the definition's
    imp_pool *pool;
    painter painters[CAMERAS];
    // under way:
    uint32_t first;
    int count;
    uint8_t *pictures;
    float *shares;
};

static imp_status add_randomness(painter *p, const imp_segment_source_def *def, imp_error *err)
{
    int tiles = 0, objects = 0;
    for (int k = 0; k < def->maps->count; k++) {
        const imp_world *world = def->maps->worlds[k];
        const int area = world->columns * world->rows;
        tiles = area > tiles ? area : tiles;
        objects = world->object_count > objects ? world->object_count : objects;
    }
    const imp_status status = imp_appearance_create(&p->appearance, tiles, objects, err);
    return status == IMP_OK ? imp_degrader_create(&p->degrader, def->camera, err) : status;
}

static imp_status make_painter(painter *p, const imp_segment_source_def *def,
                               const imp_map_set *crowded, imp_error *err)
{
    imp_camera_def cells = *def->camera;
    p->roll = -1;
    cells.width = def->cells_width;
    cells.height = def->cells_height;
    imp_status status = imp_env_init_maps(&p->env, (const imp_world *const *)def->maps->worlds,
                                          def->maps->count, def->env, err);
    if (status == IMP_OK && crowded->count > 0)
        status = imp_env_init_maps(&p->crowded, (const imp_world *const *)crowded->worlds,
                                   crowded->count, def->env, err);
    if (status == IMP_OK)
        status = imp_renderer_create(&p->renderer, def->camera, IMP_RENDER_AUTO, err);
    if (status == IMP_OK)
        status = imp_labeller_create(&p->labeller, &cells, err);
    if (status == IMP_OK && def->randomization != NULL)
        status = add_randomness(p, def, err);
    return status;
}

static bool is_obstacle(const imp_object *object)
{
    return imp_class_of_segment(IMP_SEGMENT_OBJECT + (int)object->kind) == IMP_CLASS_OBSTACLE;
}

static imp_status find_crowded(imp_segment_source *s, imp_error *err)
{
    const imp_map_set *maps = s->def.maps;
    imp_map_set *out = &s->crowded;
    out->worlds = calloc((size_t)maps->count, sizeof(imp_world *));
    out->scenes = calloc((size_t)maps->count, sizeof(imp_scene *));
    if (out->worlds == NULL || out->scenes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_COUNT(maps->count, "map"));
    for (int k = 0; k < maps->count; k++) {
        const imp_world *world = maps->worlds[k];
        int first = 0;
        while (first < world->object_count && !is_obstacle(&world->objects[first]))
            first++;
        if (first == world->object_count)
            continue;
        out->worlds[out->count] = maps->worlds[k];
        out->scenes[out->count++] = maps->scenes[k];
    }
    return IMP_OK;
}

imp_status imp_segment_source_create(imp_segment_source **out, const imp_segment_source_def *def,
                                     imp_pool *pool, imp_error *err)
{
    imp_segment_source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to render");
    s->def = *def;
    s->pool = pool;
    imp_status status = find_crowded(s, err);
    for (int k = 0; k < CAMERAS && status == IMP_OK; k++)
        status = make_painter(&s->painters[k], def, &s->crowded, err);
    if (status != IMP_OK) {
        imp_segment_source_destroy(s);
        return status;
    }
    *out = s;
    return IMP_OK;
}

void imp_segment_source_destroy(imp_segment_source *source)
{
    if (source == NULL)
        return;
    for (int k = 0; k < CAMERAS; k++) {
        imp_renderer_destroy(source->painters[k].renderer);
        imp_labeller_destroy(source->painters[k].labeller);
        imp_appearance_destroy(source->painters[k].appearance);
        imp_degrader_destroy(source->painters[k].degrader);
    }
    free(source->crowded.worlds);
    free(source->crowded.scenes);
    free(source);
}

// Somewhere on a drivable tile.
static imp_pose draw_pose(const imp_world *world, imp_random *random)
{
    const int tile = world->drivable[imp_random_below(random, (uint32_t)world->drivable_count)];
    const double u = imp_random_uniform(random, 0.0, 1.0), v = imp_random_uniform(random, 0.0, 1.0);
    return (imp_pose){(tile % world->columns + u) * world->tile_size,
                      (tile / world->columns + v) * world->tile_size,
                      imp_random_uniform(random, -IMP_PI, IMP_PI)};
}

// Up to 1.2 m before one of the obstacles, or, if it drew something else or what is absent, where
// it stands.
static imp_pose draw_pose_before_obstacle(const imp_env *env, imp_random *random)
{
    const imp_world *world = env->world;
    const imp_object *object =
        &world->objects[imp_random_below(random, (uint32_t)world->object_count)];
    const double heading = imp_random_uniform(random, -IMP_PI, IMP_PI);
    double far = imp_random_uniform(random, 0.2, 1.2),
           aside = imp_random_uniform(random, -0.5, 0.5);
    if (!is_obstacle(object) || !imp_env_object_is_there(env, object))
        far = aside = 0.0; // no robot may stand there: the next draw counts
    const imp_vec2 ahead = imp_forward(heading), right = imp_vec2_right(ahead);
    return (imp_pose){object->position.x - far * ahead.x - aside * right.x,
                      object->position.z - far * ahead.z - aside * right.z, heading};
}

// Puts the robot anywhere on the road of the episode's map where it may stand, looking more or less
// along the lane; where that is hard to find, it just stays somewhere.
static void place(imp_env *env, uint32_t number, bool before_obstacle)
{
    enum { TRIES = 400 };
    const double most = IMP_PI * 0.4;
    imp_random random = imp_random_stream(env->def.seed, env->def.index, number, IMP_PURPOSE_SPAWN);
    imp_env_reset_at(env, number, (imp_pose){0});
    imp_pose pose = {0};
    for (int k = 0; k < TRIES; k++) {
        imp_lane_position lane;
        pose = before_obstacle && k < TRIES / 2 ? draw_pose_before_obstacle(env, &random)
                                                : draw_pose(env->world, &random);
        if (imp_world_lane_position(env->world, pose, &lane) && fabs(lane.angle) < most &&
            imp_env_valid_pose(env, pose, 1.0))
            break;
    }
    imp_env_reset_at(env, number, pose);
}

// Loads a camera for a roll: the plain one if it cannot be.
static void load_camera(const imp_segment_source *s, painter *p, const imp_draw *draw)
{
    imp_camera_def camera = *s->def.camera;
    imp_error err = {0};
    imp_draw_camera(draw, &camera);
    if (imp_renderer_set_camera(p->renderer, &camera, &err) != IMP_OK) {
        camera = *s->def.camera;
        imp_renderer_set_camera(p->renderer, &camera, &err);
    }
    camera.width = s->def.cells_width;
    camera.height = s->def.cells_height;
    imp_labeller_set_camera(p->labeller, &camera, &err);
}

// Picture `index` of those under way.
static void take(imp_segment_source *s, painter *p, int index, const imp_draw *draw)
{
    const size_t pixels = (size_t)s->def.camera->width * (size_t)s->def.camera->height;
    const size_t values =
        IMP_CLASS_COUNT * (size_t)s->def.cells_width * (size_t)s->def.cells_height;
    const uint32_t number = s->first + (uint32_t)index;
    uint8_t *rgb = s->pictures + (size_t)index * pixels * 3;
    // few maps have obstacles: a third of the pictures are of those
    const bool crowded = s->crowded.count > 0 && number / CAMERAS % 3 == 2;
    imp_env *env = crowded ? &p->crowded : &p->env;
    place(env, number, crowded);
    const imp_scene *scene = (crowded ? s->crowded.scenes : s->def.maps->scenes)[env->world_index];
    imp_view view = imp_env_view(env);
    if (draw != NULL) {
        imp_appearance_draw(p->appearance, draw, env->world, scene);
        imp_appearance_apply(p->appearance, &view);
    }
    imp_render(p->renderer, scene, &view, rgb);
    memcpy(s->shares + (size_t)index * values, imp_labeller_look(p->labeller, scene, &view),
           values * sizeof *s->shares);
    if (draw == NULL)
        return;
    imp_degrade_def degrade = imp_default_degrade_def();
    imp_random random =
        imp_random_stream(s->def.env->seed, s->def.env->index, number, IMP_PURPOSE_CAMERA);
    imp_draw_degrade(draw, &degrade);
    const double speed = imp_random_uniform(&random, 0.0, 0.5);
    const double turn_rate = imp_random_uniform(&random, -3.0, 3.0);
    imp_degrade(p->degrader, &degrade, speed, turn_rate, &random, rgb);
}

// A camera's pictures among those under way.
static void shoot(void *context, int index, int worker)
{
    (void)worker;
    imp_segment_source *s = context;
    painter *p = &s->painters[index];
    const imp_segment_source_def *def = &s->def;
    const bool random = def->randomization != NULL;
    const int ahead = (index + CAMERAS - (int)(s->first % CAMERAS)) % CAMERAS;
    for (int k = ahead; k < s->count; k += CAMERAS) {
        const uint32_t number = s->first + (uint32_t)k;
        const uint32_t roll = number / (uint32_t)(CAMERAS * def->roll) * CAMERAS + (uint32_t)index;
        if (random && p->roll != (int64_t)roll) {
            p->draw = imp_draw_episode(def->randomization, def->env->seed, def->env->index, roll);
            p->env.def = *def->env;
            imp_draw_env(&p->draw, &p->env.def);
            p->crowded.def = p->env.def;
            load_camera(s, p, &p->draw);
            p->roll = roll;
        }
        take(s, p, k, random ? &p->draw : NULL);
    }
}

void imp_segment_source_fill(imp_segment_source *source, uint32_t first, int count,
                             uint8_t *pictures, float *shares)
{
    source->first = first;
    source->count = count;
    source->pictures = pictures;
    source->shares = shares;
    imp_pool_run(source->pool, CAMERAS, shoot, source);
}
