"""Every code block of the pages is run by a test, or has a reason here why none can run it."""

from page_blocks import TOP, Block, blocks, pages
from test_commands import is_run_here
from test_course import HOW_TO, TUTORIAL

# pages whose blocks of these languages other tests of this folder run
LANGUAGES = {
    "first-hour.md": "python",
    "python.md": "python",
    **dict.fromkeys([*TUTORIAL, *HOW_TO], "sh python yaml"),
}
# the beginnings of single blocks, and the test that runs them, which names their page
TESTS = {
    "c-api.md": {"#include": "tests/scripts/install.sh"},
    "first-hour.md": {
        "after 105": "python/tests/test_outputs.py",
        "expert: completed": "python/tests/test_outputs.py",
        "10000 frames": "python/tests/test_outputs.py",
    },
    "formats.md": {"import h5py": "python/tests/test_outputs.py"},
    "gym-duckietown.md": {"import imprint": "python/tests/test_outputs.py"},
    "evaluation.md": {"Why 57": "python/tests/test_outputs.py"},
    "library.md": {"cc ": "tests/scripts/install.sh", "find_package": "tests/scripts/install.sh"},
    "networks.md": {"actions": "python/tests/test_outputs.py"},
    "plugins.md": {"#include": "tests/scripts/plugin.sh"},
    "tutorial/expert.md": {"policy": "python/tests/test_outputs.py"},
}
# the beginnings of the other blocks, and why nothing can run them
DRAWING = "is a drawing or a formula"
BUILD = "builds or installs the whole project, as root: .ci/run, cmake/debian-root.sh"
TRAINED = "is what networks did that were trained for minutes; they differ in their last bits"
REASONS = {
    "README.md": {"./run": BUILD},
    "CONTRIBUTING.md": {"cmake --preset": BUILD},
    "agent.md": {"apt-get install": BUILD},
    "architecture.md": {"map generator": DRAWING},
    "assets.md": {"imprint render": "needs the textures of duckietown-world, which are not ours"},
    "audit.md": {"imprint map": "records 120,000 frames; cli_audit.sh runs a smaller one"},
    "conventions.md": {"u' =": DRAWING},
    "doubt.md": {
        "imprint doubt": "drives 1,000 episodes; tests/scripts/cli_doubt.sh runs a smaller one",
        "imprint agent": "waits for a camera; tests/deploy/agent/test_agent.c has one",
    },
    "engine.md": {"for each": DRAWING},
    "first-hour.md": {"./run": BUILD, "loss": TRAINED, "completed": TRAINED, "round 0": TRAINED},
    "formats.md": {"main_data": DRAWING},
    "how-to/on-the-robot.md": {
        "python3": "needs a robot; python/tests/test_robot_nodes.py runs the node with a stand-in",
        "scp -r examples": "needs a robot, and a build for it",
    },
    "index.md": {"./run": BUILD},
    "install.md": {
        "apt-get": BUILD,
        "pip install": BUILD,
        "./run": BUILD,
        "podman": "needs a registry of images; cmake/container.sh builds without one",
    },
    "library.md": {"./run": BUILD},
    "networks.md": {"speed: true": "is a part of a file; test_conditions.c has such files"},
    "python.md": {"pip install": BUILD},
    "robots.md": {"bench": "trains for half an hour"},
    "tutorial/behaviour-cloning.md": {"policy": TRAINED},
    "tutorial/dagger.md": {"policy": TRAINED},
    "tutorial/other-worlds.md": {"policy": TRAINED},
}


def is_run(block: Block) -> bool:
    return is_run_here(block) or block.kind in LANGUAGES.get(block.page, "").split()


def first_match(table: dict[str, dict[str, str]], block: Block) -> str | None:
    """The beginning of a block under which a table has it."""
    known = table.get(block.page, {})
    return next((begin for begin in known if block.text.startswith(begin)), None)


def test_every_block_is_run_or_has_a_reason() -> None:
    unknown, used = [], set()
    for page in pages():
        for block in blocks(page):
            in_tests, in_reasons = first_match(TESTS, block), first_match(REASONS, block)
            used |= {(page, in_tests), (page, in_reasons)}
            if in_tests is None and in_reasons is None and not is_run(block):
                first = block.text.split("\n")[0]
                unknown.append(f"{page} line {block.line}: no test runs this {block.kind}: {first}")
    known = {(page, begin) for t in (TESTS, REASONS) for page in t for begin in t[page]}
    unknown += [f"no block of {page} begins with {begin!r}" for page, begin in known - used]
    assert unknown == []


def test_other_tests_name_the_pages_whose_blocks_they_run() -> None:
    for page, tests in TESTS.items():
        for test in tests.values():
            name = page.rpartition("/")[2].removesuffix(".md")
            assert name in (TOP / test).read_text(encoding="utf-8"), f"{test} does not name {page}"
