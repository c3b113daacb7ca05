// learn/imitation/dagger_table.h: the table of DAgger's rounds on the disk.
#ifndef IMP_LEARN_IMITATION_DAGGER_TABLE_H
#define IMP_LEARN_IMITATION_DAGGER_TABLE_H

#include "imprint/learn.h"

// Reads the rows of rounds.csv into out->rounds, which has room for those up to round `last`; more
// are refused. Without the file there are none. Numbers come back to the bit.
imp_status imp_dagger_table_read(imp_dagger_result *out, const char *folder, int last,
                                 imp_error *err);

// Writes rounds.svg, then rounds.csv. eval: what the rounds were evaluated with.
imp_status imp_dagger_table_write(const imp_dagger_result *out, const char *folder,
                                  const imp_eval_def *eval, imp_error *err);

// The round whose policy is the best on `episodes` starts: the one that loses fewest, where that
// differs by more than such counts do by chance, else the one that comes farthest on
// average. 0 while there is none.
int imp_dagger_table_find_best_round(const imp_dagger_result *out, int episodes);

#endif
