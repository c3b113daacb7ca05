// cli/options/text_width.h: text for people, wrapped to the width of their terminal.
#ifndef IMP_CLI_OPTIONS_TEXT_WIDTH_H
#define IMP_CLI_OPTIONS_TEXT_WIDTH_H

// Columns of standard output: what COLUMNS in the environment says, or else the terminal's width; 0
// where there is neither, as in a pipe.
int imp_terminal_width(void);

// The width for paragraphs: the terminal's, at least 48 and at most 100; 80 where it has none.
int imp_text_width(void);

// Prints `length` bytes of a paragraph from column `indent` on, and an end of line. Lines are
// broken at spaces and begin in that column. A word that is wider than a line stands alone.
void imp_print_wrapped(const char *text, int length, int indent);

#endif
