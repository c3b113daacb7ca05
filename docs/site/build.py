#!/usr/bin/env python3
"""Builds the documentation site from docs/ into one folder that works offline, from disk.

    docs/site/build.py --imprint build/release/imprint --work build/docs --out build/docs/site

It copies the pages to a working folder and adds what is generated: the reference of commands (from
`imprint help --json`), of the C headers (by Doxygen, where it is installed) and of the Python
package, and the source files that pages link to. Then it runs MkDocs, whose warnings are errors:
pages without a place in docs/site/nav.yml, links and anchors that lead nowhere.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]
SITE = TOP / "docs/site"
# pages at the top of the checkout, and where they stand in the site
TOP_PAGES = {name: f"project/{name.lower()}" for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")}
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
ITEM = re.compile(r" *([-*]|\d+\.) ")
LANGUAGES = {".py": "python", ".c": "c", ".h": "c", ".yaml": "yaml", ".ipynb": "json", ".sh": "bash"}


class Site:
    """The pages that are being put together in a folder."""

    def __init__(self, pages, with_c_api):
        self.pages, self.with_c_api = pages, with_c_api
        self.sources = set()  # files of the checkout that pages link to

    def write(self, name, text):
        path = self.pages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def target(self, page, link):
        """Where a link of a page at `page` (both relative to the checkout) leads in the site."""
        link, hash_, anchor = link.partition("#")
        path = Path(os.path.normpath(Path(page).parent / link))
        name = path.as_posix()
        if name == "README.md":
            name, anchor = "index.md", ""
        elif name in TOP_PAGES:
            name = TOP_PAGES[name]
        elif name.startswith("docs/"):
            name = name.removeprefix("docs/")
        elif name.startswith("include/imprint/") and self.with_c_api:
            name = f"c-api/{path.stem.replace('_', '__')}_8h.html"
        elif (TOP / name).is_file():
            self.sources.add(name)
            name = f"sources/{name}.md"
        else:
            return None
        return name + (hash_ + anchor if anchor else "")

    def add_page(self, page):
        """A page of the checkout: its links lead to places of the site."""
        where = TOP_PAGES.get(page, page.removeprefix("docs/"))
        text = (TOP / page).read_text(encoding="utf-8")

        def replace(match):
            before, link, after = match.groups()
            if re.match(r"[a-z]+:|#", link):
                return match.group(0)
            target = self.target(page, link)
            if target is None:
                sys.exit(f"{page}: {link} leads nowhere")
            return before + os.path.relpath(target, Path(where).parent) + after

        self.write(where, separate_blocks(LINK.sub(replace, text)))

    def add_sources(self):
        """The files that pages link to, as pages that the search leaves out."""
        for name in sorted(self.sources):
            text = (TOP / name).read_text(encoding="utf-8", errors="replace")
            if name.endswith(".md"):
                self.write(f"sources/{name}.md", hidden(name) + LINK.sub(r"]", text))
                continue
            fence = "~~~~"
            language = LANGUAGES.get(Path(name).suffix, "text")
            self.write(f"sources/{name}.md",
                       f"{hidden(name)}# {name}\n\n{fence}{language}\n{text}{fence}\n")


def hidden(title):
    return f"---\ntitle: {title}\nsearch:\n  exclude: true\n---\n\n"


def separate_blocks(text):
    """Empty lines around lists and tables, and wider indents: GitHub does without, MkDocs not."""
    lines, fenced, before, in_list = [], False, "", False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            is_item = ITEM.match(line) is not None and not line.startswith("    ")
            begins_table = line.startswith("|") and not before.startswith("|")
            if is_item and not in_list and before.strip():
                lines.append("")
            elif begins_table and before.strip():
                lines.append("")
            elif before.startswith("|") and line.strip() and not line.startswith("|"):
                lines.append("")
            if is_item:
                # nested items are indented by two or three columns
                indent = len(line) - len(line.lstrip())
                line = " " * (4 * ((indent + 1) // 3)) + line.lstrip() if indent else line
            in_list = is_item or (in_list and line.startswith(" ")) or (in_list and line != ""
                                                                       and before != "")
        lines.append(line)
        before = line
    return "\n".join(lines)


def option_row(option):
    letter = f"`-{option['letter']}`, " if option["letter"] else ""
    value = f" {option['placeholder']}" if option["placeholder"] else ""
    text = option["help"].replace("|", "\\|").replace("<", "&lt;")
    if option.get("choices"):
        text += ": " + ", ".join(f"`{word}`" for word in option["choices"])
    default = f"`{option['default']}`" if option["default"] else ""
    return f"| {letter}`--{option['name']}{value}` | {text} | {default} |\n"


def command_page(command):
    """The reference of a command, from its tables."""
    name = command["name"]
    usage = f"imprint {name} [options] {command['operands']}".rstrip()
    parts = [f"# imprint {name}\n\n{command['summary'].capitalize()}.\n\n```text\n{usage}\n```\n\n",
             command["details"].replace("<", "&lt;"),
             f"\n\n## Examples\n\n```bash\n{command['examples']}\n```\n"]
    groups = {}
    for option in command["options"]:
        title = "Of every command" if option["common"] else option["group"] or "Options"
        groups.setdefault(title, []).append(option)
    common = groups.pop("Of every command")
    for title, options in [*groups.items(), ("Of every command", common)]:
        parts.append(f"\n## {title}\n\n| option | meaning | default |\n|---|---|---|\n")
        parts.extend(option_row(option) for option in options)
    return "".join(parts)


def add_commands(site, imprint):
    """A page for each command, and one that names them all. Returns their places."""
    text = subprocess.run([imprint, "help", "--json"], check=True, capture_output=True).stdout
    commands = json.loads(text)["commands"]
    overview = (TOP / "docs/commands.md").read_text(encoding="utf-8")
    rows = []
    for command in commands:
        site.write(f"commands/{command['name']}.md", command_page(command))
        rows.append(f"| [`imprint {command['name']}`](commands/{command['name']}.md) | "
                    f"{command['summary']} |\n")
    site.write("commands.md", overview + "\n| command | |\n|---|---|\n" + "".join(rows))
    return [f"commands/{command['name']}.md" for command in commands]


def add_c_api(site, doxyfile):
    """Doxygen's pages, and a table of the headers that leads to them."""
    out = site.pages.parent / "doxygen"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    text = doxyfile.read_text() + f"\nOUTPUT_DIRECTORY = {out}\n"
    subprocess.run(["doxygen", "-"], input=text.encode(), check=True)
    shutil.copytree(out / "html", site.pages / "c-api")


