// many_environments.c: steps 64 environments with images at once, on all processors, into arrays
// that the program owns. Prints the rate.
//
//     cc many_environments.c $(pkg-config --cflags --libs imprint) -o many && ./many 1000
#include <imprint/imprint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { COUNT = 64, WIDTH = 80, HEIGHT = 60 };

// What the environments give: (COUNT) rows each.
typedef struct results {
    uint8_t images[COUNT][HEIGHT][WIDTH][3];
    double rewards[COUNT];
    bool terminated[COUNT], truncated[COUNT];
} results;

static double seconds_now(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// A simple policy: drive ahead, with a random turn.
static void choose_actions(imp_action actions[COUNT], imp_random *random)
{
    for (int k = 0; k < COUNT; k++) {
        const double turn = imp_random_uniform(random, -0.1, 0.1);
        actions[k] = (imp_action){0.4 - turn, 0.4 + turn};
    }
}

static imp_status step_all(int steps, imp_thread_pool *pool, imp_sim *const *sims, results *r,
                           imp_error *err)
{
    const imp_sim_buffers buffers = {.observations = &r->images[0][0][0][0],
                                     .rewards = r->rewards,
                                     .terminated = r->terminated,
                                     .truncated = r->truncated};
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    imp_action actions[COUNT];
    int episodes = 0;
    imp_status status = imp_sim_reset_many(pool, sims, COUNT, NULL, NULL, &buffers, err);
    const double start = seconds_now();
    for (int k = 0; k < steps && status == IMP_OK; k++) {
        choose_actions(actions, &random);
        status = imp_sim_step_many(pool, sims, COUNT, actions, &buffers, err);
        for (int e = 0; e < COUNT; e++)
            episodes += r->terminated[e] || r->truncated[e];
    }
    const double seconds = seconds_now() - start;
    if (status == IMP_OK)
        printf("%d environments, %d threads: %.0f steps/s with images, %d episodes ended\n", COUNT,
               imp_thread_pool_size(pool), COUNT * steps / seconds, episodes);
    return status;
}

int main(int argc, char **argv)
{
    imp_error err = {0};
    imp_sim *sims[COUNT] = {NULL};
    imp_thread_pool *pool = NULL;
    results *r = malloc(sizeof *r);
    imp_sim_def def = imp_default_sim_def();
    def.autoreset = IMP_AUTORESET_SAME_STEP; // the step that ends an episode starts the next
    def.camera.width = WIDTH;
    def.camera.height = HEIGHT;
    imp_status status = r == NULL ? IMP_NO_MEMORY : imp_thread_pool_create(&pool, 0, &err);
    if (status == IMP_OK)
        status = imp_sim_create_many(sims, COUNT, &def, &err);
    if (status == IMP_OK)
        status = step_all(argc > 1 ? atoi(argv[1]) : 300, pool, sims, r, &err);
    for (int k = 0; k < COUNT; k++)
        imp_sim_destroy(sims[k]);
    imp_thread_pool_destroy(pool);
    free(r);
    if (status != IMP_OK)
        fprintf(stderr, "many_environments: %s\n", err.message);
    return status != IMP_OK;
}
