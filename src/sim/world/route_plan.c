// Planned routes: places as text, and the shortest way between two of them with its commands.
#include "imprint/route.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/common/try.h"
#include "base/common/vector2.h"
#include "base/text/number_format.h"
#include "base/text/plural.h"
#include "sim/world/lane_graph.h"
#include "sim/world/lane_search.h"

// Headings in the order of quarter turns to the right from north.
static const char *const HEADINGS[] = {"north", "east", "south", "west"};
enum { HEADING_COUNT = 4 };

// The heading closest to a direction on the ground; z points south.
static int nearest_heading(imp_vec2 along)
{
    if (fabs(along.x) > fabs(along.z))
        return along.x > 0.0 ? 1 : 3;
    return along.z < 0.0 ? 0 : 2;
}

// The heading that a word or a letter stands for, or -1.
static int parse_heading(const char *word)
{
    for (int k = 0; k < HEADING_COUNT; k++)
        if (strcasecmp(word, HEADINGS[k]) == 0 ||
            (strlen(word) == 1 && strncasecmp(word, HEADINGS[k], 1) == 0))
            return k;
    return -1;
}

// Keeps the lane of a tile that has a number.
static imp_status select_numbered_lane(imp_route_place *place, const char *text, int number,
                                       imp_error *err)
{
    if (number >= place->count)
        return imp_fail(err, IMP_USAGE, "'%.60s': the tile has lanes 0 to %d", text,
                        place->count - 1);
    *place = (imp_route_place){{place->lanes[number]}, 1};
    return IMP_OK;
}

// Keeps the lanes of a tile that enter it in a direction.
static imp_status select_lanes_by_heading(imp_route_place *place, const imp_world *world,
                                          const char *text, int heading, imp_error *err)
{
    char entered[64] = "";
    int kept = 0;
    for (int k = 0; k < place->count; k++) {
        const int found = nearest_heading(imp_curve_start_tangent(&world->curves[place->lanes[k]]));
        if (strstr(entered, HEADINGS[found]) == NULL) {
            const size_t used = strlen(entered);
            snprintf(entered + used, sizeof entered - used, "%s%s", used > 0 ? ", " : "",
                     HEADINGS[found]);
        }
        if (found == heading)
            place->lanes[kept++] = place->lanes[k];
    }
    if (kept == 0)
        return imp_fail(err, IMP_USAGE,
                        "'%.60s': no lane enters the tile to the %s; headings of its lanes: %s",
                        text, HEADINGS[heading], entered);
    place->count = kept;
    return IMP_OK;
}

imp_status imp_route_place_of_tile(imp_route_place *out, const imp_world *world, int i, int j,
                                   imp_error *err)
{
    if (i < 0 || j < 0 || i >= world->columns || j >= world->rows)
        return imp_fail(err, IMP_USAGE, "'%d,%d' is off the map %s, whose tiles are 0,0 to %d,%d",
                        i, j, world->name, world->columns - 1, world->rows - 1);
    const imp_tile *tile = &world->tiles[j * world->columns + i];
    if (tile->curve_count == 0)
        return imp_fail(err, IMP_USAGE,
                        "'%d,%d': this tile (%s) has no lane; choose one with a road", i, j,
                        imp_tile_kind_name(tile->kind));
    out->count = 0;
    while (out->count < tile->curve_count && out->count < IMP_ROUTE_PLACE_LANES) {
        out->lanes[out->count] = tile->first_curve + out->count;
        out->count++;
    }
    return IMP_OK;
}

imp_status imp_route_place_parse(imp_route_place *out, const imp_world *world, const char *text,
                                 imp_error *err)
{
    int i, j, number;
    const char *at = text;
    const bool is_tile = imp_number_parse_whole(&i, &at) && *at++ == ',' &&
                         imp_number_parse_whole(&j, &at) && (*at == '\0' || *at == ':');
    if (!is_tile)
        return imp_fail(err, IMP_USAGE,
                        "'%.60s' is no place: write I,J or I,J:HEADING or I,J:LANE, such as 3,1 "
                        "or 3,1:north",
                        text);
    IMP_TRY(imp_route_place_of_tile(out, world, i, j, err));
    if (*at == '\0')
        return IMP_OK;
    const int heading = parse_heading(++at);
    if (heading >= 0)
        return select_lanes_by_heading(out, world, text, heading, err);
    if (!imp_number_parse_whole(&number, &at) || *at != '\0')
        return imp_fail(err, IMP_USAGE,
                        "'%.60s': after the colon goes north, east, south or west, or the number "
                        "of a lane",
                        text);
    return select_numbered_lane(out, text, number, err);
}

// The lane of a place that the search reached by the shortest way, or -1.
static int nearest_reached_lane(const imp_lane_search *search, const imp_route_place *to)
{
    int best = -1;
    for (int k = 0; k < to->count; k++) {
        const float distance = search->distance[to->lanes[k]];
        if (isfinite(distance) && (best < 0 || distance < search->distance[best]))
            best = to->lanes[k];
    }
    return best;
}

// Fills the steps of a plan from its lanes.
static void set_route_steps_from_lanes(imp_route_plan *plan, const imp_world *world,
                                       const int *lanes)
{
    double distance = 0.0;
    for (int k = 0; k < plan->count; k++) {
        const imp_curve *lane = &world->curves[lanes[k]];
        const bool chosen = k > 0 && imp_lane_is_choice(world, lanes[k - 1], lanes[k]);
        plan->steps[k] = (imp_route_step){
            .lane = lanes[k],
            .tile = imp_lane_tile(world, lanes[k]),
            .distance = distance,
            .command = chosen ? imp_lane_turn_direction(lane) : IMP_COMMAND_NONE,
        };
        plan->intersections += chosen;
        plan->length = distance;
        distance += imp_lane_length(lane, NULL);
    }
}

imp_status imp_route_plan_find(imp_route_plan *out, const imp_world *world,
                               const imp_route_place *from, const imp_route_place *to,
                               imp_error *err)
{
    if (world->curve_count > IMP_ROUTE_LANES_MAX)
        return imp_fail(err, IMP_USAGE, "%s has %s; routes are planned on maps of up to %d",
                        world->name, IMP_PLURAL(world->curve_count, "lane"), IMP_ROUTE_LANES_MAX);
    *out = (imp_route_plan){0};
    imp_lane_search *search = malloc(sizeof *search);
    int *lanes = malloc(IMP_ROUTE_LANES_MAX * sizeof *lanes);
    imp_status status = IMP_OK;
    if (search == NULL || lanes == NULL)
        status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a route");
    int end = -1;
    if (status == IMP_OK) {
        imp_lane_search_run(search, world, from->lanes, from->count, 0.0);
        end = nearest_reached_lane(search, to);
        if (end < 0)
            status = imp_fail(err, IMP_USAGE,
                              "no lane leads from the start to the end without turning round; "
                              "choose other tiles, or name no lane or heading");
    }
    if (status == IMP_OK) {
        out->count = imp_lane_search_trace(search, end, lanes, IMP_ROUTE_LANES_MAX);
        out->steps = malloc((size_t)out->count * sizeof *out->steps);
        if (out->steps == NULL)
            status = imp_fail(err, IMP_NO_MEMORY, "out of memory for a route");
        else
            set_route_steps_from_lanes(out, world, lanes);
    }
    free(lanes);
    free(search);
    return status;
}

void imp_route_plan_free(imp_route_plan *plan)
{
    if (plan == NULL)
        return;
    free(plan->steps);
    *plan = (imp_route_plan){0};
}