def header_table(site):
    rows = []
    for header in sorted((TOP / "include/imprint").glob("*.h")):
        first = header.read_text(encoding="utf-8").split("\n\n")[0]
        words = " ".join(line.lstrip("/ ") for line in first.split("\n") if line.startswith("//"))
        summary = words.partition(".h: ")[2].split(". ")[0].rstrip(".")
        link = site.target("docs/c-headers.md", f"../include/imprint/{header.name}")
        rows.append(f"| [`imprint/{header.name}`]({link}) | {summary} |\n")
    intro = (TOP / "docs/c-headers.md").read_text(encoding="utf-8")
    site.write("c-headers.md", f"{intro}\n| header | |\n|---|---|\n{''.join(rows)}")


def add_python_api(site):
    """What the package names in __all__, by the module that defines it."""
    source = (TOP / "python/src/imprint/__init__.py").read_text(encoding="utf-8")
    imports = re.findall(r"^from (imprint\.\w+) import (\([^)]*\)|.*)$", source, re.MULTILINE)
    public = set(re.findall(r'"(\w+)"', source.partition("__all__ = [")[2]))
    text = (TOP / "docs/python-api.md").read_text(encoding="utf-8")
    for module, names in imports:
        shown = [name for name in re.findall(r"\w+", names) if name in public]
        if shown:
            title = module.removeprefix("imprint.").lstrip("_").replace("_", " ").capitalize()
            text += f"\n## {title}\n\n" + "".join(f"::: {module}.{name}\n\n" for name in shown)
    site.write("python-api.md", text)


def replace_commands(nav, commands):
    """The navigation with the pages of commands where `COMMANDS` stands."""
    if isinstance(nav, list):
        return [each for entry in nav for each in
                (commands if entry == "COMMANDS" else [replace_commands(entry, commands)])]
    if isinstance(nav, dict):
        return {key: replace_commands(value, commands) for key, value in nav.items()}
    return nav


def stage(work, imprint, doxyfile):
    """Puts the pages together in a folder. Returns it and the navigation."""
    pages = work / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    site = Site(pages, with_c_api=shutil.which("doxygen") is not None and doxyfile.exists())
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "docs"], cwd=TOP, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    generated = ("docs/commands.md", "docs/c-headers.md", "docs/python-api.md")
    for name in filter(None, listed):
        if name.startswith("docs/site/") or name.endswith(".in") or not (TOP / name).exists():
            continue
        if not name.endswith(".md"):
            (pages / name[5:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, pages / name[5:])
        elif name not in generated:
            site.add_page(name)
    for name in TOP_PAGES:
        site.add_page(name)
    commands = add_commands(site, imprint)
    if site.with_c_api:
        add_c_api(site, doxyfile)
    else:
        print("skipped: no doxygen, so no pages of the C headers")
    header_table(site)
    add_python_api(site)
    site.add_sources()
    for name in ("site.css", "iframe-worker.js"):
        shutil.copy(SITE / name, pages)
    nav = yaml.safe_load((SITE / "nav.yml").read_text(encoding="utf-8"))
    return pages, replace_commands(nav, commands)


def main():
    parser = argparse.ArgumentParser(description="builds the documentation site")
    parser.add_argument("--imprint", type=Path, required=True, help="the program, beside its Doxyfile")
    parser.add_argument("--work", type=Path, required=True, help="a folder for what is generated")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the site")
    options = parser.parse_args()
    work, imprint = options.work.resolve(), options.imprint.resolve()
    pages, nav = stage(work, imprint, imprint.parent / "Doxyfile")
    settings = {"INHERIT": str(SITE / "mkdocs.yml"), "docs_dir": str(pages),
                "site_dir": str(options.out.resolve()), "nav": nav,
                "not_in_nav": "/sources/\n"}
    (work / "mkdocs.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(TOP / "python/src"), "NO_MKDOCS_2_WARNING": "1",
                                "DISABLE_MKDOCS_2_WARNING": "true"}
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--clean",
                    "--config-file", work / "mkdocs.yml"], check=True, env=environment)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"build.py: '{error.cmd[0]}' ended with exit code {error.returncode}")
