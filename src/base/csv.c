// Text in tables of comma-separated values.
#include "base/csv.h"

#include <string.h>

void imp_csv_put(FILE *out, const char *text)
{
    const char *formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL ? "'" : "";
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fprintf(out, "%s%s", formula, text);
        return;
    }
    fprintf(out, "\"%s", formula);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}
