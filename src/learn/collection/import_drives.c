// Imports demonstrations: files are driven again on all threads, a wave at a time, and written to a
// dataset in their order, so that its bytes do not depend on threads. The dataset lies beside its
// folder (".partial") until all drives have come out the same, and is renamed then.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/clock.h"
#include "base/common/hash.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "base/text/text_stream.h"
#include "base/threads/thread_pool.h"
#include "data/dataset/partial_dataset.h"
#include "learn/collection/drive_files.h"
#include "learn/collection/redrive.h"
#include "learn/settings/settings_tables.h"
#include "sim/simulator/sim_settings.h"

enum { IMPORT_COOKIE = 0xD21E };

const char *imp_drive_labels_name(int labels)
{
    static const char *const words[] = {
        [IMP_LABELS_EXPERT] = "expert", [IMP_LABELS_PERSON] = "person"};
    return labels >= 0 && labels < (int)(sizeof words / sizeof words[0]) ? words[labels] : NULL;
}

imp_drive_import_def imp_default_drive_import_def(void)
{
    return (imp_drive_import_def){
        .sim = imp_default_sim_def(), .settings = "{}", .cookie = IMPORT_COOKIE};
}

// What one call works with.
typedef struct import_job {
    const imp_drive_import_def *def;
    const char *folder; // NULL: drives are only checked
    imp_drive_files files;
    imp_drive_import_summary *out;
    const imp_monitor *monitor;
    imp_thread_pool *pool;
    int threads;
    imp_redriver *redrivers; // (threads)
    imp_redrive *wave;       // (wave_size) drives that are in memory
    int wave_size, first;    // the file of wave[0]
    atomic_llong steps;      // driven so far
    atomic_bool stop;
    imp_dataset_info info;
} import_job;

static void report_progress(void *context)
{
    import_job *job = context;
    const imp_progress progress = {"import", "frames", (double)atomic_load(&job->steps),
                                   (double)job->files.steps, NULL};
    imp_monitor_progress(job->monitor, &progress);
    if (imp_monitor_should_stop(job->monitor))
        atomic_store(&job->stop, true);
}

// Job of the thread pool: reads a file and drives it. The message names the file.
static void read_and_replay_drive_file(void *context, int index, int worker)
{
    import_job *job = context;
    imp_redrive *redrive = &job->wave[index];
    const char *path = job->files.paths[job->first + index];
    imp_error err = {0};
    imp_status status = IMP_OK;
    if (atomic_load(&job->stop))
        status = imp_fail(&err, IMP_INTERRUPTED, "interrupted");
    else
        status = imp_demonstration_read(&redrive->drive, path, &err);
    const bool is_read = status == IMP_OK;
    if (is_read && job->folder != NULL)
        status = imp_redrive_alloc(redrive, job->def, &err);
    if (status == IMP_OK)
        status = imp_redriver_run(&job->redrivers[worker], redrive, &err);
    redrive->error = err;
    if (is_read && status != IMP_OK && status != IMP_INTERRUPTED)
        imp_fail(&redrive->error, status, "%s: %s", path, err.message);
    if (worker == 0)
        report_progress(job);
}

// Adds a drive to the summary.
static void add_drive_to_summary(imp_drive_import_summary *out, const imp_demonstration *drive)
{
    imp_drive_count_drivers(out->driven, &out->take_overs, drive);
    out->episodes++;
    out->steps += drive->steps;
}

// Drives a wave and writes its episodes in order; the first failure ends the import.
static imp_status import_wave(import_job *job, imp_dataset_writer *writer, int count,
                              imp_error *err)
{
    imp_status status = IMP_OK;
    imp_thread_pool_run(job->pool, count, read_and_replay_drive_file, job);
    for (int k = 0; k < count; k++) {
        imp_redrive *redrive = &job->wave[k];
        if (status == IMP_OK && redrive->error.status != IMP_OK)
            status = imp_fail(err, redrive->error.status, "%s", redrive->error.message);
        if (status == IMP_OK && writer != NULL) {
            const imp_episode episode = imp_redrive_get_episode(redrive);
            status = imp_dataset_writer_add(writer, &episode, err);
        }
        if (status == IMP_OK)
            add_drive_to_summary(job->out, &redrive->drive);
        imp_redrive_free(redrive);
    }
    return status;
}

// All drives; without a writer they are only checked. context: import_job.
static imp_status import_all_waves(void *context, imp_dataset_writer *writer, imp_error *err)
{
    import_job *job = context;
    for (job->first = 0; job->first < job->files.count; job->first += job->wave_size) {
        const int left = job->files.count - job->first;
        IMP_TRY(import_wave(job, writer, left < job->wave_size ? left : job->wave_size, err));
    }
    return writer != NULL ? imp_dataset_writer_finish(writer, err) : IMP_OK;
}

// A hash of all that the episodes follow from: the files, and how they are seen and labelled.
static imp_status hash_definition(char out[32], const import_job *job, imp_error *err)
{
    static const char what[] = "a dataset's definition";
    const imp_sim_def *sim = &job->def->sim;
    imp_text_stream text;
    IMP_TRY(imp_text_stream_open(&text, what, err));
    imp_settings_write_hash(text.out, "drives", job->files.hash);
    fprintf(text.out, "labels: %s\nseed: %" PRIu64 "\nobservation: %s\n",
            imp_drive_labels_name((int)job->def->labels), sim->env.seed,
            imp_observation_kind_name((int)sim->observation));
    imp_settings_write_assets(text.out, &sim->scene);
    imp_struct_write_text(text.out, "camera", &imp_camera_members, &sim->camera);
    imp_struct_write_text(text.out, "scene", &imp_scene_members, &sim->scene);
    imp_struct_write_text(text.out, "expert", &imp_expert_members, &sim->expert);
    imp_struct_write_text(text.out, "randomization", &imp_randomization_members,
                          &sim->randomization);
    const imp_status status = imp_text_stream_close(&text, what, err);
    if (status == IMP_OK)
        snprintf(out, 32, "%016" PRIx64, imp_hash_text(IMP_HASH_START, text.bytes));
    free(text.bytes);
    return status;
}

