// sim/render/meshes/decal_canvas.h: anti-aliased painting of decals, in units that each painter
// chooses (x to the right, y down).
#ifndef IMP_SIM_RENDER_MESHES_DECAL_CANVAS_H
#define IMP_SIM_RENDER_MESHES_DECAL_CANVAS_H

#include <stdint.h>

typedef struct imp_decal_canvas {
    uint32_t *texels; // (height x width), red lowest
    int width, height;
    float wide, high; // size of the image in the painter's units
} imp_decal_canvas;

void imp_decal_canvas_fill(imp_decal_canvas *canvas, uint32_t colour);
void imp_decal_canvas_box(imp_decal_canvas *canvas, uint32_t colour, float x0, float y0, float x1,
                          float y1);
void imp_decal_canvas_disc(imp_decal_canvas *canvas, uint32_t colour, float x, float y,
                           float radius);
// A filled polygon without self-intersections.
void imp_decal_canvas_polygon(imp_decal_canvas *canvas, uint32_t colour, const float points[][2],
                              int count);
// A polyline with round ends.
void imp_decal_canvas_line(imp_decal_canvas *canvas, uint32_t colour, const float points[][2],
                           int count, float thickness);

#endif
