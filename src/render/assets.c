#include "render/assets.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/kind.h"

void imp_assets_note(imp_assets *assets, const char *format, ...)
{
    if (assets->notice_count == IMP_ASSET_NOTICES)
        return;
    char *notice = assets->notices[assets->notice_count];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(notice, sizeof assets->notices[0], format, arguments);
    va_end(arguments);
    // models that share a file would say the same
    for (int k = 0; k < assets->notice_count; k++)
        if (strcmp(assets->notices[k], notice) == 0)
            return;
    if (++assets->notice_count == IMP_ASSET_NOTICES)
        snprintf(notice, sizeof assets->notices[0], "there is more that these assets lack");
}

imp_status imp_assets_open(imp_assets **out, const char *folder, const char *style, imp_error *err)
{
    imp_status status = imp_kind_expect_folder(folder, "assets are a folder of textures", err);
    if (status != IMP_OK)
        return status;
    imp_assets *assets = calloc(1, sizeof *assets);
    if (assets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for assets");
    assets->root = strlen(folder);
    snprintf(assets->style, sizeof assets->style, "%s", style);
    status = imp_asset_files_list(&assets->files, folder, err);
    if (status == IMP_OK)
        status = imp_assets_load_tiles(assets, folder, style, err);
    if (status == IMP_OK)
        status = imp_assets_load_models(assets, folder, err);
    if (status != IMP_OK) {
        imp_assets_close(assets);
        return status;
    }
    *out = assets;
    return IMP_OK;
}

void imp_assets_close(imp_assets *assets)
{
    if (assets == NULL)
        return;
    for (int kind = 0; kind < IMP_TILE_KIND_COUNT; kind++)
        for (int k = 0; k < IMP_ASSET_VARIANTS; k++)
            free(assets->tiles[kind][k]);
    for (int k = 0; k < IMP_MODEL_COUNT; k++)
        imp_asset_model_free(&assets->models[k]);
    for (int k = 0; k < assets->picture_count; k++)
        imp_face_free(&assets->pictures[k]);
    imp_asset_files_free(&assets->files);
    free(assets);
}

uint64_t imp_assets_hash(const imp_assets *assets)
{
    enum { BYTES_MAX = 1 << 30 };
    uint64_t hash = imp_hash_text(IMP_HASH_START, assets->style);
    for (int k = 0; k < assets->files.count; k++) {
        char *bytes;
        size_t length;
        const char *path = assets->files.paths[k], *inside = path + assets->root;
        inside += strspn(inside, "/"); // the folder may be given with one at its end
        hash = imp_hash(hash, inside, strlen(inside) + 1);
        if (imp_file_read(&bytes, &length, path, BYTES_MAX, NULL) != IMP_OK)
            continue;
        hash = imp_hash(hash, bytes, length);
        free(bytes);
    }
    return hash;
}

int imp_assets_notice_count(const imp_assets *assets)
{
    return assets->notice_count;
}

const char *imp_assets_notice(const imp_assets *assets, int index)
{
    return assets->notices[index];
}
