// Behaviour cloning: supervised regression from an observation to the expert's action (Pomerleau
// 1989). It is the training loop on samples of datasets, or of an online buffer. The two public
// functions differ only in where samples come from.
#include "learn/imitation/train.h"
#include "base/common/try.h"
#include "base/io/file.h"
#include "imprint/learn.h"
#include "learn/augmentation/augment.h"
#include "learn/imitation/sample_sources.h"
#include "learn/settings/settings_tables.h"
#include "learn/training/training.h"

// The caller learns of a bad setting before any episode is driven. Images are width x height [px].
imp_status imp_train_check_def(const imp_train_def *def, int width, int height, imp_error *err)
{
    bool any;
    IMP_TRY(imp_struct_check_ranges(&imp_train_members, def, err));
    IMP_TRY(imp_augment_check(&def->augment, &any, err));
    return imp_training_check_network_def(def, width, height, err);
}

// Trains on the samples of a source, if it was opened, and closes it.
static imp_status train_and_destroy_source(imp_train_summary *summary, const char *folder,
                                           imp_sample_source *source, imp_status opened,
                                           const imp_train_def *def, const imp_monitor *monitor,
                                           imp_error *err)
{
    imp_status status = imp_communicator_agree_on_status(def->communicator, opened, err);
    if (status == IMP_OK)
        status = imp_training_run(summary, folder, source, def, monitor, err);
    if (opened == IMP_OK)
        source->vtable->destroy(source);
    return status;
}

imp_status imp_train(imp_train_summary *summary, const char *folder, const char *const *datasets,
                     int count, const imp_train_def *def, const imp_monitor *monitor,
                     imp_error *err)
{
    imp_sample_source *source = NULL;
    *summary = (imp_train_summary){0};
    imp_status status = imp_struct_check_ranges(&imp_train_members, def, err);
    if (status == IMP_OK && count < 1)
        status = imp_fail(err, IMP_USAGE, "no dataset to train on");
    // a dataset with weight 0 would never be used
    for (int k = 0; k < count && status == IMP_OK && def->data_weights != NULL; k++)
        if (!(def->data_weights[k] > 0.0 && def->data_weights[k] <= 1e6))
            status = imp_fail(err, IMP_USAGE, "%s: a weight of %g: must lie above 0", datasets[k],
                              def->data_weights[k]);
    if (status == IMP_OK)
        status = imp_dataset_source_open(&source, &summary->repeated_episodes, datasets, count, def,
                                         err);
    return train_and_destroy_source(summary, folder, source, status, def, monitor, err);
}

imp_status imp_train_online(imp_train_summary *summary, const char *folder,
                            const imp_online_def *def, const imp_monitor *monitor, imp_error *err)
{
    imp_sample_source *source = NULL;
    *summary = (imp_train_summary){0};
    imp_status status = imp_struct_check_ranges(&imp_train_members, &def->train, err);
    if (status == IMP_OK)
        status = imp_online_source_open(&source, def, folder, monitor, err);
    return train_and_destroy_source(summary, folder, source, status, &def->train, monitor, err);
}
