#!/usr/bin/env python3
"""Runs the Python blocks of a page in order, prints what they print, and keeps their images.

    pip install ./python matplotlib
    bench/run_page.py docs/first-hour.md --images docs/images

It runs in an empty folder that goes afterwards. Images are the PNG files that blocks write there.
"""

import argparse
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """The Python blocks of a Markdown file: line, text and code, whose errors name the lines."""
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start(1))
        code = compile("\n" * line + match.group(1), str(page), "exec")
        yield line + 1, match.group(1), code


def main():
    parser = argparse.ArgumentParser(description="runs the Python blocks of a page")
    parser.add_argument("page", type=Path)
    parser.add_argument("--images", type=Path, help="a folder for the images")
    options = parser.parse_args()
    images = options.images.resolve() if options.images else None
    os.environ.setdefault("MPLBACKEND", "agg")
    names = {}
    page = list(blocks(options.page))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for line, _, code in page:
            print(f"-- line {line}", flush=True)
            begin, begin_cpu = time.time(), time.process_time()
            exec(code, names)
            seconds, cpu = time.time() - begin, time.process_time() - begin_cpu
            print(f"-- {seconds:.1f} s, {cpu:.1f} s of processor time", flush=True)
        for image in sorted(Path().glob("*.png")):
            print(f"{image}: {image.stat().st_size} bytes")
            if images:
                shutil.copy(image, images)
        os.chdir("/")


if __name__ == "__main__":
    main()
