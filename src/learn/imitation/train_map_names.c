// Which maps a network saw in training, so that nobody tests it there unknowingly.
#include <stdlib.h>
#include <string.h>

#include "learn/imitation/train.h"

static int compare_map_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Each map's name at least once; NULL without memory.
static const char **list_map_names(const imp_train_run *r, size_t *count)
{
    const imp_map_set *maps = r->online != NULL ? imp_online_buffer_maps(r->online) : NULL;
    size_t most = maps != NULL ? (size_t)maps->count : 0;
    for (int d = 0; d < r->dataset_count; d++)
        most += (size_t)imp_dataset_episode_count(r->datasets[d]);
    const char **names = calloc(most + 1, sizeof *names);
    *count = 0;
    for (int k = 0; names != NULL && maps != NULL && k < maps->count; k++)
        names[(*count)++] = maps->worlds[k]->name;
    for (int d = 0; d < r->dataset_count && names != NULL; d++)
        for (int e = 0; e < imp_dataset_episode_count(r->datasets[d]); e++)
            names[(*count)++] = imp_dataset_episode(r->datasets[d], e)->map;
    return names;
}

imp_status imp_train_list_maps(imp_train_run *r, imp_error *err)
{
    size_t count, length = 1;
    const char **names = list_map_names(r, &count);
    if (names == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for map names");
    qsort(names, count, sizeof *names, compare_map_names);
    for (size_t k = 0; k < count; k++)
        length += strlen(names[k]) + 1;
    r->maps = calloc(length, 1);
    char *end = r->maps;
    for (size_t k = 0; k < count && end != NULL; k++)
        if (k == 0 || strcmp(names[k], names[k - 1]) != 0) {
            end = k > 0 ? stpcpy(end, " ") : end;
            end = stpcpy(end, names[k]);
        }
    free(names);
    return r->maps != NULL ? IMP_OK : imp_fail(err, IMP_NO_MEMORY, "out of memory for map names");
}
