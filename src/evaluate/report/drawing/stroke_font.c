// A stroke font: every character is a few polylines on a grid, drawn as antialiased lines. So one
// table serves every size. Capitals use the shapes of small letters; unknown characters are blank.
#include <ctype.h>

#include "evaluate/report/drawing/canvas.h"

// Pairs of digits (column, row); a blank begins a new polyline. Row 0: top of tall letters; row 2:
// top of small ones; row 6: base line; row 8: lowest.
static const char *const glyphs[128] = {
    ['!'] = "0004 0606",
    ['%'] = "0001111000 4006 3536464535",
    ['('] = "1001051617",
    [')'] = "0011151607",
    ['*'] = "0333 1115 0224 2204",
    ['+'] = "0434 1226",
    [','] = "1607",
    ['-'] = "0424",
    ['.'] = "0606",
    ['/'] = "0720",
    ['0'] = "102031352616050110",
    ['1'] = "022026",
    ['2'] = "01102031320636",
    ['3'] = "01102031322313 233435261605",
    ['4'] = "26200434",
    ['5'] = "3000032334352606",
    ['6'] = "20020516263534231304",
    ['7'] = "003016",
    ['8'] = "102031322313020110 132334352616050413",
    ['9'] = "16343120100102132332",
    [':'] = "0303 0606",
    ['<'] = "320436",
    ['='] = "0333 0535",
    ['>'] = "023406",
    ['_'] = "0737",
    ['a'] = "3332221203051626353332 3536",
    ['b'] = "0006 0312223335261605",
    ['c'] = "3322120305162635",
    ['d'] = "3036 3322120305162635",
    ['e'] = "043433221203051636",
    ['f'] = "20111116 0222",
    ['g'] = "3237281807 3322120305162635",
    ['h'] = "0006 0312223336",
    ['i'] = "0206 0000",
    ['j'] = "121708 1010",
    ['k'] = "0006 0532 1436",
    ['l'] = "000516",
    ['m'] = "0206 03122326 23324346",
    ['n'] = "0206 0312223336",
    ['o'] = "122233352616050312",
    ['p'] = "0208 0312223335261605",
    ['q'] = "3238 3322120305162635",
    ['r'] = "0206 031222",
    ['s'] = "3212031424352606",
    ['t'] = "101526 0222",
    ['u'] = "0205162635 3236",
    ['v'] = "022642",
    ['w'] = "0216233642",
    ['x'] = "0236 3206",
    ['y'] = "0205162635 32372818",
    ['z'] = "02320636",
    ['|'] = "0007",
};

// The grid has square cells of size / GLYPH_ROWS pixels.
static const double GLYPH_ROWS = 6.0; // rows between the top of an "l" and the base line
static const double GLYPH_GAP =
    1.9; // columns between two characters, including a stroke's thickness
static const double BLANK_WIDTH = 2.0; // columns of a blank

// Returns a character's polylines; "" if there are none.
static const char *find_glyph(char letter)
{
    const unsigned char code = (unsigned char)letter;
    const char *glyph = code < 128 ? glyphs[tolower(code)] : NULL;
    return glyph != NULL ? glyph : "";
}

// Width of a character in columns: its largest column, plus the gap.
static double glyph_advance(const char *glyph)
{
    int widest = -1;
    // Blanks separate polylines, so they are stepped across.
    for (const char *at = glyph; *at != '\0'; at += *at == ' ' ? 1 : 2)
        if (*at - '0' > widest)
            widest = *at - '0';
    return (widest < 0 ? BLANK_WIDTH : widest) + GLYPH_GAP;
}

// Width of a text whose tall letters are `size` pixels high, with the gap after the last one [px].
double imp_canvas_text_width(double size, const char *text)
{
    double columns = 0.0;
    for (; *text != '\0'; text++)
        columns += glyph_advance(find_glyph(*text));
    return columns * size / GLYPH_ROWS;
}

// Adds the strokes to the canvas's shape; (x, y) is the left end of the base line. Returns the
// width.
double imp_canvas_add_text(imp_canvas *canvas, double x, double y, double size, const char *text)
{
    // Strokes are an eighth of the size, but at least a pixel.
    const double unit = size / GLYPH_ROWS, thickness = size / 8.0 < 1.0 ? 1.0 : size / 8.0;
    const double start = x, top = y - size;
    for (; *text != '\0'; text++) {
        const char *glyph = find_glyph(*text);
        // Each pair of neighbouring points is a segment.
        for (const char *at = glyph; at[0] != '\0' && at[1] != '\0'; at++) {
            if (at[0] == ' ')
                continue;
            // the last point of a polyline begins no segment
            const bool more = at[2] != '\0' && at[2] != ' ';
            if (more)
                imp_canvas_add_line(canvas, x + (at[0] - '0') * unit, top + (at[1] - '0') * unit,
                                    x + (at[2] - '0') * unit, top + (at[3] - '0') * unit,
                                    thickness);
            at++;
        }
        x += glyph_advance(glyph) * unit;
    }
    return x - start;
}
