// data/import/import_fixture.h: recordings to import, made by Python (data/logs/make_logs.py) or
// here, and what comes of them.
#ifndef IMP_TESTS_DATA_IMPORT_IMPORT_FIXTURE_H
#define IMP_TESTS_DATA_IMPORT_IMPORT_FIXTURE_H

#include "data/dataset/dataset_fixture.h"

#include "imprint/import_export.h"

#define LOGS IMP_TEST_DATA "/logs/"

typedef imp_status import_function(imp_import_summary *, const char *const *, int, const char *,
                                   const imp_import_def *, const imp_monitor *, imp_error *);

// Imports a recording that must be good, and opens what it became.
static inline imp_dataset *import_successfully(import_function *import, const char *path,
                                               const char *folder, const imp_import_def *def,
                                               imp_import_summary *summary)
{
    imp_error err = {0};
    imp_dataset *dataset;
    int64_t findings;
    assert_ok(import(summary, &path, 1, folder, def, NULL, &err), err);
    assert_ok(imp_dataset_open(&dataset, folder, &err), err);
    assert_ok(imp_dataset_check(dataset, &findings, &err), err);
    assert_true(imp_dataset_is_finished(dataset));
    assert_int_equal(imp_dataset_step_count(dataset), summary->steps);
    assert_int_equal(imp_dataset_episode_count(dataset), summary->episodes);
    assert_non_null(strstr(imp_dataset_origin(dataset), "\"notes\""));
    return dataset;
}

static inline int64_t dropped(const imp_import_summary *summary, const char *reason)
{
    for (int k = 0; k < summary->reason_count; k++)
        if (strcmp(summary->dropped[k].reason, reason) == 0)
            return summary->dropped[k].count;
    return 0;
}

static inline bool notes_contain(const imp_import_summary *summary, const char *what)
{
    for (int k = 0; k < summary->note_count; k++)
        if (strstr(summary->notes[k], what) != NULL)
            return true;
    return false;
}

// Nothing may be left of an import that failed.
static inline void assert_no_dataset_left(const char *folder)
{
    char partial[PATH_MAX + 16];
    snprintf(partial, sizeof partial, "%s.partial", folder);
    assert_int_equal(access(folder, F_OK), -1);
    assert_int_equal(access(partial, F_OK), -1);
}

static inline bool stop_after_countdown(void *context)
{
    return --*(int *)context < 0;
}

#endif
