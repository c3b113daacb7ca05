/// imprint/rollout.h: policy factories, which create policies by name: the expert, plug-ins and
/// models. Part of imprint/learn.h, which includes it.
#ifndef IMPRINT_ROLLOUT_H
#define IMPRINT_ROLLOUT_H

#include "imprint/map_set.h"
#include "imprint/nn.h"
#include "imprint/policy.h"
#include "imprint/segmentation.h"

IMP_API_BEGIN

/// A policy factory: loads a model or plug-in once and creates one policy per thread.
typedef struct imp_policy_factory imp_policy_factory;

enum { IMP_POLICY_IDENTITY_MAX = 64, IMP_POLICY_BATCH_MAX = 128 };

/// Opens "expert", "pure-pursuit", a plug-in (a path that ends in ".so", see imprint/plugin.h), or
/// a model: a file, or a folder that `imprint train` wrote. expert: the parameters of "expert";
/// NULL: the defaults.
/// Close it with imp_policy_factory_close() after destroying its policies.
imp_status imp_policy_factory_open(imp_policy_factory **out, const char *name_or_path,
                                   const imp_expert_def *expert, imp_error *err);
/// Opens a factory with a function of the caller: create_policy(context, ...) creates a policy for
/// one thread and is called once per thread. name: copied.
imp_status imp_policy_factory_open_custom(imp_policy_factory **out, const char *name,
                                          imp_status (*create_policy)(const void *context,
                                                                      imp_policy **out,
                                                                      imp_error *err),
                                          const void *context, imp_error *err);
void imp_policy_factory_close(imp_policy_factory *factory);             ///< nullable
const char *imp_policy_factory_name(const imp_policy_factory *factory); ///< as given
/// A name that depends on the content and not on the file's path: "expert", "pure-pursuit", a
/// plug-in's name and a number for the content of its file, or a network's architecture and a
/// number for its weights and its segmenter's.
void imp_policy_factory_identity(const imp_policy_factory *factory,
                                 char out[IMP_POLICY_IDENTITY_MAX]);
bool imp_policy_factory_is_network(const imp_policy_factory *factory); ///< whether it is a model
/// The network, if the policy is one, else NULL. Borrowed.
const imp_network *imp_policy_factory_network(const imp_policy_factory *factory);
/// Sets a segmenter, a model of `imprint seg-train`, for a network that was trained on semantic
/// masks; then it takes images. IMP_USAGE for other policies, IMP_BAD_INPUT if the file is not a
/// segmenter or its masks have another size.
imp_status imp_policy_factory_set_segmenter(imp_policy_factory *factory, const char *segmenter,
                                            imp_error *err);
/// The segmenter of a network, or NULL. Borrowed.
const imp_network *imp_policy_factory_segmenter(const imp_policy_factory *factory);
/// The observations that its policies need: images, or semantic masks for a network that was
/// trained on them and has no segmenter.
imp_observation_kind imp_policy_factory_observation(const imp_policy_factory *factory);
/// Size of the observations that a network, its segmenter or a plug-in needs [px]; 0 and 0 for
/// policies that need none.
void imp_policy_factory_image_size(const imp_policy_factory *factory, int *width, int *height);
/// How many episodes a thread drives in lock step with these policies, which then act together; 1.
/// More pays where a call costs much and its batch little, such as a call of Python. Results do not
/// depend on it.
int imp_policy_factory_batch_size(const imp_policy_factory *factory);
/// Sets it; IMP_USAGE outside 1 to IMP_POLICY_BATCH_MAX.
imp_status imp_policy_factory_set_batch(imp_policy_factory *factory, int batch, imp_error *err);
/// A policy for one thread. Destroy it with imp_policy_destroy().
imp_status imp_policy_factory_create(const imp_policy_factory *factory, imp_policy **out,
                                     imp_error *err);
/// Creates policies for `count` environments of one thread, which can act together with
/// imp_policy_act_many(). Destroy each with imp_policy_destroy(). A failure creates none.
imp_status imp_policy_factory_create_many(const imp_policy_factory *factory, imp_policy **out,
                                          int count, imp_error *err);

/// Whether a network's training data contain episodes on a map of that name, by the metadata of its
/// file (docs/formats.md). False without such metadata and for experts.
bool imp_policy_factory_was_trained_on_map(const imp_policy_factory *factory, const char *map);

IMP_API_END

#endif
