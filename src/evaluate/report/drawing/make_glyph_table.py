#!/usr/bin/env python3
"""Writes glyph_table.c: outlines of DejaVu Sans for the canvas. Needs fonttools and clang-format.

    make_glyph_table.py [--check] [/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf]

The font is that of Debian's package fonts-dejavu-core. --check compares instead of writing, and
exits with 1 if the table is another.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from fontTools.ttLib import TTFont

TABLE = Path(__file__).with_name("glyph_table.c")
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
# printable ASCII, and the signs of units and figures
CHARACTERS = "".join(map(chr, range(32, 127))) + "°±µ·×–…−"
START, LINE, BEND = 2, 1, 0

HEAD = """\
// Outlines of DejaVu Sans {version}, as make_glyph_table.py reads them from the font: do not edit.
// Quadratic Bezier curves, as TrueType fonts have them: {units} units are the font size; y grows
// upwards from the base line. The licence is in NOTICE: Copyright (c) 2003 by Bitstream, Inc. All
// Rights Reserved. Bitstream Vera is a trademark of Bitstream, Inc. DejaVu changes are in public
// domain.
#include "evaluate/report/drawing/glyph_table.h"

const int imp_glyph_units = {units}, imp_glyph_tall = {tall};

"""


def contours(font, name):
    """The points of a glyph as (x, y, kind), each contour beginning with a point of the outline."""
    glyphs = font["glyf"]
    coordinates, ends, flags = glyphs[name].getCoordinates(glyphs)
    points, first = [], 0
    for end in ends:
        contour = [(x, y, flags[first + k] & 1)
                   for k, (x, y) in enumerate(coordinates[first:end + 1])]
        while contour[0][2] != LINE:
            contour.append(contour.pop(0))
        points.append((*contour[0][:2], START))
        points.extend(contour[1:])
        first = end + 1
    return points


def table(path):
    font = TTFont(path)
    names, points, glyphs = font.getBestCmap(), [], []
    # number 0 stands for all characters that are not in the table
    for code, name in [(0, ".notdef")] + [(ord(c), names[ord(c)]) for c in CHARACTERS]:
        outline = contours(font, name) if font["glyf"][name].numberOfContours else []
        glyphs.append((code, font["hmtx"][name][0], len(points), len(outline)))
        points += outline
    text = HEAD.format(version=font["name"].getDebugName(5).split()[-1],
                       units=font["head"].unitsPerEm,
                       tall=max(y for _, y, _ in contours(font, names[ord("l")])))
    text += "const imp_glyph_point imp_glyph_points[] = {"
    text += ", ".join("{%d, %d, %d}" % point for point in points)
    text += "};\n\nconst imp_glyph imp_glyphs[] = {"
    text += ", ".join("{0x%04x, %d, %d, %d}" % glyph for glyph in glyphs)
    text += "};\n\nconst int imp_glyph_count = sizeof imp_glyphs / sizeof imp_glyphs[0];\n"
    return subprocess.run(["clang-format", f"--assume-filename={TABLE}"], input=text, text=True,
                          check=True, capture_output=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("font", nargs="?", default=FONT, help="DejaVuSans.ttf")
    arguments = parser.parse_args()
    text = table(arguments.font)
    if not arguments.check:
        TABLE.write_text(text)
    elif TABLE.read_text() != text:
        sys.exit(f"{TABLE} is not what this font gives: write it again")


if __name__ == "__main__":
    main()
