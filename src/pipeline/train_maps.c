// Which maps a network saw in training, so that nobody tests it there unknowingly.
#include <stdlib.h>
#include <string.h>

#include "pipeline/train.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

imp_status imp_train_name_maps(imp_train_run *r, imp_error *err)
{
    if (r->online != NULL) {
        r->maps = imp_online_map_names(r->online);
        return r->maps != NULL ? IMP_OK
                               : imp_fail(err, IMP_NO_MEMORY, "out of memory for map names");
    }
    size_t episodes = 0, count = 0, length = 1;
    for (int d = 0; d < r->dataset_count; d++)
        episodes += (size_t)imp_dataset_episode_count(r->datasets[d]);
    const char **names = calloc(episodes + 1, sizeof *names);
    for (int d = 0; d < r->dataset_count && names != NULL; d++)
        for (int e = 0; e < imp_dataset_episode_count(r->datasets[d]); e++)
            names[count++] = imp_dataset_episode(r->datasets[d], e)->map;
    if (names != NULL)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t k = 0; k < count; k++)
        length += strlen(names[k]) + 1;
    r->maps = names != NULL ? calloc(length, 1) : NULL;
    char *end = r->maps;
    for (size_t k = 0; k < count && end != NULL; k++)
        if (k == 0 || strcmp(names[k], names[k - 1]) != 0) {
            end = k > 0 ? stpcpy(end, " ") : end;
            end = stpcpy(end, names[k]);
        }
    free(names);
    return r->maps != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for map names");
}
