// sim/render/views/renderer.h: what benchmarks ask of a renderer.
#ifndef IMP_SIM_RENDER_VIEWS_RENDERER_H
#define IMP_SIM_RENDER_VIEWS_RENDERER_H

#include "imprint/render.h"

// How many samples of the ground a renderer's image takes; 0 for images that are not kept.
int64_t imp_renderer_sample_count(const imp_renderer *renderer);

#endif
