/// imprint/page.h: the simulator as one HTML file, which opens without a network or a server. The
/// file holds the simulator, the networks' engine and the drawing, compiled to WebAssembly, with
/// maps and policies. docs/page.md shows what can be done in it.
#ifndef IMPRINT_PAGE_H
#define IMPRINT_PAGE_H

#include "imprint/rollout.h"
#include "imprint/sim.h"

IMP_API_BEGIN

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
    int policy_count; ///< 0, at most 16
    imp_env_def env;  ///< settings of the episodes; max_steps is 9000
    /// Words of imp_randomization_parse_list() that are switched on first; "none"
    const char *randomize;
    int cookie;
} imp_page_def;

imp_page_def imp_default_page_def(void);

/// Whether the library was built with a compiler for WebAssembly, so that it can write pages.
bool imp_page_is_available(void);

/// Writes a page, atomically. Fails with IMP_USAGE for policies that are no networks or that look
/// through a segmenter, with IMP_USAGE, naming what to install, if the library was built
/// without a compiler for WebAssembly, and as imp_map_set_load() does.
imp_status imp_page_write(const char *path, const imp_page_def *def, imp_error *err);

IMP_API_END

#endif
