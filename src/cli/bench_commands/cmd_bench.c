// imprint bench: measures the speed of the parts on this machine. The table BENCHMARKS lists
// those that repeat one unit of work on prepared data; sim, random and agent have files of their
// own, because they compare several things or measure a process. Method: everything is created
// first; each benchmark warms up once, runs REPEATS times for --seconds each, and the best rate
// counts, because interference only ever slows a run. Rates of different runs are not comparable
// on a busy machine; ratios within one run are. The output names all that the figures depend on:
// processor, instruction set, compiler, threads, map, image size.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "base/threads/thread_pool.h"
#include "cli/bench_commands/bench_agent.h"
#include "cli/bench_commands/bench_randomization.h"
#include "cli/bench_commands/bench_render.h"
#include "cli/bench_commands/bench_result.h"
#include "cli/bench_commands/bench_sim.h"
#include "cli/options/sandbox_option.h"
#include "cli/options/sim_options.h"
#include "cli/output/console.h"
#include "cli/output/json_output.h"

// RANDOM_SECONDS, SIM_SECONDS: how many times --seconds these benchmarks take. Randomised worlds
// need many episodes; simulators take turns with two other measurements.
enum { REPEATS = 3, ENVIRONMENTS = 256, RANDOM_SECONDS = 16, SIM_SECONDS = 6 };

// Options as texts, and what they become.
// The structure is filled by the option table in set_up_bench_command().
typedef struct settings {
    imp_sim_def def;
    imp_sim_options sim; // that fill the definition
    const char *path;    // one of render_path_name()
    imp_render_backend renderer;
    int batch;
    double seconds; // that one repeat lasts
    // what the benchmark of the agent's process needs
    imp_bench_agent_settings agent;
} settings;

// State of all benchmarks, created before the clock runs.
typedef struct bench_context {
    const settings *s;
    imp_monitor monitor;
    imp_world *world;
    // Objects that a benchmark does not use stay NULL.
    imp_assets *assets; // NULL: ours
    imp_scene *scene;
    imp_randomization spec;
    imp_render_bench *render_bench;
    imp_env env;
    imp_env *many; // (ENVIRONMENTS), for state-only stepping
    uint32_t state_episodes;
    imp_policy *policy;
    imp_network *network;
    imp_inference *inference;
    imp_trainer *trainer;
    uint8_t *images; // (batch) of them
    const uint8_t **frames;
    float *labels;
    uint32_t episode;
} bench_context;

// One unit of work; returns how many things it did.
// The function must do the same amount of work in every call.
typedef int (*workload)(bench_context *r);

// A row of the table.
typedef struct benchmark {
    const char *name, *unit;
    double per_second; // units of time that one thing is measured in; 0: things per second
    workload run;
} benchmark;

// Starts the next episode of the expert's environment if this one ended.
static void reset_if_episode_ended(bench_context *r, imp_step step)
{
    imp_error err;
    if (!step.terminated && !step.truncated)
        return;
    (void)imp_env_reset(&r->env, ++r->episode, &err);
    imp_policy_reset(r->policy, &r->env);
}

// Starts the next episode of an environment that is stepped without images.
static void start_next_episode(bench_context *r, imp_env *env)
{
    imp_error err;
    (void)imp_env_reset(env, ++r->state_episodes, &err);
}

// env: constant actions, so that only the environment's own work is measured. The environments take
// turns, as in a simulation of many, so their states do not stay in the first cache level.
static int bench_env_steps(bench_context *r)
{
    // sixteen steps of each environment in one call, so that reading the clock costs nothing
    enum { ROUNDS = 16 };
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < ENVIRONMENTS; k++) {
            imp_step step = imp_env_step(&r->many[k], (imp_action){0.45, 0.5});
            if (step.terminated || step.truncated)
                start_next_episode(r, &r->many[k]);
        }
    return ROUNDS * ENVIRONMENTS;
}

// reset: most of it is the search for a valid start pose.
static int bench_env_resets(bench_context *r)
{
    for (int k = 0; k < ENVIRONMENTS; k++)
        start_next_episode(r, &r->many[k]);
    return ENVIRONMENTS;
}

// map: from the text to the world, lanes and objects.
static int bench_map_loading(bench_context *r)
{
    // the map was loaded before the measurement, so an error is not expected
    imp_error err;
    imp_world *world;
    if (imp_world_load(&world, r->s->def.map, &err) == IMP_OK)
        imp_world_destroy(world);
    return 1;
}

