// own_expert.c: an expert of one's own as a plug-in: pure pursuit, with a random speed per episode.
// It includes one header of imprint and links nothing of it:
//
//     cc -O2 -shared -fPIC -I PREFIX/include -o own_expert.so own_expert.c -lm
//     imprint eval --policy ./own_expert.so
//     imprint dagger --expert ./own_expert.so
#include <imprint/plugin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// What one policy knows; every thread of the simulator has a policy of its own.
typedef struct pursuit {
    double speed; // wanted in this episode [m/s]
} pursuit;

static int32_t create(void **out, char *message, uint32_t message_size)
{
    pursuit *self = calloc(1, sizeof *self);
    if (self == NULL) {
        snprintf(message, message_size, "out of memory");
        return 1;
    }
    *out = self;
    return 0;
}

static void destroy(void *policy)
{
    free(policy);
}

// A number in [0, 1) that depends on the episode only, so that any thread gets the same one.
static double random_of_episode(const imp_plugin_state *state)
{
    uint64_t x = state->seed + 0x9E3779B97F4A7C15U * (state->episode + 1U);
    x ^= (uint64_t)state->environment << 32;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U; // SplitMix64 (Steele, Lea and Flood, 2014)
    x = (x ^ x >> 27) * 0x94D049BB133111EBU;
    return (double)((x ^ x >> 31) >> 11) / 9007199254740992.0;
}

static void reset(void *policy, const imp_plugin_state *state)
{
    pursuit *self = policy;
    self->speed = 0.2 + 0.1 * random_of_episode(state);
}

// Duty cycles for a speed [m/s] and a turn rate [rad/s]. A duty cycle of 1 on both wheels gives
// 0.6 m/s; a difference of 1 between them turns by 3.75 rad/s.
static imp_plugin_action wheels(double speed, double turn_rate)
{
    const double forward = speed / 0.6, turn = turn_rate / 7.5;
    return (imp_plugin_action){forward - turn, forward + turn};
}

// Steers towards a point of the lane ahead (Coulter, 1992): the arc that leads there has the
// curvature 2 y / d^2, where y is how far the point lies to the left and d is its distance.
static int32_t act(void *policy, const imp_plugin_state *state, const imp_plugin_image *image,
                   imp_plugin_action *out)
{
    const pursuit *self = policy;
    const double ahead = 0.25;
    imp_plugin_lane target;
    (void)image;
    if (!state->in_lane) { // off the road: go on slowly
        *out = wheels(0.05, 0.0);
        return 0;
    }
    // a point on the tangent, then the point of the lane that is nearest to it
    const double x = state->lane.x + ahead * state->lane.tangent_x;
    const double z = state->lane.z + ahead * state->lane.tangent_z;
    const double heading = atan2(-state->lane.tangent_z, state->lane.tangent_x);
    if (!state->world->find_lane(state->world, x, z, heading, &target))
        target = state->lane;
    const double dx = target.x - state->x, dz = target.z - state->z;
    const double left = -sin(state->heading) * dx - cos(state->heading) * dz;
    const double square = dx * dx + dz * dz;
    const double curvature = square > 1e-6 ? 2.0 * left / square : 0.0;
    *out = wheels(self->speed, self->speed * curvature);
    return 0;
}

const imp_plugin *imp_plugin_get(void)
{
    static const imp_plugin table = {
        .abi_version = IMP_PLUGIN_ABI_VERSION,
        .size = sizeof(imp_plugin),
        .name = "own-expert",
        .create = create,
        .destroy = destroy,
        .reset = reset,
        .act = act,
    };
    return &table;
}
