// What training a segmenter keeps on the disk.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "pipeline/segment_train.h"
#include "pipeline/settings.h"

// What must be the same for the same bytes to follow.
imp_status imp_seg_identify(imp_seg_run *r, imp_error *err)
{
    static const char what[] = "a model's description";
    imp_text text;
    imp_status status = imp_text_open(&text, what, err);
    if (status != IMP_OK)
        return status;
    FILE *out = text.out;
    imp_settings_write_maps(out, "maps", &r->maps);
    imp_settings_write_maps(out, "test_maps", &r->test_maps);
    imp_settings_write_assets(out, &r->def->scene);
    imp_members_write(out, "", &imp_seg_train_members, r->def);
    status = imp_text_close(&text, what, err);
    r->identity = text.bytes;
    return status;
}

static imp_status save_model(void *context, const char *name, double loss, imp_error *err)
{
    return imp_seg_save_model(context, name, loss, err);
}

static imp_checkpoint checkpoint_of(imp_seg_run *r)
{
    return (imp_checkpoint){
        .folder = r->folder,
        .identity = r->identity,
        .trainer = r->trainer,
        .history = &r->history,
        .at = &r->at,
        .epoch_steps = imp_seg_epoch_steps(r),
        .save_model = save_model,
        .context = r,
    };
}

imp_status imp_seg_save_state(imp_seg_run *r, imp_error *err)
{
    const imp_checkpoint checkpoint = checkpoint_of(r);
    const imp_status status = imp_checkpoint_save(&checkpoint, err);
    r->saved = r->saved || status == IMP_OK;
    return status;
}

imp_status imp_seg_restore_state(imp_seg_run *r, imp_error *err)
{
    const imp_checkpoint checkpoint = checkpoint_of(r);
    return imp_checkpoint_restore(&checkpoint, &r->saved, err);
}

imp_status imp_seg_save_model(imp_seg_run *r, const char *name, double loss, imp_error *err)
{
    char path[IMP_PATH_MAX], classes[256], epoch[16], judged[32];
    imp_status status = imp_path_join(path, r->folder, name, err);
    if (status != IMP_OK)
        return status;
    imp_class_list(classes, sizeof classes);
    snprintf(epoch, sizeof epoch, "%d", r->at.epoch);
    snprintf(judged, sizeof judged, IMP_MODEL_LOSS, loss);
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "purpose", IMP_SEGMENTER_PURPOSE, "classes",
                  classes, "lens", imp_lens_name(r->def->camera.lens.kind), "settings",
                  r->def->settings, "epoch", epoch, "validation_loss", judged);
    char *metadata = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (metadata == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a model's description");
    imp_trainer_sync(r->trainer);
    status = imp_network_save(r->network, path, metadata, err);
    free(metadata);
    return status;
}
