// The part that simulators created together share: maps with their scenes, and views.
//
// A view's tables depend on the camera only, and its scratch memory on nothing. So if cameras are
// not randomised, as many views as threads suffice. A thread borrows one per image: free views are
// bits of an atomic word, and the lowest is taken. No thread waits while there are at least as many
// views as threads. Maps and scenes are constant, so sharing them needs no locks.
#include <sched.h>
#include <stdlib.h>

#include "base/common/try.h"
#include "base/threads/thread_pool.h"
#include "sim/simulator/simulator.h"

// Only the parts that the definition asks for are created.
imp_status imp_sim_views_create(imp_sim_views *views, const imp_sim_def *def, imp_error *err)
{
    IMP_TRY(imp_renderer_create(&views->renderer, &def->camera, def->backend, err));
    if (def->observation == IMP_OBSERVATION_SEGMENTATION)
        IMP_TRY(imp_label_renderer_create(&views->label_renderer, &def->camera, err));
    if (def->ground_truth)
        IMP_TRY(imp_segmentation_pass_create(&views->segmentation, &def->camera, err));
    return IMP_OK;
}

void imp_sim_views_destroy(imp_sim_views *views)
{
    imp_renderer_destroy(views->renderer);
    imp_label_renderer_destroy(views->label_renderer);
    imp_segmentation_pass_destroy(views->segmentation);
    *views = (imp_sim_views){0};
}

imp_status imp_sim_views_set_camera(const imp_sim_views *views, const imp_camera_def *camera,
                                    imp_error *err)
{
    IMP_TRY(imp_renderer_set_camera(views->renderer, camera, err));
    if (views->label_renderer != NULL)
        IMP_TRY(imp_label_renderer_set_camera(views->label_renderer, camera, err));
    if (views->segmentation != NULL)
        IMP_TRY(imp_segmentation_pass_set_camera(views->segmentation, camera, err));
    return IMP_OK;
}

// Loads the maps, adapted to the randomisation, and keeps those of the split.
static imp_status load_maps(imp_sim_shared *shared, const imp_sim_def *def, imp_error *err)
{
    imp_scene_def scene = def->scene;
    if (shared->randomized)
        imp_randomization_apply_to_scene(&def->randomization, def->env.seed, &def->camera, &scene);
    if (def->map_text != NULL)
        IMP_TRY(imp_map_set_parse(&shared->maps, def->map_text, def->map_text_bytes, def->map,
                                  &scene, err));
    else
        IMP_TRY(def->map_count > 0
                    ? imp_map_set_load(&shared->maps, def->maps, def->map_count, &scene, err)
                    : imp_map_set_load(&shared->maps, &def->map, 1, &scene, err));
    return imp_map_set_keep_split(&shared->maps, def->split, err);
}

// Creates a view per thread, but not more than simulators.
static imp_status create_shared_views(imp_sim_shared *shared, int count, imp_error *err)
{
    const imp_sim_def *def = &shared->def;
    const int threads = def->threads > 0 ? def->threads : imp_cpu_count();
    const int wanted = threads < IMP_SIM_VIEWS_MAX ? threads : IMP_SIM_VIEWS_MAX;
    shared->own_views = shared->randomized || count <= threads;
    if (shared->own_views)
        return IMP_OK;
    while (shared->view_count < wanted)
        IMP_TRY(imp_sim_views_create(&shared->views[shared->view_count++], def, err));
    shared->free_views = wanted == 64 ? UINT64_MAX : ((uint64_t)1 << wanted) - 1;
    return IMP_OK;
}

imp_status imp_sim_shared_create(imp_sim_shared **out, int count, const imp_sim_def *def,
                                 imp_error *err)
{
    imp_sim_shared *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a simulator");
    shared->references = 1;
    shared->def = *def;
    shared->randomized = imp_randomization_is_on(&def->randomization);
    imp_status status = load_maps(shared, def, err);
    // texts and arrays belong to the caller
    shared->def.map = NULL;
    shared->def.maps = NULL;
    shared->def.map_count = 0;
    shared->def.map_text = NULL;
    if (status == IMP_OK)
        status = create_shared_views(shared, count, err);
    if (status == IMP_OK)
        *out = shared;
    else
        imp_sim_shared_release(shared);
    return status;
}

void imp_sim_shared_release(imp_sim_shared *shared)
{
    // the last reference frees everything
    if (shared == NULL || atomic_fetch_sub(&shared->references, 1) > 1)
        return;
    for (int k = 0; k < shared->view_count; k++)
        imp_sim_views_destroy(&shared->views[k]);
    imp_map_set_free(&shared->maps);
    free(shared);
}

const imp_sim_views *imp_sim_borrow_renderers(imp_sim *sim)
{
    imp_sim_shared *shared = sim->shared;
    if (shared->own_views)
        return &sim->views;
    // take the lowest free view by compare-and-exchange
    uint64_t free_views = atomic_load(&shared->free_views);
    for (;;) {
        // more threads than views: wait until one is returned
        while (free_views == 0) {
            sched_yield();
            free_views = atomic_load(&shared->free_views);
        }
        const uint64_t lowest = free_views & (~free_views + 1);
        if (atomic_compare_exchange_weak(&shared->free_views, &free_views, free_views & ~lowest))
            return &shared->views[__builtin_ctzll(lowest)];
    }
}

void imp_sim_return_renderers(imp_sim *sim, const imp_sim_views *views)
{
    imp_sim_shared *shared = sim->shared;
    if (!shared->own_views)
        atomic_fetch_or(&shared->free_views, (uint64_t)1 << (views - shared->views));
}
