// Writes a page of a dataset: the template of the build, with the figures, series and frames of
// all episodes as JSON at its mark. Figures are written with all digits, so that filters in the
// page find what the program's find. Frames have a budget: first there are fewer in a strip, then
// only every n-th episode has one.
#include "imprint/dataset_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/atomic_file.h"
#include "base/text/plural.h"
#include "base/yaml/yaml_json.h"
#include "imprint/version.h"
#include "page/dataset_page/episode_strip.h"
#include "page/dataset_page/template.h"

enum { PAGE_COOKIE = 0xDA7A, FRAMES_MAX = 8, FRAMES_MIN = 4 };

// A pixel of a strip takes about so many bytes.
#define BYTES_PER_PIXEL 0.2

typedef struct page_job {
    const imp_dataset_page_def *def;
    const char *folder;
    const imp_dataset *dataset;
    imp_episode_statistics *statistics; // (episodes)
    imp_episode_strip *strip;
    const imp_monitor *monitor;
    imp_dataset_page_summary *summary;
    int every; // n-th episode has frames
    FILE *out;
} page_job;

imp_dataset_page_def imp_default_dataset_page_def(void)
{
    return (imp_dataset_page_def){.title = "", .image_bytes = 16 << 20, .cookie = PAGE_COOKIE};
}

static void write_text(FILE *out, const char *key, const char *text)
{
    fprintf(out, "\"%s\":", key);
    imp_json_write_string(out, text);
    fputc(',', out);
}

// A number with all digits; null where there is none.
static void write_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ",%.17g", value);
    else
        fputs(",null", out);
}

// The last component of a path, without slashes at its end.
static void write_folder_name(FILE *out, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)(end - begin), path + begin);
    write_text(out, "name", name);
}

// Figures in the order that the page's script reads them (dataset_web/episodes.js).
static void write_statistics(page_job *job, int episode)
{
    const imp_episode_statistics *s = &job->statistics[episode];
    const imp_episode *e = imp_dataset_episode(job->dataset, episode);
    fprintf(job->out, "[%d,%d", s->steps, s->terminated ? 1 : s->truncated ? 2 : 0);
    const double values[] = {
        s->difference,        s->difference_max, s->jerk,   s->standing, s->lane_distance_mean,
        s->lane_distance_max, s->speed,          s->reward, s->outlier};
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        write_number(job->out, values[k]);
    fputc(',', job->out);
    imp_json_write_string(job->out, s->outlier_quantity != NULL ? s->outlier_quantity : "");
    fputc(',', job->out);
    imp_json_write_string(job->out, e->map);
    write_number(job->out, e->time_step);
    // seeds have 64 bits, more than numbers in scripts
    fprintf(job->out, ",\"%" PRIu64 "\",%" PRIu32 "]", e->seed, e->number);
}

// Series and frames of one episode, after its figures.
static imp_status write_episode(page_job *job, int episode, imp_error *err)
{
    const imp_episode *e = imp_dataset_episode(job->dataset, episode);
    fputs(episode > 0 ? ",\n{\"figures\":" : "\n{\"figures\":", job->out);
    write_statistics(job, episode);
    fputs(",\"series\":", job->out);
    IMP_TRY(imp_episode_series_write(job->out, e, err));
    if (job->strip != NULL && episode % job->every == 0) {
        const imp_dataset_info *info = imp_dataset_get_info(job->dataset);
        const size_t image = (size_t)info->width * (size_t)info->height * 3;
        fputs(",\"frames\":", job->out);
        IMP_TRY(imp_episode_strip_write(job->strip, job->out, e, err));
        imp_dataset_advise_readahead(job->dataset, e->observations, ((size_t)e->steps + 1) * image,
                                     IMP_READ_DONE);
        job->summary->imaged_episodes++;
    }
    fputs("}", job->out);
    return IMP_OK;
}

// One episode at a time is in memory.
static imp_status write_episodes(page_job *job, imp_error *err)
{
    const int episodes = imp_dataset_episode_count(job->dataset);
    for (int k = 0; k < episodes; k++) {
        const imp_progress progress = {
            .task = "page", .unit = "episodes", .done = k, .total = episodes};
        imp_monitor_progress(job->monitor, &progress);
        if (imp_monitor_should_stop(job->monitor))
            return imp_fail(err, IMP_INTERRUPTED, "interrupted, nothing was written");
        IMP_TRY(write_episode(job, k, err));
    }
    return IMP_OK;
}

