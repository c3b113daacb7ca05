// sim/render/views/renderer.h: internals of a renderer that benchmarks report.
#ifndef IMP_SIM_RENDER_VIEWS_RENDERER_H
#define IMP_SIM_RENDER_VIEWS_RENDERER_H

#include "imprint/render.h"

// Number of ground samples per image; 0 if the image is too large for cached tables.
int64_t imp_renderer_sample_count(const imp_renderer *renderer);

#endif
