// Policies of shared objects. The file is loaded with dlopen() and asked for its table of functions
// once; each policy then translates between imp_env and the plug-in's fixed-size types. The content
// hash of the file is part of what datasets and models follow from, so that --resume refuses a
// plug-in that was compiled anew with other code.
#include "evaluate/rollout/plugin_policy.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/content_hash.h"
#include "base/io/file.h"
#include "evaluate/rollout/policy_state.h"

// A loaded file. It must stay open while policies from it exist.
struct imp_plugin_library {
    void *handle; // of dlopen()
    const imp_plugin *table;
    // of the file's content
    uint64_t hash;
};

// Shared objects are recognised by their suffix.
bool imp_is_plugin_path(const char *name_or_path)
{
    return imp_path_has_suffix(name_or_path, ".so");
}

// Names appear in tables and file names, so only safe characters are allowed.
static bool is_plugin_name(const char *name)
{
    enum { NAME_MAX_LENGTH = 39 };
    if (name == NULL || name[0] == '\0' || strlen(name) > NAME_MAX_LENGTH)
        return false;
    // A name may not contain slashes, blanks or control characters.
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return false;
    return true;
}

// Checks a plug-in's table before anything in it is called.
static imp_status check_plugin_table(const imp_plugin *table, const char *path, imp_error *err)
{
    enum { IMAGE_SIDE_MAX = 8192 };
    // Only the first member has the same place in all versions.
    if (table == NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: its imp_plugin_get() returns NULL", path);
    if (table->abi_version != IMP_PLUGIN_ABI_VERSION)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: was compiled for version %u of the plug-in interface, this is version "
                        "%u",
                        path, (unsigned)table->abi_version, (unsigned)IMP_PLUGIN_ABI_VERSION);
    // The size tells whether the table was compiled with all members of this version.
    if (table->size < sizeof *table || table->create == NULL || table->destroy == NULL ||
        table->reset == NULL || table->act == NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: its table of functions is incomplete", path);
    if (!is_plugin_name(table->name))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: its name must be 1 to 39 letters, digits, '-', '_' or '.'", path);
    // A size of 0 x 0 means that the plug-in needs no image.
    const int width = table->image_width, height = table->image_height;
    if (width < 0 || height < 0 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX ||
        (width == 0) != (height == 0))
        return imp_fail(err, IMP_BAD_INPUT, "%s: cannot have images of %d x %d", path, width,
                        height);
    return IMP_OK;
}

// Opens the file and checks its table; the caller closes the library after a failure.
static imp_status load_plugin_table(imp_plugin_library *library, const char *path, imp_error *err)
{
    // dlopen() would search system folders for a name without a slash.
    char full_path[IMP_PATH_MAX];
    const char *folder = strchr(path, '/') != NULL ? "" : "./";
    if ((size_t)snprintf(full_path, sizeof full_path, "%s%s", folder, path) >= sizeof full_path)
        return imp_fail(err, IMP_IO, "%.200s...: the path is too long", path);
    library->handle = dlopen(full_path, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL)
        return imp_fail(err, IMP_BAD_INPUT, "%s: cannot be loaded as a shared object: %s", path,
                        dlerror());
    // POSIX lets pointers to data hold functions; C has no conversion
    const imp_plugin *(*get)(void);
    *(void **)&get = dlsym(library->handle, "imp_plugin_get");
    if (get == NULL)
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: is no policy plug-in: it does not define imp_plugin_get()", path);
    library->table = get();
    return check_plugin_table(library->table, path, err);
}

// The hash is computed first: it needs nothing from the code in the file.
imp_status imp_plugin_library_open(imp_plugin_library **out, const char *path, imp_error *err)
{
    imp_plugin_library *library = calloc(1, sizeof *library);
    if (library == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a plug-in");
    imp_status status = imp_content_hash(&library->hash, path, err);
    if (status == IMP_OK)
        status = load_plugin_table(library, path, err);
    if (status != IMP_OK) {
        imp_plugin_library_close(library);
        return status;
    }
    *out = library;
    return IMP_OK;
}

void imp_plugin_library_close(imp_plugin_library *library)
{
    if (library == NULL)
        return;
    if (library->handle != NULL)
        dlclose(library->handle);
    free(library);
}

const imp_plugin *imp_plugin_library_table(const imp_plugin_library *library)
{
    return library->table;
}

uint64_t imp_plugin_library_hash(const imp_plugin_library *library)
{
    return library->hash;
}

// Each policy has a table of functions of its own, because name and need of images vary.
typedef struct plugin_policy {
    imp_policy policy;
    imp_policy_vtable vtable;
    const imp_plugin *table;
    void *self; // the plug-in's own
    // text that failure_reason points to
    char failure[64];
} plugin_policy;

// Copies a lane position; distances in m, angles in rad.
static imp_plugin_lane to_plugin_lane(const imp_lane_position *lane)
{
    return (imp_plugin_lane){lane->distance, lane->angle,     lane->point.x,
                             lane->point.z,  lane->tangent.x, lane->tangent.z};
}

// Callback of plug-ins: the lane position of any pose. Returns 0 off the lanes.
static int32_t find_plugin_lane(const imp_plugin_world *world, double x, double z, double heading,
                                imp_plugin_lane *out)
{
    const imp_env *env = world->context;
    imp_lane_position lane;
    if (!imp_world_lane_position(env->world, (imp_pose){x, z, heading}, &lane))
        return 0;
    *out = to_plugin_lane(&lane);
    return 1;
}

// Callback of plug-ins: object number `index`. Returns 0 if there is none in this episode.
static int32_t get_plugin_object(const imp_plugin_world *world, int32_t index,
                                 imp_plugin_object *out)
{
    static const char *const kinds[] = {
#define OBJECT_KIND(name, word, ...) word,
        IMP_OBJECT_MAP(OBJECT_KIND)
#undef OBJECT_KIND
    };
    // objects that are not there in this episode are skipped
    const imp_env *env = world->context;
    imp_object_place place;
    if (index < 0 || index >= env->world->object_count ||
        !imp_find_object_place(&place, env, index))
        return 0;
    const imp_object *object = &env->world->objects[index];
    *out = (imp_plugin_object){.x = place.position.x,
                               .z = place.position.z,
                               .heading = place.heading,
                               .radius = place.radius,
                               .solid = object->solid,
                               .moving = place.moving};
    snprintf(out->kind, sizeof out->kind, "%s", kinds[object->kind]);
    return 1;
}

// The callbacks get the environment back as context; it is valid during one call only.
static imp_plugin_world to_plugin_world(const imp_env *env)
{
    return (imp_plugin_world){env, find_plugin_lane, get_plugin_object, env->world->object_count};
}

// Copies the state of an environment to the plug-in's fixed-size type.
static imp_plugin_state to_plugin_state(const imp_env *env, const imp_plugin_world *world)
{
    imp_plugin_state state = {
        .map = env->world->name,
        .world = world,
        .seed = env->def.seed,
        .environment = env->def.index,
        .episode = env->episode,
        .frame = env->frame,
        .in_lane = env->in_lane,
        .time_step = env->def.drive.time_step * env->def.frame_skip,
        .x = env->pose.x,
        .z = env->pose.z,
        .heading = env->pose.heading,
        .speed = env->drive.speed,
        .turn_rate = env->drive.turn_rate,
        .last_left = env->action.left,
        .last_right = env->action.right,
        .wheel_distance = env->def.drive.wheel_distance,
        .tile_size = env->world->tile_size,
    };
    // Off the lanes `lane` stays zero.
    if (env->in_lane)
        state.lane = to_plugin_lane(&env->lane);
    return state;
}

// A new episode clears an earlier failure.
static void plugin_policy_reset(imp_policy *policy, const imp_env *env)
{
    plugin_policy *self = (plugin_policy *)policy;
    const imp_plugin_world world = to_plugin_world(env);
    const imp_plugin_state state = to_plugin_state(env, &world);
    policy->failure_reason = NULL;
    self->table->reset(self->self, &state);
}

// Calls the plug-in. A code other than 0 is a failure; the robot then stands still.
static imp_action plugin_policy_act(imp_policy *policy, const imp_env *env,
                                    const uint8_t *observation)
{
    plugin_policy *self = (plugin_policy *)policy;
    const imp_plugin_world world = to_plugin_world(env);
    const imp_plugin_state state = to_plugin_state(env, &world);
    // Plug-ins without need of images get NULL.
    const bool looks = policy->vtable->needs_observation;
    const imp_plugin_image image = {looks ? observation : NULL, self->table->image_width,
                                    self->table->image_height};
    imp_plugin_action action = {0.0, 0.0};
    const int32_t code = self->table->act(self->self, &state, &image, &action);
    if (code != 0) {
        snprintf(self->failure, sizeof self->failure, "its act() returned %ld", (long)code);
        policy->failure_reason = self->failure;
        return (imp_action){0.0, 0.0};
    }
    // Duty cycles beyond 1 are clipped as for any policy.
    return imp_action_clip((imp_action){action.left, action.right});
}

// The plug-in frees its own part first.
static void plugin_policy_destroy(imp_policy *policy)
{
    plugin_policy *self = (plugin_policy *)policy;
    self->table->destroy(self->self);
    free(self);
}

imp_status imp_plugin_policy_create(imp_policy **out, const imp_plugin_library *library,
                                    imp_error *err)
{
    const imp_plugin *table = library->table;
    char message[256] = "";
    plugin_policy *self = calloc(1, sizeof *self);
    if (self == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    self->table = table;
    self->vtable = (imp_policy_vtable){.name = table->name,
                                       .needs_observation = table->image_width > 0,
                                       .reset = plugin_policy_reset,
                                       .act = plugin_policy_act,
                                       .destroy = plugin_policy_destroy};
    self->policy.vtable = &self->vtable;
    // The plug-in's message is terminated here, whatever it wrote.
    const int32_t code = table->create(&self->self, message, sizeof message);
    if (code != 0) {
        message[sizeof message - 1] = '\0';
        free(self);
        return imp_fail(err, IMP_BAD_INPUT, "%s: cannot create a policy: %s", table->name,
                        message[0] != '\0' ? message : "it gives no reason");
    }
    *out = &self->policy;
    return IMP_OK;
}
