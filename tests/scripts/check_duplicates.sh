#!/bin/sh
# check_duplicates.sh [lines]: places in src that share six or more lines of code to the letter.
# White space does not count; blank lines, comments, includes and lines of punctuation alone are
# left out. Fails if there are more than 10 pairs of places; with an argument, pairs of so many
# lines are listed instead.
set -eu
cd "${SOURCE:?the checkout to look at}"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }

python3 - "${1:-6}" <<'PYTHON'
import pathlib
import re
import sys

LINES, PAIRS_MAX = int(sys.argv[1]), 10
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)


def code_lines(path):
    """(number, text) of the lines that count."""
    def blank(match):
        text = match.group(0)
        return text if text[0] in "\"'" else "\n" * text.count("\n")
    lines = []
    for number, line in enumerate(COMMENT.sub(blank, path.read_text()).split("\n"), 1):
        line = "".join(line.split())
        if re.search(r"\w", line) and not line.startswith("#include"):
            lines.append((number, line))
    return lines


files = [(path, code_lines(path)) for path in sorted(pathlib.Path("src").rglob("*.[ch]"))]
places = {}
for f, (_, lines) in enumerate(files):
    for at in range(len(lines) - LINES + 1):
        places.setdefault(tuple(text for _, text in lines[at:at + LINES]), []).append((f, at))


def same(f, i, g, j):
    a, b = files[f][1], files[g][1]
    return 0 <= i < len(a) and 0 <= j < len(b) and a[i][1] == b[j][1]


pairs = []
for where in places.values():
    for k, (f, i) in enumerate(where):
        for g, j in where[:k]:
            if same(f, i - 1, g, j - 1):
                continue  # inside a longer run
            length = LINES
            while same(f, i + length, g, j + length):
                length += 1
            if f == g and abs(i - j) < length:
                continue  # a run that overlaps itself: a table of equal rows
            pairs.append((length, *[
                f"{files[n][0]}:{files[n][1][at][0]}-{files[n][1][at + length - 1][0]}"
                for n, at in ((g, j), (f, i))]))
for length, first, second in sorted(pairs, reverse=True):
    print(f"{length} lines: {first} and {second}")
print(f"{len(pairs)} pairs of {LINES} lines or more; {PAIRS_MAX} are the limit")
sys.exit(LINES == 6 and len(pairs) > PAIRS_MAX)
PYTHON
