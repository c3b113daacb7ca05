// Distractors: random triangles on the ground outside the tiles. They are generated once per
// episode and transformed per image to edge functions in the robot's frame, as a struct of arrays
// padded with empty triangles, so that kernels test eight at once. gym-duckietown draws the same
// kind of triangles.
#include <string.h>

#include "base/common/math_functions.h"
#include "sim/render/ground/ground.h"

void imp_distractors_generate(imp_distractor *out, int count, imp_random *random)
{
    // the draws are in gym-duckietown's order
    const double reach = 20.0;
    for (int k = 0; k < count; k++) {
        for (int c = 0; c < 3; c++) {
            out[k].corner[c].x = imp_random_uniform(random, -reach, reach);
            out[k].corner[c].z = imp_random_uniform(random, -reach, reach);
        }
        const float grey = (float)imp_random_uniform(random, 0.0, 0.9);
        for (int c = 0; c < 3; c++)
            out[k].colour[c] = grey;
    }
}

// Sets the edge functions of a triangle with corners (forward, right), for either orientation.
static void set_triangle_edges(imp_distractor_edges *distractors, int k, const double corner[3][2])
{
    // twice the signed area decides the orientation
    const double around = (corner[1][0] - corner[0][0]) * (corner[2][1] - corner[0][1]) -
                          (corner[2][0] - corner[0][0]) * (corner[1][1] - corner[0][1]);
    const double side = around < 0.0 ? -1.0 : 1.0;
    for (int n = 0; n < 3; n++) {
        const double *from = corner[n], *to = corner[(n + 1) % 3];
        const double a = side * (from[1] - to[1]), b = side * (to[0] - from[0]);
        distractors->a[n][k] = (float)a;
        distractors->b[n][k] = (float)b;
        distractors->c[n][k] = (float)-(a * from[0] + b * from[1]);
    }
}

void imp_distractor_edges_set(imp_distractor_edges *distractors, const imp_view *view, float light)
{
    const imp_sine_cosine heading = imp_sincos(view->pose.heading);
    const double cosine = heading.cosine, sine = heading.sine;
    distractors->count = 0;
    if (view->distractors == NULL || view->distractor_count <= 0)
        return;
    // padding: a constant edge function of -1 contains no point
    memset(distractors, 0, sizeof *distractors);
    for (int k = 0; k < IMP_DISTRACTORS_MAX; k++)
        distractors->c[0][k] = -1.0f;
    for (int k = 0; k < view->distractor_count && k < IMP_DISTRACTORS_MAX; k++) {
        // rotate the corners into the robot's frame
        const imp_distractor *from = &view->distractors[k];
        double corner[3][2];
        for (int n = 0; n < 3; n++) {
            const double dx = from->corner[n].x - view->pose.x;
            const double dz = from->corner[n].z - view->pose.z;
            corner[n][0] = dx * cosine - dz * sine;
            corner[n][1] = dx * sine + dz * cosine;
        }
        set_triangle_edges(distractors, k, (const double(*)[2])corner);
        for (int c = 0; c < 3; c++)
            distractors->colour[k][c] = 255.0f * light * from->colour[c];
        distractors->count = k + 1;
    }
}
