// data/dataset/episode_conditions.h: the numbers of the table of conditions that hold throughout an
// episode, as its attributes.
#ifndef IMP_DATA_DATASET_EPISODE_CONDITIONS_H
#define IMP_DATA_DATASET_EPISODE_CONDITIONS_H

#include "data/hdf5/hdf5_file.h"
#include "imprint/dataset.h"

// What holds in a dataset's episodes unless they say otherwise: what is usual, and the numbers of
// the dataset's robot.
imp_conditions imp_dataset_default_conditions(const imp_dataset_info *info);

// Whether a number is stored with the episode: it holds throughout, and is not the dataset's.
bool imp_episode_has_condition(const imp_episode *episode, const imp_conditions *defaults,
                               int condition);

// Writes the numbers that are stored, and reads them; those without an attribute are the dataset's.
// False: an attribute cannot be written, or is damaged.
bool imp_episode_conditions_write(hid_t group, const imp_conditions *defaults,
                                  const imp_episode *episode);
bool imp_episode_conditions_read(hid_t group, const imp_conditions *defaults, imp_episode *episode);

#endif
