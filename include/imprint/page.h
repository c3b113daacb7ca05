/// imprint/page.h: the simulator as one HTML file, which opens without a network or a server. The
/// file holds the simulator, the networks' engine and the drawing, compiled to WebAssembly, with
/// maps and policies. docs/page.md shows what can be done in it.
#ifndef IMPRINT_PAGE_H
#define IMPRINT_PAGE_H

#include "imprint/demonstration.h"
#include "imprint/rollout.h"
#include "imprint/sim.h"

IMP_API_BEGIN

enum { IMP_PAGE_POLICIES_MAX = 16, IMP_PAGE_EPISODES_MAX = 1000 };

/// A drive that a page brings with it, to look at and to drive on from. Borrowed.
typedef struct imp_page_episode {
    const char *name; ///< `#episode=NAME` behind the page's address opens it
    const imp_demonstration *drive;
} imp_page_episode;

/// What a page holds. Obtain with imp_default_page_def(), then change fields. Everything is
/// borrowed while the page is written.
typedef struct imp_page_def {
    const char *title; ///< "imprint"
    /// (map_count) names or paths of maps, of which the first is shown first. The built-in maps
    /// follow them. NULL: loop_empty is first
    const char *const *maps;
    int map_count; ///< 0
    /// (policy_count) policies beside the experts, which are always there: networks that see images
    /// or semantic masks. The first one drives first.
    const imp_policy_factory *const *policies;
    int policy_count;                 ///< 0, at most IMP_PAGE_POLICIES_MAX
    const imp_page_episode *episodes; ///< (episode_count) NULL
    int episode_count;                ///< 0, at most IMP_PAGE_EPISODES_MAX
    imp_env_def env;                  ///< settings of the episodes; max_steps is 9000
    /// Words of imp_randomization_parse_list() that are switched on first; "none"
    const char *randomize;
    int cookie;
} imp_page_def;

imp_page_def imp_default_page_def(void);

/// Whether the library was built with a compiler for WebAssembly, so that it can write pages.
bool imp_page_is_available(void);

/// Whether a page can hold a policy. Otherwise IMP_USAGE with the reason: it is no network, looks
/// through a segmenter, or was trained with a lens of its own.
imp_status imp_page_check_policy(const imp_policy_factory *policy, imp_error *err);

/// Writes a page, atomically. Maps of the episodes that are not built in come with them. Fails
/// as imp_page_check_policy() does, with IMP_USAGE, naming what to install, if the library was
/// built without a compiler for WebAssembly, with IMP_BAD_INPUT if two maps of one name differ, and
/// as imp_map_set_load() does.
imp_status imp_page_write(const char *path, const imp_page_def *def, imp_error *err);

IMP_API_END

#endif
