// page/writer/page_data.h: what a page holds of maps and policies, as JSON.
#ifndef IMP_PAGE_WRITER_PAGE_DATA_H
#define IMP_PAGE_WRITER_PAGE_DATA_H

#include <stdio.h>

#include "imprint/page.h"
#include "imprint/version.h"

// Writes a JSON object; imp_page_write_payload() adds the values of the policies' networks.
imp_status imp_page_write_data(FILE *out, const imp_page_def *def, imp_error *err);

#endif