// expert: the environment and the policy together.
static int step_with_expert(bench_context *r)
{
    enum { STEPS = 256 };
    for (int k = 0; k < STEPS; k++)
        reset_if_episode_ended(r, imp_env_step(&r->env, imp_policy_act(r->policy, &r->env, NULL)));
    return STEPS;
}

// train: forward, backward and update. The samples are random, which does not change the speed.
static int train_batch(bench_context *r)
{
    double loss;
    imp_error err;
    // the frames and labels are the same in every step
    const imp_batch batch = {.count = r->s->batch, .frames = r->frames, .labels = r->labels};
    (void)imp_trainer_step(r->trainer, &batch, &loss, &err);
    return r->s->batch;
}

// decide: one image at a time, as a policy in a loop.
static int bench_inference(bench_context *r)
{
    enum { DECISIONS = 32 };
    float action[2];
    for (int k = 0; k < DECISIONS; k++)
        imp_inference_run(r->inference, &r->frames[k % r->s->batch], NULL, action);
    return DECISIONS;
}

// The workloads of bench_render.c.
static int render_one_core(bench_context *r)
{
    return imp_render_bench_draw_on_one_core(r->render_bench);
}

static int render_two_cores(bench_context *r)
{
    return imp_render_bench_draw_on_two_cores(r->render_bench);
}

static int render_ground_only(bench_context *r)
{
    return imp_render_bench_draw_ground_only(r->render_bench);
}

static int blend_texels_only(bench_context *r)
{
    return imp_render_bench_blend_texels_only(r->render_bench);
}

// In the order of the output.
static const benchmark BENCHMARKS[] = {
    {"render", "frames/s on one core", 0, render_one_core},
    {"pair", "frames/s on two cores", 0, render_two_cores},
    {"ground", "frames/s on one core without objects", 0, render_ground_only},
    {"bound", "frames/s if the ground's texels were only read and blended (upper bound)", 0,
     blend_texels_only},
    {"env", "steps/s on one core, state only, 256 environments in turn", 0, bench_env_steps},
    {"reset", "us per reset on one core", 1e6, bench_env_resets},
    {"map", "ms to load the map", 1e3, bench_map_loading},
    {"expert", "steps/s on one core, with the expert's actions", 0, step_with_expert},
    {"train", "samples/s", 0, train_batch},
    {"decide", "us per inference on one core", 1e6, bench_inference},
};
static const char RANDOM[] = "random"; // whole episodes
static const char SIM[] = "sim";       // many environments together
static const char AGENT[] = "agent";   // a process, measured from outside
enum { BENCHMARK_COUNT = sizeof BENCHMARKS / sizeof BENCHMARKS[0] };

// Values of --instruction-set, in the order of imp_render_backend.
static const char *render_path_name(int k)
{
    static const char *const words[] = {"auto", "plain", "avx2"};
    return k < 3 ? words[k] : NULL;
}

// All names of benchmarks, those in the table first.
static const char *benchmark_name(int k)
{
    return k < BENCHMARK_COUNT        ? BENCHMARKS[k].name
           : k == BENCHMARK_COUNT     ? RANDOM
           : k == BENCHMARK_COUNT + 1 ? AGENT
           : k == BENCHMARK_COUNT + 2 ? SIM
                                      : NULL;
}

// Creates world, scene, environments, expert and renderers.
static imp_status set_up_world_envs_and_renderer(bench_context *r, const imp_options *options,
                                                 imp_error *err)
{
    // the definitions come from the options and are shared by all benchmarks
    const settings *s = r->s;
    const imp_render_backend path = s->renderer;
    r->spec = imp_randomization_none();
    imp_status status = imp_world_load(&r->world, s->def.map, err);
    if (status == IMP_OK)
        status = imp_randomization_options_parse(options, &s->sim, &r->spec, err);
    // without --randomize, the benchmark `random` uses everything
    if (status == IMP_OK && !imp_randomization_is_on(&r->spec))
        status = imp_randomization_parse_list(&r->spec, "all", err);
    if (status == IMP_OK)
        status = imp_sim_options_open_assets(options, &s->sim, &r->assets, err);
    if (status == IMP_OK)
        status = imp_scene_create_with_def(&r->scene, r->world, &s->def.scene, err);
    if (status == IMP_OK)
        status = imp_env_init(&r->env, r->world, &s->def.env, err);
    if (status == IMP_OK)
        status = imp_env_reset(&r->env, 0, err);
    // environments of `env` and `reset`, each with its own random streams
    for (int k = 0; k < ENVIRONMENTS && status == IMP_OK; k++) {
        imp_env_def def = s->def.env;
        def.index = (uint32_t)k;
        status = imp_env_init(&r->many[k], r->world, &def, err);
        if (status == IMP_OK)
            status = imp_env_reset(&r->many[k], 0, err);
    }
    // the expert drives once to record the poses of the render benchmarks
    if (status == IMP_OK)
        status = imp_expert_create(&r->policy, &s->def.expert, err);
    if (status == IMP_OK)
        status = imp_render_bench_create(&r->render_bench, &s->def.camera, path, r->scene, &r->env,
                                         r->policy, err);
    if (status == IMP_OK)
        // begin the episodes of the benchmark `expert` from a defined state
        status = imp_env_reset(&r->env, 0, err);
    if (status == IMP_OK)
        imp_policy_reset(r->policy, &r->env);
    return status;
}

