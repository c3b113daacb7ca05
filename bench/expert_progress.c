// Whether our expert gets away from everywhere: it starts in random places of all built-in maps, or
// of generated towns, at any angle to its lane, and drives without images. A start counts as
// stuck if it comes less than 1 m forward along its lane in 20 s of driving. Time spent waiting for
// a light, a pedestrian or a car does not count; the figures say how much it waits, and
// for how long at a time at most. Fails if a start is stuck. usage: ninja -C build/release
// expert_progress &&
//        build/release/tests/expert_progress [-n STARTS_PER_MAP] [-m MAP | -t TOWNS] [-s SECONDS]
//            [-p POSES: start, valid] [-e EXPERT: usual, demo, sight, gentle] [-k FRAME_SKIP]
//            [-a DEGREES] [-y] [-v]      (-y: cars yield; -v: names the starts)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/common/vector2.h"
#include "base/threads/thread_pool.h"
#include "imprint/map_generator.h"
#include "imprint/policy.h"

enum { BATCH = 10, MAPS_MAX = 1000 };

static const double WINDOW = 20.0, PROGRESS = 1.0; // [s], [m]

typedef struct tally {
    int starts, none, stuck, left_road, collided;
    long frames, waiting;
    double longest; // wait [s]
} tally;

typedef struct bench {
    imp_world *worlds[MAPS_MAX];
    int count, starts, batches;
    double seconds;
    bool any_valid, verbose, cars_yield;
    imp_env_def env;
    imp_expert_def expert;
    tally *tallies; // (world x piece)
} bench;

// Drives from where the robot stands.
static void drive_from_start(const bench *b, imp_env *env, imp_policy *expert, tally *t)
{
    enum { FRAMES_MAX = 10000 };
    static _Thread_local double made[FRAMES_MAX + 1];
    const imp_pose start = env->pose;
    const int steps = (int)lround(b->seconds / IMP_TIME_STEP / env->def.frame_skip);
    const int window = (int)lround(WINDOW / IMP_TIME_STEP / env->def.frame_skip);
    int driving = 0, waiting = 0;
    double along = 0.0, wait = 0.0;
    const char *fault = NULL;
    made[0] = 0.0;
    imp_policy_reset(expert, env);
    for (int k = 0; k < steps && fault == NULL; k++) {
        const imp_vec2 tangent = env->in_lane ? env->lane.tangent : (imp_vec2){0.0, 0.0};
        const imp_pose before = env->pose;
        const imp_action action = imp_policy_act(expert, env, NULL);
        const bool terminated = imp_env_step(env, action).terminated;
        along += (env->pose.x - before.x) * tangent.x + (env->pose.z - before.z) * tangent.z;
        t->frames++;
        if (terminated) {
            const bool met =
                env->ending == IMP_END_COLLISION ||
                imp_env_find_collision(env, env->pose, 2.0 * IMP_CENTRE_FORWARD) != NULL;
            fault = met ? "collided" : "left the road";
            t->collided += met;
            t->left_road += !met;
        } else if (expert->wait_reason == IMP_WAIT_NONE ||
                   expert->wait_reason == IMP_WAIT_OBSTACLE) {
            made[++driving] = along;
            if (driving >= window && along - made[driving - window] < PROGRESS) {
                fault = "stuck";
                t->stuck++;
            }
        } else {
            waiting++;
            t->waiting++;
        }
        const bool waits = expert->wait_reason != IMP_WAIT_NONE;
        wait = waits ? wait + env->def.frame_skip * IMP_TIME_STEP : 0.0;
        t->longest = fmax(t->longest, wait);
    }
    if (b->verbose && fault != NULL)
        printf("%s: %.17g %.17g %.17g episode %u: %s after %d frames, %d waiting\n",
               env->world->name, start.x, start.z, start.heading, env->episode, fault, env->frame,
               waiting);
}

