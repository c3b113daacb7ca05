// Benchmark of the renderer on one and two cores, of the ground alone, and of an upper bound for
// the ground. The poses are recorded from a drive of the expert, so that the images show what a
// policy sees: road ahead, objects at usual distances. The upper bound repeats only the memory
// accesses and products of texture sampling: for every sample, it loads 2 x 2 texels and blends
// them with fixed weights. A renderer that reaches it spends no time on geometry, lens or
// objects. Its texture has as many texels as the mip level that small images use, so it lies in
// the same cache.
#include "cli/bench_commands/bench_render.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/common/attributes.h"
#include "base/common/try.h"
#include "base/threads/thread_pool.h"
#include "sim/render/ground/ground.h"
#include "sim/render/views/renderer.h"

enum {
    CORES = 2,
    // one unit of work: POSES poses of a drive, STEPS_BETWEEN simulation steps apart, with TURNS
    // images at each, between which the robot turns a little
    POSES = 32,
    STEPS_BETWEEN = 20,
    TURNS = 4,
    IMAGES = POSES * TURNS,
    // texels of the upper bound's texture: as many as the mip level of a tile that small images use
    TEXTURE_BITS = 16,
    TEXTURE = 1 << TEXTURE_BITS
};

struct imp_render_bench {
    const imp_scene *scene;
    imp_thread_pool *pool;
    imp_renderer *renderers[CORES];
    uint8_t *images[CORES];
    imp_view view; // of all images, except for the pose
    imp_pose poses[POSES];
    int64_t samples;   // texture samples of one image of the ground
    uint32_t *texels;  // (TEXTURE + some)
    uint32_t *places;  // (samples)
    uint32_t sink[16]; // keeps what was read from being left out
};

// Creates the texture of the upper bound and the sample positions on it. Neighbouring samples lie
// near each other, as on the ground.
static bool create_random_texel_reads(imp_render_bench *bench)
{
    imp_random random = imp_random_stream(1, 0, 0, IMP_PURPOSE_TEST);
    bench->samples = imp_renderer_sample_count(bench->renderers[0]);
    bench->texels = malloc((TEXTURE + 512) * sizeof *bench->texels);
    bench->places = malloc((size_t)bench->samples * sizeof *bench->places);
    if (bench->texels == NULL || bench->places == NULL)
        return false;
    // random texels; 512 more, because a sample reads past its position
    for (int k = 0; k < TEXTURE + 512; k++)
        bench->texels[k] = imp_random_u32(&random);
    for (int64_t k = 0; k < bench->samples; k++)
        bench->places[k] =
            ((uint32_t)(k * 3) + imp_random_uniform_int(&random, 4)) & (uint32_t)(TEXTURE - 1);
    return true;
}

// Records the poses of a drive, over several episodes if the expert's end early.
static imp_status record_poses(imp_render_bench *bench, imp_env *env, imp_policy *policy,
                               imp_error *err)
{
    uint32_t episode = 0;
    IMP_TRY(imp_env_reset(env, episode, err));
    imp_policy_reset(policy, env);
    for (int k = 0; k < POSES * STEPS_BETWEEN; k++) {
        if (k % STEPS_BETWEEN == 0)
            bench->poses[k / STEPS_BETWEEN] = env->pose;
        const imp_step step = imp_env_step(env, imp_policy_act(policy, env, NULL));
        if (step.terminated || step.truncated) {
            IMP_TRY(imp_env_reset(env, ++episode, err));
            imp_policy_reset(policy, env);
        }
    }
    bench->view = imp_env_camera_view(env);
    return IMP_OK;
}

