// Worn tiles: other floors, lines that wave, fade and chip, dirt, and the toothed seams between
// tiles. All of it is value noise of the tile's own seed. Noise is computed a row at a time,
// because cells are interpolated along rows. It repeats from tile to tile, so that neighbours
// match. A texel is a pure function of style, kind and position.
#include <math.h>

#include "base/common/math_functions.h"
#include "sim/render/scene/tile_painter.h"

enum { SIDE = IMP_TEXTURE_SIDE };

// Smooth noise along a row of texels, in [-1, 1].
typedef struct noise_row {
    float at[SIDE];
} noise_row;

// Value noise over cells of 2^bits texels, which repeats from tile to tile.
static void fill_noise_row(noise_row *out, int j, int bits, uint32_t seed)
{
    const int side = 1 << bits, cells = SIDE >> bits;
    // interpolate vertically between two rows of cells
    const uint32_t upper = (uint32_t)(j >> bits), lower = (upper + 1) % (uint32_t)cells;
    float down = ((float)(j & (side - 1)) + 0.5f) / (float)side;
    down = down * down * (3.0f - 2.0f * down);
    const float first =
        imp_hash_noise(0, upper, seed) * (1.0f - down) + imp_hash_noise(0, lower, seed) * down;
    // interpolate from cell to cell; the last one joins the first
    float left = first;
    for (int cell = 0; cell < cells; cell++) {
        const uint32_t next = (uint32_t)(cell + 1);
        const float right = cell + 1 == cells ? first
                                              : imp_hash_noise(next, upper, seed) * (1.0f - down) +
                                                    imp_hash_noise(next, lower, seed) * down;
        for (int k = 0; k < side; k++) {
            float across = ((float)k + 0.5f) / (float)side;
            across = across * across * (3.0f - 2.0f * across);
            out->at[cell * side + k] = left + across * (right - left);
        }
        left = right;
    }
}

// The noise of one row of texels.
typedef struct wear_row {
    noise_row sway[2]; // displacement of lines
    noise_row stain, chip, crumb, patch, tuft;
} wear_row;

// Fills the noise of a row; each purpose has its own scale and seed.
static void fill_wear_noise(wear_row *out, int j, uint32_t seed)
{
    fill_noise_row(&out->sway[0], j, 7, seed);
    fill_noise_row(&out->sway[1], j, 7, seed + 1);
    fill_noise_row(&out->stain, j, 7, seed + 2);
    fill_noise_row(&out->patch, j, 6, seed + 3);
    fill_noise_row(&out->chip, j, 5, seed + 4);
    fill_noise_row(&out->crumb, j, 2, seed + 5);
    fill_noise_row(&out->tuft, j, 2, seed + 6);
}

// Clamps to [0, 1].
static float clamp_to_unit(float value)
{
    return value < 0.0f ? 0.0f : value > 1.0f ? 1.0f : value;
}

// Share of paint that remains at a texel.
static float remaining_paint_fraction(const imp_tile_style *style, const wear_row *row, int i)
{
    // paint comes off in flakes with frayed edges: a threshold on mixed noise
    const float loose = 0.65f * row->chip.at[i] + 0.35f * row->crumb.at[i];
    const float bound = 1.0f - 2.0f * style->chips;
    const float chipped = style->chips > 0.0f ? clamp_to_unit(6.0f * (loose - 0.5f * bound)) : 0.0f;
    const float faded = style->fade * (1.0f + 0.5f * row->patch.at[i]);
    return (1.0f - chipped) * clamp_to_unit(1.0f - faded);
}

// Brightness of a surface at a texel, relative to its colour.
static float surface_shade(const imp_surface *surface, const wear_row *row, uint32_t seed, int i,
                           int j)
{
    const float speckle = imp_hash_noise((uint32_t)i, (uint32_t)j, seed + 7);
    switch (surface->pattern) {
    case IMP_PATTERN_LAWN:
        return surface->fine * (0.5f * speckle + 0.5f * row->tuft.at[i]) +
               surface->coarse * row->patch.at[i];
    case IMP_PATTERN_BOARDS: {
        // a tone per board, fibres along it, dark gaps
        enum { BOARD_BITS = 6, GAP = 2 };
        const uint32_t board = (uint32_t)j >> BOARD_BITS;
        const float tone = imp_hash_noise(board, 1, seed + 8);
        const float fibre = imp_hash_noise((uint32_t)j, (uint32_t)i >> 6, seed + 9);
        const bool gap = (j & ((1 << BOARD_BITS) - 1)) < GAP;
        return gap ? -0.5f * surface->rgb[1]
                   : surface->fine * fibre + 2.0f * surface->coarse * tone +
                         surface->coarse * row->patch.at[i];
    }
    case IMP_PATTERN_SLABS: {
        // a tone per slab, dark joints
        enum { SLAB_BITS = 7, JOINT = 4 };
        const uint32_t inside = (1u << SLAB_BITS) - 1;
        const float tone =
            imp_hash_noise((uint32_t)i >> SLAB_BITS, (uint32_t)j >> SLAB_BITS, seed + 8);
        const bool joint = ((uint32_t)i & inside) < JOINT || ((uint32_t)j & inside) < JOINT;
        return joint ? -0.25f * surface->rgb[1]
                     : surface->fine * speckle + surface->coarse * (tone + row->patch.at[i]);
    }
    default:
        return surface->fine * speckle + surface->coarse * row->patch.at[i];
    }
}