// Chooses how many frames fit into the budget, and opens the strip.
static imp_status choose_frames_and_create_strip(page_job *job, int *width, int *height,
                                                 imp_error *err)
{
    const imp_dataset_info *info = imp_dataset_get_info(job->dataset);
    const int episodes = imp_dataset_episode_count(job->dataset);
    *width = *height = 0;
    job->every = 1;
    if (job->def->image_bytes == 0)
        return IMP_OK;
    imp_episode_strip *probe;
    IMP_TRY(imp_episode_strip_create(&probe, info, 1, width, height, err));
    imp_episode_strip_destroy(probe);
    const double frame = BYTES_PER_PIXEL * *width * *height;
    const double affordable = (double)job->def->image_bytes / (frame * fmax(episodes, 1));
    int frames = affordable > FRAMES_MAX ? FRAMES_MAX : (int)affordable;
    if (frames < FRAMES_MIN) {
        job->every = (int)ceil(FRAMES_MIN / affordable);
        frames = FRAMES_MIN;
    }
    job->summary->frames = frames;
    return imp_episode_strip_create(&job->strip, info, frames, width, height, err);
}

// The page's data as one JSON object without "<".
static imp_status write_data(page_job *job, imp_error *err)
{
    const imp_dataset_info *info = imp_dataset_get_info(job->dataset);
    FILE *out = job->out;
    int width, height;
    IMP_TRY(choose_frames_and_create_strip(job, &width, &height, err));
    fputc('{', out);
    write_text(out, "title", job->def->title);
    write_text(out, "program", "imprint " IMPRINT_VERSION_STRING);
    write_folder_name(out, job->folder);
    fprintf(out, "\"hash\":\"%016" PRIx64 "\",", imp_dataset_stored_hash(job->dataset));
    write_text(out, "map", info->map);
    write_text(out, "policy", info->policy);
    write_text(out, "lens", info->lens);
    fprintf(out, "\"width\":%d,\"height\":%d,\"steps\":%" PRId64 ",", info->width, info->height,
            imp_dataset_step_count(job->dataset));
    fprintf(out, "\"frames\":%d,\"frameWidth\":%d,\"frameHeight\":%d,\"every\":%d,",
            job->summary->frames, width, height, job->every);
    fputs("\"episodes\":[", out);
    IMP_TRY(write_episodes(job, err));
    fputs("]}", out);
    return IMP_OK;
}

// Writes the template up to the mark, the data, and the rest.
static imp_status write_template_and_data(page_job *job, imp_error *err)
{
    const unsigned char *template = imp_dataset_page_template;
    const size_t length = imp_dataset_page_template_length;
    const size_t mark_length = strlen(IMP_DATASET_PAGE_MARK);
    const unsigned char *mark = memmem(template, length, IMP_DATASET_PAGE_MARK, mark_length);
    if (mark == NULL)
        return imp_fail(err, IMP_INTERNAL, "the template of pages has no place for data");
    fwrite(template, 1, (size_t)(mark - template), job->out);
    IMP_TRY(write_data(job, err));
    mark += mark_length;
    fwrite(mark, 1, (size_t)(template + length - mark), job->out);
    return IMP_OK;
}

// Computes the figures, and writes the file.
static imp_status compute_statistics_and_write_page(page_job *job, const char *path, imp_error *err)
{
    imp_atomic_file file;
    const int episodes = imp_dataset_episode_count(job->dataset);
    job->summary->episodes = episodes;
    job->statistics = calloc((size_t)episodes + 1, sizeof *job->statistics);
    if (job->statistics == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s",
                        IMP_PLURAL(episodes, "episode"));
    IMP_TRY(imp_dataset_episode_statistics(job->statistics, job->dataset, err));
    IMP_TRY(imp_atomic_file_open(&file, path, err));
    job->out = file.stream;
    const imp_status status = write_template_and_data(job, err);
    if (status == IMP_OK)
        return imp_atomic_file_commit(&file, err);
    imp_atomic_file_discard(&file);
    return status;
}

imp_status imp_dataset_page_write(imp_dataset_page_summary *summary, const char *path,
                                  const char *folder, const imp_dataset_page_def *def,
                                  const imp_monitor *monitor, imp_error *err)
{
    imp_dataset *dataset;
    if (def->cookie != PAGE_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a page's definition must come from imp_default_dataset_page_def()");
    if (def->image_bytes < 0)
        return imp_fail(err, IMP_USAGE, "image_bytes must not be negative");
    *summary = (imp_dataset_page_summary){0};
    IMP_TRY(imp_dataset_open(&dataset, folder, err));
    page_job job = {
        .def = def, .folder = folder, .dataset = dataset, .monitor = monitor, .summary = summary};
    const imp_status status = compute_statistics_and_write_page(&job, path, err);
    imp_episode_strip_destroy(job.strip);
    free(job.statistics);
    imp_dataset_close(dataset);
    return status;
}
