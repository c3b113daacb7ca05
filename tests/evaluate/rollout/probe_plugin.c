// probe_plugin.c: a plug-in for test_plugin_policy.c: it keeps what it was last given, where the
// test can read it, and answers with an action out of range and one that is no number.
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "evaluate/rollout/probe_plugin.h"

#ifndef PROBE_VERSION
#define PROBE_VERSION IMP_PLUGIN_ABI_VERSION
#endif

__attribute__((visibility("default"))) probe_record probe_last;

static int32_t create(void **out, char *message, uint32_t message_size)
{
    (void)message, (void)message_size;
    probe_last = (probe_record){.created = probe_last.created + 1};
    *out = &probe_last;
    return 0;
}

static void destroy(void *policy)
{
    ((probe_record *)policy)->destroyed++;
}

// Keeps the state, and what the world answers about it.
static void record(probe_record *self, const imp_plugin_state *state)
{
    const imp_plugin_world *world = state->world;
    self->state = *state;
    self->found_lane =
        world->find_lane(world, state->x, state->z, state->heading + 0.1, &self->turned_lane);
    self->object_count = 0;
    for (int32_t k = -1; k <= world->object_count; k++)
        if (world->get_object(world, k, &self->objects[self->object_count]) &&
            self->object_count + 1 < PROBE_OBJECTS_MAX)
            self->object_count++;
}

static void reset(void *policy, const imp_plugin_state *state)
{
    probe_record *self = policy;
    self->resets++;
    record(self, state);
}

static int32_t act(void *policy, const imp_plugin_state *state, const imp_plugin_image *image,
                   imp_plugin_action *out)
{
    probe_record *self = policy;
    record(self, state);
    self->image = *image;
    *out = (imp_plugin_action){2.0, NAN};
    return state->frame >= 2 ? 6 : 0;
}

const imp_plugin *imp_plugin_get(void)
{
    static const imp_plugin table = {
        .abi_version = PROBE_VERSION,
        .size = sizeof(imp_plugin),
        .name = "probe",
        .image_width = 16,
        .image_height = 12,
        .create = create,
        .destroy = destroy,
        .reset = reset,
        .act = act,
    };
    return &table;
}
