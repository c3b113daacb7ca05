// Text in tables of comma-separated values.
#include "base/text/csv.h"

#include <string.h>

static const char FORMULA_STARTS[] = "=+-@\t\r"; // what formulas begin with

void imp_csv_write_field(FILE *out, const char *text)
{
    const char *formula = text[0] != '\0' && strchr(FORMULA_STARTS, text[0]) != NULL ? "'" : "";
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fprintf(out, "%s%s", formula, text);
        return;
    }
    fprintf(out, "\"%s", formula);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}

const char *imp_csv_strip_apostrophe(const char *field)
{
    return field[0] == '\'' && field[1] != '\0' && strchr(FORMULA_STARTS, field[1]) != NULL
               ? field + 1
               : field;
}
