// render/raster.h: triangles to samples, seen along the same rays as the ground.
//
// Triangles are not projected: a sample's ray r = (x, y, 1) meets the triangle (a, b, c), in camera
// coordinates, where r t = (a b c) w with weights w >= 0, and both w / t and 1 / t are linear in
// (x, y). (Olano & Greer, Triangle scan conversion using 2D homogeneous coordinates, 1997.) So
// straight edges come out bent as the lens bends them, and nothing needs to be clipped.
#ifndef IMP_RENDER_RASTER_H
#define IMP_RENDER_RASTER_H

#include "render/faces.h"
#include "render/sight.h"

enum { IMP_SAMPLES_MOST = 16 };

// Samples of a rectangle of a picture.
typedef struct imp_raster {
    int left, top;       // its place in the picture [px]
    int width, rows;     // [px]
    int samples;         // of a pixel: 4 or IMP_SAMPLES_MOST
    imp_pixel_ray *rays; // (rows x width)
    float *nearness;     // (rows x width x samples) 1 / distance ahead, 0 where there is nothing
    uint32_t *colours; // of the same, red lowest; the highest byte is 255 where there is something
    int *first, *last; // of each row, pixels first <= i < last may hold something
} imp_raster;

// A triangle ready to be drawn.
typedef struct imp_raster_facet {
    // (weight of each corner, their sum) / distance = x plane[0] + y plane[1] + plane[2]
    float plane[3][4];
    float nearest;                // of anything drawn: 1 / the near plane's distance
    float shade[3];               // brightness at the corners, 1 for colours as they are
    float colour[3];              // 0..255
    const imp_face_picture *face; // nullable: what is painted on it
    float u[3], v[3];             // at the corners
    // pixels of the raster that it may touch; those at right and bottom are not among them
    int left, top, right, bottom;
} imp_raster_facet;

// Finds the planes of a triangle. False if it is seen from behind or from its edge.
bool imp_raster_set_up(imp_raster_facet *facet, const float a[3], const float b[3],
                       const float c[3]);

typedef void imp_raster_fill(const imp_raster *raster, const imp_raster_facet *facet);
imp_raster_fill imp_raster_fill_plain;
#if defined(__x86_64__)
imp_raster_fill imp_raster_fill_avx2; // needs a processor with AVX2; the same bytes
#endif

// Makes it empty; its samples are zero already.
void imp_raster_reset(imp_raster *raster);

// Lays the samples over a picture, whose rows are `stride` bytes apart, and makes them empty.
void imp_raster_resolve(imp_raster *raster, uint8_t *picture, size_t stride);

#endif
