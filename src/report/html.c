#include "report/html.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/escape.h"

static const char STYLE[] =
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

static void put_element(imp_html *page, const char *name, const char *text)
{
    fprintf(page->out, "<%s>", name);
    imp_put_escaped(page->out, text);
    fprintf(page->out, "</%s>\n", name);
}

imp_status imp_html_begin(imp_html *page, const char *title, imp_error *err)
{
    *page = (imp_html){0};
    page->out = open_memstream(&page->text, &page->length);
    page->plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (page->out == NULL || page->plain == (locale_t)0) {
        if (page->out != NULL)
            fclose(page->out);
        if (page->plain != (locale_t)0)
            freelocale(page->plain);
        free(page->text);
        return imp_fail(err, IMP_NO_MEMORY, "out of memory for a report");
    }
    page->kept = uselocale(page->plain);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n",
          page->out);
    put_element(page, "title", title);
    fprintf(page->out, "<style>%s</style>\n</head>\n<body>\n", STYLE);
    put_element(page, "h1", title);
    return IMP_OK;
}

static bool close_page(imp_html *page)
{
    uselocale(page->kept);
    freelocale(page->plain);
    return fclose(page->out) == 0;
}

imp_status imp_html_finish(imp_html *page, const char *path, imp_error *err)
{
    fputs("</body>\n</html>\n", page->out);
    const imp_status status = close_page(page)
                                  ? imp_file_write(path, page->text, page->length, err)
                                  : imp_fail(err, IMP_NO_MEMORY, "out of memory for %s", path);
    free(page->text);
    return status;
}

void imp_html_abandon(imp_html *page)
{
    close_page(page);
    free(page->text);
}

void imp_html_heading(imp_html *page, const char *text)
{
    put_element(page, "h2", text);
}

void imp_html_paragraph(imp_html *page, const char *text)
{
    put_element(page, "p", text);
}

void imp_html_table_begin(imp_html *page, const char *const *headings, int count)
{
    fputs("<table>\n<thead><tr>", page->out);
    for (int k = 0; k < count; k++)
        put_element(page, "th", headings[k]);
    fputs("</tr></thead>\n<tbody>\n", page->out);
}

void imp_html_row_begin(imp_html *page)
{
    // HTML ends the row before, as it ends cells
    fputs("<tr>", page->out);
}

void imp_html_cell(imp_html *page, const char *text, const char *note)
{
    fputs("<td>", page->out);
    imp_put_escaped(page->out, text);
    if (note != NULL && note[0] != '\0')
        put_element(page, "small", note);
    fputs("</td>\n", page->out);
}

void imp_html_table_end(imp_html *page)
{
    fputs("</tbody>\n</table>\n", page->out);
}

void imp_html_drawings_begin(imp_html *page)
{
    fputs("<div class=\"drawings\">\n", page->out);
}

void imp_html_drawing(imp_html *page, const char *svg)
{
    fputs(svg, page->out);
}

void imp_html_drawings_end(imp_html *page)
{
    fputs("</div>\n", page->out);
}

static void put_base64(FILE *out, const uint8_t *bytes, size_t length)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t k = 0; k < length; k += 3) {
        const size_t left = length - k;
        const unsigned three = (unsigned)bytes[k] << 16 |
                               (left > 1 ? (unsigned)bytes[k + 1] << 8 : 0) |
                               (left > 2 ? (unsigned)bytes[k + 2] : 0);
        fputc(letters[three >> 18 & 63], out);
        fputc(letters[three >> 12 & 63], out);
        fputc(left > 1 ? letters[three >> 6 & 63] : '=', out);
        fputc(left > 2 ? letters[three & 63] : '=', out);
    }
}

imp_status imp_html_picture(imp_html *page, const char *path, const char *caption, imp_error *err)
{
    enum { PICTURE_BYTES_MAX = 64 << 20 };
    char *bytes;
    size_t length;
    const imp_status status = imp_file_read(&bytes, &length, path, PICTURE_BYTES_MAX, err);
    if (status != IMP_OK)
        return status;
    fputs("<figure>", page->out);
    if (caption != NULL)
        put_element(page, "figcaption", caption);
    fputs("<img alt=\"", page->out);
    imp_put_escaped(page->out, caption != NULL ? caption : "");
    fputs("\" src=\"data:image/png;base64,", page->out);
    put_base64(page->out, (const uint8_t *)bytes, length);
    fputs("\"></figure>\n", page->out);
    free(bytes);
    return IMP_OK;
}
