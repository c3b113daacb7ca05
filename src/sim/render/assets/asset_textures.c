// Loads images as textures. Resampling uses windows: each texel is the weighted mean of a range of
// source texels in both directions. If the image shrinks, windows tile the source (area averaging).
// If it grows, they are one texel wide and mix two neighbours (bilinear). This runs once per file
// when assets are opened, so it is simple rather than fast.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/image/image.h"
#include "sim/render/assets/assets.h"

// The source texels that one texel is the mean of, along one axis; the first and the last count
// partially.
typedef struct resample_window {
    int first, last;
    float first_share, last_share;
} resample_window;

// The window of texel k of `count`, made from `source` texels. It is at least one source texel
// wide, and then mixes two neighbours in proportion to their overlap.
static resample_window find_resample_window(int k, int count, int source)
{
    // the window is centred on the texel's centre, at least one source texel wide
    const double ratio = (double)source / count, middle = (k + 0.5) * ratio;
    const double half = 0.5 * fmax(ratio, 1.0);
    const double low = fmax(middle - half, 0.0), high = fmin(middle + half, source);
    resample_window out = {(int)low, (int)ceil(high) - 1, 1.0f, 1.0f};
    if (out.last < out.first)
        out.last = out.first;
    // partial weights at both ends
    if (out.last > out.first) {
        out.first_share = (float)(out.first + 1 - low);
        out.last_share = (float)(high - out.last);
    }
    return out;
}

// Weight of a source texel in a window.
static float texel_weight(const resample_window *w, int k)
{
    return k == w->first ? w->first_share : k == w->last ? w->last_share : 1.0f;
}

// Weighted mean over two windows.
static uint32_t weighted_mean_in_window(const uint8_t *rgb, int stride,
                                        const resample_window *across, const resample_window *down)
{
    // windows at the border are narrower, so divide by the actual weight
    float sum[3] = {0}, weight = 0.0f;
    for (int j = down->first; j <= down->last; j++)
        for (int i = across->first; i <= across->last; i++) {
            const float share = texel_weight(down, j) * texel_weight(across, i);
            const uint8_t *from = rgb + ((size_t)j * (size_t)stride + (size_t)i) * 3;
            for (int c = 0; c < 3; c++)
                sum[c] += share * from[c];
            weight += share;
        }
    uint32_t out = 0xff000000u;
    for (int c = 0; c < 3; c++)
        out |= (uint32_t)(sum[c] / weight + 0.5f) << (8 * c);
    return out;
}

// Resamples an image to width x height texels.
static void resample_image(uint32_t *out, int width, int height, const uint8_t *rgb, int from_width,
                           int from_height)
{
    for (int j = 0; j < height; j++) {
        const resample_window down = find_resample_window(j, height, from_height);
        for (int i = 0; i < width; i++) {
            const resample_window across = find_resample_window(i, width, from_width);
            *out++ = weighted_mean_in_window(rgb, from_width, &across, &down);
        }
    }
}

imp_status imp_asset_read_image(uint32_t **out, const char *path, int width, int height,
                                imp_error *err)
{
    uint8_t *rgb;
    int from_width, from_height;
    imp_status status = imp_image_read(&rgb, &from_width, &from_height, path, err);
    if (status != IMP_OK)
        return status;
    // the decoded image is freed before errors are reported
    uint32_t *texels = malloc((size_t)width * (size_t)height * sizeof *texels);
    if (texels != NULL)
        resample_image(texels, width, height, rgb, from_width, from_height);
    free(rgb);
    if (texels == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "no memory for the texture %s", path);
    *out = texels;
    return IMP_OK;
}

// Rounds a side up to a power of two within limits, so that no detail is lost.
static int round_up_to_power_of_two(int side)
{
    enum { SIDE_MIN = 1, SIDE_MAX = 1024 };
    int power = SIDE_MIN;
    while (power < side && power < SIDE_MAX)
        power *= 2;
    return power;
}

// Reads an image as a repeating texture with mip levels.
static imp_status read_texture(imp_mesh_texture *texture, const char *path, imp_error *err)
{
    uint8_t *rgb;
    int width, height;
    imp_status status = imp_image_read(&rgb, &width, &height, path, err);
    if (status != IMP_OK)
        return status;
    // allocate level 0 with its mip levels, then resample into it
    *texture = (imp_mesh_texture){.width = round_up_to_power_of_two(width),
                                  .height = round_up_to_power_of_two(height),
                                  .repeats = true};
    if (imp_mesh_texture_allocate(texture)) {
        resample_image(texture->texels, texture->width, texture->height, rgb, width, height);
        imp_mesh_texture_build_mips(texture);
    } else {
        status = imp_fail(err, IMP_NO_MEMORY, "no memory for the texture %s", path);
    }
    free(rgb);
    return status;
}

imp_status imp_asset_load_texture(imp_assets *assets, int *out, const char *path, imp_error *err)
{
    // paths come from the list of files, so equal files have equal pointers
    int k = 0;
    while (k < assets->texture_count && assets->texture_paths[k] != path)
        k++;
    if (k == IMP_ASSET_TEXTURES_MAX)
        return imp_fail(err, IMP_BAD_INPUT, "%s: more than %d images are on the meshes", path,
                        IMP_ASSET_TEXTURES_MAX);
    if (k == assets->texture_count) {
        imp_status status = read_texture(&assets->textures[k], path, err);
        if (status != IMP_OK)
            return status;
        assets->texture_paths[k] = path;
        assets->texture_count++;
    }
    *out = k;
    return IMP_OK;
}
