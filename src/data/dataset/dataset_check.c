// Checks a dataset completely: totals, metadata for Minari, and every value of every episode. A
// stored hash per episode detects changed bytes; finding counts continue after the first finding.
#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/plural.h"
#include "data/dataset/dataset_reader.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Counts a finding; the first one becomes the error message.
#define REPORT_FINDING(findings, err, ...)                                                         \
    do {                                                                                           \
        if ((*(findings))++ == 0)                                                                  \
            imp_fail(err, IMP_CHECK_FAILED, __VA_ARGS__);                                          \
    } while (0)

// Counts images that are completely black. No camera produces them; they come from files with
// holes.
static int64_t count_black_images(const imp_dataset *dataset, const imp_episode *episode,
                                  char first[120])
{
    const size_t size = (size_t)dataset->info.width * (size_t)dataset->info.height * 3;
    int64_t black = 0;
    for (int step = 0; step <= episode->steps; step++) {
        // an image is black if its first byte is 0 and all others equal their predecessor
        const uint8_t *image = episode->observations + (size_t)step * size;
        if (image[0] == 0 && memcmp(image, image + 1, size - 1) == 0 && black++ == 0)
            snprintf(first, 120, "observations: step %d is black", step);
    }
    return black;
}

// Values first; the hash is compared only if they are plausible. Each episode may have several
// findings.
static void check_all_episodes(const imp_dataset *dataset, int64_t *findings, imp_error *err)
{
    for (int i = 0; i < dataset->totals.episodes; i++) {
        // only if all values are plausible are images and hash worth a look
        const imp_episode *episode = &dataset->episodes[i];
        char first[120];
        int64_t found = imp_episode_check(episode, first);
        if (found == 0)
            found = count_black_images(dataset, episode, first);
        if (found > 0)
            REPORT_FINDING(findings, err, "%s: episode_%d/%s", dataset->folder, i, first);
        else if (imp_episode_hash(&dataset->info, episode) != dataset->hashes[i])
            REPORT_FINDING(findings, err, "%s: episode_%d is not what was written", dataset->folder,
                           i);
        // one finding is counted by the macro, the others here
        *findings += found > 1 ? found - 1 : 0;
    }
}

// The index's totals must agree with the episodes.
static void check_index_totals(const imp_dataset *dataset, int64_t *findings, imp_error *err)
{
    if (dataset->steps != dataset->totals.steps)
        REPORT_FINDING(
            findings, err, "%s/" IMP_DATASET_INDEX_FILE ": claims %s, the episodes hold %lld",
            dataset->folder, IMP_PLURAL(dataset->totals.steps, "step"), (long long)dataset->steps);
    if (dataset->links != dataset->totals.episodes)
        REPORT_FINDING(findings, err, "%s/" IMP_DATASET_INDEX_FILE ": claims %s, but lists %lld",
                       dataset->folder, IMP_PLURAL(dataset->totals.episodes, "episode"),
                       (long long)dataset->links);
}

// Checks metadata.json, which Minari reads. The metadata of an interrupted dataset may be one shard
// behind, so only finished ones are checked.
static imp_status check_metadata(const imp_dataset *dataset, int64_t *findings, imp_error *err)
{
    char path[PATH_MAX];
    imp_status status =
        imp_dataset_file_path(path, dataset->folder, IMP_DATASET_METADATA_FILE, err);
    // an unfinished dataset may have no metadata yet
    if (status != IMP_OK || !dataset->totals.finished)
        return status;
    char *text;
    size_t length;
    imp_error cause = {0};
    status = imp_file_read(&text, &length, path, (size_t)4 << 30, &cause);
    // a missing or unreadable file is a finding, not a failure of the check
    if (status == IMP_BAD_INPUT) {
        REPORT_FINDING(findings, err, "%s", cause.message);
        return IMP_OK;
    }
    if (status != IMP_OK)
        return imp_fail(err, status, "%s", cause.message);
    // duplicate keys would make the totals ambiguous
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    // only the totals are compared
    json_int_t episodes = -1, steps = -1;
    if (json_unpack(json, "{s:I, s:I}", "total_episodes", &episodes, "total_steps", &steps) != 0)
        REPORT_FINDING(findings, err, "%s: is not metadata that Minari can read", path);
    else if (episodes != dataset->totals.episodes || steps != dataset->steps)
        REPORT_FINDING(findings, err, "%s: claims %s and %s, there are %d and %lld", path,
                       IMP_PLURAL(episodes, "episode"), IMP_PLURAL(steps, "step"),
                       dataset->totals.episodes, (long long)dataset->steps);
    json_decref(json);
    return IMP_OK;
}

// Continues after findings, so that *findings counts all of them.
imp_status imp_dataset_check(const imp_dataset *dataset, int64_t *findings, imp_error *err)
{
    *findings = 0;
    check_index_totals(dataset, findings, err);
    IMP_TRY(check_metadata(dataset, findings, err));
    check_all_episodes(dataset, findings, err);
    return *findings == 0 ? IMP_OK : IMP_CHECK_FAILED;
}
