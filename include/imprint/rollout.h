/// imprint/rollout.h: the maps that episodes take place on, and who drives on them; a part
/// of imprint/learn.h, which includes it.
#ifndef IMPRINT_ROLLOUT_H
#define IMPRINT_ROLLOUT_H

#include "imprint/map_set.h"
#include "imprint/nn.h"
#include "imprint/policy.h"
#include "imprint/segmentation.h"

IMP_API_BEGIN

/// A kind of driver, opened once, of which every thread gets a policy of its own.
typedef struct imp_policy_factory imp_policy_factory;

enum { IMP_POLICY_IDENTITY_MAX = 64 };

/// Opens "expert", "reference", a plug-in (a path that ends in ".so", see imprint/plugin.h), or a
/// model: a file, or a folder that `imprint train` wrote. expert: the parameters of "expert". Freed
/// with imp_policy_factory_close() after the policies made from it.
imp_status imp_policy_factory_open(imp_policy_factory **out, const char *name_or_path,
                                   const imp_expert_def *expert, imp_error *err);
/// A kind of driver that others make: make(context, ...) gives a policy for one thread, and is
/// called for each. name: copied.
imp_status imp_policy_factory_open_custom(imp_policy_factory **out, const char *name,
                                          imp_status (*create_policy)(const void *context,
                                                                      imp_policy **out,
                                                                      imp_error *err),
                                          const void *context, imp_error *err);
void imp_policy_factory_close(imp_policy_factory *factory);             ///< nullable
const char *imp_policy_factory_name(const imp_policy_factory *factory); ///< as given
/// A name by what it is, wherever its file lies: "expert", "reference", a plug-in's name and a
/// number for the content of its file, or a network's architecture and a number for its weights,
/// those of the segmenter that it looks through included.
void imp_policy_factory_identity(const imp_policy_factory *factory,
                                 char out[IMP_POLICY_IDENTITY_MAX]);
bool imp_policy_factory_is_network(
    const imp_policy_factory *factory); ///< whether it looks at pictures
/// The network of a driver that is one, else NULL. Borrowed.
const imp_network *imp_policy_factory_network(const imp_policy_factory *factory);
/// Lets a network that was trained on segments look at pictures through a segmenter, a model of
/// `imprint seg-train`. IMP_USAGE for other drivers, IMP_BAD_INPUT if it is none or its segments
/// are of another size.
imp_status imp_policy_factory_set_segmenter(imp_policy_factory *factory, const char *segmenter,
                                            imp_error *err);
/// The segmenter that a network looks through, or NULL. Borrowed.
const imp_network *imp_policy_factory_segmenter(const imp_policy_factory *factory);
/// What a driver must be shown: pictures, but to networks that were trained on segments and do not
/// look through a segmenter.
imp_observation_kind imp_policy_factory_observation(const imp_policy_factory *factory);
/// Size of the observations that a network, its segmenter or a plug-in needs [px]; 0 and 0 for
/// policies that need none.
void imp_policy_factory_image_size(const imp_policy_factory *factory, int *width, int *height);
/// A policy for one thread. Freed with imp_policy_destroy().
imp_status imp_policy_factory_create(const imp_policy_factory *factory, imp_policy **out,
                                     imp_error *err);
/// Policies for `count` environments of one thread, which imp_policy_act_many() lets act together.
/// Each is freed with imp_policy_destroy(). After a failure there is none.
imp_status imp_policy_factory_create_many(const imp_policy_factory *factory, imp_policy **out,
                                          int count, imp_error *err);

/// Whether a network's training data have episodes on a map of that name. Its file tells
/// (docs/formats.md); of one that does not, and of experts: false.
bool imp_policy_factory_trained_on(const imp_policy_factory *factory, const char *map);

IMP_API_END

#endif
