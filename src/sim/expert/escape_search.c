// Finds a path out of a tight place: Dijkstra's algorithm over poses that are reached by short
// motion primitives, straight pieces and turns on the spot. It is a lattice search in the manner of
// hybrid A*: a node keeps the exact pose at which its cell of a grid over (x, z, heading) was first
// reached. Costs are small integers, so a ring of buckets replaces a heap (Dial's algorithm). All
// memory is allocated on creation.
#include <stdlib.h>
#include <string.h>

#include "base/common/math_functions.h"
#include "base/common/vector2.h"
#include "sim/expert/escape_path.h"

enum {
    HEADINGS = 24,
    SIDE = 56,      // cells along a side of the grid
    AREA_SIDE = 14, // cells along a side of the coarse grid of candidates
    AREA_HEADINGS = 8,
    NODES_MAX = 1 << 15,
    CANDIDATES_MAX = 80,
    // costs; the most expensive step must cost less than BUCKETS
    COST_PRIMITIVE = 2,
    COST_SWITCH = 8, // for changing the kind of primitive
    COST_TIGHT = 4,
    BUCKETS = 16,
};

static const double PRIMITIVE_LENGTH = 0.04; // length of a straight piece [m]
static const double CELL = 0.025;            // [m]
static const double SEARCH_RADIUS = 0.68;    // largest distance from the start [m]
// A pose is tight if a robot scaled by this factor is not on the road, or a robot shifted by this
// distance [m] is not free. Tight poses cost more.
static const double CLEARANCE_SCALE = 1.2, CLEARANCE_SHIFT = 0.02;
// A path may end within this distance [tiles] and angle [rad] of a lane.
static const double LANE_DISTANCE = 0.2, LANE_ANGLE = 0.6;

typedef enum primitive { AHEAD, BACK, LEFT, RIGHT, PRIMITIVE_COUNT, NO_PRIMITIVE } primitive;

// A pose in the search tree.
typedef struct node {
    float x, z;   // from the start [m]
    int heading;  // relative to the start, in steps of 2 pi / HEADINGS
    primitive by; // the primitive that leads here
    int from;     // index of the parent, or -1
    int cost;
    int next_in_bucket; // the next in its bucket, or -1
} node;

struct imp_escape_search {
    node nodes[NODES_MAX];
    int count;
    int buckets[BUCKETS]; // lists of open nodes by cost modulo BUCKETS
    int cost;             // of the bucket that is processed
    bool closed[SIDE * SIDE * HEADINGS];
    bool offered[AREA_SIDE * AREA_SIDE * AREA_HEADINGS];
    int candidate_count;
    imp_env env; // scratch copy to test poses in
    imp_pose start;
};

imp_escape_search *imp_escape_search_create(void)
{
    return calloc(1, sizeof(imp_escape_search));
}

void imp_escape_search_destroy(imp_escape_search *search)
{
    free(search);
}

// The pose of a node in the world.
static imp_pose node_pose(const imp_escape_search *s, const node *n)
{
    return (imp_pose){s->start.x + (double)n->x, s->start.z + (double)n->z,
                      imp_wrap_angle(s->start.heading + n->heading * (2.0 * IMP_PI / HEADINGS))};
}

// A pose moved in its own frame.
static imp_pose move_pose_in_own_frame(imp_pose pose, double ahead, double right)
{
    const imp_vec2 forward = imp_heading_direction(pose.heading),
                   aside = imp_vec2_turn_right(forward);
    return (imp_pose){pose.x + ahead * forward.x + right * aside.x,
                      pose.z + ahead * forward.z + right * aside.z, pose.heading};
}

// Whether the episode would continue with the robot at a pose.
static bool is_pose_valid_in_episode(imp_escape_search *s, imp_pose pose)
{
    if (s->env.def.rules == IMP_RULES_SIMULATOR)
        return imp_env_is_valid_pose(&s->env, pose, 1.0);
    s->env.pose = pose;
    return imp_env_challenge_end_reason(&s->env) == IMP_END_NONE;
}

// Whether a pose has little clearance in any of four directions.
static bool has_little_clearance(imp_escape_search *s, imp_pose pose)
{
    return !imp_env_is_on_road(s->env.world, pose, CLEARANCE_SCALE) ||
           !is_pose_valid_in_episode(s, move_pose_in_own_frame(pose, CLEARANCE_SHIFT, 0.0)) ||
           !is_pose_valid_in_episode(s, move_pose_in_own_frame(pose, -CLEARANCE_SHIFT, 0.0)) ||
           !is_pose_valid_in_episode(s, move_pose_in_own_frame(pose, 0.0, CLEARANCE_SHIFT)) ||
           !is_pose_valid_in_episode(s, move_pose_in_own_frame(pose, 0.0, -CLEARANCE_SHIFT));
}

// Index of a node's cell in a grid of side x side x headings cells; -1 outside.
static int cell_index(const node *n, double size, int side, int headings)
{
    const int i = (int)floor((double)n->x / size + 0.5 * side);
    const int j = (int)floor((double)n->z / size + 0.5 * side);
    if (imp_hypot((double)n->x, (double)n->z) > SEARCH_RADIUS || i < 0 || i >= side || j < 0 ||
        j >= side)
        return -1;
    return (j * side + i) * headings + n->heading * headings / HEADINGS;
}

// Adds a node to its bucket; drops it if the memory is full.
static void push_node(imp_escape_search *s, node n)
{
    if (s->count == NODES_MAX)
        return;
    int *bucket = &s->buckets[n.cost % BUCKETS];
    n.next_in_bucket = *bucket;
    *bucket = s->count;
    s->nodes[s->count++] = n;
}

