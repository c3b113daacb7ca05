// sim/render/ground/ground_sample_table.h: where on the ground the samples of a camera's images
// lie.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_SAMPLE_TABLE_H
#define IMP_SIM_RENDER_GROUND_GROUND_SAMPLE_TABLE_H

#include "imprint/render.h"

// Pixels are drawn in groups of 8 neighbours of a row, which share number and level of their
// samples.
enum { IMP_LANES = 8 };

// One sample of each pixel of a group.
typedef struct imp_ground_sample {
    float forward[IMP_LANES], right[IMP_LANES]; // of the robot's centre of rotation [m]
} imp_ground_sample;

// What a group shows.
typedef enum imp_group_kind {
    IMP_GROUP_MIXED,
    IMP_GROUP_ONLY_SKY,   // nothing but sky
    IMP_GROUP_ONLY_GROUND // nothing but ground
} imp_group_kind;

// What a group's pixels are made of. Shares sum to 1 at most; what is left is black, because the
// lens shows nothing there.
typedef struct imp_group_shares {
    float sky[IMP_LANES];
    float ground[IMP_LANES]; // all else
} imp_group_shares;

// A group: which steps are its samples.
typedef struct imp_pixel_group {
    int32_t first, count; // steps
    int16_t kind, probe_stride;
    float mean; // what the steps' sum is to be multiplied by; 0 where there are none
    // the rectangle that holds the places of every look-th step, from look / 2 on: its middle and
    // half its sides, forward and to the right; below 0 if none is on the ground
    float middle[2], half[2];
} imp_pixel_group;

// Samples of a number of rows of an image.
typedef struct imp_ground_sample_table {
    int row_groups;          // groups per row
    imp_pixel_group *groups; // (rows x row_groups)
    // of each group; apart, because most groups can do without
    imp_group_shares *shares;
    imp_ground_sample *samples;
    int8_t *levels; // of each step; for a tile of IMP_NOMINAL_TILE_SIZE metres, before limits
    int64_t sample_count, sample_capacity;
} imp_ground_sample_table;

// The shares of a group that lies in the table.
static inline imp_group_shares *imp_group_shares_of(const imp_ground_sample_table *table,
                                                    const imp_pixel_group *group)
{
    return table->shares + (group - table->groups);
}

// The side of a tile that the table's levels are meant for [m].
#define IMP_NOMINAL_TILE_SIZE 0.585

// Looks at a group that do for what only has to be there, or somewhat more.
enum { IMP_GROUP_PROBES_MAX = 4 };

// The most steps that a group can have.
enum { IMP_GROUP_SAMPLES_MAX = 96 };

// Appends the groups of a row. The table needs room for row_groups * IMP_GROUP_SAMPLES_MAX more
// steps. corners gets rays through the pixel corners above and below the row (2 x (width + 1) x 2);
// it holds those of the row above if that was added last (follows).
void imp_ground_samples_add_row(imp_ground_sample_table *table, const imp_camera *camera, int row,
                                imp_pixel_group *groups, bool follows, double *corners);

#endif
