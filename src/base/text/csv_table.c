// Tables of comma-separated values. A row is split in place: quotes are removed, and blanks around
// fields. The header says which field is which column; of two equal names the first wins.
#include "base/text/csv_table.h"

#include <string.h>

// Line ends are not blanks here: rows are split at them before.
static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

// Splits a line into fields in place and removes blanks around them. Within quotes, "" is a quote.
static void split_csv_line(imp_csv_table *t, char *line)
{
    t->count = 0;
    for (bool last = false; !last && t->count < IMP_CSV_FIELDS_MAX;) {
        while (is_blank(*line))
            line++;
        char *in = line, *out = line;
        // `in` reads ahead of `out`, which writes the field without quotes.
        const bool quoted = *in == '"';
        t->fields[t->count++] = line;
        // Copy the part within quotes.
        if (quoted) {
            for (in++; *in != '\0' && (*in != '"' || in[1] == '"'); in++) {
                in += *in == '"';
                *out++ = *in;
            }
            in += *in == '"';
        }
        // Copy the rest up to the comma, and cut blanks at its end.
        while (*in != '\0' && *in != ',')
            *out++ = *in++;
        while (out > line && is_blank(out[-1]))
            out--;
        last = *in == '\0';
        line = in + 1;
        *out = '\0';
    }
}

bool imp_csv_table_next(imp_csv_table *t)
{
    while (*t->rest != '\0') {
        // Cut the line off, and accept the line ends of Windows.
        char *line = t->rest;
        const size_t length = strcspn(line, "\n");
        t->rest += length + (line[length] == '\n');
        line[length] = '\0';
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        t->line++;
        if (line[0] != '\0') {
            split_csv_line(t, line);
            return true;
        }
    }
    return false;
}

// Finds the columns by the header.
static imp_status read_header(imp_csv_table *t, const imp_csv_columns *columns, imp_error *err)
{
    if (!imp_csv_table_next(t))
        return imp_fail(err, IMP_BAD_INPUT, "%s: holds no %s", t->path, columns->rows);
    for (int c = 0; c < columns->count; c++) {
        // search from the end, so that the first of two equal names wins
        t->place[c] = -1;
        for (int k = t->count - 1; k >= 0; k--)
            if (strcmp(t->fields[k], columns->names[c][0]) == 0 ||
                strcmp(t->fields[k], columns->names[c][1]) == 0)
                t->place[c] = k;
        if (c < columns->required && t->place[c] < 0)
            return imp_fail(err, IMP_BAD_INPUT, "%s:%d: the header names no column '%s': %s",
                            t->path, t->line, columns->names[c][0], columns->advice);
    }
    return IMP_OK;
}

imp_status imp_csv_table_init(imp_csv_table *table, char *text, const char *path,
                              const imp_csv_columns *columns, imp_error *err)
{
    static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf"; // that spreadsheets put before UTF-8
    *table = (imp_csv_table){.path = path, .rest = text};
    if (strncmp(text, BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK - 1) == 0)
        table->rest += sizeof BYTE_ORDER_MARK - 1;
    return read_header(table, columns, err);
}

const char *imp_csv_field(const imp_csv_table *table, int column)
{
    const int place = table->place[column];
    return place >= 0 && place < table->count ? table->fields[place] : "";
}
