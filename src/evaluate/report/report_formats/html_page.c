// Writes an HTML page that needs no other file: the style sheet is inline, drawings are inline
// SVG, and images are data URLs in base64. Text is escaped. The page is collected in memory and
// written to its file in one step.
#include "evaluate/report/report_formats/html_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/base64.h"
#include "evaluate/report/drawing/canvas.h"
#include "evaluate/report/drawing/xml_escape.h"

// Numbers are aligned to the right with digits of one width; drawings stand in two columns. Tables
// are tighter where the page has not its full width, and can be moved where they are still wider.
// On narrow screens each row of a table becomes a list of "heading: value", and drawings have
// larger text. Dark screens get dark colours; in drawings they replace the attributes that they are
// written with.
static const char STYLE_SHEET[] =
    ":root{--ink:#262b33;--soft:#5b6470;--line:#e2e5e9;--rule:#8a919c;--paper:#fff;"
    "color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "margin:2.5rem auto;max-width:1240px;padding:0 1.5rem}"
    "h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.4rem 0 .6rem}"
    "p{color:var(--soft);margin:.3rem 0 .8rem;max-width:75ch;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.4rem 0}"
    "th,td{padding:.3rem .9rem;text-align:right;border-bottom:1px solid var(--line);"
    "vertical-align:baseline}"
    "th{font-weight:600;color:var(--soft);border-bottom-color:var(--rule)}"
    "th:first-child,td:first-child{text-align:left;padding-left:0}"
    "td small{display:block;color:var(--soft);font-size:.8rem}"
    ".table{overflow-x:auto}"
    ".legend span{margin-right:1.2rem;white-space:nowrap}"
    ".legend i{display:inline-block;width:1.3rem;height:.25rem;margin-right:.4rem;"
    "vertical-align:middle;border-radius:2px}"
    ".drawings{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(30rem,100%),1fr));"
    "gap:1rem 2rem}.drawings figure{margin:0}.drawings svg{width:100%;height:auto}"
    "svg [fill='#fff']{fill:var(--paper)}svg [fill='#262b33']{fill:var(--ink)}"
    "svg[fill='#5b6470']{fill:var(--soft)}svg [stroke='#e2e5e9']{stroke:var(--line)}"
    "svg [stroke='#8a919c']{stroke:var(--rule)}"
    ".rim{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}"
    "figure{margin:.6rem 0 1.4rem;overflow-x:auto}"
    "figcaption{color:var(--soft);font-size:.9rem;max-width:75ch}"
    "img{max-width:100%;height:auto;border-radius:4px}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--soft:#a9b1bc;--line:#2f353e;"
    "--rule:#66707d;--paper:#14171b}svg [stroke='#0072b2']{stroke:#3b95d9}"
    ".legend i[style*='#0072b2']{background:#3b95d9!important}}"
    "@media(max-width:1300px){th,td{padding:.3rem .4rem}th{font-size:.85rem}}"
    "@media(max-width:900px){body{margin:1rem auto;padding:0 .9rem}thead{display:none}"
    "table,tbody,tr,td{display:block}tr{margin:0 0 1rem}"
    "td{display:flex;flex-wrap:wrap;justify-content:space-between;padding:.25rem 0}"
    "td:first-child{font-weight:600;justify-content:flex-start}td::before{content:attr(data-label);"
    "color:var(--soft)}"
    "td small{width:100%;text-align:right}"
    ".drawings svg text{font-size:18px}.drawings svg text[font-size]{font-size:22px}"
    "figure>img{max-width:none;width:max(100%,38rem)}}";

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
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n",
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
    page->headings = headings;
    page->heading_count = count;
    fputs("<div class=\"table\">\n<table>\n<thead><tr>", page->text.out);
    for (int k = 0; k < count; k++)
        write_element(page, "th", headings[k]);
    fputs("</tr></thead>\n<tbody>\n", page->text.out);
}

void imp_html_begin_row(imp_html_page *page)
{
    // end tags of rows are optional in HTML
    page->column = 0;
    fputs("<tr>", page->text.out);
}

// The note stands below the text in a smaller font.
void imp_html_add_cell(imp_html_page *page, const char *text, const char *note)
{
    // narrow screens show the heading beside the value; the first cell is that of the row
    const int column = page->column++;
    fputs("<td", page->text.out);
    if (column > 0 && column < page->heading_count) {
        fputs(" data-label=\"", page->text.out);
        imp_xml_write_escaped(page->text.out, page->headings[column]);
        fputs("\"", page->text.out);
    }
    fputs(">", page->text.out);
    imp_xml_write_escaped(page->text.out, text);
    if (note != NULL && note[0] != '\0')
        write_element(page, "small", note);
    fputs("</td>\n", page->text.out);
}

void imp_html_end_table(imp_html_page *page)
{
    fputs("</tbody>\n</table>\n</div>\n", page->text.out);
}

// Drawings between begin and end share rows of the page.
void imp_html_begin_drawings(imp_html_page *page)
{
    fputs("<div class=\"drawings\">\n", page->text.out);
}

// SVG is copied as it is: it comes from this library, which escaped its text.
void imp_html_add_drawing(imp_html_page *page, const char *svg, const char *explanation)
{
    fputs("<figure>", page->text.out);
    fputs(svg, page->text.out);
    write_element(page, "figcaption", explanation);
    fputs("</figure>\n", page->text.out);
}

void imp_html_add_legend(imp_html_page *page, const char *const *names, int count)
{
    fputs("<p class=\"legend\">", page->text.out);
    for (int k = 0; k < count; k++) {
        const imp_colour colour = imp_plot_series_colour(k);
        fprintf(page->text.out, "<span><i style=\"background:#%02x%02x%02x\"></i>", colour.r,
                colour.g, colour.b);
        imp_xml_write_escaped(page->text.out, names[k]);
        fputs("</span> ", page->text.out);
    }
    fputs("</p>\n", page->text.out);
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
