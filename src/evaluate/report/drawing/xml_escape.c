// Escapes text for XML and HTML. The four characters with a meaning in text or in attributes
// with double quotes become entities. Control characters, which XML 1.0 forbids, become blanks.
#include "evaluate/report/drawing/xml_escape.h"

// Works on bytes: those of UTF-8 beyond ASCII pass unchanged.
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
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}
