// render/ground_table.h: where on the ground the samples of a camera's pictures lie.
#ifndef IMP_RENDER_GROUND_TABLE_H
#define IMP_RENDER_GROUND_TABLE_H

#include "imprint/render.h"

// Pixels are drawn in groups of 8 neighbours of a row, which share number and level of their
// samples.
enum { IMP_LANES = 8 };

// One sample of each pixel of a group.
typedef struct imp_ground_step {
    float forward[IMP_LANES], right[IMP_LANES]; // of the robot's centre of rotation [m]
} imp_ground_step;

// What a group shows.
typedef enum imp_ground_kind {
    IMP_GROUND_MIXED,
    IMP_GROUND_SKY,  // nothing but sky
    IMP_GROUND_WHOLE // nothing but ground
} imp_ground_kind;

// What a group's pixels are made of. Shares sum to 1 at most; what is left is black, because the
// lens shows nothing there.
typedef struct imp_ground_shares {
    float sky[IMP_LANES];
    float ground[IMP_LANES]; // all else
} imp_ground_shares;

// A group: which steps are its samples.
typedef struct imp_ground_group {
    int32_t first, count; // steps
    int16_t kind, look;
    float mean; // what the steps' sum is to be multiplied by; 0 where there are none
    // the rectangle that holds the places of every look-th step, from look / 2 on: its middle and
    // half its sides, forward and to the right; below 0 if none is on the ground
    float middle[2], half[2];
} imp_ground_group;

// Samples of a number of rows of a picture.
typedef struct imp_ground_table {
    int row_groups;           // groups per row
    imp_ground_group *groups; // (rows x row_groups)
    // of each group; apart, because most groups can do without
    imp_ground_shares *shares;
    imp_ground_step *steps;
    int8_t *levels; // of each step; for a tile of IMP_LEVEL_TILE metres, before limits
    int64_t step_count, step_capacity;
} imp_ground_table;

// The shares of a group that lies in the table.
static inline imp_ground_shares *imp_ground_shares_of(const imp_ground_table *table,
                                                      const imp_ground_group *group)
{
    return table->shares + (group - table->groups);
}

// The side of a tile that the table's levels are meant for [m].
#define IMP_LEVEL_TILE 0.585

// How many samples of the ground a renderer's picture takes; 0 for pictures that are not kept.
int64_t imp_renderer_sample_count(const imp_renderer *renderer);

// Looks at a group that do for what only has to be there, or somewhat more.
enum { IMP_MOST_LOOKS = 4 };

// The most steps that a group can have.
enum { IMP_MOST_STEPS = 96 };

// Appends the groups of a row. The table needs room for row_groups * IMP_MOST_STEPS more steps.
// corners gets rays through the pixel corners above and below the row (2 x (width + 1) x 2); it
// holds those of the row above if that was added last (follows).
void imp_ground_add_row(imp_ground_table *table, const imp_camera *camera, int row,
                        imp_ground_group *groups, bool follows, double *corners);

#endif
