#include "evaluate/report/drawing/xml_escape.h"

void imp_xml_write_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            // control characters are not allowed in XML
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}
