// Images for segmenters, rendered with their ground truth. Eight slots, each a camera with a look
// of its own, take turns: image n belongs to slot n mod 8, and a slot keeps its camera for some
// images, because loading another costs as much as several images. A slot is one piece of work for
// the thread pool, and each image draws from random streams of its number: so an image is the same
// whichever thread renders it, and whatever was rendered before. Ground truth are the shares of
// classes in each cell of a coarse grid.
#include "learn/segmentation_training/segmentation_source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/plural.h"

// The number of slots is also the largest number of threads that rendering uses. It is fixed,
// because images must not depend on the number of threads.
enum { CAMERAS = 8 };

// A camera and the look of things in its images. A roll is a draw of the randomisation that several
// images in a row share.
typedef struct render_slot {
    int64_t roll; // that is in it; -1: none
    imp_randomization_sample draw;
    imp_env env, with_obstacles; // on all maps, and on those with obstacles
    imp_renderer *renderer;
    imp_label_renderer *label_renderer;
    imp_random_appearance *appearance; // these two if images are randomised
    imp_camera_effects *degrader;
} render_slot;

// The members under way belong to the call of imp_seg_source_render() that is in progress.
struct imp_seg_source {
    imp_seg_source_def def;
    imp_map_set with_obstacles; // maps with obstacles, borrowed from the definition's
    imp_thread_pool *pool;
    render_slot render_slots[CAMERAS];
    // under way:
    uint32_t first;
    int count;
    uint8_t *images;
    float *shares;
};

// Reserves memory for the largest map, so that rendering allocates nothing.
static imp_status create_randomizers(render_slot *p, const imp_seg_source_def *def, imp_error *err)
{
    int tiles = 0, objects = 0;
    for (int k = 0; k < def->maps->count; k++) {
        const imp_world *world = def->maps->worlds[k];
        const int area = world->columns * world->rows;
        tiles = area > tiles ? area : tiles;
        objects = world->object_count > objects ? world->object_count : objects;
    }
    IMP_TRY(imp_random_appearance_create(&p->appearance, tiles, objects, err));
    return imp_camera_effects_create(&p->degrader, def->camera, err);
}

// Creates the environments, renderers and randomisers of a slot. The label renderer has the same
// camera at the size of the cells. On failure the source's destroy function frees what is there.
static imp_status create_render_slot(render_slot *p, const imp_seg_source_def *def,
                                     const imp_map_set *with_obstacles, imp_error *err)
{
    imp_camera_def cells = *def->camera;
    p->roll = -1;
    cells.width = def->cells_width;
    cells.height = def->cells_height;
    IMP_TRY(imp_env_init_worlds(&p->env, (const imp_world *const *)def->maps->worlds,
                                def->maps->count, def->env, err));
    if (with_obstacles->count > 0)
        IMP_TRY(imp_env_init_worlds(&p->with_obstacles,
                                    (const imp_world *const *)with_obstacles->worlds,
                                    with_obstacles->count, def->env, err));
    IMP_TRY(imp_renderer_create(&p->renderer, def->camera, IMP_RENDER_AUTO, err));
    IMP_TRY(imp_label_renderer_create(&p->label_renderer, &cells, err));
    if (def->randomization != NULL)
        IMP_TRY(create_randomizers(p, def, err));
    return IMP_OK;
}

// Whether the segmentation class of an object is that of obstacles.
static bool is_obstacle(const imp_object *object)
{
    return imp_class_of_segment(IMP_SEMANTIC_OBJECT + (int)object->kind) == IMP_CLASS_OBSTACLE;
}

