// render/painters.h: who paints which face.
#ifndef IMP_RENDER_PAINTERS_H
#define IMP_RENDER_PAINTERS_H

#include "render/canvas.h"
#include "render/faces.h"

// The plate of a sign: a tag above, the sign below.
void imp_paint_sign(imp_face_canvas *canvas, imp_sign sign);

// All other faces.
void imp_paint_thing(imp_face_canvas *canvas, int face);

#endif
