// data/export/minari_id.h: ids of Minari datasets, NAMESPACE/NAME-vNUMBER. They must agree with the
// folders that the datasets are in.
#ifndef IMP_DATA_EXPORT_MINARI_ID_H
#define IMP_DATA_EXPORT_MINARI_ID_H

#include "base/io/file.h"

enum { IMP_MINARI_ID_MAX = 160 };

// Whether Minari accepts it as a dataset's id.
bool imp_minari_id_is_valid(const char *id);

// The folder in which Minari looks for datasets: $MINARI_DATASETS_PATH, else ~/.minari/datasets. ""
// if neither the variable nor the home folder is set.
imp_status imp_minari_datasets_folder(char out[IMP_PATH_MAX], imp_error *err);

// The id of a dataset in the folder `path`, which need not exist yet. Inside `root` its position
// determines the id, and *is_in_root is true. Elsewhere .../NAMESPACE/NAME-vNUMBER/data gives the
// id; "" if the path has no such form. IMP_USAGE for a position in root where Minari would not find
// it.
imp_status imp_minari_id_from_path(char out[IMP_MINARI_ID_MAX], bool *is_in_root, const char *path,
                                   const char *root, imp_error *err);

#endif
