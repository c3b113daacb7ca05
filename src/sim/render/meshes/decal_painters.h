// sim/render/meshes/decal_painters.h: painters of all decals.
#ifndef IMP_SIM_RENDER_MESHES_DECAL_PAINTERS_H
#define IMP_SIM_RENDER_MESHES_DECAL_PAINTERS_H

#include "sim/render/meshes/decal_canvas.h"
#include "sim/render/meshes/decals.h"

// Paints the plate of a sign: a tag above, the sign below.
void imp_decal_paint_sign(imp_decal_canvas *canvas, imp_sign sign);

// Paints any other decal.
void imp_decal_paint_object(imp_decal_canvas *canvas, int decal);

#endif
