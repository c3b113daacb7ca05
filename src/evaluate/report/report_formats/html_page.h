// evaluate/report/report_formats/html_page.h: writes a page of tables and images as one HTML file
// without external references.
#ifndef IMP_EVALUATE_REPORT_REPORT_FORMATS_HTML_PAGE_H
#define IMP_EVALUATE_REPORT_REPORT_FORMATS_HTML_PAGE_H

#include "base/text/text_stream.h"

// A page under construction. It must not be moved in memory until it is finished.
typedef struct imp_html_page {
    imp_text_stream text;
    // of the present table
    const char *const *headings;
    int heading_count, column;
} imp_html_page;

imp_status imp_html_begin(imp_html_page *page, const char *title, imp_error *err);
// Writes the page to a file, and frees it also after a failure.
imp_status imp_html_finish(imp_html_page *page, const char *path, imp_error *err);
// Frees a page without writing it.
void imp_html_discard(imp_html_page *page);

// Texts are escaped.
void imp_html_add_heading(imp_html_page *page, const char *text);
void imp_html_add_paragraph(imp_html_page *page, const char *text);

// A table with a row of headings, which are borrowed until its end. The first column is text, the
// others numbers.
void imp_html_begin_table(imp_html_page *page, const char *const *headings, int count);
void imp_html_begin_row(imp_html_page *page);
void imp_html_add_cell(imp_html_page *page, const char *text,
                       const char *note); // note: small, nullable
void imp_html_end_table(imp_html_page *page);

// Drawings are SVG texts, as imp_plot_svg() returns them, with an explanation below. They stand
// side by side if there is room. A legend names the series of the drawings after it, by their
// colours.
void imp_html_begin_drawings(imp_html_page *page);
void imp_html_add_drawing(imp_html_page *page, const char *svg, const char *explanation);
void imp_html_add_legend(imp_html_page *page, const char *const *names, int count);
void imp_html_end_drawings(imp_html_page *page);

// A line of links; href is an address, which is escaped, too.
typedef struct imp_html_link {
    const char *text;
    char href[96];
} imp_html_link;
void imp_html_add_links(imp_html_page *page, const imp_html_link *links, int count);

// Embeds a PNG file in the page; caption is nullable.
imp_status imp_html_add_image(imp_html_page *page, const char *path, const char *caption,
                              imp_error *err);

#endif
