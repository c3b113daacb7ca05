// Finds a path out of a tight place: Dijkstra's algorithm over poses that are reached by short
// straight pieces and by turns on the spot. A pose is kept as it is reached; poses in the same cell
// of a grid over position and heading count as the same. All memory is allocated beforehand.
#include <stdlib.h>
#include <string.h>

#include "base/common/vector2.h"
#include "sim/expert/escape_path.h"

enum {
    HEADINGS = 24,
    SIDE = 56,      // of the grid [cells]
    AREA_SIDE = 14, // of the coarser one, in which one pose is offered [cells]
    AREA_HEADINGS = 8,
    NODES_MAX = 1 << 15,
    CANDIDATES_MAX = 80,
    // costs; the worst piece must be cheaper than there are buckets
    COST_PRIMITIVE = 2,
    COST_SWITCH = 8, // between pieces of different kinds
    COST_TIGHT = 4,
    BUCKETS = 16,
};

static const double PRIMITIVE_LENGTH = 0.04; // length of a straight piece [m]
static const double CELL = 0.025;            // [m]
static const double SEARCH_RADIUS = 0.68;    // no farther from the start [m]
// A pose is tight where a robot so much larger, or shifted so far [m], would not stand freely.
static const double CLEARANCE_SCALE = 1.2, CLEARANCE_SHIFT = 0.02;
// A path ends no farther than this from a lane [tiles], [rad].
static const double LANE_DISTANCE = 0.2, LANE_ANGLE = 0.6;

typedef enum primitive { AHEAD, BACK, LEFT, RIGHT, PRIMITIVE_COUNT, NO_PRIMITIVE } primitive;

typedef struct node {
    float x, z;   // from the start [m]
    int heading;  // from the start's, in turns of one piece
    primitive by; // that leads here
    int from;     // the node before, or -1
    int cost;
    int next_in_bucket; // the next in its bucket, or -1
} node;

struct imp_escape_search {
    node nodes[NODES_MAX];
    int count;
    int buckets[BUCKETS]; // nodes to look at by cost modulo BUCKETS
    int cost;             // of those that are looked at
    bool closed[SIDE * SIDE * HEADINGS];
    bool offered[AREA_SIDE * AREA_SIDE * AREA_HEADINGS];
    int candidate_count;
    imp_env env; // to try poses in
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

static imp_pose node_pose(const imp_escape_search *s, const node *n)
{
    return (imp_pose){s->start.x + (double)n->x, s->start.z + (double)n->z,
                      imp_wrap_angle(s->start.heading + n->heading * (2.0 * IMP_PI / HEADINGS))};
}

static imp_pose shift_pose(imp_pose pose, double ahead, double right)
{
    const imp_vec2 forward = imp_heading_direction(pose.heading),
                   aside = imp_vec2_turn_right(forward);
    return (imp_pose){pose.x + ahead * forward.x + right * aside.x,
                      pose.z + ahead * forward.z + right * aside.z, pose.heading};
}

// Whether the episode would go on with the robot there.
static bool is_pose_free(imp_escape_search *s, imp_pose pose)
{
    if (s->env.def.rules == IMP_RULES_SIMULATOR)
        return imp_env_is_valid_pose(&s->env, pose, 1.0);
    s->env.pose = pose;
    return imp_env_challenge_end_reason(&s->env) == IMP_END_NONE;
}

static bool is_tight_pose(imp_escape_search *s, imp_pose pose)
{
    return !imp_env_is_on_road(s->env.world, pose, CLEARANCE_SCALE) ||
           !is_pose_free(s, shift_pose(pose, CLEARANCE_SHIFT, 0.0)) ||
           !is_pose_free(s, shift_pose(pose, -CLEARANCE_SHIFT, 0.0)) ||
           !is_pose_free(s, shift_pose(pose, 0.0, CLEARANCE_SHIFT)) ||
           !is_pose_free(s, shift_pose(pose, 0.0, -CLEARANCE_SHIFT));
}

// The cell of a grid with so many cells across the reach; -1 outside.
static int cell_index(const node *n, double size, int side, int headings)
{
    const int i = (int)floor((double)n->x / size + 0.5 * side);
    const int j = (int)floor((double)n->z / size + 0.5 * side);
    if (hypot((double)n->x, (double)n->z) > SEARCH_RADIUS || i < 0 || i >= side || j < 0 ||
        j >= side)
        return -1;
    return (j * side + i) * headings + n->heading * headings / HEADINGS;
}

static void push_node(imp_escape_search *s, node n)
{
    if (s->count == NODES_MAX)
        return;
    int *bucket = &s->buckets[n.cost % BUCKETS];
    n.next_in_bucket = *bucket;
    *bucket = s->count;
    s->nodes[s->count++] = n;
}

// The cheapest node that is left, or -1.
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

// A share of a piece from a node on.
static node apply_primitive(const imp_escape_search *s, const node *from, primitive by,
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

static void expand_node(imp_escape_search *s, int index)
{
    const node from = s->nodes[index];
    for (primitive by = AHEAD; by < PRIMITIVE_COUNT; by++) {
        const double half_turn = by == LEFT ? 0.5 : by == RIGHT ? -0.5 : 0.0;
        node half = apply_primitive(s, &from, by, 0.5), to = apply_primitive(s, &from, by, 1.0);
        imp_pose middle = node_pose(s, &half);
        middle.heading += half_turn * (2.0 * IMP_PI / HEADINGS);
        to.heading = (to.heading + (by == LEFT ? 1 : by == RIGHT ? HEADINGS - 1 : 0)) % HEADINGS;
        const int cell = cell_index(&to, CELL, SIDE, HEADINGS);
        const imp_pose end = node_pose(s, &to);
        if (cell < 0 || s->closed[cell] || !is_pose_free(s, middle) || !is_pose_free(s, end))
            continue;
        to.by = by;
        to.from = index;
        to.cost += COST_PRIMITIVE + (is_tight_pose(s, end) ? COST_TIGHT : 0) +
                   (from.by != by && from.by != NO_PRIMITIVE ? COST_SWITCH : 0);
        push_node(s, to);
    }
}

// The stops on the path to a node; false if there are too many.
static bool trace_path(const imp_escape_search *s, int index, imp_escape_path *path)
{
    int stops = 0;
    primitive after = NO_PRIMITIVE;
    imp_pose backwards[IMP_ESCAPE_STOPS_MAX];
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

// Whether a node lies near a lane, in a place of which none was offered before.
static bool is_new_candidate(imp_escape_search *s, const node *n)
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

static void init_search(imp_escape_search *s, const imp_env *env, imp_pose from)
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
    init_search(s, env, from);
    for (int index; (index = pop_cheapest_node(s)) >= 0 && s->candidate_count < CANDIDATES_MAX;) {
        const int cell = cell_index(&s->nodes[index], CELL, SIDE, HEADINGS);
        if (s->closed[cell])
            continue;
        s->closed[cell] = true;
        if (is_new_candidate(s, &s->nodes[index]) && trace_path(s, index, out) &&
            accept(context, out))
            return true;
        expand_node(s, index);
    }
    return false;
}
