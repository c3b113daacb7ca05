// Triangles on the ground beyond the tiles.
#include <math.h>
#include <string.h>

#include "render/ground.h"

// Samples of a pixel that are tested, or somewhat more.
enum { MOST_LOOKS = 4 };

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

// A step's places on cells; those that are nowhere stay far away.
static void find_places(const imp_ground_frame *frame, const imp_ground_step *step,
                        float x[IMP_LANES], float z[IMP_LANES])
{
    for (int k = 0; k < IMP_LANES; k++) {
        x[k] =
            step->forward[k] * frame->x_forward + step->right[k] * frame->x_right + frame->x_start;
        z[k] =
            step->forward[k] * frame->z_forward + step->right[k] * frame->z_right + frame->z_start;
    }
}

// Lists the patches that may lie under every stride-th of a group's samples, the last on top;
// returns how many.
static int list_patches(const imp_ground_frame *frame, const imp_ground_table *table,
                        const imp_ground_group *group, int first, int stride,
                        const imp_ground_patch *list[IMP_DISTRACTORS_MAX])
{
    float low_x[IMP_LANES], low_z[IMP_LANES], high_x[IMP_LANES], high_z[IMP_LANES];
    for (int k = 0; k < IMP_LANES; k++) {
        low_x[k] = low_z[k] = 1e30f;
        high_x[k] = high_z[k] = -1e30f;
    }
    for (int n = first; n < group->count; n += stride) {
        const imp_ground_step *step = &table->steps[group->first + n];
        float x[IMP_LANES], z[IMP_LANES];
        find_places(frame, step, x, z);
        for (int k = 0; k < IMP_LANES; k++) {
            const bool there = step->forward[k] < 1e8f;
            low_x[k] = there && x[k] < low_x[k] ? x[k] : low_x[k];
            low_z[k] = there && z[k] < low_z[k] ? z[k] : low_z[k];
            high_x[k] = there && x[k] > high_x[k] ? x[k] : high_x[k];
            high_z[k] = there && z[k] > high_z[k] ? z[k] : high_z[k];
        }
    }
    for (int k = 1; k < IMP_LANES; k++) {
        low_x[0] = fminf(low_x[0], low_x[k]);
        low_z[0] = fminf(low_z[0], low_z[k]);
        high_x[0] = fmaxf(high_x[0], high_x[k]);
        high_z[0] = fmaxf(high_z[0], high_z[k]);
    }
    int count = 0;
    for (int k = 0; k < frame->patch_count; k++) {
        const imp_ground_patch *patch = &frame->patches[k];
        if (patch->low_x <= high_x[0] && patch->high_x >= low_x[0] && patch->low_z <= high_z[0] &&
            patch->high_z >= low_z[0])
            list[count++] = patch;
    }
    return count;
}

void imp_ground_add_patches(const imp_ground_frame *frame, const imp_ground_table *table,
                            const imp_ground_group *group, bool visible, float added[IMP_LANES][4])
{
    const imp_ground_patch *list[IMP_DISTRACTORS_MAX];
    memset(added, 0, IMP_LANES * sizeof *added);
    if (!visible || frame->patch_count == 0)
        return;
    // a few looks do for what only has to be there
    const int stride = group->count > MOST_LOOKS ? group->count / MOST_LOOKS : 1;
    const int first = stride / 2, looks = (group->count - first + stride - 1) / stride;
    const int count = list_patches(frame, table, group, first, stride, list);
    for (int n = first; n < group->count && count > 0; n += stride) {
        float x[IMP_LANES], z[IMP_LANES];
        find_places(frame, &table->steps[group->first + n], x, z);
        for (int k = 0; k < IMP_LANES; k++) {
            if (!is_beyond_tiles(frame, x[k], z[k]))
                continue;
            int top = count - 1;
            while (top >= 0 && !is_in_patch(list[top], x[k], z[k]))
                top--;
            for (int c = 0; c < 3 && top >= 0; c++)
                added[k][c] += list[top]->colour[c] / (float)looks;
        }
    }
}
