// sim/render/ground/ground_sample_table.h: the points on the ground that the samples of a camera's
// images lie at.
#ifndef IMP_SIM_RENDER_GROUND_GROUND_SAMPLE_TABLE_H
#define IMP_SIM_RENDER_GROUND_GROUND_SAMPLE_TABLE_H

#include <stddef.h>

#include "imprint/render.h"

// Pixels are drawn in groups of 8 neighbours in a row, which share number and mip level of samples.
enum { IMP_LANES = 8 };

// One sample of each pixel of a group, as a struct of arrays.
typedef struct imp_ground_sample {
    float forward[IMP_LANES], right[IMP_LANES]; // relative to the robot's centre of rotation [m]
} imp_ground_sample;

// What a group shows; used to skip work.
typedef enum imp_group_kind {
    IMP_GROUP_MIXED,
    IMP_GROUP_ONLY_SKY,   // nothing but sky
    IMP_GROUP_ONLY_GROUND // nothing but ground
} imp_group_kind;

// Shares of sky and ground in each pixel. The rest is black, because the lens shows nothing there.
typedef struct imp_group_shares {
    float sky[IMP_LANES];
    float ground[IMP_LANES];
} imp_group_shares;

// Bound on the mip level of a sample.
enum { IMP_SAMPLE_LEVEL_MAX = 24 };

// A group of pixels and its samples.
typedef struct imp_pixel_group {
    int32_t first; // its samples in the table
    int16_t count;
    int16_t kind;
} imp_pixel_group;

// The probes of a group: every stride-th sample from stride / 2 on. Their bounding rectangle has a
// centre and half sides, forward and right; half sides < 0 if none is on the ground.
typedef struct imp_group_probes {
    int stride;
    float middle[2], half[2];
} imp_group_probes;

// Bounding rectangles of the samples of eight neighbouring groups in a row: centres and half sides,
// forward and right, a little wider than they are. Half sides are infinite for groups with samples
// off the ground.
typedef struct imp_group_bounds {
    float middle[2][IMP_LANES], half[2][IMP_LANES];
} imp_group_bounds;

// Number of such blocks of eight groups in a row.
#define IMP_GROUP_BLOCKS(row_groups) (((row_groups) + IMP_LANES - 1) / IMP_LANES)

// The samples of some rows of an image.
typedef struct imp_ground_sample_table {
    int row_groups;          // groups per row
    imp_pixel_group *groups; // (rows x row_groups)
    // per group; stored apart, since few groups need them
    imp_group_shares *shares; // only those of mixed groups are read
    imp_group_probes *probes;
    imp_group_bounds *bounds; // (rows x IMP_GROUP_BLOCKS(row_groups))
    imp_ground_sample *samples;
    // mip level per sample, for tiles of IMP_NOMINAL_TILE_SIZE; it may lie outside a texture's
    // levels, but is within +-IMP_SAMPLE_LEVEL_MAX
    int8_t *levels;
    int64_t sample_count, sample_capacity;
} imp_ground_sample_table;

// The shares of a group of the table. Those of groups that show one thing are constant.
static inline const imp_group_shares *imp_group_shares_of(const imp_ground_sample_table *table,
                                                          const imp_pixel_group *group)
{
    static const imp_group_shares ONLY_SKY = {.sky = {1, 1, 1, 1, 1, 1, 1, 1}};
    static const imp_group_shares ONLY_GROUND = {.ground = {1, 1, 1, 1, 1, 1, 1, 1}};
    if (group->kind == IMP_GROUP_MIXED)
        return table->shares + (group - table->groups);
    return group->kind == IMP_GROUP_ONLY_SKY ? &ONLY_SKY : &ONLY_GROUND;
}

// The probes of a group of the table.
static inline imp_group_probes *imp_group_probes_of(const imp_ground_sample_table *table,
                                                    const imp_pixel_group *group)
{
    return table->probes + (group - table->groups);
}

// The bounds of a group of the table and its seven neighbours.
static inline imp_group_bounds *imp_group_bounds_of(const imp_ground_sample_table *table,
                                                    const imp_pixel_group *group)
{
    const ptrdiff_t index = group - table->groups, row = index / table->row_groups;
    return table->bounds + row * IMP_GROUP_BLOCKS(table->row_groups) +
           (index - row * table->row_groups) / IMP_LANES;
}

// Side of a tile that the table's levels refer to [m].
#define IMP_NOMINAL_TILE_SIZE 0.585

// Approximate number of probes of a group: samples that are tested against distractors.
enum { IMP_GROUP_PROBES_MAX = 4 };

// Largest number of samples of a group.
enum { IMP_GROUP_SAMPLES_MAX = 96 };

// Appends the groups of a row. The table needs room for row_groups * IMP_GROUP_SAMPLES_MAX more
// samples. corners (2 x (width + 1) x 2) receives rays through the pixel corners above and below
// the row. With `follows`, it already holds those of the preceding row.
void imp_ground_samples_add_row(imp_ground_sample_table *table, const imp_camera *camera, int row,
                                imp_pixel_group *groups, bool follows, double *corners);

#endif
