// Policies by name: "expert", "pure-pursuit" (or "reference", its earlier name), a model, a
// plug-in; or a maker or a function that the caller passes. A factory holds what is loaded once,
// such as a network's weights; each policy that it creates has a copy of what it needs, so that
// threads share nothing that changes. Names are tried in that order, so a file named "expert" needs
// a path, as in ./expert.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/common/hash.h"
#include "base/io/file.h"
#include "base/io/file_type.h"
#include "base/text/plural.h"
#include "base/text/suggestion.h"
#include "evaluate/rollout/callback_policy.h"
#include "evaluate/rollout/network_policy.h"
#include "evaluate/rollout/plugin_policy.h"
#include "evaluate/rollout/segmented_policy.h"
#include "imprint/rollout.h"
#include "nn/network/network.h"

static const char PURE_PURSUIT[] = "pure-pursuit";

// Where the actions come from.
typedef enum policy_kind {
    POLICY_EXPERT,
    POLICY_PURE_PURSUIT,
    POLICY_NETWORK,
    POLICY_PLUGIN,
    POLICY_CALLBACK,
    POLICY_CUSTOM,
} policy_kind;

// Constant after it is opened, so that threads may create policies from it at once.
struct imp_policy_factory {
    policy_kind kind;
    // the caller's name or path, a copy
    char *name;
    int batch; // episodes that a thread drives in lock step
    // if kind is POLICY_EXPERT
    imp_expert_def expert;
    imp_plugin_library *plugin; // if kind is POLICY_PLUGIN
    imp_callback *callback;     // if kind is POLICY_CALLBACK
    imp_network *network;       // if kind is POLICY_NETWORK
    imp_network *segmenter;     // nullable: computes the network's semantic masks
    // if kind is POLICY_CUSTOM
    imp_status (*create_policy)(const void *context, imp_policy **out, imp_error *err);
    // passed to create_policy, and owned by the caller
    const void *context;
};

// Loads a model. Distinguishes a missing file from a misspelled name in the error message.
// A name with a slash or a dot is a path.
static imp_status load_policy_network(imp_policy_factory *factory, imp_error *err)
{
    const char *name = factory->name;
    const bool is_path = strchr(name, '/') != NULL || strchr(name, '.') != NULL;
    imp_file_type kind;
    // A file that exists but cannot be read has an error of its own.
    if (is_path && imp_file_type_detect(&kind, name, err) == IMP_IO)
        return IMP_IO;
    if (is_path && !imp_path_exists(name))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: no such file or folder; a policy is expert, pure-pursuit, a plug-in "
                        "(.so), or a model of imprint train",
                        name);
    // A source is neither a plug-in nor a model.
    if (imp_path_has_suffix(name, ".c"))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%.200s: is a source: compile it to a plug-in, cc -O2 -shared -fPIC -I "
                        "PREFIX/include -o %.*s.so %.200s -lm, and give that",
                        name, (int)strlen(name) - 2, name, name);
    if (imp_path_has_suffix(name, ".py"))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%.200s: is a source: a policy in Python drives in Python, where "
                        "imprint.evaluate() takes a function",
                        name);
    // Neither a path nor a known name: suggest a similar one.
    if (!imp_path_exists(name) && !imp_model_is_shipped(name)) {
        char hint[IMP_SUGGESTION_TEXT_MAX];
        imp_suggestion suggestion = imp_suggestion_begin(name, strlen(name));
        imp_suggestion_add_candidate(&suggestion, "expert");
        imp_suggestion_add_candidate(&suggestion, PURE_PURSUIT);
        for (int k = 0; imp_shipped_model_name(k) != NULL; k++)
            imp_suggestion_add_candidate(&suggestion, imp_shipped_model_name(k));
        imp_suggestion_format(&suggestion, hint);
        return imp_fail(err, IMP_BAD_INPUT, "unknown policy '%.200s'%s", name,
                        hint[0] != '\0' ? hint
                                        : ": give expert, pure-pursuit, a plug-in (.so), or a "
                                          "model's file or folder, as imprint train makes them");
    }
    return imp_network_load(&factory->network, factory->name, err);
}

