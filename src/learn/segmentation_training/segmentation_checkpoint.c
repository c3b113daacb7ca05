// What training a segmenter keeps on the disk.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/io/file.h"
#include "base/text/text_stream.h"
#include "learn/checkpoint/settings_tables.h"
#include "learn/segmentation_training/segmentation_train.h"

// What must be the same for the same bytes to follow.
imp_status imp_seg_train_write_identity(imp_seg_train_run *r, imp_error *err)
{
    static const char what[] = "a model's description";
    imp_text_stream text;
    imp_status status = imp_text_stream_open(&text, what, err);
    if (status != IMP_OK)
        return status;
    FILE *out = text.out;
    imp_settings_write_maps(out, "maps", &r->maps);
    imp_settings_write_maps(out, "test_maps", &r->test_maps);
    imp_settings_write_assets(out, &r->def->scene);
    imp_struct_write_text(out, "", &imp_seg_train_members, r->def);
    status = imp_text_stream_close(&text, what, err);
    r->identity = text.bytes;
    return status;
}

static imp_status save_model(void *context, const char *name, double loss, imp_error *err)
{
    return imp_seg_train_save_model(context, name, loss, err);
}

static imp_checkpoint make_checkpoint(imp_seg_train_run *r)
{
    return (imp_checkpoint){
        .folder = r->folder,
        .identity = r->identity,
        .trainer = r->trainer,
        .history = &r->history,
        .at = &r->at,
        .epoch_steps = imp_seg_train_epoch_steps(r),
        .save_model = save_model,
        .context = r,
    };
}

imp_status imp_seg_train_save_state(imp_seg_train_run *r, imp_error *err)
{
    const imp_checkpoint checkpoint = make_checkpoint(r);
    const imp_status status = imp_checkpoint_save(&checkpoint, err);
    r->saved = r->saved || status == IMP_OK;
    return status;
}

imp_status imp_seg_train_restore_state(imp_seg_train_run *r, imp_error *err)
{
    const imp_checkpoint checkpoint = make_checkpoint(r);
    return imp_checkpoint_restore(&checkpoint, &r->saved, err);
}

imp_status imp_seg_train_save_model(imp_seg_train_run *r, const char *name, double loss,
                                    imp_error *err)
{
    char path[IMP_PATH_MAX], classes[256], epoch[16], judged[32];
    imp_status status = imp_path_join(path, r->folder, name, err);
    if (status != IMP_OK)
        return status;
    imp_class_join_names(classes, sizeof classes);
    snprintf(epoch, sizeof epoch, "%d", r->at.epoch);
    snprintf(judged, sizeof judged, IMP_MODEL_LOSS_FORMAT, loss);
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "purpose", IMP_SEGMENTER_PURPOSE, "classes",
                  classes, "lens", imp_lens_name(r->def->camera.lens.kind), "settings",
                  r->def->settings, "epoch", epoch, "validation_loss", judged);
    char *metadata = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (metadata == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    imp_trainer_sync_network(r->trainer);
    status = imp_network_save(r->network, path, metadata, err);
    free(metadata);
    return status;
}
