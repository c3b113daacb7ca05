#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/kind.h"
#include "base/plural.h"
#include "base/words.h"
#include "imprint/pipeline.h"
#include "nn/network.h"
#include "pipeline/spectacles.h"

typedef enum driver_kind {
    DRIVER_EXPERT,
    DRIVER_REFERENCE,
    DRIVER_NETWORK,
    DRIVER_FOREIGN,
} driver_kind;

struct imp_driver {
    driver_kind kind;
    char *name;
    imp_expert_def expert;
    imp_network *network;   // of DRIVER_NETWORK
    imp_network *segmenter; // nullable: that it looks through
    // of DRIVER_FOREIGN
    imp_status (*make)(const void *context, imp_policy **out, imp_error *err);
    const void *context;
};

static imp_status load_network(imp_driver *driver, imp_error *err)
{
    const char *name = driver->name;
    const bool is_path = strchr(name, '/') != NULL || strchr(name, '.') != NULL;
    imp_kind kind;
    if (is_path && imp_kind_find(&kind, name, err) == IMP_IO)
        return IMP_IO;
    if (is_path && !imp_path_exists(name))
        return imp_fail(err, IMP_BAD_INPUT,
                        "%s: no such file or folder; a policy is expert, reference, or a model of "
                        "imprint train",
                        name);
    if (!imp_path_exists(name)) {
        char hint[IMP_GUESS_TEXT];
        imp_guess guess = imp_guess_of(name, strlen(name));
        imp_guess_offer(&guess, "expert");
        imp_guess_offer(&guess, "reference");
        imp_guess_tell(&guess, hint);
        return imp_fail(err, IMP_BAD_INPUT, "unknown policy '%.200s'%s", name,
                        hint[0] != '\0' ? hint
                                        : ": give expert, reference, or a model's file or folder, "
                                          "as imprint train makes them");
    }
    return imp_network_load(&driver->network, driver->name, err);
}

static imp_status make_driver(imp_driver **out, const char *name, imp_error *err)
{
    imp_driver *driver = calloc(1, sizeof *driver);
    char *copy = strdup(name);
    if (driver == NULL || copy == NULL) {
        free(driver);
        free(copy);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    }
    driver->name = copy;
    *out = driver;
    return IMP_OK;
}

imp_status imp_driver_open_foreign(imp_driver **out, const char *name,
                                   imp_status (*make)(const void *context, imp_policy **out,
                                                      imp_error *err),
                                   const void *context, imp_error *err)
{
    imp_driver *driver;
    const imp_status status = make_driver(&driver, name, err);
    if (status != IMP_OK)
        return status;
    driver->kind = DRIVER_FOREIGN;
    driver->make = make;
    driver->context = context;
    *out = driver;
    return IMP_OK;
}

imp_status imp_driver_open(imp_driver **out, const char *name_or_path, const imp_expert_def *expert,
                           imp_error *err)
{
    imp_driver *driver;
    imp_status status = make_driver(&driver, name_or_path, err);
    if (status != IMP_OK)
        return status;
    const char *name = driver->name;
    driver->expert = *expert;
    if (strcmp(name, "expert") == 0) {
        driver->kind = DRIVER_EXPERT;
    } else if (strcmp(name, "reference") == 0) {
        driver->kind = DRIVER_REFERENCE;
    } else {
        driver->kind = DRIVER_NETWORK;
        status = load_network(driver, err);
    }
    if (status != IMP_OK) {
        imp_driver_close(driver);
        return status;
    }
    *out = driver;
    return IMP_OK;
}

void imp_driver_close(imp_driver *driver)
{
    if (driver == NULL)
        return;
    imp_network_destroy(driver->network);
    imp_network_destroy(driver->segmenter);
    free(driver->name);
    free(driver);
}

const char *imp_driver_name(const imp_driver *driver)
{
    return driver->name;
}

void imp_driver_identity(const imp_driver *driver, char out[IMP_DRIVER_IDENTITY_MAX])
{
    if (driver->network == NULL) {
        snprintf(out, IMP_DRIVER_IDENTITY_MAX, "%.63s", driver->name);
        return;
    }
    uint64_t hash = imp_weights_hash(driver->network);
    if (driver->segmenter != NULL)
        hash = hash * IMP_HASH_PRIME + imp_weights_hash(driver->segmenter);
    // names may be long, and the weights are what tells networks apart
    snprintf(out, IMP_DRIVER_IDENTITY_MAX, "%.40s-%016" PRIx64,
             imp_network_facts(driver->network)->architecture, hash);
}

bool imp_driver_is_network(const imp_driver *driver)
{
    return driver->kind == DRIVER_NETWORK;
}

const imp_network *imp_driver_network(const imp_driver *driver)
{
    return driver->network;
}

