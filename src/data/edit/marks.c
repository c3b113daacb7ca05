// Reads marks files: one JSON object with the hash of the dataset, numbers of episodes, and ranges
// of frames. A number that the dataset does not have is an error, because then the marks mean
// another dataset, whatever the hash says.
#include "data/edit/marks.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"

enum { FILE_BYTES_MAX = 64 << 20 };

// A whole number of a member within 0 and `most`.
static imp_status read_number_up_to(int *out, const json_t *value, int most, const char *path,
                                    const char *what, imp_error *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > most)
        return imp_fail(err, IMP_BAD_INPUT, "%s: %s is no number within 0 and %d", path, what,
                        most);
    *out = (int)json_integer_value(value);
    return IMP_OK;
}

// Format and version say whether this program can read the file.
static imp_status check_format(const json_t *root, const char *path, imp_error *err)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *version = json_object_get(root, "version");
    if (format == NULL || strcmp(format, IMP_MARKS_FORMAT) != 0)
        return imp_fail(err, IMP_BAD_INPUT, "%s: is no marks file, as pages of datasets save them",
                        path);
    if (!json_is_integer(version) || json_integer_value(version) != IMP_MARKS_VERSION)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: has another version than %d: save it with this release", path,
                        IMP_MARKS_VERSION);
    return IMP_OK;
}

// The hash tells whether the marks belong to the dataset.
static imp_status check_dataset_hash(const json_t *root, const imp_dataset *dataset,
                                     const char *path, imp_error *err)
{
    char hash[17];
    const char *stored = json_string_value(json_object_get(root, "dataset"));
    snprintf(hash, sizeof hash, "%016" PRIx64, imp_dataset_stored_hash(dataset));
    if (stored == NULL || strlen(stored) != 16)
        return imp_fail(err, IMP_BAD_INPUT, "%s: does not say which dataset it marks", path);
    if (strcmp(stored, hash) != 0)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: marks another dataset, with hash %s instead of %s: mark this one in a "
                        "page of its own",
                        path, stored, hash);
    return IMP_OK;
}

// The numbers of marked episodes, within those of the dataset.
static imp_status read_episodes(imp_marks *out, const json_t *list, int episodes, const char *path,
                                imp_error *err)
{
    const size_t count = json_array_size(list);
    out->episodes = calloc(count + 1, sizeof *out->episodes);
    if (out->episodes == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    for (size_t k = 0; k < count; k++)
        IMP_TRY(read_number_up_to(&out->episodes[out->episode_count++], json_array_get(list, k),
                                  episodes - 1, path, "an episode", err));
    return IMP_OK;
}

// Ranges of marked frames, each within its episode.
static imp_status read_frames(imp_marks *out, const json_t *list, const imp_dataset *dataset,
                              const char *path, imp_error *err)
{
    const size_t count = json_array_size(list);
    const int episodes = imp_dataset_episode_count(dataset);
    out->frames = calloc(count + 1, sizeof *out->frames);
    if (out->frames == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    for (size_t k = 0; k < count; k++) {
        const json_t *range = json_array_get(list, k);
        imp_marked_frames *frames = &out->frames[out->frame_count++];
        IMP_TRY(read_number_up_to(&frames->episode, json_object_get(range, "episode"), episodes - 1,
                                  path, "the episode of marked frames", err));
        const int last = imp_dataset_episode(dataset, frames->episode)->steps;
        IMP_TRY(read_number_up_to(&frames->first, json_object_get(range, "first"), last, path,
                                  "the first of marked frames", err));
        IMP_TRY(read_number_up_to(&frames->last, json_object_get(range, "last"), last, path,
                                  "the last of marked frames", err));
        if (frames->last < frames->first)
            return imp_fail(err, IMP_BAD_INPUT, "%s: marks frames %d to %d, which is no range",
                            path, frames->first, frames->last);
    }
    return IMP_OK;
}

// Checks that the marks are of this dataset before they are read.
static imp_status read_marks_object(imp_marks *out, const json_t *root, const imp_dataset *dataset,
                                    const char *path, imp_error *err)
{
    const json_t *episodes = json_object_get(root, "episodes");
    const json_t *frames = json_object_get(root, "frames");
    IMP_TRY(check_format(root, path, err));
    IMP_TRY(check_dataset_hash(root, dataset, path, err));
    if (!json_is_array(episodes) || !json_is_array(frames))
        return imp_fail(err, IMP_BAD_INPUT, "%s: has no lists \"episodes\" and \"frames\"", path);
    IMP_TRY(read_episodes(out, episodes, imp_dataset_episode_count(dataset), path, err));
    return read_frames(out, frames, dataset, path, err);
}

imp_status imp_marks_read(imp_marks *out, const char *path, const imp_dataset *dataset,
                          imp_error *err)
{
    char *text;
    size_t length;
    json_error_t where;
    IMP_TRY(imp_file_read(&text, &length, path, FILE_BYTES_MAX, err));
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
    free(text);
    const imp_status status = root != NULL ? read_marks_object(out, root, dataset, path, err)
                                           : imp_fail(err, IMP_BAD_INPUT, "%s:%d: is no JSON: %s",
                                                      path, where.line, where.text);
    json_decref(root);
    return status;
}

void imp_marks_free(imp_marks *marks)
{
    free(marks->episodes);
    free(marks->frames);
    *marks = (imp_marks){0};
}
