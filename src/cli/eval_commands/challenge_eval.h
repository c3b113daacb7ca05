// cli/eval_commands/challenge_eval.h: `imprint eval --protocol aido-...`: policies in AI-DO's
// challenges.
#ifndef IMP_CLI_EVAL_COMMANDS_CHALLENGE_EVAL_H
#define IMP_CLI_EVAL_COMMANDS_CHALLENGE_EVAL_H

#include <jansson.h>

#include "cli/options/sim_options.h"

// What is wanted. Everything is borrowed.
typedef struct imp_challenge_eval_settings {
    imp_challenge_eval_def def;
    const imp_sim_options *sim;
    const imp_text_list *policies; // policies, then agents
    int first_agent;               // the first of them that is a command; their number if none is
    bool keep_messages;            // of agents, in out
    bool sandbox;                  // for agents
    double agent_timeout;          // for an agent's start and each of its replies [s]
    const imp_expert_def *expert;
    const char *out; // NULL: write nothing
} imp_challenge_eval_settings;

// How the policies did, and in which order they rank.
typedef struct imp_challenge_eval_outcome {
    int count;
    int best_first[IMP_LIST_MAX];
    int rank[IMP_LIST_MAX]; // of each policy, from 1; equals share one
    char identities[IMP_LIST_MAX][IMP_POLICY_IDENTITY_MAX]; // what they are called in files
    imp_challenge_result results_by_policy[IMP_LIST_MAX];
} imp_challenge_eval_outcome;

// Runs every policy, and writes the results if they are wanted as files.
imp_status imp_challenge_eval_run(imp_challenge_eval_outcome *outcome,
                                  const imp_challenge_eval_settings *settings,
                                  const imp_options *options, imp_error *err);

// The number of episodes that ended because a policy or agent failed.
int imp_challenge_eval_count_failures(const imp_challenge_eval_outcome *outcome);

// stored: as in imp_eval_json().
json_t *imp_challenge_eval_json(const imp_challenge_eval_settings *settings,
                                const imp_challenge_eval_outcome *outcome, bool stored);
void imp_challenge_eval_print(const imp_challenge_eval_settings *settings,
                              const imp_challenge_eval_outcome *outcome);
void imp_challenge_eval_outcome_free(imp_challenge_eval_outcome *outcome);

#endif