// A pose that is valid without further demands.
static bool sample_valid_pose(imp_env *env, uint32_t episode)
{
    enum { DRAWS = 5000 };
    const imp_world *world = env->world;
    imp_random random =
        imp_random_stream(env->def.seed, env->def.index, episode, IMP_PURPOSE_SPAWN);
    if (world->drivable_count == 0)
        return false;
    for (int k = 0; k < DRAWS; k++) {
        const int tile =
            world->drivable[imp_random_uniform_int(&random, (uint32_t)world->drivable_count)];
        const imp_pose pose = {
            (tile % world->columns + imp_random_uniform(&random, 0.0, 1.0)) * world->tile_size,
            (tile / world->columns + imp_random_uniform(&random, 0.0, 1.0)) * world->tile_size,
            imp_random_uniform(&random, -IMP_PI, IMP_PI)};
        imp_env_reset_at(env, episode, pose);
        if (imp_env_is_valid_pose(env, pose, 1.0))
            return true;
    }
    return false;
}

static void drive_starts(void *context, int index, int worker)
{
    (void)worker;
    bench *b = context;
    tally *t = &b->tallies[index];
    const imp_world *world = b->worlds[index / b->batches];
    const int first = index % b->batches * BATCH;
    imp_env env;
    imp_policy *expert;
    imp_env_def def = b->env;
    def.index = (uint32_t)(index / b->batches);
    if (imp_env_init(&env, world, &def, NULL) != IMP_OK ||
        imp_expert_create(&expert, &b->expert, NULL) != IMP_OK)
        return;
    for (int k = first; k < first + BATCH && k < b->starts; k++) {
        const bool there = b->any_valid ? sample_valid_pose(&env, (uint32_t)k)
                                        : imp_env_reset(&env, (uint32_t)k, NULL) == IMP_OK;
        t->starts += there;
        t->none += !there;
        if (there)
            drive_from_start(b, &env, expert, t);
    }
    imp_policy_destroy(expert);
}

static void print_tally(const char *name, const tally *t)
{
    printf("%-40s %7d starts %5d stuck %5d left the road %5d collided %5.1f %% waiting, "
           "at most %.1f s\n",
           name, t->starts, t->stuck, t->left_road, t->collided,
           t->frames > 0 ? 100.0 * (double)t->waiting / (double)t->frames : 0.0, t->longest);
}

static void add_tally(tally *sum, const tally *t)
{
    sum->starts += t->starts;
    sum->none += t->none;
    sum->stuck += t->stuck;
    sum->left_road += t->left_road;
    sum->collided += t->collided;
    sum->frames += t->frames;
    sum->waiting += t->waiting;
    sum->longest = fmax(sum->longest, t->longest);
}

// A town: every kind, empty or with all that may stand or move on its roads.
static imp_world *generate_test_world(int number)
{
    char *text, name[64];
    size_t length;
    imp_world *world = NULL;
    imp_map_generator_def def = imp_default_map_generator_def();
    def.kind = (imp_map_generator_kind)(number % IMP_MAP_GENERATOR_KIND_COUNT);
    def.number = (uint32_t)number;
    if (number / IMP_MAP_GENERATOR_KIND_COUNT % 2 == 1) {
        def.objects = true;
        def.pedestrians = def.cars = 3;
        def.parked = def.obstacles = def.duckies = 3;
    }
    if (imp_map_generate(&text, &length, &def, NULL) != IMP_OK)
        return NULL;
    snprintf(name, sizeof name, "town-%s-%d%s", imp_map_generator_kind_name(def.kind), number,
             def.objects ? "-busy" : "");
    if (imp_world_parse(&world, text, length, name, NULL) != IMP_OK)
        world = NULL;
    free(text);
    return world;
}