const imp_network *imp_driver_segmenter(const imp_driver *driver)
{
    return driver->segmenter;
}

imp_observation imp_driver_observation(const imp_driver *driver)
{
    return driver->network == NULL || driver->segmenter != NULL
               ? IMP_OBSERVATION_PICTURES
               : imp_network_observation(driver->network);
}

void imp_driver_size(const imp_driver *driver, int *width, int *height)
{
    const imp_network_def *def =
        imp_network_facts(driver->segmenter != NULL ? driver->segmenter : driver->network);
    *width = def->width;
    *height = def->height;
}

imp_status imp_driver_look_through(imp_driver *driver, const char *path, imp_error *err)
{
    imp_network *network;
    imp_segmenter *segmenter = NULL;
    if (driver->network == NULL ||
        imp_network_observation(driver->network) != IMP_OBSERVATION_SEGMENTS)
        return imp_fail(err, IMP_USAGE, "%s: was not trained on segments, which a segmenter gives",
                        driver->name);
    imp_status status = imp_segmenter_load(&network, path, err);
    if (status != IMP_OK)
        return status;
    const imp_network_def *wanted = imp_network_facts(driver->network);
    status = imp_segmenter_create(&segmenter, network, err);
    if (status == IMP_OK && (imp_segmenter_width(segmenter) != wanted->width ||
                             imp_segmenter_height(segmenter) != wanted->height))
        status = imp_fail(err, IMP_BAD_INPUT, "%s: gives %d x %d segments, %s wants %d x %d", path,
                          imp_segmenter_width(segmenter), imp_segmenter_height(segmenter),
                          driver->name, wanted->width, wanted->height);
    imp_segmenter_destroy(segmenter);
    if (status != IMP_OK) {
        imp_network_destroy(network);
        return status;
    }
    imp_network_destroy(driver->segmenter);
    driver->segmenter = network;
    return IMP_OK;
}

// A network as a policy: what it recalls in, two duty cycles out.
typedef struct network_policy {
    imp_policy policy;
    imp_inference *inference;
    imp_recall *recall;
    bool velocities; // what it gives
} network_policy;

static void network_begin(imp_policy *policy, const imp_env *env)
{
    (void)env;
    imp_recall_begin(((network_policy *)policy)->recall);
}

static imp_action network_act(imp_policy *policy, const imp_env *env, const uint8_t *observation)
{
    const network_policy *self = (network_policy *)policy;
    float out[2];
    if (env->frame > 0) // what was done may be another's wish, or disturbed
        imp_recall_do(self->recall, (float)env->action.left, (float)env->action.right);
    imp_recall_see(self->recall, observation);
    imp_inference_run(self->inference, imp_recall_frames(self->recall),
                      imp_recall_actions(self->recall), out);
    return imp_action_from_outputs(out, self->velocities);
}

static void network_destroy(imp_policy *policy)
{
    network_policy *self = (network_policy *)policy;
    imp_inference_destroy(self->inference);
    imp_recall_destroy(self->recall);
    free(self);
}

static imp_status network_policy_create(imp_policy **out, const imp_network *network,
                                        imp_error *err)
{
    static const imp_policy_class class = {"network", true, network_begin, network_act,
                                           network_destroy};
    if (imp_network_facts(network)->outputs != 2)
        return imp_fail(err, IMP_BAD_INPUT, "the model has %s, a driver needs 2",
                        IMP_COUNT(imp_network_facts(network)->outputs, "output"));
    network_policy *self = calloc(1, sizeof *self);
    if (self == NULL)
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a policy");
    self->policy.class = &class;
    self->velocities = imp_network_head(network) == IMP_HEAD_VELOCITIES;
    imp_status status = imp_inference_create(&self->inference, network, 1, err);
    if (status == IMP_OK)
        status = imp_recall_create(&self->recall, network, err);
    if (status != IMP_OK) {
        network_destroy(&self->policy);
        return status;
    }
    *out = &self->policy;
    return IMP_OK;
}

imp_status imp_driver_policy(const imp_driver *driver, imp_policy **out, imp_error *err)
{
    switch (driver->kind) {
    case DRIVER_EXPERT:
        return imp_expert_create(out, &driver->expert, err);
    case DRIVER_REFERENCE:
        return imp_reference_expert_create(out, err);
    case DRIVER_NETWORK: {
        const imp_status status = network_policy_create(out, driver->network, err);
        return status == IMP_OK && driver->segmenter != NULL
                   ? imp_spectacles_put_on(out, driver->segmenter, err)
                   : status;
    }
    case DRIVER_FOREIGN:
        return driver->make(driver->context, out, err);
    }
    return imp_fail(err, IMP_INTERNAL, "unknown kind of driver");
}