// Creates network, trainer and inference with the built-in default architecture.
static imp_status set_up_network_and_trainer(bench_context *r, imp_error *err)
{
    const settings *s = r->s;
    imp_network_def network = imp_default_network_def();
    imp_trainer_def trainer = imp_default_trainer_def();
    // the network takes images of the size that the renderer benchmarks use
    network.width = s->def.camera.width;
    network.height = s->def.camera.height;
    trainer.batch = s->batch;
    trainer.threads = s->def.threads;
    IMP_TRY(imp_network_create(&r->network, &network, 1, err));
    IMP_TRY(imp_trainer_create(&r->trainer, r->network, &trainer, err));
    return imp_inference_create(&r->inference, r->network, 1, err);
}

// Whether a benchmark was named; without names, all are selected.
static bool is_benchmark_selected(const imp_options *options, const char *name)
{
    for (int k = 0; k < options->operand_count; k++)
        if (strcmp(options->operands[k], name) == 0)
            return true;
    return options->operand_count == 0;
}

// Allocates a batch of random images and creates what the selected benchmarks need.
static imp_status set_up_benchmarks(bench_context *r, const imp_options *options, imp_error *err)
{
    // one allocation holds the bytes of all images
    const size_t batch = (size_t)r->s->batch;
    const size_t image_bytes = (size_t)r->s->def.camera.width * (size_t)r->s->def.camera.height * 3;
    r->images = malloc(batch * image_bytes);
    r->frames = malloc(batch * sizeof *r->frames);
    r->labels = calloc(2 * batch, sizeof *r->labels);
    r->many = calloc(ENVIRONMENTS, sizeof *r->many);
    if (r->images == NULL || r->frames == NULL || r->labels == NULL || r->many == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(r->s->batch, "image"));
    imp_random random = imp_random_stream(r->s->def.env.seed, 0, 0, IMP_PURPOSE_TEST);
    for (size_t k = 0; k < batch * image_bytes; k++)
        // random bytes, because constant images could make some operations faster
        r->images[k] = (uint8_t)imp_random_uniform_int(&random, 256);
    for (size_t k = 0; k < batch; k++)
        r->frames[k] = r->images + k * image_bytes;
    IMP_TRY(set_up_world_envs_and_renderer(r, options, err));
    // at large sizes, a trainer takes gigabytes
    if (is_benchmark_selected(options, "train") || is_benchmark_selected(options, "decide"))
        IMP_TRY(set_up_network_and_trainer(r, err));
    return IMP_OK;
}

// Accepts a state that was set up in part.
static void free_benchmarks(bench_context *r)
{
    // destroy in the reverse order of creation
    imp_inference_destroy(r->inference);
    imp_trainer_destroy(r->trainer);
    imp_network_destroy(r->network);
    imp_policy_destroy(r->policy);
    imp_render_bench_destroy(r->render_bench);
    imp_scene_destroy(r->scene);
    imp_assets_close(r->assets);
    imp_world_destroy(r->world);
    free(r->many);
    free(r->labels);
    free(r->frames);
    free(r->images);
}

// The best rate of REPEATS runs, in units per second.
static double measure_workload_rate(bench_context *r, workload run)
{
    double best = 0.0;
    run(r); // warm up
    // an interruption ends the measurement; the caller discards the rate
    for (int repeat = 0; repeat < REPEATS && !imp_monitor_should_stop(&r->monitor); repeat++) {
        double start = imp_monotonic_seconds(), now;
        long long things = 0;
        do {
            things += run(r);
            now = imp_monotonic_seconds();
        } while (now - start < r->s->seconds && !imp_monitor_should_stop(&r->monitor));
        double rate = (double)things / (now - start);
        best = rate > best ? rate : best;
    }
    return best;
}

