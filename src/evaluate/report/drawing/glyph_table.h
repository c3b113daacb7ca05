// evaluate/report/drawing/glyph_table.h: outlines of the characters that images hold.
#ifndef IMP_EVALUATE_REPORT_DRAWING_GLYPH_TABLE_H
#define IMP_EVALUATE_REPORT_DRAWING_GLYPH_TABLE_H

#include <stdint.h>

enum {
    IMP_GLYPH_BEND,  // a control point of a quadratic curve; between two of them lies an end point
    IMP_GLYPH_LINE,  // an end point of a line or curve
    IMP_GLYPH_START, // the same, and the first of a closed contour
};

typedef struct imp_glyph_point {
    int16_t x, y; // y grows upwards from the base line
    int8_t kind;
} imp_glyph_point;

typedef struct imp_glyph {
    uint16_t code;   // Unicode; 0: the box that stands for characters without a glyph
    int16_t advance; // distance to the next character
    int16_t first;   // index into imp_glyph_points
    int16_t point_count;
} imp_glyph;

extern const int imp_glyph_units; // of a font's size
extern const int imp_glyph_tall;  // height of an "l"
extern const imp_glyph_point imp_glyph_points[];
extern const imp_glyph imp_glyphs[]; // (imp_glyph_count) by code
extern const int imp_glyph_count;

#endif