// Lists the maps that hold at least one obstacle, with their scenes.
static imp_status find_obstacle_maps(imp_seg_source *s, imp_error *err)
{
    const imp_map_set *maps = s->def.maps;
    imp_map_set *out = &s->with_obstacles;
    out->worlds = calloc((size_t)maps->count, sizeof(imp_world *));
    out->scenes = calloc((size_t)maps->count, sizeof(imp_scene *));
    if (out->worlds == NULL || out->scenes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", IMP_PLURAL(maps->count, "map"));
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

// Creates all slots; a failure frees those that were created.
imp_status imp_seg_source_create(imp_seg_source **out, const imp_seg_source_def *def,
                                 imp_thread_pool *pool, imp_error *err)
{
    imp_seg_source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory to render");
    s->def = *def;
    s->pool = pool;
    imp_status status = find_obstacle_maps(s, err);
    for (int k = 0; k < CAMERAS && status == IMP_OK; k++)
        status = create_render_slot(&s->render_slots[k], def, &s->with_obstacles, err);
    if (status != IMP_OK) {
        imp_seg_source_destroy(s);
        return status;
    }
    *out = s;
    return IMP_OK;
}

void imp_seg_source_destroy(imp_seg_source *source)
{
    if (source == NULL)
        return;
    for (int k = 0; k < CAMERAS; k++) {
        imp_renderer_destroy(source->render_slots[k].renderer);
        imp_label_renderer_destroy(source->render_slots[k].label_renderer);
        imp_random_appearance_destroy(source->render_slots[k].appearance);
        imp_camera_effects_destroy(source->render_slots[k].degrader);
    }
    free(source->with_obstacles.worlds);
    free(source->with_obstacles.scenes);
    free(source);
}

// Somewhere on a drivable tile. Position [m] and heading [rad] are uniform; the pose need not be
// valid.
static imp_pose sample_pose(const imp_world *world, imp_random *random)
{
    const int tile =
        world->drivable[imp_random_uniform_int(random, (uint32_t)world->drivable_count)];
    // the place within the tile, as shares of its side
    const double u = imp_random_uniform(random, 0.0, 1.0), v = imp_random_uniform(random, 0.0, 1.0);
    return (imp_pose){(tile % world->columns + u) * world->tile_size,
                      (tile / world->columns + v) * world->tile_size,
                      imp_random_uniform(random, -IMP_PI, IMP_PI)};
}

// Up to 1.2 m before one of the obstacles, or, if it drew something else or what is absent, where
// it stands. The obstacle lies `far` [m] ahead of the robot and `aside` [m] to its right.
static imp_pose sample_pose_facing_obstacle(const imp_env *env, imp_random *random)
{
    const imp_world *world = env->world;
    const imp_object *object =
        &world->objects[imp_random_uniform_int(random, (uint32_t)world->object_count)];
    const double heading = imp_random_uniform(random, -IMP_PI, IMP_PI);
    double far = imp_random_uniform(random, 0.2, 1.2),
           aside = imp_random_uniform(random, -0.5, 0.5);
    if (!is_obstacle(object) || !imp_env_is_object_present(env, object))
        far = aside = 0.0; // no robot may stand there: the next draw counts
    const imp_vec2 ahead = imp_heading_direction(heading), right = imp_vec2_turn_right(ahead);
    return (imp_pose){object->position.x - far * ahead.x - aside * right.x,
                      object->position.z - far * ahead.z - aside * right.z, heading};
}

// Puts the robot anywhere on the road of the episode's map where it may stand, looking more or less
// along the lane; where that is hard to find, it just stays somewhere. `number` is that of the
// image, and serves as that of the episode.
static void place_robot_at_random_pose(imp_env *env, uint32_t number, bool before_obstacle)
{
    enum { TRIES = 400 };
    const double most = IMP_PI * 0.4;
    imp_random random = imp_random_stream(env->def.seed, env->def.index, number, IMP_PURPOSE_SPAWN);
    // the first reset selects map and objects, which the draws below depend upon
    imp_env_reset_at(env, number, (imp_pose){0});
    imp_pose pose = {0};
    for (int k = 0; k < TRIES; k++) {
        imp_lane_position lane;
        pose = before_obstacle && k < TRIES / 2 ? sample_pose_facing_obstacle(env, &random)
                                                : sample_pose(env->world, &random);
        // the first half of the attempts may look for obstacles, the rest takes any place
        if (imp_world_lane_position(env->world, pose, &lane) && fabs(lane.angle) < most &&
            imp_env_is_valid_pose(env, pose, 1.0))
            break;
    }
    imp_env_reset_at(env, number, pose);
}

// Loads a camera for a roll: the plain one if it cannot be. The renderer can refuse a lens that was
// drawn.
static void set_slot_camera(const imp_seg_source *s, render_slot *p,
                            const imp_randomization_sample *draw)
{
    imp_camera_def camera = *s->def.camera;
    imp_error err = {0};
    imp_randomization_apply_to_camera(draw, &camera);
    if (imp_renderer_set_camera(p->renderer, &camera, &err) != IMP_OK) {
        camera = *s->def.camera;
        (void)imp_renderer_set_camera(p->renderer, &camera, &err);
    }
    camera.width = s->def.cells_width;
    camera.height = s->def.cells_height;
    (void)imp_label_renderer_set_camera(p->label_renderer, &camera, &err);
}

// Image `index` of those under way. `draw` is the slot's randomisation, or NULL for plain images.
static void render_random_labelled_image(imp_seg_source *s, render_slot *p, int index,
                                         const imp_randomization_sample *draw)
{
    const size_t pixels = (size_t)s->def.camera->width * (size_t)s->def.camera->height;
    const size_t values =
        IMP_CLASS_COUNT * (size_t)s->def.cells_width * (size_t)s->def.cells_height;
    const uint32_t number = s->first + (uint32_t)index;
    uint8_t *rgb = s->images + (size_t)index * pixels * 3;
    // few maps have obstacles: a third of the images are of those
    const bool with_obstacles = s->with_obstacles.count > 0 && number / CAMERAS % 3 == 2;
    // map and pose
    imp_env *env = with_obstacles ? &p->with_obstacles : &p->env;
    place_robot_at_random_pose(env, number, with_obstacles);
    const imp_scene *scene =
        (with_obstacles ? s->with_obstacles.scenes : s->def.maps->scenes)[env->world_index];
    imp_view view = imp_env_camera_view(env);
    // the look of things, then image and ground truth of the same view
    if (draw != NULL) {
        imp_random_appearance_sample(p->appearance, draw, env->world, scene);
        imp_random_appearance_apply(p->appearance, &view);
    }
    imp_render(p->renderer, scene, &view, rgb);
    memcpy(s->shares + (size_t)index * values,
           imp_label_renderer_render(p->label_renderer, scene, &view), values * sizeof *s->shares);
    if (draw == NULL)
        return;
    // what a real camera would add, of a robot that moves somehow
    imp_camera_effects_def degrade = imp_default_camera_effects_def();
    imp_random random =
        imp_random_stream(s->def.env->seed, s->def.env->index, number, IMP_PURPOSE_CAMERA);
    imp_randomization_apply_to_effects(draw, &degrade);
    const double speed = imp_random_uniform(&random, 0.0, 0.5);
    const double turn_rate = imp_random_uniform(&random, -3.0, 3.0);
    imp_camera_effects_apply(p->degrader, &degrade, speed, turn_rate, &random, rgb);
}

// A camera's images among those under way. It is the job of the thread pool; `index` is the slot. A
// slot is used by one thread at a time.
static void render_slot_images(void *context, int index, int worker)
{
    (void)worker;
    imp_seg_source *s = context;
    render_slot *p = &s->render_slots[index];
    const imp_seg_source_def *def = &s->def;
    const bool random = def->randomization != NULL;
    // the first of them that is the slot's
    const int ahead = (index + CAMERAS - (int)(s->first % CAMERAS)) % CAMERAS;
    for (int k = ahead; k < s->count; k += CAMERAS) {
        const uint32_t number = s->first + (uint32_t)k;
        const uint32_t roll = number / (uint32_t)(CAMERAS * def->roll) * CAMERAS + (uint32_t)index;
        // the next roll: another camera, another world
        if (random && p->roll != (int64_t)roll) {
            p->draw = imp_randomization_draw_sample(def->randomization, def->env->seed,
                                                    def->env->index, roll);
            // the randomisation can change the environment too
            imp_env_def env = *def->env;
            imp_error err = {0};
            imp_randomization_apply_to_env(&p->draw, &env);
            // what a sample makes of sound settings is sound: this cannot fail
            (void)imp_env_set_def(&p->env, &env, &err);
            (void)imp_env_set_def(&p->with_obstacles, &env, &err);
            set_slot_camera(s, p, &p->draw);
            p->roll = roll;
        }
        render_random_labelled_image(s, p, k, random ? &p->draw : NULL);
    }
}

// Renders images first to first + count - 1 with their shares, and returns when all are done.
void imp_seg_source_render(imp_seg_source *source, uint32_t first, int count, uint8_t *images,
                           float *shares)
{
    source->first = first;
    source->count = count;
    source->images = images;
    source->shares = shares;
    imp_thread_pool_run(source->pool, CAMERAS, render_slot_images, source);
}
