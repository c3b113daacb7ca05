// cli/page_commands/page_of_dataset.h: `imprint page --data`.
#ifndef IMP_CLI_PAGE_COMMANDS_PAGE_OF_DATASET_H
#define IMP_CLI_PAGE_COMMANDS_PAGE_OF_DATASET_H

#include "cli/options/options.h"
#include "imprint/dataset_page.h"

typedef struct imp_page_of_dataset {
    const char *folder; // "": the page is the simulator's
    double image_mb;
    imp_dataset_page_summary summary;
    long long bytes;
} imp_page_of_dataset;

void imp_page_of_dataset_add_options(imp_page_of_dataset *page, imp_options *options);

// Writes the page. IMP_USAGE if an option of the simulator's page was given.
imp_status imp_page_of_dataset_write(imp_page_of_dataset *page, const char *out, const char *title,
                                     const imp_options *options, imp_error *err);

// Prints what was written; returns the exit code.
int imp_page_of_dataset_print(const imp_page_of_dataset *page, const char *out,
                              const imp_options *options);

#endif