// What the dataset says of all its episodes.
static imp_status describe_dataset(import_job *job, imp_error *err)
{
    const imp_sim_def *sim = &job->def->sim;
    imp_dataset_info *info = &job->info;
    *info = (imp_dataset_info){.width = sim->camera.width,
                               .height = sim->camera.height,
                               .time_step = job->files.time_step};
    snprintf(info->map, sizeof info->map, "%s", job->files.map);
    snprintf(info->lens, sizeof info->lens, "%s", imp_lens_name(sim->camera.lens.kind));
    if (sim->robot != NULL)
        snprintf(info->robot, sizeof info->robot, "%s", sim->robot);
    snprintf(info->policy, sizeof info->policy, "%s",
             job->def->labels == IMP_LABELS_PERSON ? IMP_TAKE_OVERS_POLICY : job->files.driver);
    snprintf(info->observation, sizeof info->observation, "%s",
             imp_observation_kind_name((int)sim->observation));
    if ((size_t)snprintf(info->settings, sizeof info->settings, "%s", job->def->settings) >=
        sizeof info->settings)
        return imp_fail(err, IMP_USAGE, "settings are longer than %zu bytes",
                        sizeof info->settings);
    return hash_definition(info->definition, job, err);
}

// Whether the dataset that is there was made of the same drives in the same way.
static imp_status compare_dataset(const import_job *job, imp_error *err)
{
    imp_dataset *dataset;
    IMP_TRY(imp_dataset_open(&dataset, job->folder, err));
    const bool same =
        strcmp(imp_dataset_get_info(dataset)->definition, job->info.definition) == 0 &&
        imp_dataset_is_finished(dataset);
    imp_dataset_close(dataset);
    return same ? IMP_OK
                : imp_fail(err, IMP_USAGE,
                           "%s: was made of other drives than these, or with other settings",
                           job->folder);
}

// Drives everything into a dataset beside its folder, which gets its name at the end.
static imp_status write_dataset(import_job *job, imp_error *err)
{
    return imp_path_exists(job->folder) && job->def->resume
               ? compare_dataset(job, err)
               : imp_partial_dataset_write(job->folder, &job->info, import_all_waves, job, err);
}

// What is randomised must not change the states.
static imp_status check_import_def(const imp_drive_import_def *def, imp_error *err)
{
    if (def->cookie != IMPORT_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a definition must come from imp_default_drive_import_def()");
    if (imp_drive_labels_name((int)def->labels) == NULL)
        return imp_fail(err, IMP_USAGE, "unknown kind of labels");
    if (imp_observation_kind_name((int)def->sim.observation) == NULL)
        return imp_fail(err, IMP_USAGE, "unknown kind of observation");
    for (int k = 0; k < IMP_GROUP_COUNT; k++)
        if (def->sim.randomization.strength[k] > 0.0 && imp_redrive_depends_on_group(k))
            return imp_fail(err, IMP_USAGE,
                            "randomisation '%s' changes how the robot or the objects move, and a "
                            "drive could not come out the same: only what is seen can be "
                            "randomised, as by looks,no-objects",
                            imp_randomization_group_name(k));
    imp_camera probe;
    return imp_camera_init(&probe, &def->sim.camera, err);
}

// Threads, and room for a wave: few drives with images, more without.
static imp_status create_threads_and_wave(import_job *job, imp_error *err)
{
    IMP_TRY(imp_thread_pool_create(&job->pool, job->def->sim.threads, err));
    imp_thread_pool_set_idle_hook(job->pool, report_progress, job);
    job->threads = imp_thread_pool_size(job->pool);
    job->wave_size = job->threads * (job->folder != NULL ? 2 : 64);
    job->redrivers = calloc((size_t)job->threads, sizeof *job->redrivers);
    job->wave = calloc((size_t)job->wave_size, sizeof *job->wave);
    if (job->redrivers == NULL || job->wave == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(job->wave_size, "drive"));
    for (int k = 0; k < job->threads; k++)
        job->redrivers[k] = (imp_redriver){.def = job->def,
                                           .records = job->folder != NULL,
                                           .steps = &job->steps,
                                           .stop = &job->stop};
    return IMP_OK;
}

imp_status imp_import_drives(imp_drive_import_summary *summary, const char *folder,
                             const char *const *paths, int count, const imp_drive_import_def *def,
                             const imp_monitor *monitor, imp_error *err)
{
    const double start = imp_monotonic_seconds();
    *summary = (imp_drive_import_summary){0};
    import_job job = {.def = def, .folder = folder, .out = summary, .monitor = monitor};
    imp_status status = check_import_def(def, err);
    if (status == IMP_OK)
        status = imp_drive_files_list(&job.files, paths, count, monitor, err);
    if (status == IMP_OK)
        status = describe_dataset(&job, err);
    if (status == IMP_OK)
        status = create_threads_and_wave(&job, err);
    if (status == IMP_OK)
        status = folder != NULL ? write_dataset(&job, err) : import_all_waves(&job, NULL, err);
    for (int k = 0; k < job.threads && job.redrivers != NULL; k++)
        imp_redriver_close(&job.redrivers[k]);
    free(job.redrivers);
    free(job.wave);
    imp_thread_pool_destroy(job.pool);
    imp_drive_files_free(&job.files);
    summary->seconds = imp_monotonic_seconds() - start;
    return status;
}
