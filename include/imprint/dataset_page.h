/// imprint/dataset_page.h: a dataset as one HTML file, to look at its episodes and to mark bad
/// ones. The file opens without a network or a server. docs/datasets.md shows what can be done in
/// it.
#ifndef IMPRINT_DATASET_PAGE_H
#define IMPRINT_DATASET_PAGE_H

#include "imprint/dataset_edit.h"

IMP_API_BEGIN

/// What a page holds. Obtain with imp_default_dataset_page_def(), then change fields.
typedef struct imp_dataset_page_def {
    const char *title; ///< ""; borrowed. "": the name of the dataset's folder
    /// 16 MiB. Size that the images may have together, before base64. Long datasets get fewer
    /// frames an episode; still longer ones frames of some episodes only. [bytes]
    int64_t image_bytes;
    int cookie; ///< set by imp_default_dataset_page_def(); do not touch
} imp_dataset_page_def;

imp_dataset_page_def imp_default_dataset_page_def(void);

/// What was written.
typedef struct imp_dataset_page_summary {
    int episodes;        ///< all have figures and plots
    int imaged_episodes; ///< have frames; the others are too many
    int frames;          ///< of an episode
} imp_dataset_page_summary;

/// Writes the page of the dataset in a folder, atomically. IMP_USAGE: image_bytes is negative.
/// IMP_INTERRUPTED if the monitor stops it. Fails as imp_dataset_open() does.
imp_status imp_dataset_page_write(imp_dataset_page_summary *summary, const char *path,
                                  const char *folder, const imp_dataset_page_def *def,
                                  const imp_monitor *monitor, imp_error *err);

IMP_API_END

#endif