// Removes the cheapest open node and returns its index; -1 if there is none.
static int pop_cheapest_node(imp_escape_search *s)
{
    for (int k = 0; k < BUCKETS; k++, s->cost++) {
        int *bucket = &s->buckets[s->cost % BUCKETS];
        if (*bucket >= 0) {
            const int found = *bucket;
            *bucket = s->nodes[found].next_in_bucket;
            return found;
        }
    }
    return -1;
}

// Applies a share of a straight primitive to a node; turns are applied by the caller.
static node move_node_by_straight(const imp_escape_search *s, const node *from, primitive by,
                                  double share)
{
    node n = *from;
    if (by == AHEAD || by == BACK) {
        const double heading = s->start.heading + from->heading * (2.0 * IMP_PI / HEADINGS);
        const imp_vec2 forward = imp_heading_direction(heading);
        const double length = (by == AHEAD ? PRIMITIVE_LENGTH : -PRIMITIVE_LENGTH) * share;
        n.x = (float)((double)n.x + length * forward.x);
        n.z = (float)((double)n.z + length * forward.z);
    }
    return n;
}

// Adds the successors of a node whose middle and end are free.
static void add_free_successors(imp_escape_search *s, int index)
{
    const node from = s->nodes[index];
    for (primitive by = AHEAD; by < PRIMITIVE_COUNT; by++) {
        // test the middle of the primitive as well as its end
        const double half_turn = by == LEFT ? 0.5 : by == RIGHT ? -0.5 : 0.0;
        node half = move_node_by_straight(s, &from, by, 0.5),
             to = move_node_by_straight(s, &from, by, 1.0);
        imp_pose middle = node_pose(s, &half);
        middle.heading += half_turn * (2.0 * IMP_PI / HEADINGS);
        to.heading = (to.heading + (by == LEFT ? 1 : by == RIGHT ? HEADINGS - 1 : 0)) % HEADINGS;
        const int cell = cell_index(&to, CELL, SIDE, HEADINGS);
        const imp_pose end = node_pose(s, &to);
        if (cell < 0 || s->closed[cell] || !is_pose_valid_in_episode(s, middle) ||
            !is_pose_valid_in_episode(s, end))
            continue;
        // cost: the primitive, tightness, and a change of kind
        to.by = by;
        to.from = index;
        to.cost += COST_PRIMITIVE + (has_little_clearance(s, end) ? COST_TIGHT : 0) +
                   (from.by != by && from.by != NO_PRIMITIVE ? COST_SWITCH : 0);
        push_node(s, to);
    }
}

// Collects the stops of the path to a node: one where the kind of primitive changes. False if there
// are too many.
static bool trace_path(const imp_escape_search *s, int index, imp_escape_path *path)
{
    int stops = 0;
    primitive after = NO_PRIMITIVE;
    imp_pose backwards[IMP_ESCAPE_STOPS_MAX];
    // walk from the end to the start, then reverse
    for (int k = index; k >= 0; k = s->nodes[k].from) {
        if (s->nodes[k].by != after || s->nodes[k].from < 0) {
            if (stops == IMP_ESCAPE_STOPS_MAX)
                return false;
            backwards[stops++] = node_pose(s, &s->nodes[k]);
        }
        after = s->nodes[k].by;
    }
    for (int k = 0; k < stops; k++)
        path->stops[k] = backwards[stops - 1 - k];
    path->count = stops;
    return true;
}

// Whether a node is near a lane, in a coarse cell without an earlier candidate.
static bool mark_if_new_candidate(imp_escape_search *s, const node *n)
{
    imp_lane_position lane;
    const imp_world *world = s->env.world;
    if (!imp_world_lane_position(world, node_pose(s, n), &lane) || fabs(lane.angle) > LANE_ANGLE ||
        fabs(lane.distance) > LANE_DISTANCE * world->tile_size)
        return false;
    const int area = cell_index(n, CELL * SIDE / AREA_SIDE, AREA_SIDE, AREA_HEADINGS);
    if (area < 0 || s->offered[area])
        return false;
    s->offered[area] = true;
    s->candidate_count++;
    return true;
}

// Clears the search and adds the start node.
static void clear_search_and_add_start(imp_escape_search *s, const imp_env *env, imp_pose from)
{
    memset(s->closed, 0, sizeof s->closed);
    memset(s->offered, 0, sizeof s->offered);
    for (int k = 0; k < BUCKETS; k++)
        s->buckets[k] = -1;
    s->count = 0;
    s->cost = 0;
    s->candidate_count = 0;
    imp_env_copy(&s->env, env);
    s->start = from;
    push_node(s, (node){.by = NO_PRIMITIVE, .from = -1});
}

bool imp_escape_path_find(imp_escape_search *s, const imp_env *env, imp_pose from,
                          bool (*accept)(void *context, const imp_escape_path *path), void *context,
                          imp_escape_path *out)
{
    clear_search_and_add_start(s, env, from);
    for (int index; (index = pop_cheapest_node(s)) >= 0 && s->candidate_count < CANDIDATES_MAX;) {
        // a cell is closed by its cheapest node; candidates are offered to the caller
        const int cell = cell_index(&s->nodes[index], CELL, SIDE, HEADINGS);
        if (s->closed[cell])
            continue;
        s->closed[cell] = true;
        if (mark_if_new_candidate(s, &s->nodes[index]) && trace_path(s, index, out) &&
            accept(context, out))
            return true;
        add_free_successors(s, index);
    }
    return false;
}
