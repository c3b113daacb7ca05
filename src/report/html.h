// report/html.h: a page of tables and pictures in one HTML file that refers to nothing outside it.
#ifndef IMP_REPORT_HTML_H
#define IMP_REPORT_HTML_H

#include "base/text.h"

// A page under construction, which must stay where it is until its end.
typedef struct imp_html {
    imp_text text;
} imp_html;

imp_status imp_html_begin(imp_html *page, const char *title, imp_error *err);
// Writes the page to a file, and frees it also after a failure.
imp_status imp_html_finish(imp_html *page, const char *path, imp_error *err);
// Frees a page that is not wanted any more.
void imp_html_abandon(imp_html *page);

// Texts are escaped.
void imp_html_heading(imp_html *page, const char *text);
void imp_html_paragraph(imp_html *page, const char *text);

// A table with a row of headings. The first column is text, the others numbers.
void imp_html_table_begin(imp_html *page, const char *const *headings, int count);
void imp_html_row_begin(imp_html *page);
void imp_html_cell(imp_html *page, const char *text, const char *note); // note: small, nullable
void imp_html_table_end(imp_html *page);

// A drawing as imp_plot_svg() makes it; drawings stand side by side as far as there is room.
void imp_html_drawings_begin(imp_html *page);
void imp_html_drawing(imp_html *page, const char *svg);
void imp_html_drawings_end(imp_html *page);

// A PNG file becomes part of the page; caption is nullable.
imp_status imp_html_picture(imp_html *page, const char *path, const char *caption, imp_error *err);

#endif
