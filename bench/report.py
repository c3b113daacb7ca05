#!/usr/bin/env python3
"""Measures the figures of bench/figures.json and says which are as documented.

    bench/report.py --list                # what there is, and how long it takes
    bench/report.py                       # measures all
    bench/report.py loop-experts          # some, by the names of their commands or sections
    bench/report.py loop-experts --record # keeps the results in bench/runs.json, writes the page
    bench/report.py --page                # writes the tables of docs/results.md from both files
    bench/report.py --check               # fails if these or the figures of README are not current

A figure has a command, the values that are documented and a tolerance. Several values (of seeds or
maps) are compared by their smallest and largest. Speeds depend on the machine: they may be worse
than documented by a factor. The exit code is 1 if any figure is out of its tolerance.
"""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
FIGURES, RUNS = TOP / "bench/figures.json", TOP / "bench/runs.json"
PAGE, README = TOP / "docs/results.md", TOP / "README.md"
TABLE = re.compile(r"(<!-- figures: ([a-z]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def read(path, missing=None):
    if missing is not None and not path.exists():
        return missing
    return json.loads(path.read_text(encoding="utf-8"))


def objects(text):
    """The JSON objects that a command prints one after another."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while (at := text.find("{", at)) >= 0:
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def value_at(value, path):
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return float(value)


def measure(command, imprint):
    """Runs a command for all of its seeds. Returns the values of each figure."""
    values = {figure["id"]: [] for figure in command["figures"]}
    for seed in command.get("seeds", [None]):
        with tempfile.TemporaryDirectory() as work:
            programs = Path(work) / "bin"
            programs.mkdir()
            (programs / "imprint").symlink_to(imprint)
            line = command["command"].replace("{seed}", str(seed)).replace("{work}", work)
            environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
            run = subprocess.run(
                ["sh", "-c", line], cwd=TOP, env=environment, capture_output=True, text=True
            )
        if run.returncode != 0:
            sys.exit(f"{command['id']}: ended with {run.returncode}: {run.stderr.strip()}")
        for printed in objects(run.stdout):
            for figure in command["figures"]:
                scaled = value_at(printed, figure["path"]) * figure.get("scale", 1)
                values[figure["id"]].append(float(f"{scaled:.6g}"))
    return values


def spread(figure, values):
    """The smallest and the largest value as people read them."""
    texts = [f"{value:,.{figure.get('digits', 0)}f}" for value in (min(values), max(values))]
    text = texts[0] if texts[0] == texts[1] else f"{texts[0]}–{texts[1]}"
    return f"{text} {figure.get('unit', '')}".strip().replace("-", "−")


def tolerance(figure):
    if "factor" in figure:
        return f"{figure['factor']} times as slow"
    return f"±{figure['tolerance']:g}" if figure["tolerance"] else "none"


def is_within(figure, values):
    low, high = figure["documented"]
    if "factor" in figure:
        if figure["better"] == "lower":
            return max(values) <= high * figure["factor"]
        return min(values) >= low / figure["factor"]
    return min(values) >= low - figure["tolerance"] and max(values) <= high + figure["tolerance"]


def state_of(figure, values):
    return "yes" if is_within(figure, values) else "NO"


def machine():
    """The processor and how busy it is, which speeds depend on."""
    name = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
    return f"{os.cpu_count()} cores of {name}, load {os.getloadavg()[0]:.1f}"


def commit():
    def git(*words):
        return subprocess.run(["git", "-C", TOP, *words], capture_output=True, text=True).stdout

    changed = git("status", "--porcelain", "--", "src", "include", "CMakeLists.txt").strip()
    return git("rev-parse", "--short=12", "HEAD").strip() + (" and changes" if changed else "")


def tables(data, runs):
    """The tables of each section, as Markdown."""
    out = {}
    for command in data["commands"]:
        lines = out.setdefault(
            command["section"],
            [
                f"| what | documented ({data['release']}) | tolerance | last run | within "
                "| measured by |",
                "|---|---|---|---|---|---|",
            ],
        )
        run = runs.get(command["id"])
        for figure in command["figures"]:
            values = run["values"].get(figure["id"]) if run else None
            cells = [
                figure["what"],
                spread(figure, figure["documented"]),
                tolerance(figure),
                spread(figure, values) if values else "not yet",
                (state_of(figure, values).replace("NO", "**NO**")) if values else "",
                f"`bench/report.py {command['id']}`",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    lines = ["| name | command | seeds | last run |", "|---|---|---|---|"]
    for command in data["commands"]:
        run = runs.get(command["id"])
        seeds = ", ".join(map(str, command.get("seeds", []))) or "of the command"
        where = f"{run['date']}, commit {run['commit']}, {run['machine']}" if run else "not yet"
        shown = command["command"].replace("|", "\\|")
        lines.append(f"| {command['id']} | `{shown}` | {seeds} | {where} |")
    out["commands"] = lines
    return {section: "\n".join(lines) + "\n" for section, lines in out.items()}


def page(data, runs):
    text = PAGE.read_text(encoding="utf-8")
    made = tables(data, runs)
    return TABLE.sub(lambda found: found[1] + made[found[2]] + found[3], text)


def check(data, runs):
    """What is not current: the page, or a figure that README shows and no command measures."""
    wrong = []
    if page(data, runs) != PAGE.read_text(encoding="utf-8"):
        wrong.append(f"{PAGE.name}: its tables are not current: run bench/report.py --page")
    sections = set(TABLE.findall(PAGE.read_text(encoding="utf-8")))
    missing = tables(data, runs).keys() - {name for _, name, _ in sections}
    wrong += [f"{PAGE.name}: has no table for the section {name}" for name in sorted(missing)]
    measured = {f["readme"] for c in data["commands"] for f in c["figures"] if "readme" in f}
    readme = README.read_text(encoding="utf-8")
    shown = set()
    for table in re.findall(r"^\| policy,.*\n\|[-|]*\n((?:\|.*\n)+)", readme, re.MULTILINE):
        shown |= {cell.strip() for row in table.splitlines() for cell in row.split("|")[2:-1]}
    wrong += [f"README.md: no command measures {text}" for text in sorted(shown - measured)]
    wrong += [f"README.md: does not show {text}" for text in sorted(measured - shown)]
    return wrong


def select(data, names):
    known = {c["id"] for c in data["commands"]} | {c["section"] for c in data["commands"]}
    for name in names:
        if name not in known:
            sys.exit(f"{name}: is none of {', '.join(sorted(known))}")
    return [c for c in data["commands"] if not names or {c["id"], c["section"]} & set(names)]


def report(commands, runs, imprint, record):
    """Measures, prints each figure beside the documented one, and says how many are out."""
    out = 0
    print(f"{machine()}, commit {commit()}\n")
    print(f"{'figure':58} {'documented':>16} {'before':>16} {'now':>16}  within")
    for command in commands:
        values = measure(command, imprint)
        before = runs.get(command["id"], {}).get("values", {})
        for figure in command["figures"]:
            name, now = figure["id"], values[figure["id"]]
            out += not is_within(figure, now)
            last = spread(figure, before[name]) if name in before else "-"
            documented = spread(figure, figure["documented"])
            print(
                f"{figure['what']:58} {documented:>16} {last:>16} {spread(figure, now):>16}  "
                f"{state_of(figure, now)}",
                flush=True,
            )
        if record:
            today = datetime.date.today().isoformat()
            about = {"date": today, "commit": commit(), "machine": machine()}
            runs[command["id"]] = about | {"values": values}
            RUNS.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    return out


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="of commands or sections")
    parser.add_argument("--imprint", type=Path, default=TOP / "build/release/imprint")
    parser.add_argument("--list", action="store_true", help="print commands and leave")
    parser.add_argument("--record", action="store_true", help="keep the results, write the page")
    parser.add_argument("--page", action="store_true", help="write the page and leave")
    parser.add_argument("--check", action="store_true", help="check page and README and leave")
    options = parser.parse_args()
    data, runs = read(FIGURES), read(RUNS, missing={})
    commands = select(data, options.names)
    if options.list:
        for command in commands:
            minutes = command.get("minutes", 0.2) * len(command.get("seeds", [None]))
            print(
                f"{command['id']:20} {command['section']:10} {minutes:5.1f} min of two idle cores"
            )
        return 0
    if options.check:
        wrong = check(data, runs)
        print("\n".join(wrong), end="\n" if wrong else "")
        return 1 if wrong else 0
    out = 0
    if not options.page:
        out = report(commands, runs, options.imprint.resolve(), options.record)
        print(f"\n{out} out of tolerance" if out else "\nall within their tolerances")
    if options.page or options.record:
        PAGE.write_text(page(data, runs), encoding="utf-8")
    return 1 if out else 0


if __name__ == "__main__":
    sys.exit(main())
