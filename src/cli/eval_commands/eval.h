// cli/eval_commands/eval.h: `imprint eval` as the files that make it up share it.
#ifndef IMP_CLI_EVAL_COMMANDS_EVAL_H
#define IMP_CLI_EVAL_COMMANDS_EVAL_H

#include <jansson.h>

#include "cli/eval_commands/challenge_eval.h"
#include "cli/eval_commands/image_eval.h"
#include "cli/options/sim_options.h"
#include "imprint/failures.h"

typedef struct imp_eval_settings {
    imp_sim_options sim;
    imp_eval_def eval;
    imp_assets *assets; // NULL: ours
    imp_text_list policies;
    imp_text_list agents;       // commands
    imp_text_list participants; // of a challenge: policies, then agents
    const char *starts_path;    // of a table of starts; NULL: they are drawn
    imp_start_list starts;      // read from it
    uint64_t starts_hash;       // of the file's content
    const char *protocol;       // "baseline" or a challenge's name
    imp_challenge_eval_settings challenge_eval;
    const char *images; // table of labelled images to score instead of driving; or ""
    const char *out;    // NULL: write nothing
    bool force;
    const char *share;        // NULL: all episodes
    bool joins;               // parts are put together, nothing is driven
    int videos;               // of the worst episodes of each policy
    const char *video_format; // their extension without the dot
    int video_size[2];        // of each of their two views [px]
    bool robustness_test;     // find out what breaks them
    bool explain;             // find out why they failed
} imp_eval_settings;

typedef struct imp_eval_outcome {
    int count; // of policies that were evaluated
    imp_policy_factory *drivers[IMP_LIST_MAX];
    imp_eval_def defs[IMP_LIST_MAX];
    imp_evaluation evaluations[IMP_LIST_MAX];
    imp_robustness *robustness;     // (count) NULL unless asked for
    imp_failure_list *failures;     // (count) NULL unless asked for
    imp_image_scores *image_scores; // of --images; NULL: it was driven
    bool is_challenge;              // whether this holds what happened, not the above
    imp_challenge_eval_outcome challenge_eval;
} imp_eval_outcome;

// The map, or folder of maps, if only one was given.
const char *imp_eval_map_name(const imp_eval_settings *s);

// All that there is to say about an evaluation, as an object. stored: for a file, which equal
// evaluations write alike: it tells neither how long they took nor where policies and maps lie.
json_t *imp_eval_json(const imp_eval_settings *s, const imp_eval_outcome *o, bool stored);

// Statistics, with estimates as imp_estimate_json() gives them.
json_t *imp_eval_stats_json(const imp_eval_stats *stats);

// What breaks a policy, as a table and as an object.
void imp_robustness_print(const char *policy, const imp_robustness *robustness);
json_t *imp_robustness_json(const imp_robustness *robustness);

// Warns if a test map was among the training maps of a network.
void imp_eval_warn_training_maps(const imp_eval_settings *s, const imp_eval_outcome *o);

// Prints tables, and which maps networks were trained on.
void imp_eval_print(const imp_eval_settings *s, const imp_eval_outcome *o);

#endif
