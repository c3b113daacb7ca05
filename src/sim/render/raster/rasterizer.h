// sim/render/raster/rasterizer.h: triangles to samples, seen along the same rays as the ground.
//
// Triangles are not projected: a sample's ray r = (x, y, 1) meets the triangle (a, b, c), in camera
// coordinates, where r t = (a b c) w with weights w >= 0, and both w / t and 1 / t are linear in
// (x, y). (Olano & Greer, Triangle scan conversion using 2D homogeneous coordinates, 1997.) So
// straight edges come out bent as the lens bends them, and nothing needs to be clipped.
#ifndef IMP_SIM_RENDER_RASTER_RASTERIZER_H
#define IMP_SIM_RENDER_RASTER_RASTERIZER_H

#include "base/threads/cpu_features.h"
#include "sim/render/meshes/decals.h"
#include "sim/render/primitives/projection.h"

enum { IMP_RASTER_SAMPLES = 8 }; // of a pixel

// Where runs of 8 pixels of a row look, the first of which begins the row: the middle of their
// samples' rays, and how far any of these is from there; not numbers where the lens shows nothing.
typedef struct imp_raster_run_bounds {
    float *x, *y, *wide, *high; // (rows x imp_raster_row_runs(), and IMP_PIXEL_RAYS_PADDING more)
} imp_raster_run_bounds;

// Samples of a rectangle of an image.
typedef struct imp_raster {
    int left, top;        // its place in the image [px]
    int width, rows;      // [px]
    imp_pixel_rays rays;  // (rows x width)
    float reach;          // the most that a sample is from its pixel's middle [px], or more
    float *inverse_depth; // (rows x width x IMP_RASTER_SAMPLES) 1 / distance ahead, 0 where there
                          // is nothing
    uint32_t *colours; // of the same, red lowest; the highest byte is 255 where there is something
    uint8_t *dirty_blocks; // of each 8 pixels in a row: 1 where there is something
    imp_raster_run_bounds runs;
} imp_raster;

// A triangle ready to be drawn.
typedef struct imp_raster_triangle {
    // (weight of each corner, their sum) / distance = x plane[0] + y plane[1] + plane[2]
    float plane[3][4];
    // (u, v of the face's image, brightness, 1) / distance, in the same way
    float blend[3][4];
    float nearest;                 // of anything drawn: 1 / the near plane's distance
    float shade[2];                // least and most brightness of the corners; 1 for true colours
    float colour[3];               // 0..255
    const imp_mesh_texture *decal; // nullable: what is painted on it
    // pixels of the raster that it may touch; those at right and bottom are not among them
    int left, top, right, bottom;
} imp_raster_triangle;

// A corner of a triangle: its place in camera coordinates, and what is mixed between the corners.
typedef struct imp_raster_corner {
    float at[3];
    float u, v, shade;
} imp_raster_corner;

// Finds the planes of a triangle. False if it is seen from behind or from its edge.
bool imp_raster_triangle_set_up(imp_raster_triangle *triangle, const imp_raster_corner corners[3]);

typedef void imp_raster_fill(const imp_raster *raster, const imp_raster_triangle *triangle);
imp_raster_fill imp_raster_fill_portable;
#if defined(__x86_64__)
// The same bytes, on processors with AVX2, and with imp_cpu_has_avx512(): twice the registers.
imp_raster_fill imp_raster_fill_avx2;
imp_raster_fill imp_raster_fill_avx512;
#endif

// Takes note of new rays.
void imp_raster_bound_runs(imp_raster *raster);

// How many runs a row has.
static inline size_t imp_raster_row_runs(const imp_raster *raster)
{
    return ((size_t)raster->width + 7) / 8;
}

// How many marks a raster has.
static inline size_t imp_raster_block_count(const imp_raster *raster)
{
    return ((size_t)raster->width * (size_t)raster->rows + 7) / 8;
}

// Lays the samples over an image, whose rows are `stride` bytes apart, and makes them zero. They
// and their marks are zero to begin with.
void imp_raster_resolve(imp_raster *raster, uint8_t *image, size_t stride);

#endif
