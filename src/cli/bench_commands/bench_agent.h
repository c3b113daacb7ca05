// cli/bench_commands/bench_agent.h: how fast an agent for the AI Driving Olympics answers.
#ifndef IMP_CLI_BENCH_COMMANDS_BENCH_AGENT_H
#define IMP_CLI_BENCH_COMMANDS_BENCH_AGENT_H

#include <jansson.h>

#include "imprint/base.h"

typedef struct imp_bench_agent_settings {
    const char *command; // nullable: imprint-agent
    const char *model;   // nullable: a network with random weights
    const char *map;
    int frames;
    bool sandbox; // if there is one
} imp_bench_agent_settings;

// Measures on one core, adds to results (names to {value, unit}), and prints rows if it is to.
imp_status imp_bench_agent(const imp_bench_agent_settings *s, json_t *results, bool print,
                           const imp_monitor *monitor, imp_error *err);

#endif