// Allocates a factory with its name; all other members are 0.
static imp_status alloc_factory(imp_policy_factory **out, const char *name, imp_error *err)
{
    imp_policy_factory *factory = calloc(1, sizeof *factory);
    char *copy = strdup(name);
    if (factory == NULL || copy == NULL) {
        free(factory);
        free(copy);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    factory->name = copy;
    factory->batch = 1;
    *out = factory;
    return IMP_OK;
}

// The context belongs to the caller and must outlive the factory.
imp_status imp_policy_factory_open_custom(imp_policy_factory **out, const char *name,
                                          imp_status (*create_policy)(const void *context,
                                                                      imp_policy **out,
                                                                      imp_error *err),
                                          const void *context, imp_error *err)
{
    // The factory is handed out only when it is complete.
    imp_policy_factory *factory;
    const imp_status status = alloc_factory(&factory, name, err);
    if (status != IMP_OK)
        return status;
    factory->kind = POLICY_CUSTOM;
    factory->create_policy = create_policy;
    factory->context = context;
    *out = factory;
    return IMP_OK;
}

imp_status imp_policy_factory_open(imp_policy_factory **out, const char *name_or_path,
                                   const imp_expert_def *expert, imp_error *err)
{
    imp_policy_factory *factory;
    const bool earlier = strcmp(name_or_path, "reference") == 0;
    imp_status status = alloc_factory(&factory, earlier ? PURE_PURSUIT : name_or_path, err);
    if (status != IMP_OK)
        return status;
    const char *name = factory->name;
    // The name decides the kind: known names first, then plug-ins, else a model.
    factory->expert = expert != NULL ? *expert : imp_default_expert_def();
    if (strcmp(name, "expert") == 0) {
        factory->kind = POLICY_EXPERT;
    } else if (strcmp(name, PURE_PURSUIT) == 0) {
        factory->kind = POLICY_PURE_PURSUIT;
    } else if (imp_is_plugin_path(name) && imp_path_exists(name)) {
        factory->kind = POLICY_PLUGIN;
        status = imp_plugin_library_open(&factory->plugin, name, err);
    } else {
        factory->kind = POLICY_NETWORK;
        status = load_policy_network(factory, err);
    }
    if (status != IMP_OK) {
        imp_policy_factory_close(factory);
        return status;
    }
    *out = factory;
    return IMP_OK;
}

imp_status imp_policy_factory_open_callback(imp_policy_factory **out, const imp_callback_def *def,
                                            imp_error *err)
{
    imp_callback *callback;
    imp_policy_factory *factory = NULL;
    imp_status status = imp_callback_create(&callback, def, err);
    if (status != IMP_OK)
        return status;
    status = alloc_factory(&factory, def->name, err);
    if (status != IMP_OK) {
        imp_callback_destroy(callback);
        return status;
    }
    factory->kind = POLICY_CALLBACK;
    factory->callback = callback;
    status = imp_policy_factory_set_batch(factory, def->batch, err);
    if (status != IMP_OK) {
        imp_policy_factory_close(factory);
        return status;
    }
    *out = factory;
    return IMP_OK;
}

// Policies must be destroyed before.
void imp_policy_factory_close(imp_policy_factory *factory)
{
    if (factory == NULL)
        return;
    imp_plugin_library_close(factory->plugin);
    imp_callback_destroy(factory->callback);
    imp_network_destroy(factory->network);
    imp_network_destroy(factory->segmenter);
    free(factory->name);
    free(factory);
}

const char *imp_policy_factory_name(const imp_policy_factory *factory)
{
    return factory->name;
}

// The identity names what the actions follow from: paths may differ, contents may not.
void imp_policy_factory_identity(const imp_policy_factory *factory,
                                 char out[IMP_POLICY_IDENTITY_MAX])
{
    // A plug-in has the name in its table, and the hash of its file.
    if (factory->plugin != NULL) {
        snprintf(out, IMP_POLICY_IDENTITY_MAX, "%s-%016" PRIx64,
                 imp_plugin_library_table(factory->plugin)->name,
                 imp_plugin_library_hash(factory->plugin));
        return;
    }
    // A callback has the name and a hash of what the caller says its actions follow from.
    if (factory->callback != NULL && imp_callback_get_def(factory->callback)->identity != NULL) {
        snprintf(out, IMP_POLICY_IDENTITY_MAX, "%.40s-%016" PRIx64, factory->name,
                 imp_hash_text(IMP_HASH_START, imp_callback_get_def(factory->callback)->identity));
        return;
    }
    // The experts are part of the program, so their name identifies them.
    if (factory->network == NULL) {
        snprintf(out, IMP_POLICY_IDENTITY_MAX, "%.63s", factory->name);
        return;
    }
    // The segmenter changes the actions too, so it is part of the identity.
    uint64_t hash = imp_network_weights_hash(factory->network);
    if (factory->segmenter != NULL)
        hash = hash * IMP_HASH_PRIME + imp_network_weights_hash(factory->segmenter);
    // Architecture names may be long; the hash of the weights identifies a network.
    snprintf(out, IMP_POLICY_IDENTITY_MAX, "%.40s-%016" PRIx64,
             imp_network_info(factory->network)->architecture, hash);
}

bool imp_policy_factory_is_network(const imp_policy_factory *factory)
{
    return factory->kind == POLICY_NETWORK;
}

const imp_network *imp_policy_factory_network(const imp_policy_factory *factory)
{
    return factory->network;
}

const imp_network *imp_policy_factory_segmenter(const imp_policy_factory *factory)
{
    return factory->segmenter;
}

// Behind a segmenter, a network trained on masks sees images.
imp_observation_kind imp_policy_factory_observation(const imp_policy_factory *factory)
{
    if (factory->callback != NULL)
        return imp_callback_get_def(factory->callback)->observation;
    return factory->network == NULL || factory->segmenter != NULL
               ? IMP_OBSERVATION_IMAGE
               : imp_network_observation_kind(factory->network);
}

// 0 x 0 means that the policy takes any size. A segmenter, if there is one, sees the image first.
void imp_policy_factory_image_size(const imp_policy_factory *factory, int *width, int *height)
{
    *width = *height = 0;
    if (factory->callback != NULL) {
        const imp_callback_def *def = imp_callback_get_def(factory->callback);
        if (def->needs_observation) {
            *width = def->width;
            *height = def->height;
        }
        return;
    }
    if (factory->network == NULL) {
        // Experts need no image, plug-ins may.
        const imp_plugin *plugin =
            factory->plugin != NULL ? imp_plugin_library_table(factory->plugin) : NULL;
        *width = plugin != NULL ? plugin->image_width : 0;
        *height = plugin != NULL ? plugin->image_height : 0;
        return;
    }
    const imp_network_def *def =
        imp_network_info(factory->segmenter != NULL ? factory->segmenter : factory->network);
    *width = def->width;
    *height = def->height;
}

// Checks everything before the factory changes, so a failure leaves it as it was.
imp_status imp_policy_factory_set_segmenter(imp_policy_factory *factory, const char *path,
                                            imp_error *err)
{
    // Only a network that was trained on masks can act on those of a segmenter.
    imp_network *network;
    imp_segmenter *segmenter = NULL;
    if (factory->network == NULL ||
        imp_network_observation_kind(factory->network) != IMP_OBSERVATION_SEGMENTATION)
        return imp_fail(
            err, IMP_USAGE,
            "%s: the model was not trained on semantic masks, so it cannot use a segmenter",
            factory->name);
    imp_status status = imp_segmenter_load(&network, path, err);
    if (status != IMP_OK)
        return status;
    // Create a segmenter once to check that its masks have the policy's input size.
    const imp_network_def *wanted = imp_network_info(factory->network);
    status = imp_segmenter_create(&segmenter, network, err);
    if (status == IMP_OK && (imp_segmenter_width(segmenter) != wanted->width ||
                             imp_segmenter_height(segmenter) != wanted->height))
        status =
            imp_fail(err, IMP_BAD_INPUT, "%s: its semantic masks are %d x %d, %s needs %d x %d",
                     path, imp_segmenter_width(segmenter), imp_segmenter_height(segmenter),
                     factory->name, wanted->width, wanted->height);
    imp_segmenter_destroy(segmenter);
    if (status != IMP_OK) {
        imp_network_destroy(network);
        return status;
    }
    imp_network_destroy(factory->segmenter);
    factory->segmenter = network;
    return IMP_OK;
}

int imp_policy_factory_batch_size(const imp_policy_factory *factory)
{
    return factory->batch;
}

imp_status imp_policy_factory_set_batch(imp_policy_factory *factory, int batch, imp_error *err)
{
    if (batch < 1 || batch > IMP_POLICY_BATCH_MAX)
        return imp_fail(err, IMP_USAGE, "a batch of %s: choose 1 to %d",
                        IMP_PLURAL(batch, "episode"), IMP_POLICY_BATCH_MAX);
    factory->batch = batch;
    return IMP_OK;
}

// Creates policies that share one inference, each behind a segmenter if there is one.
// All of them are destroyed if one cannot be created.
static imp_status create_network_policies(const imp_policy_factory *factory, imp_policy **out,
                                          int count, imp_error *err)
{
    imp_status status = imp_network_policies_create(out, count, factory->network, err);
    if (factory->segmenter == NULL)
        return status;
    for (int k = 0; k < count && status == IMP_OK; k++) {
        status = imp_segmented_policy_wrap(&out[k], factory->segmenter, err);
        if (status == IMP_OK)
            continue;
        // The failed one is destroyed already: destroy the others.
        for (int i = 0; i < count; i++)
            if (i != k)
                imp_policy_destroy(out[i]);
    }
    return status;
}

// Experts and plug-ins are created one at a time; only networks and callbacks share work.
imp_status imp_policy_factory_create(const imp_policy_factory *factory, imp_policy **out,
                                     imp_error *err)
{
    switch (factory->kind) {
    case POLICY_EXPERT:
        return imp_expert_create(out, &factory->expert, err);
    case POLICY_PURE_PURSUIT:
        return imp_pure_pursuit_create(out, err);
    case POLICY_NETWORK:
        return create_network_policies(factory, out, 1, err);
    case POLICY_PLUGIN:
        return imp_plugin_policy_create(out, factory->plugin, err);
    case POLICY_CALLBACK:
        return imp_callback_policies_create(out, 1, factory->callback, err);
    case POLICY_CUSTOM:
        return factory->create_policy(factory->context, out, err);
    }
    return imp_fail(err, IMP_INTERNAL, "unknown kind of policy");
}

// All or none are created.
imp_status imp_policy_factory_create_many(const imp_policy_factory *factory, imp_policy **out,
                                          int count, imp_error *err)
{
    if (factory->kind == POLICY_NETWORK)
        return create_network_policies(factory, out, count, err);
    if (factory->kind == POLICY_CALLBACK)
        return imp_callback_policies_create(out, count, factory->callback, err);
    for (int k = 0; k < count; k++) {
        const imp_status status = imp_policy_factory_create(factory, &out[k], err);
        if (status == IMP_OK)
            continue;
        while (k > 0)
            imp_policy_destroy(out[--k]);
        return status;
    }
    return IMP_OK;
}

// Matches whole words of the list only.
bool imp_policy_factory_was_trained_on_map(const imp_policy_factory *factory, const char *map)
{
    if (!imp_policy_factory_is_network(factory))
        return false;
    // The metadata lists the maps' names, separated by spaces.
    // Models of older versions may lack the list: then the answer is no.
    const char *names = imp_network_metadata(imp_policy_factory_network(factory), "maps");
    const size_t length = strlen(map);
    for (const char *at = names; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, map, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}
