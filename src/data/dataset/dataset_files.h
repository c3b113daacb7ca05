// data/dataset/dataset_files.h: names of files in the folder of a dataset.
#ifndef IMP_DATA_DATASET_DATASET_FILES_H
#define IMP_DATA_DATASET_DATASET_FILES_H

#define IMP_DATASET_INDEX_FILE "main_data.hdf5"
#define IMP_DATASET_METADATA_FILE "metadata.json"
// What the program keeps of its settings in every folder that it writes, before anything else.
#define IMP_SETTINGS_FILE_NAME "settings.yaml"
// Some images of the first episode, which the program writes beside a dataset.
#define IMP_DATASET_PREVIEW_FILE "observations.png"

#endif
