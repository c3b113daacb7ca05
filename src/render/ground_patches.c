// Triangles on the ground beyond the tiles.
#include <math.h>
#include <string.h>

#include "render/ground.h"

void imp_distractors_draw(imp_distractor *out, int count, imp_random *random)
{
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

void imp_ground_place_patches(imp_ground_frame *frame, const imp_view *view, double unit,
                              float light)
{
    frame->patch_count = 0;
    if (view->distractors == NULL)
        return;
    for (int k = 0; k < view->distractor_count && k < IMP_DISTRACTORS_MAX; k++) {
        const imp_distractor *from = &view->distractors[k];
        imp_ground_patch *patch = &frame->patches[frame->patch_count++];
        for (int c = 0; c < 3; c++) {
            patch->x[c] = (float)(from->corner[c].x * unit + frame->x_origin);
            patch->z[c] = (float)(from->corner[c].z * unit + frame->z_origin);
            patch->colour[c] = 255.0f * light * from->colour[c] - frame->ground[c];
        }
        patch->low_x = fminf(patch->x[0], fminf(patch->x[1], patch->x[2]));
        patch->low_z = fminf(patch->z[0], fminf(patch->z[1], patch->z[2]));
        patch->high_x = fmaxf(patch->x[0], fmaxf(patch->x[1], patch->x[2]));
        patch->high_z = fmaxf(patch->z[0], fmaxf(patch->z[1], patch->z[2]));
    }
}

static bool is_in_patch(const imp_ground_patch *patch, float x, float z)
{
    // in this order what is not a number lies outside
    if (!(x >= patch->low_x && x <= patch->high_x && z >= patch->low_z && z <= patch->high_z))
        return false;
    int left = 0;
    for (int k = 0; k < 3; k++) {
        const int next = k < 2 ? k + 1 : 0;
        left += (patch->x[next] - patch->x[k]) * (z - patch->z[k]) >=
                (patch->z[next] - patch->z[k]) * (x - patch->x[k]);
    }
    return left == 0 || left == 3;
}

static bool is_beyond_tiles(const imp_ground_frame *frame, float x, float z)
{
    if (!(x >= 0.0f && x <= frame->x_end && z >= 0.0f && z <= frame->z_end))
        return true;
    const int32_t column = (int32_t)x >> IMP_TILE_BITS, row = (int32_t)z >> IMP_TILE_BITS;
    return frame->cells[row * frame->columns + column] == 0;
}

void imp_ground_add_patches(const imp_ground_frame *frame, const imp_ground_table *table,
                            const imp_ground_group *group, float added[IMP_LANES][4])
{
    memset(added, 0, IMP_LANES * sizeof *added);
    for (int n = 0; n < group->count && frame->patch_count > 0; n++) {
        const imp_ground_step *step = &table->steps[group->first + n];
        for (int k = 0; k < IMP_LANES; k++) {
            const float x = step->forward[k] * frame->x_forward + step->right[k] * frame->x_right +
                            frame->x_start;
            const float z = step->forward[k] * frame->z_forward + step->right[k] * frame->z_right +
                            frame->z_start;
            if (!is_beyond_tiles(frame, x, z))
                continue;
            int top = frame->patch_count - 1;
            while (top >= 0 && !is_in_patch(&frame->patches[top], x, z))
                top--;
            for (int c = 0; c < 3 && top >= 0; c++)
                added[k][c] += frame->patches[top].colour[c] / (float)group->count;
        }
    }
}
