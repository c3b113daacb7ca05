// sim/render/raster/rasterizer.h: rasterisation of triangles along the same rays as the ground.
//
// Triangles are not projected. A sample's ray r = (x, y, 1) meets the triangle (a, b, c), in camera
// coordinates, where r t = (a b c) w with weights w >= 0. Both w / t and 1 / t are linear in (x, y)
// (Olano and Greer: Triangle scan conversion using 2D homogeneous coordinates, 1997). So straight
// edges appear curved as the lens distorts them, and triangles need no clipping.
#ifndef IMP_SIM_RENDER_RASTER_RASTERIZER_H
#define IMP_SIM_RENDER_RASTER_RASTERIZER_H

#include "base/threads/cpu_features.h"
#include "sim/render/meshes/decals.h"
#include "sim/render/primitives/projection.h"

enum { IMP_RASTER_SAMPLES = 8 }; // samples per pixel

// Bounds of the sample rays of runs of 8 pixels in a row: centre and half extent. NaN where the
// lens shows nothing. Runs start at the first pixel of a row; those below each other are neighbours
// in memory.
typedef struct imp_raster_run_bounds {
    float *x, *y, *wide, *high; // (imp_raster_row_runs() x rows, and IMP_PIXEL_RAYS_PADDING more)
} imp_raster_run_bounds;

// Samples of a rectangle of an image, as arrays.
typedef struct imp_raster {
    int left, top;         // its position in the image [px]
    int width, rows;       // [px]
    imp_pixel_rays rays;   // (rows x width)
    float reach;           // bound on a sample's distance from its pixel's centre [px]
    float *inverse_depth;  // (rows x width x IMP_RASTER_SAMPLES): 1 / distance ahead; 0 if empty
    uint32_t *colours;     // same shape, red lowest; the highest byte is 255 where covered
    uint8_t *dirty_blocks; // per 8 consecutive pixels: 1 if any sample is covered
    imp_raster_run_bounds runs;
} imp_raster;

// A triangle prepared for rasterisation.
typedef struct imp_raster_triangle {
    // (weight of each corner, sum of weights) / distance, linear in x, y and 1
    float plane[3][4];
    // (u, v, brightness, 1) / distance, linear in the same way
    float blend[3][4];
    float nearest;                 // 1 / distance of the near plane
    float shade[2];                // smallest and largest brightness of the corners
    float colour[3];               // 0..255
    const imp_mesh_texture *decal; // nullable: its texture
    // bounding box in the raster; right and bottom are exclusive
    int left, top, right, bottom;
} imp_raster_triangle;

// A corner: position in camera coordinates, and the interpolated values.
typedef struct imp_raster_corner {
    float at[3];
    float u, v, shade;
} imp_raster_corner;

// Sets plane and blend. False if the triangle is seen from behind or edge-on.
bool imp_raster_triangle_set_up(imp_raster_triangle *triangle, const imp_raster_corner corners[3]);

typedef void imp_raster_fill(const imp_raster *raster, const imp_raster_triangle *triangle);
imp_raster_fill imp_raster_fill_portable;
#if defined(__x86_64__)
// Same bytes; AVX2, and AVX-512 (imp_cpu_has_avx512()) with twice the registers.
imp_raster_fill imp_raster_fill_avx2;
imp_raster_fill imp_raster_fill_avx512;
#endif

// Updates the run bounds after the rays changed.
void imp_raster_compute_run_bounds(imp_raster *raster);

// Number of runs per row.
static inline size_t imp_raster_row_runs(const imp_raster *raster)
{
    return ((size_t)raster->width + 7) / 8;
}

// Number of dirty blocks of a raster.
static inline size_t imp_raster_block_count(const imp_raster *raster)
{
    return ((size_t)raster->width * (size_t)raster->rows + 7) / 8;
}

// Blends the samples over an image (`stride` bytes per row) and clears them. Samples and marks must
// be zero at first. All versions write the same bytes.
typedef void imp_raster_resolve(imp_raster *raster, uint8_t *image, size_t stride);
imp_raster_resolve imp_raster_resolve_portable;
#if defined(__x86_64__)
imp_raster_resolve imp_raster_resolve_avx2; // needs a processor with AVX2
#endif

#endif
