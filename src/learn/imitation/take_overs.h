// learn/imitation/take_overs.h: rounds of DAgger whose data are drives in which a person took over.
#ifndef IMP_LEARN_IMITATION_TAKE_OVERS_H
#define IMP_LEARN_IMITATION_TAKE_OVERS_H

#include "imprint/dagger.h"

// Whether a round's data are take-overs that were imported before. What does not exist yet is not.
imp_status imp_is_take_over_dataset(bool *out, const char *folder, imp_error *err);

// Imports def->take_overs as a round's data: the person's actions are the labels, seen as the other
// rounds are. Drives that were imported before are compared. Fails as imp_import_drives() does.
imp_status imp_take_overs_import(const char *folder, const imp_dagger_def *def,
                                 const imp_monitor *monitor, imp_error *err);

// The share of a round's steps that the person drove.
imp_status imp_take_overs_person_fraction(double *share, const char *folder, imp_error *err);

#endif