// Creates everything before the clock runs: one renderer and one image per core.
imp_status imp_render_bench_create(imp_render_bench **out, const imp_camera_def *camera,
                                   imp_render_backend path, const imp_scene *scene, imp_env *env,
                                   imp_policy *policy, imp_error *err)
{
    imp_render_bench *bench = calloc(1, sizeof *bench);
    if (bench == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    bench->scene = scene;
    imp_status status = imp_thread_pool_create(&bench->pool, CORES, err);
    for (int k = 0; status == IMP_OK && k < CORES; k++) {
        status = imp_renderer_create(&bench->renderers[k], camera, path, err);
        bench->images[k] = malloc((size_t)camera->width * (size_t)camera->height * 3);
        if (status == IMP_OK && bench->images[k] == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    }
    if (status == IMP_OK)
        status = record_poses(bench, env, policy, err);
    if (status == IMP_OK && !create_random_texel_reads(bench))
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a benchmark");
    if (status == IMP_OK)
        *out = bench;
    else
        imp_render_bench_destroy(bench);
    return status;
}

// Accepts NULL and a benchmark that was created in part.
void imp_render_bench_destroy(imp_render_bench *bench)
{
    if (bench == NULL)
        return;
    for (int k = 0; k < CORES; k++) {
        imp_renderer_destroy(bench->renderers[k]);
        free(bench->images[k]);
    }
    imp_thread_pool_destroy(bench->pool);
    free(bench->texels);
    free(bench->places);
    free(bench);
}

// One unit of work on one core. `index` selects the renderer.
static void render_recorded_poses(void *context, int index, int worker)
{
    imp_render_bench *bench = context;
    imp_view view = bench->view;
    (void)worker;
    for (int k = 0; k < IMAGES; k++) {
        view.pose = bench->poses[k / TURNS];
        view.pose.heading += 0.01 * (k % TURNS);
        imp_render(bench->renderers[index], bench->scene, &view, bench->images[index]);
    }
}

// The workloads return the number of images, from which the caller computes rates.
int imp_render_bench_draw_on_one_core(imp_render_bench *bench)
{
    render_recorded_poses(bench, 0, 0);
    return IMAGES;
}

// The same work on every core at once; it shows what shared caches and memory cost.
int imp_render_bench_draw_on_two_cores(imp_render_bench *bench)
{
    imp_thread_pool_run(bench->pool, CORES, render_recorded_poses, bench);
    return CORES * IMAGES;
}

// The same poses with all objects hidden.
int imp_render_bench_draw_ground_only(imp_render_bench *bench)
{
    uint64_t all[IMP_OBJECTS_MAX / 64];
    memset(all, 0xff, sizeof all);
    const uint64_t *const before = bench->view.hidden;
    bench->view.hidden = all;
    render_recorded_poses(bench, 0, 0);
    bench->view.hidden = before;
    return IMAGES;
}

// A sample is two loads of two texels each, 16 products and their sum. STRIDE is the distance
// between rows of texels.
enum { STRIDE = 258 };

// The plain version: blends the four texels of each sample with equal weights, two colour channels
// at a time in one 64-bit integer. `sink` keeps the compiler from removing the loads.
static void blend_random_texels(const uint32_t *texels, const uint32_t *places, int64_t count,
                                uint32_t sink[16])
{
    for (int64_t k = 0; k < count; k++) {
        const uint32_t *at = texels + places[k];
        const uint32_t four[4] = {at[0], at[1], at[STRIDE], at[STRIDE + 1]};
        uint64_t mixed = 0;
        for (int n = 0; n < 4; n++)
            mixed += ((four[n] | (uint64_t)four[n] << 24) & 0x00ff00ff00ff00ffu) * 16;
        sink[0] += (uint32_t)mixed;
        sink[1] += (uint32_t)(mixed >> 32);
    }
}

#if defined(__x86_64__)
// The AVX2 version: two samples per vector, eight per iteration. The shuffle brings the four texels
// of a channel together, so that maddubs and madd form their weighted sum.
IMP_AVX2 static void blend_random_texels_avx2(const uint32_t *texels, const uint32_t *places,
                                              int64_t count, uint32_t sink[16])
{
    // weights and byte order: channel by channel, four texels each
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m256i weights = _mm256_set1_epi8(16), one = _mm256_set1_epi16(1);
    __m256i sums[4] = {0};
    for (int64_t k = 0; k + 8 <= count; k += 8)
        for (int n = 0; n < 4; n++) {
            __m128i mixed[2];
            for (int two = 0; two < 2; two++) {
                // two loads of two texels each give 16 bytes of one sample
                const uint32_t *at = texels + places[k + 2 * n + two];
                mixed[two] = _mm_unpacklo_epi64(
                    _mm_loadl_epi64((const __m128i *)(const void *)at),
                    _mm_loadl_epi64((const __m128i *)(const void *)(at + STRIDE)));
            }
            // blend two samples, and add them up in 32 bits
            const __m256i both =
                _mm256_inserti128_si256(_mm256_castsi128_si256(mixed[0]), mixed[1], 1);
            const __m256i pairs = _mm256_maddubs_epi16(_mm256_shuffle_epi8(both, order), weights);
            sums[n] = _mm256_add_epi32(sums[n], _mm256_madd_epi16(pairs, one));
        }
    for (int n = 0; n < 2; n++)
        _mm256_storeu_si256((__m256i *)(void *)(sink + 8 * n),
                            _mm256_add_epi32(sums[n], sums[n + 2]));
}
#endif

// As many samples as rendering the images takes, with the instruction set that the renderer uses.
int imp_render_bench_blend_texels_only(imp_render_bench *bench)
{
    for (int k = 0; k < IMAGES; k++) {
#if defined(__x86_64__)
        if (imp_cpu_has_avx2()) {
            blend_random_texels_avx2(bench->texels, bench->places, bench->samples, bench->sink);
            continue;
        }
#endif
        blend_random_texels(bench->texels, bench->places, bench->samples, bench->sink);
    }
    return IMAGES;
}
