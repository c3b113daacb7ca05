// The width of lines for people, and paragraphs wrapped to it. A line of more than 100 columns is
// hard to read, and below 48 columns no table of options fits, so wider and narrower terminals get
// these.
#include "cli/options/text_width.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text/number_format.h"

enum { NARROWEST = 48, WIDEST = 100, USUAL = 80 };

int imp_terminal_width(void)
{
    const char *given = getenv("COLUMNS");
    struct winsize size;
    int width = 0;
    if (given != NULL && imp_number_parse_whole(&width, &given) && *given == '\0' && width > 0)
        return width;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int imp_text_width(void)
{
    const int width = imp_terminal_width();
    return width == 0 ? USUAL : width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width;
}

// Columns of a text of UTF-8: the bytes that go on with a letter take none.
static int count_columns(const char *text, int length)
{
    int columns = 0;
    for (int k = 0; k < length; k++)
        columns += ((unsigned char)text[k] & 0xc0) != 0x80;
    return columns;
}

void imp_print_wrapped(const char *text, int length, int indent)
{
    const char *end = text + length;
    const int width = imp_text_width();
    // `column` is where the next character goes, from 0
    int column = indent;
    while (text < end) {
        // the next word, which ends at a space or at the end of the paragraph
        const int word = (int)strcspn(text, " "), rest = (int)(end - text);
        const int used = word < rest ? word : rest, columns = count_columns(text, used);
        if (column > indent && column + 1 + columns > width) {
            printf("\n%*s", indent, "");
            column = indent;
        }
        printf("%s%.*s", column > indent ? " " : "", used, text);
        column += columns + (column > indent);
        text += used + 1;
    }
    printf("\n");
}