// The processor's name as Linux gives it.
static void processor_name(char *out, size_t capacity)
{
    char *text;
    size_t length;
    // the answer for systems without /proc/cpuinfo
    snprintf(out, capacity, "unknown processor");
    if (imp_file_read(&text, &length, "/proc/cpuinfo", 1 << 22, NULL) != IMP_OK)
        return;
    // the first processor stands for all
    const char *at = strstr(text, "model name");
    at = at != NULL ? strchr(at, ':') : NULL;
    if (at != NULL)
        snprintf(out, capacity, "%.*s", (int)strcspn(at + 2, "\n"), at + 2);
    free(text);
}

// Refuses unknown names before anything is measured.
static imp_status check_benchmark_names(const imp_options *options, imp_error *err)
{
    imp_status status = IMP_OK;
    // every operand must be the name of a benchmark
    for (int k = 0; k < options->operand_count && status == IMP_OK; k++) {
        int found;
        status = imp_name_lookup(&found, "benchmark ", options->operands[k], benchmark_name, err);
    }
    return status;
}

// Runs the selected benchmarks of the table.
static void measure_selected_benchmarks(bench_context *r, const imp_options *options,
                                        json_t *results)
{
    for (int b = 0; b < BENCHMARK_COUNT; b++) {
        const benchmark *bench = &BENCHMARKS[b];
        if (!is_benchmark_selected(options, bench->name))
            continue;
        // some results are times per thing instead of rates
        double rate = measure_workload_rate(r, bench->run);
        if (imp_monitor_should_stop(&r->monitor))
            return;
        double value = bench->per_second > 0.0 ? bench->per_second / rate : rate;
        imp_bench_result_add(results, !options->json, bench->name, value,
                             bench->per_second > 0.0 ? 2 : 0, bench->unit);
    }
}

// Runs the benchmark `sim` for a longer time.
static imp_status measure_vectorised_sims(bench_context *r, bool print, json_t *results,
                                          imp_error *err)
{
    const settings *s = r->s;
    const imp_sim_bench_def def = {.map = s->def.map,
                                   .env = &s->def.env,
                                   .camera = &s->def.camera,
                                   .scene = &s->def.scene,
                                   .expert = &s->def.expert,
                                   .backend = s->renderer,
                                   .threads = s->def.threads,
                                   .seconds = SIM_SECONDS * s->seconds,
                                   .monitor = &r->monitor};
    return imp_bench_sim(&def, results, print, err);
}

// Measures everything that is selected. Returns the results and their conditions as JSON; prints
// them as a table unless --json is given.
static imp_status measure_all_and_print(json_t **out, bench_context *r, const imp_options *options,
                                        imp_error *err)
{
    const settings *s = r->s;
    char processor[128];
    const int threads = s->def.threads > 0 ? s->def.threads : imp_cpu_count();
    processor_name(processor, sizeof processor);
    // the object is filled by every benchmark and becomes a part of the report
    json_t *results = json_object();
    // conditions first, then one row per result
    if (!options->json)
        printf("%s, %s, %s, %s for training\ncompiled by %s; %s, %d x %d, "
               "lens %s, renderer %s, batch %d; best of %d\n\n",
               processor, imp_instruction_set(), IMP_PLURAL(imp_cpu_count(), "processor"),
               IMP_PLURAL(threads, "thread"), __VERSION__, s->def.map, s->def.camera.width,
               s->def.camera.height, s->sim.lens, s->path, s->batch, REPEATS);
    measure_selected_benchmarks(r, options, results);
    // the benchmarks with files of their own
    const imp_randomization_bench_def random = {.map = s->def.map,
                                                .spec = &r->spec,
                                                .env = &s->def.env,
                                                .camera = &s->def.camera,
                                                .scene = &s->def.scene,
                                                .seconds = RANDOM_SECONDS * s->seconds,
                                                .monitor = &r->monitor};
    // run them only if the user did not interrupt the table's benchmarks
    imp_status status = IMP_OK;
    if (imp_monitor_should_stop(&r->monitor))
        status = imp_fail(err, IMP_INTERRUPTED, "interrupted");
    if (status == IMP_OK && is_benchmark_selected(options, SIM))
        status = measure_vectorised_sims(r, !options->json, results, err);
    if (status == IMP_OK && is_benchmark_selected(options, RANDOM))
        status = imp_bench_randomization(&random, results, !options->json, err);
    if (status == IMP_OK && is_benchmark_selected(options, AGENT))
        status = imp_bench_agent(&s->agent, results, !options->json, &r->monitor, err);
    *out =
        json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:i, s:i, s:s, s:s, s:i, s:o}", "processor",
                  processor, "instruction_set", imp_instruction_set(), "processors",
                  imp_cpu_count(), "threads", threads, "compiler", __VERSION__, "map", s->def.map,
                  "width", s->def.camera.width, "height", s->def.camera.height, "lens", s->sim.lens,
                  "renderer", s->path, "batch", s->batch, "results", results);
    return status;
}

