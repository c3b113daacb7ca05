// page/writer/template.h: the page without its maps and policies, which the build makes of the
// files in src/page (cmake/page.cmake). The array is empty if there was no compiler for it.
#ifndef IMP_PAGE_WRITER_TEMPLATE_H
#define IMP_PAGE_WRITER_TEMPLATE_H

#include <stddef.h>

extern const unsigned char imp_page_template[];
extern const size_t imp_page_template_length; // 0: there is none

// Stands in the template where the data of a page belong.
#define IMP_PAGE_DATA_MARK "@IMPRINT_DATA@"

#endif
