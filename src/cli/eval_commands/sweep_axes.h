// cli/eval_commands/sweep_axes.h: which values a sweep gives to the options of its command.
#ifndef IMP_CLI_EVAL_COMMANDS_SWEEP_AXES_H
#define IMP_CLI_EVAL_COMMANDS_SWEEP_AXES_H

#include "cli/options/options.h"

enum {
    IMP_SWEEP_AXES_MAX = 8,
    IMP_SWEEP_VALUES_MAX = 64,      // of one axis
    IMP_SWEEP_VALUE_TEXT_MAX = 128, // of one value
    IMP_SWEEP_CANDIDATES_MAX = 1000,
};

// An option that differs from candidate to candidate.
typedef struct imp_sweep_axis {
    char name[IMP_OPTION_NAME_MAX];
    bool random;                              // drawn, instead of each value with each other one
    int count;                                // of values; 0: a range
    char (*values)[IMP_SWEEP_VALUE_TEXT_MAX]; // owned, (count)
    double low, high;                         // of a range
    bool log, integer;                        // of a range: its scale, and what it holds
} imp_sweep_axis;

// One value for each axis.
typedef struct imp_sweep_candidate {
    char values[IMP_SWEEP_AXES_MAX][IMP_SWEEP_VALUE_TEXT_MAX];
    char name[24]; // "trial-1f0c2a9b": of its values, so that it stays the same if others are added
    int budget;    // epochs or rounds that it came to; 0: those of the command
} imp_sweep_candidate;

typedef struct imp_sweep_space {
    imp_sweep_axis axes[IMP_SWEEP_AXES_MAX];
    int axis_count;
    imp_sweep_candidate *candidates; // owned; without an axis one without values
    int candidate_count;
} imp_sweep_space;

// Reads the texts of --grid and --random. `command` has the options of the command: names are
// looked up there, but values are not checked. IMP_USAGE says what is wrong with which text. Free
// the space with imp_sweep_space_free(), after a failure too.
imp_status imp_sweep_space_read(imp_sweep_space *space, const imp_text_list *grid,
                                const imp_text_list *random, const imp_options *command,
                                imp_error *err);

// Makes the candidates: all combinations of the grid, each with `draws` draws of what is random.
imp_status imp_sweep_space_generate_candidates(imp_sweep_space *space, int draws, uint64_t seed,
                                               imp_error *err);

void imp_sweep_space_free(imp_sweep_space *space);

#endif