// Checks the options, sets up, measures, cleans up.
static imp_status run_bench_command(void *state, const imp_options *options, imp_error *err)
{
    settings *s = state;
    imp_status status = imp_sim_options_convert_and_check(options, &s->sim, err);
    if (status == IMP_OK)
        status = check_benchmark_names(options, err);
    // options of this command
    int renderer = 0;
    if (status == IMP_OK)
        status = imp_name_lookup(&renderer, "--instruction-set: ", s->path, render_path_name, err);
    s->renderer = (imp_render_backend)renderer;
    if (status == IMP_OK && !(s->seconds > 0.0 && s->seconds <= 60.0))
        status = imp_fail(err, IMP_USAGE, "--seconds %g is not within 0 to 60", s->seconds);
    if (status == IMP_OK && s->agent.frames < 1)
        status = imp_fail(err, IMP_USAGE, "--frames %d must be at least 1", s->agent.frames);
    if (status == IMP_OK && (s->batch < 1 || s->batch > 4096))
        status = imp_fail(err, IMP_USAGE, "--batch %d is not within 1 to 4096", s->batch);
    if (status != IMP_OK)
        return status;
    // everything is created before the first measurement
    bench_context r = {.s = s, .monitor = imp_console_create_monitor(options)};
    s->agent.map = s->def.map;
    status = set_up_benchmarks(&r, options, err);
    if (status == IMP_OK) {
        json_t *results;
        status = measure_all_and_print(&results, &r, options, err);
        if (status == IMP_OK && options->json)
            status = imp_console_print_json(results, err);
        else
            json_decref(results);
    }
    free_benchmarks(&r);
    return status;
}

// Options of all benchmarks; those of the agent have no effect on the others.
static void set_up_bench_command(void *state, imp_options *options)
{
    settings *s = state;
    s->def = imp_default_sim_def();
    s->sim = imp_default_sim_options(&s->def);
    s->path = "auto";
    s->batch = 32;
    s->seconds = 0.5;
    s->agent.frames = 2000;
    s->agent.sandbox = true;
    const imp_option table[] = {
        {"instruction-set", 0, IMP_OPTION_TEXT, &s->path, "PATH",
         "auto, avx2 (no wider vectors) or plain (no vector instructions)", IMP_SETTING},
        {"batch", 'b', IMP_OPTION_INT, &s->batch, "N", "samples per training step", IMP_SETTING},
        {"seconds", 0, IMP_OPTION_REAL, &s->seconds, "S", "duration of each repeat", IMP_SETTING},
        {"frames", 0, IMP_OPTION_INT, &s->agent.frames, "N", "number of images that the agent gets",
         IMP_SETTING},
        {"model", 0, IMP_OPTION_TEXT, &s->agent.model, "MODEL",
         "model of the agent (random weights if not given)", IMP_SETTING},
        {"agent", 0, IMP_OPTION_TEXT, &s->agent.command, "COMMAND",
         "command of another agent, instead of ours", IMP_SETTING},
        {"sandbox", 0, IMP_OPTION_FLAG, &s->agent.sandbox, NULL, IMP_SANDBOX_HELP, IMP_TRANSIENT},
    };
    // one map, as for all commands that do not collect data
    imp_sim_options_add(options, &s->sim);
    imp_randomization_options_add(options, &s->sim);
    imp_options_add_all(options, table, (int)(sizeof table / sizeof table[0]));
}

const imp_command imp_command_bench = {
    .name = "bench",
    .summary = "measure the speed of this machine",
    .operands =
        "[render] [pair] [ground] [bound] [random] [env] [reset] [map] [expert] [sim] [train] "
        "[decide] [agent]",
    .details = "Measures everything if no name is given. Compare ratios within one run: absolute "
               "rates vary with the load of the machine.",
    .examples = "  imprint bench render env --map udem1_empty\n"
                "  imprint bench env reset map --map udem1 --seconds 0.1\n"
                "  imprint bench sim --map udem1\n"
                "  imprint bench agent --map udem1 --frames 1000",
    .state_size = sizeof(settings),
    .set_up = set_up_bench_command,
    .run = run_bench_command,
};
