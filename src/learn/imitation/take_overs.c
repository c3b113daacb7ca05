// Take-overs in DAgger (HG-DAgger: Kelly et al. 2019). A person watches a policy and takes the
// wheel where it errs; the person's actions are the labels of these steps, and the policy's own
// steps have none. What was driven is fixed, so that only what is seen is randomised.
#include "learn/imitation/take_overs.h"

#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "data/dataset/dataset_files.h"
#include "imprint/dataset.h"
#include "learn/collection/drive_files.h"
#include "learn/collection/redrive.h"

imp_status imp_is_take_over_dataset(bool *out, const char *folder, imp_error *err)
{
    char index[IMP_PATH_MAX];
    imp_dataset *dataset;
    *out = false;
    IMP_TRY(imp_path_join(index, folder, IMP_DATASET_INDEX_FILE, err));
    if (!imp_path_exists(index))
        return IMP_OK;
    IMP_TRY(imp_dataset_open(&dataset, folder, err));
    *out = strcmp(imp_dataset_get_info(dataset)->policy, IMP_TAKE_OVERS_POLICY) == 0;
    imp_dataset_close(dataset);
    return IMP_OK;
}

imp_status imp_take_overs_import(const char *folder, const imp_dagger_def *def,
                                 const imp_monitor *monitor, imp_error *err)
{
    imp_drive_import_def import = imp_default_drive_import_def();
    imp_drive_import_summary summary;
    import.sim = def->collect.sim;
    import.labels = IMP_LABELS_PERSON;
    import.resume = true;
    import.settings = def->settings;
    for (int k = 0; k < IMP_GROUP_COUNT; k++)
        if (imp_redrive_depends_on_group(k))
            import.sim.randomization.strength[k] = 0.0;
    return imp_import_drives(&summary, folder, def->take_overs, def->take_over_count, &import,
                             monitor, err);
}

imp_status imp_take_overs_person_fraction(double *share, const char *folder, imp_error *err)
{
    imp_dataset *dataset;
    IMP_TRY(imp_dataset_open(&dataset, folder, err));
    int64_t person = 0, steps = 0;
    for (int e = 0; e < imp_dataset_episode_count(dataset); e++) {
        const imp_episode *episode = imp_dataset_episode(dataset, e);
        steps += episode->steps;
        for (int k = 0; k < episode->steps && episode->drivers != NULL; k++)
            person += episode->drivers[k] == IMP_DRIVER_PERSON;
    }
    imp_dataset_close(dataset);
    *share = steps > 0 ? (double)person / (double)steps : 0.0;
    return IMP_OK;
}
