// Opens, closes and hashes asset folders, and collects their warnings. Loading of tile textures and
// models is in asset_tile_textures.c and asset_models.c. Everything is read when the folder is
// opened; afterwards assets are constant and need no files.
#include "sim/render/assets/assets.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/io/file_type.h"

void imp_assets_add_warning(imp_assets *assets, const char *format, ...)
{
    if (assets->warning_count == IMP_ASSET_WARNINGS_MAX)
        return;
    // format into the next free slot; it counts only if it is new
    char *warning = assets->warnings[assets->warning_count];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(warning, sizeof assets->warnings[0], format, arguments);
    va_end(arguments);
    // models that share a file would repeat the warning
    for (int k = 0; k < assets->warning_count; k++)
        if (strcmp(assets->warnings[k], warning) == 0)
            return;
    if (++assets->warning_count == IMP_ASSET_WARNINGS_MAX)
        snprintf(warning, sizeof assets->warnings[0], "further warnings are omitted");
}

imp_status imp_assets_open(imp_assets **out, const char *folder, const char *style, imp_error *err)
{
    imp_status status = imp_file_type_expect_folder(folder, "assets are a folder of textures", err);
    if (status != IMP_OK)
        return status;
    imp_assets *assets = calloc(1, sizeof *assets);
    if (assets == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for assets");
    // hashes and messages use paths relative to the folder
    assets->root = strlen(folder);
    snprintf(assets->style, sizeof assets->style, "%s", style);
    // list files first; textures and models look them up
    status = imp_asset_files_scan(&assets->files, folder, err);
    if (status == IMP_OK)
        status = imp_assets_load_tiles(assets, folder, style, err);
    if (status == IMP_OK)
        status = imp_assets_load_models(assets, folder, err);
    // close what was opened in part
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
        for (int k = 0; k < IMP_ASSET_VARIANTS_MAX; k++)
            free(assets->tiles[kind][k]);
    for (int k = 0; k < IMP_OBJECT_MODEL_COUNT; k++)
        imp_asset_model_free(&assets->models[k]);
    for (int k = 0; k < assets->texture_count; k++)
        imp_mesh_texture_free(&assets->textures[k]);
    imp_asset_files_free(&assets->files);
    free(assets);
}

uint64_t imp_assets_hash(const imp_assets *assets)
{
    // style, then relative path and contents of each file
    enum { BYTES_MAX = 1 << 30 };
    uint64_t hash = imp_hash_text(IMP_HASH_START, assets->style);
    for (int k = 0; k < assets->files.count; k++) {
        char *bytes;
        size_t length;
        // relative paths, so that the hash does not depend on the folder's location
        const char *path = assets->files.paths[k], *inside = path + assets->root;
        inside += strspn(inside, "/"); // the folder may be given with a slash at its end
        hash = imp_hash_bytes(hash, inside, strlen(inside) + 1);
        // an unreadable file counts with its name only
        if (imp_file_read(&bytes, &length, path, BYTES_MAX, NULL) != IMP_OK)
            continue;
        hash = imp_hash_bytes(hash, bytes, length);
        free(bytes);
    }
    return hash;
}

int imp_assets_warning_count(const imp_assets *assets)
{
    return assets->warning_count;
}

const char *imp_assets_warning(const imp_assets *assets, int index)
{
    return assets->warnings[index];
}