// Outward displacement of the seam along a side. It is an odd function, so that teeth of one tile
// meet gaps of its neighbour in any orientation.
static float jigsaw_seam_offset(float along, float reach)
{
    enum { TEETH = 4 };
    const float wave = imp_sinf(6.2831853f * TEETH * along);
    return reach * clamp_to_unit(2.0f + 4.0f * wave) - reach * clamp_to_unit(2.0f - 4.0f * wave);
}

// Share of a texel that a seam covers.
static float seam_coverage(const imp_tile_style *style, float x, float z)
{
    const float half_width = 0.0035f;
    // each side as (outward, along)
    const float sides[4][2] = {{x, z}, {-x, -z}, {z, -x}, {-z, x}};
    float nearest = 1.0f;
    for (int k = 0; k < 4; k++) {
        if (sides[k][0] < 0.4f)
            continue;
        const float here = sides[k][0] - 0.5f - jigsaw_seam_offset(sides[k][1], style->teeth_depth);
        // flanks of teeth are steep: divide by the slope to get a distance
        const float ahead =
            sides[k][0] - 0.5f - jigsaw_seam_offset(sides[k][1] + 0.002f, style->teeth_depth);
        const float slope = (ahead - here) / 0.002f;
        nearest = fminf(nearest, fabsf(here) / sqrtf(1.0f + slope * slope));
    }
    return clamp_to_unit(0.5f + (half_width - nearest) * SIDE);
}

// Adds dirt and seams to a colour.
static void add_dirt_and_seams(const imp_tile_style *style, const wear_row *row, int i, int j,
                               float rgb[3])
{
    // dirt is mixed noise above a threshold
    const float stain = clamp_to_unit(0.9f * row->stain.at[i] + 0.5f * row->chip.at[i] +
                                      0.2f * row->crumb.at[i] + 0.1f);
    const float x = ((float)i + 0.5f) / SIDE - 0.5f, z = ((float)j + 0.5f) / SIDE - 0.5f;
    const float seam = style->joint > 0.0f ? style->joint * seam_coverage(style, x, z) : 0.0f;
    for (int c = 0; c < 3; c++) {
        rgb[c] += style->dirt * stain * (style->dust[c] - rgb[c]);
        rgb[c] *= 1.0f - seam;
    }
}

// Packs a colour (0..255), red lowest.
static uint32_t pack_colour(const float rgb[3])
{
    return 0xff000000u | imp_colour_to_byte(rgb[0]) | imp_colour_to_byte(rgb[1]) << 8 |
           imp_colour_to_byte(rgb[2]) << 16;
}

// Colour of a texel of a worn tile.
static uint32_t paint_worn_texel(imp_tile_kind kind, const imp_tile_style *style,
                                 const imp_surface *surface, const wear_row *row, int i, int j)
{
    const float x = ((float)i + 0.5f) / SIDE - 0.5f, z = ((float)j + 0.5f) / SIDE - 0.5f;
    // no displacement at the tile's sides, where lines continue
    const float hold =
        clamp_to_unit(8.0f * (0.5f - fabsf(x))) * clamp_to_unit(8.0f * (0.5f - fabsf(z)));
    imp_tile_texel texel = {{surface->rgb[0], surface->rgb[1], surface->rgb[2]},
                            remaining_paint_fraction(style, row, i),
                            style};
    imp_tile_paint_markings(&texel, kind, x + style->wobble * hold * row->sway[0].at[i],
                            z + style->wobble * hold * row->sway[1].at[i]);
    const float shade = surface_shade(surface, row, style->seed, i, j);
    for (int c = 0; c < 3; c++)
        // noise in proportion to the channel keeps the hue
        texel.rgb[c] += shade * surface->rgb[c] / surface->rgb[1];
    add_dirt_and_seams(style, row, i, j, texel.rgb);
    return pack_colour(texel.rgb);
}

void imp_tile_paint_worn(uint32_t *tile, imp_tile_kind kind, const imp_tile_style *style)
{
    const imp_surface *surface = kind == IMP_TILE_GRASS   ? &style->lawn
                                 : kind == IMP_TILE_FLOOR ? &style->floor
                                                          : &style->asphalt;
    for (int j = 0; j < SIDE; j++) {
        wear_row row;
        fill_wear_noise(&row, j, style->seed);
        for (int i = 0; i < SIDE; i++)
            tile[j * SIDE + i] = paint_worn_texel(kind, style, surface, &row, i, j);
    }
}

void imp_tile_add_dirt(uint32_t *tile, const imp_tile_style *style)
{
    for (int j = 0; j < SIDE; j++) {
        wear_row row;
        fill_wear_noise(&row, j, style->seed);
        for (int i = 0; i < SIDE; i++) {
            const uint32_t before = tile[j * SIDE + i];
            float rgb[3];
            for (int c = 0; c < 3; c++)
                rgb[c] = (float)(before >> (8 * c) & 255) *
                         (style->asphalt.rgb[c] / imp_tile_style_new.asphalt.rgb[c]);
            add_dirt_and_seams(style, &row, i, j, rgb);
            tile[j * SIDE + i] = pack_colour(rgb);
        }
    }
}
