// Loads the textures of tiles from an asset folder. Two layouts are known: style/kind/texture_N in
// duckietown-world, and textures/kind_N in gym-duckietown. Kinds without textures keep our own; a
// style without any texture is an error. Textures are kept as in the file and rotated when a scene
// is built, so that four orientations share one image.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text/suggestion.h"
#include "sim/render/assets/assets.h"

enum { SIDE = IMP_TEXTURE_SIDE };

void imp_asset_tile_rotate(const uint32_t *tile, uint32_t *texels, const imp_texture_level *level,
                           int orientation)
{
    // in files, tiles are rotated by half a turn relative to orientation 0
    const int turns = (orientation + 2) & 3;
    for (int j = 0; j < SIDE; j++) {
        uint32_t *row = texels + level->offset + (j + 1) * level->stride + 1;
        for (int i = 0; i < SIDE; i++) {
            // source coordinates for each number of quarter turns
            const int across[4] = {i, SIDE - 1 - j, SIDE - 1 - i, j};
            const int down[4] = {j, i, SIDE - 1 - j, SIDE - 1 - i};
            row[i] = tile[down[turns] * SIDE + across[turns]];
        }
    }
}

// Finds the file of a variant; number 0 has no suffix.
static const char *find_tile_texture(const imp_asset_files *files, const char *style,
                                     const char *kind, int number)
{
    static const char *const EXTENSIONS[] = {"jpg", "png", "jpeg"};
    char end[256], suffix[16] = "";
    if (number > 0)
        snprintf(suffix, sizeof suffix, "_%d", number);
    const char *found = NULL;
    // first the layout with styles, then the one without
    for (int k = 0; k < 3 && found == NULL; k++) {
        snprintf(end, sizeof end, "%s/%s/texture%s.%s", style, kind, suffix, EXTENSIONS[k]);
        found = imp_asset_files_find_suffix(files, end);
    }
    for (int k = 0; k < 3 && found == NULL; k++) {
        snprintf(end, sizeof end, "textures/%s%s.%s", kind, suffix, EXTENSIONS[k]);
        found = imp_asset_files_find_suffix(files, end);
    }
    return found;
}

// Lists the styles of a folder; false if it has no folders of styles.
static bool list_texture_styles(const imp_asset_files *files, char *out, size_t size)
{
    static const char MARK[] = "/tiles-processed/";
    size_t used = 0;
    const char *before = "";
    out[0] = '\0';
    for (int k = 0; k < files->count; k++) {
        const char *style = strstr(files->paths[k], MARK);
        if (style == NULL)
            continue;
        style += sizeof MARK - 1;
        // paths are sorted, so equal styles are adjacent
        const size_t length = strcspn(style, "/");
        if (strncmp(style, before, length + 1) == 0 || used + length + 3 > size)
            continue;
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", used > 0 ? ", " : "",
                                 (int)length, style);
        before = style;
    }
    return used > 0;
}

// Loads all variants of a kind.
static imp_status load_tile_kind(imp_assets *assets, imp_tile_kind kind, const char *style,
                                 imp_error *err)
{
    const char *name = imp_tile_kind_name(kind);
    imp_status status = IMP_OK;
    for (int number = 0; status == IMP_OK && number < IMP_ASSET_VARIANTS_MAX; number++) {
        const char *path = find_tile_texture(&assets->files, style, name, number);
        // numbers may have gaps
        if (path == NULL)
            continue;
        // variants are stored without gaps
        uint32_t **tile = &assets->tiles[kind][assets->variants[kind]];
        status = imp_asset_read_image(tile, path, SIDE, SIDE, err);
        if (status == IMP_OK)
            assets->variants[kind]++;
    }
    return status;
}

imp_status imp_assets_load_tiles(imp_assets *assets, const char *folder, const char *style,
                                 imp_error *err)
{
    char missing[200] = "", styles[256];
    size_t used = 0;
    int found = 0;
    // load all kinds and list the missing ones
    for (int kind = IMP_TILE_EMPTY + 1; kind < IMP_TILE_KIND_COUNT; kind++) {
        imp_status status = load_tile_kind(assets, (imp_tile_kind)kind, style, err);
        if (status != IMP_OK)
            return status;
        found += assets->variants[kind];
        if (assets->variants[kind] == 0 && used < sizeof missing)
            used += (size_t)snprintf(missing + used, sizeof missing - used, "%s%s",
                                     used > 0 ? ", " : "", imp_tile_kind_name((imp_tile_kind)kind));
    }
    // no texture at all: probably the style does not exist
    if (found == 0 && list_texture_styles(&assets->files, styles, sizeof styles)) {
        // a misspelt style: list the styles and suggest one
        char hint[IMP_SUGGESTION_TEXT_MAX];
        imp_suggestion suggestion = imp_suggestion_begin(style, strlen(style));
        char *rest = NULL, copy[sizeof styles];
        strcpy(copy, styles);
        for (char *name = strtok_r(copy, ", ", &rest); name != NULL;
             name = strtok_r(NULL, ", ", &rest))
            imp_suggestion_add_candidate(&suggestion, name);
        return imp_fail(err, IMP_BAD_INPUT, "%s: no textures of style '%s'; there are %s%s", folder,
                        style, styles, imp_suggestion_format(&suggestion, hint));
    }
    if (used > 0)
        imp_assets_add_warning(assets, "%s: no texture for tiles of kind %s; ours are drawn",
                               folder, missing);
    return IMP_OK;
}
