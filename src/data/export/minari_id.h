// data/export/minari_id.h: the names of Minari's datasets, NAMESPACE/NAME-vNUMBER, which must be
// those of the folders that they are in.
#ifndef IMP_DATA_EXPORT_MINARI_ID_H
#define IMP_DATA_EXPORT_MINARI_ID_H

#include "base/io/file.h"

enum { IMP_MINARI_ID_MAX = 160 };

// Whether Minari takes it for a dataset's id.
bool imp_minari_id_is_valid(const char *id);

// The folder that Minari looks for datasets in: $MINARI_DATASETS_PATH, else ~/.minari/datasets; ""
// if there is neither variable nor home.
imp_status imp_minari_datasets_folder(char out[IMP_PATH_MAX], imp_error *err);

// The id of a dataset in the folder path, which need not exist yet. Within root, its place says it,
// and *listed is true; elsewhere what .../NAMESPACE/NAME-vNUMBER/data is called so, and "" if path
// says nothing. IMP_USAGE for a place in root where Minari would not find it.
imp_status imp_minari_id_from_path(char out[IMP_MINARI_ID_MAX], bool *is_in_root, const char *path,
                                   const char *root, imp_error *err);

#endif
