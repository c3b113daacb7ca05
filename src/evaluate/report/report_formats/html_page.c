// Writes an HTML page that needs no other file: the style sheet is inline, drawings are inline
// SVG, and images are data URLs in base64. Text is escaped. The page is collected in memory and
// written to its file in one step.
#include "evaluate/report/report_formats/html_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/base64.h"
#include "evaluate/report/drawing/xml_escape.h"

// Numbers are aligned to the right with digits of one width; drawings stand in two columns.
static const char STYLE_SHEET[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#262b33;background:#fff;margin:2.5rem auto;"
    "max-width:1240px;padding:0 1.5rem}"
    "h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.4rem 0 .6rem}"
    "p{color:#5b6470;margin:.3rem 0 .8rem;max-width:75ch}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.4rem 0}"
    "th,td{padding:.3rem .9rem;text-align:right;border-bottom:1px solid #e2e5e9;"
    "vertical-align:baseline}"
    "th{font-weight:600;color:#5b6470;border-bottom-color:#8a919c}"
    "th:first-child,td:first-child{text-align:left;padding-left:0}"
    "td small{display:block;color:#5b6470;font-size:.8rem}"
    ".drawings{display:flex;flex-wrap:wrap;gap:1rem}"
    ".drawings svg{width:calc(50% - .5rem);min-width:420px;height:auto;flex:1 1 420px}"
    "figure{margin:.6rem 0 1.4rem}figcaption{color:#5b6470;font-size:.9rem}"
    "img{max-width:100%;height:auto}";

// Writes an element that contains only text.
// The name is a constant of this file, so only the text needs escaping.
static void write_element(imp_html_page *page, const char *name, const char *text)
{
    fprintf(page->text.out, "<%s>", name);
    imp_xml_write_escaped(page->text.out, text);
    fprintf(page->text.out, "</%s>\n", name);
}

// Writes the head of the page; the title appears again as its first heading.
imp_status imp_html_begin(imp_html_page *page, const char *title, imp_error *err)
{
    IMP_TRY(imp_text_stream_open(&page->text, "a report", err));
    // Set the character set first: names may hold letters beyond ASCII.
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n",
          page->text.out);
    write_element(page, "title", title);
    fprintf(page->text.out, "<style>%s</style>\n</head>\n<body>\n", STYLE_SHEET);
    write_element(page, "h1", title);
    return IMP_OK;
}

// Completes the page and writes it to its file; it is freed in any case.
imp_status imp_html_finish(imp_html_page *page, const char *path, imp_error *err)
{
    fputs("</body>\n</html>\n", page->text.out);
    imp_status status = imp_text_stream_close(&page->text, "a report", err);
    if (status == IMP_OK)
        status = imp_file_write(path, page->text.bytes, page->text.length, err);
    free(page->text.bytes);
    return status;
}

// Frees a page that is not written, after a failure.
void imp_html_discard(imp_html_page *page)
{
    imp_text_stream_discard(&page->text);
}

// Begins a section of the page.
void imp_html_add_heading(imp_html_page *page, const char *text)
{
    write_element(page, "h2", text);
}

void imp_html_add_paragraph(imp_html_page *page, const char *text)
{
    write_element(page, "p", text);
}

// Rows and cells follow, then imp_html_end_table().
// The first column is aligned to the left, because it holds names.
void imp_html_begin_table(imp_html_page *page, const char *const *headings, int count)
{
    fputs("<table>\n<thead><tr>", page->text.out);
    for (int k = 0; k < count; k++)
        write_element(page, "th", headings[k]);
    fputs("</tr></thead>\n<tbody>\n", page->text.out);
}

void imp_html_begin_row(imp_html_page *page)
{
    // end tags of rows are optional in HTML
    fputs("<tr>", page->text.out);
}

// The note stands below the text in a smaller font.
void imp_html_add_cell(imp_html_page *page, const char *text, const char *note)
{
    fputs("<td>", page->text.out);
    imp_xml_write_escaped(page->text.out, text);
    if (note != NULL && note[0] != '\0')
        write_element(page, "small", note);
    fputs("</td>\n", page->text.out);
}

void imp_html_end_table(imp_html_page *page)
{
    fputs("</tbody>\n</table>\n", page->text.out);
}

// Drawings between begin and end share rows of the page.
void imp_html_begin_drawings(imp_html_page *page)
{
    fputs("<div class=\"drawings\">\n", page->text.out);
}

// SVG is copied as it is: it comes from this library, which escaped its text.
void imp_html_add_drawing(imp_html_page *page, const char *svg)
{
    fputs(svg, page->text.out);
}

void imp_html_end_drawings(imp_html_page *page)
{
    fputs("</div>\n", page->text.out);
}

void imp_html_add_links(imp_html_page *page, const imp_html_link *links, int count)
{
    if (count > 0)
        fputs("<p class=\"links\">", page->text.out);
    for (int k = 0; k < count; k++) {
        fputs(k > 0 ? " \xc2\xb7 <a href=\"" : "<a href=\"", page->text.out);
        imp_xml_write_escaped(page->text.out, links[k].href);
        fputs("\">", page->text.out);
        imp_xml_write_escaped(page->text.out, links[k].text);
        fputs("</a>", page->text.out);
    }
    if (count > 0)
        fputs("</p>\n", page->text.out);
}

// Writes bytes in base64, as many at a time as a small buffer takes.
static void write_base64(FILE *out, const uint8_t *bytes, size_t length)
{
    enum { PIECE = 3 * 256 };
    char letters[PIECE / 3 * 4 + 1];
    for (size_t k = 0; k < length; k += PIECE) {
        imp_base64_encode(letters, bytes + k, length - k < PIECE ? length - k : PIECE);
        fputs(letters, out);
    }
}

imp_status imp_html_add_image(imp_html_page *page, const char *path, const char *caption,
                              imp_error *err)
{
    // Read the file before anything is written to the page.
    enum { IMAGE_BYTES_MAX = 64 << 20 };
    char *bytes;
    size_t length;
    IMP_TRY(imp_file_read(&bytes, &length, path, IMAGE_BYTES_MAX, err));
    // The caption stands above the image, and is its alternative text.
    fputs("<figure>", page->text.out);
    if (caption != NULL)
        write_element(page, "figcaption", caption);
    fputs("<img alt=\"", page->text.out);
    imp_xml_write_escaped(page->text.out, caption != NULL ? caption : "");
    fputs("\" src=\"data:image/png;base64,", page->text.out);
    // A data URL takes a third more bytes than the file.
    write_base64(page->text.out, (const uint8_t *)bytes, length);
    fputs("\"></figure>\n", page->text.out);
    free(bytes);
    return IMP_OK;
}
