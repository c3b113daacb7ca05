// Shortest ways over lanes, by correcting labels: a lane whose distance has shrunk goes to the end
// of a queue, and what follows it is looked at again when its turn comes. The queue holds each lane
// once at most, so its size is fixed. Nothing is allocated, since environments search while they
// step. Among equally short ways the one found first stays, so results are the same everywhere.
#include "sim/world/lane_search.h"

#include <math.h>

#include "sim/world/lane_graph.h"

// Lanes whose successors are to be looked at; a ring.
typedef struct lane_queue {
    int16_t lanes[IMP_ROUTE_LANES_MAX];
    bool contains[IMP_ROUTE_LANES_MAX];
    int begin, count;
} lane_queue;

static void append_to_queue(lane_queue *queue, int lane)
{
    if (queue->contains[lane])
        return;
    queue->contains[lane] = true;
    queue->lanes[(queue->begin + queue->count++) % IMP_ROUTE_LANES_MAX] = (int16_t)lane;
}

static int take_from_queue(lane_queue *queue)
{
    const int lane = queue->lanes[queue->begin];
    queue->begin = (queue->begin + 1) % IMP_ROUTE_LANES_MAX;
    queue->count--;
    queue->contains[lane] = false;
    return lane;
}

// Offers the lanes after a lane a way that is `distance` long.
static void offer_route_to_successor_lanes(imp_lane_search *search, const imp_world *world,
                                           lane_queue *queue, int lane, bool first, double distance)
{
    int next[IMP_LANES_AFTER_MAX];
    const int count = imp_lane_find_passable_successors(world, &world->curves[lane], next);
    const bool choice =
        count > 1 && imp_tile_is_intersection(&world->tiles[imp_lane_tile(world, next[0])]);
    for (int k = 0; k < count; k++) {
        if (next[k] >= IMP_ROUTE_LANES_MAX || (float)distance >= search->distance[next[k]])
            continue;
        search->distance[next[k]] = (float)distance;
        search->before[next[k]] = (int16_t)lane;
        search->first[next[k]] = first;
        search->choices[next[k]] = (uint16_t)((first ? 0 : search->choices[lane]) + choice);
        append_to_queue(queue, next[k]);
    }
}

void imp_lane_search_run(imp_lane_search *search, const imp_world *world, const int *from,
                         int count, double offset)
{
    lane_queue queue = {.begin = 0};
    for (int k = 0; k < IMP_ROUTE_LANES_MAX; k++) {
        search->distance[k] = INFINITY;
        search->before[k] = -1;
        search->first[k] = false;
        search->choices[k] = 0;
    }
    // lanes where ways begin have no distance of their own, so that ways may lead back to them
    for (int k = 0; k < count; k++)
        offer_route_to_successor_lanes(search, world, &queue, from[k], true,
                                       offset + imp_lane_length(&world->curves[from[k]], NULL));
    while (queue.count > 0) {
        const int lane = take_from_queue(&queue);
        offer_route_to_successor_lanes(search, world, &queue, lane, false,
                                       search->distance[lane] +
                                           imp_lane_length(&world->curves[lane], NULL));
    }
}

int imp_lane_search_trace(const imp_lane_search *search, int to, int *lanes, int size)
{
    int count = 2;
    for (int lane = to; !search->first[lane]; lane = search->before[lane])
        count++;
    if (count > size)
        return count;
    int at = count - 1, lane = to;
    for (; !search->first[lane]; lane = search->before[lane])
        lanes[at--] = lane;
    lanes[at--] = lane;
    lanes[at] = search->before[lane];
    return count;
}

int imp_lane_search_second(const imp_lane_search *search, int to)
{
    while (!search->first[to])
        to = search->before[to];
    return to;
}

bool imp_lane_is_choice(const imp_world *world, int before, int lane)
{
    int next[IMP_LANES_AFTER_MAX];
    return imp_tile_is_intersection(&world->tiles[imp_lane_tile(world, lane)]) &&
           imp_lane_find_passable_successors(world, &world->curves[before], next) > 1;
}