// One map, so many towns, or all built-in maps.
static bool load_worlds(bench *b, const char *only, int towns)
{
    imp_error err = {.message = "no memory for a town"};
    imp_status status = IMP_OK;
    for (int k = 0; k < towns; k++)
        if ((b->worlds[b->count++] = generate_test_world(k)) == NULL)
            status = IMP_NO_MEMORY;
    if (only != NULL)
        status = imp_world_load(&b->worlds[b->count++], only, &err);
    for (int k = 0; k < imp_builtin_map_count() && b->count == k && status == IMP_OK; k++)
        status = imp_world_load(&b->worlds[b->count++], imp_builtin_map_name(k), &err);
    if (status != IMP_OK)
        fprintf(stderr, "%s\n", err.message);
    return status == IMP_OK;
}

static bool set_expert_preset(bench *b, const char *name)
{
    imp_expert_def *e = &b->expert;
    if (strcmp(name, "usual") == 0)
        return true;
    if (strcmp(name, "sight") == 0) { // docs/dagger.md
        e->pose_only = true;
        e->speed = 0.53;
        e->tracking_rate = 1.4;
        e->turn_rate_gain = 5.0;
        return true;
    }
    e->look_ahead = false;
    if (strcmp(name, "demo") == 0) { // ./run demo
        e->tracking_rate = 2.4;
        e->turn_rate_gain = 8.0;
        return true;
    }
    e->pose_only = true; // bench/transfer.sh
    e->speed = 0.2;
    e->tracking_rate = 1.2;
    e->turn_rate_gain = 4.0;
    e->max_turn_rate = 2.2;
    return strcmp(name, "gentle") == 0;
}

static bool read_options(bench *b, int argc, char **argv)
{
    const char *only = NULL;
    int towns = 0;
    for (int c; (c = getopt(argc, argv, "n:t:m:s:p:e:k:a:vy")) != -1;) {
        if (c == 'n')
            b->starts = atoi(optarg);
        else if (c == 't')
            towns = atoi(optarg);
        else if (c == 'm')
            only = optarg;
        else if (c == 's')
            b->seconds = atof(optarg);
        else if (c == 'p')
            b->any_valid = strcmp(optarg, "valid") == 0;
        else if (c == 'k')
            b->env.frame_skip = atoi(optarg);
        else if (c == 'a')
            b->env.accept_start_angle = atof(optarg) * IMP_PI / 180.0;
        else if (c == 'v')
            b->verbose = true;
        else if (c == 'y')
            b->env.cars_yield = true;
        else if (c != 'e' || !set_expert_preset(b, optarg))
            return false;
    }
    return towns >= 0 && towns <= MAPS_MAX - 1 && load_worlds(b, only, towns);
}

int main(int argc, char **argv)
{
    static bench b;
    imp_thread_pool *pool;
    b.starts = 190;
    b.seconds = 20.0;
    b.env = imp_default_env_def();
    b.env.accept_start_angle = 2.0 * IMP_PI;
    b.env.max_steps = 1000000;
    b.expert = imp_default_expert_def();
    if (!read_options(&b, argc, argv))
        return 2;
    b.batches = (b.starts + BATCH - 1) / BATCH;
    b.tallies = calloc((size_t)b.count * (size_t)b.batches, sizeof *b.tallies);
    if (b.tallies == NULL || imp_thread_pool_create(&pool, 0, NULL) != IMP_OK)
        return 1;
    imp_thread_pool_run(pool, b.count * b.batches, drive_starts, &b);
    tally all = {0};
    for (int k = 0; k < b.count; k++) {
        tally sum = {0};
        for (int p = 0; p < b.batches; p++)
            add_tally(&sum, &b.tallies[k * b.batches + p]);
        add_tally(&all, &sum);
        if (sum.starts > 0 && (sum.stuck + sum.left_road + sum.collided > 0 || b.count < 60))
            print_tally(b.worlds[k]->name, &sum);
        imp_world_destroy(b.worlds[k]);
    }
    print_tally("all", &all);
    imp_thread_pool_destroy(pool);
    free(b.tallies);
    return all.stuck > 0;
}
