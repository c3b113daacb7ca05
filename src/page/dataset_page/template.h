// page/dataset_page/template.h: the page without its data, which the build makes of the files in
// src/page/dataset_web (cmake/dataset_page.cmake).
#ifndef IMP_PAGE_DATASET_PAGE_TEMPLATE_H
#define IMP_PAGE_DATASET_PAGE_TEMPLATE_H

#include <stddef.h>

extern const unsigned char imp_dataset_page_template[];
extern const size_t imp_dataset_page_template_length;

// Stands in the template where the data of a page belong.
#define IMP_DATASET_PAGE_MARK "@IMPRINT_DATA@"

#endif
