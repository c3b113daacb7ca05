#!/usr/bin/env python3
"""Keeps what the tests of the challenge's metrics need of the recordings: whole trajectories, the
totals, and every fifth sample. Usage: make_golden_challenge.py FOLDER_OF_RECORDINGS

The maps in tests/data/golden/aido are written by hand.
"""
import json
import pathlib
import shutil
import sys

EVERY = 5


def main():
    target = pathlib.Path(__file__).parent / "golden" / "aido"
    for source in sorted((pathlib.Path(sys.argv[1]) / "aido" / "metrics").iterdir()):
        folder = target / source.name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "trajectory.csv", folder / "trajectory.csv")
        totals = json.loads((source / "expected.json").read_text())
        (folder / "expected.json").write_text(json.dumps(totals, indent=2) + "\n")
        header, *rows = (source / "steps.csv").read_text().splitlines()
        (folder / "steps.csv").write_text("\n".join([header, *rows[::EVERY]]) + "\n")


if __name__ == "__main__":
    main()
