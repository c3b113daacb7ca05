"""Opens pages of `imprint page --data` in headless Chromium from disk, and marks episodes in them.

    dataset_page_test.py IMPRINT FOLDER

IMPRINT is the program, FOLDER an empty folder.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from browser_test import HOSTILE, check_quiet, output_of, problem
from webdriver import Browser


def load(browser, page):
    browser.open("about:blank")
    browser.open(page.as_uri())
    browser.wait("window.imprint !== undefined")


def test_figures(browser, program, data, page):
    """The page's figures and what its filters find are the program's, to the last digit."""
    load(browser, page)
    listed = json.loads(output_of(program, "data", "list", data, "--json"))["list"]
    shown = browser.run("""
        return imprint.episodes.map(e => [e.number, e.steps, e.ending, e.difference,
            e.differenceMax, e.jerk, e.standing, e.laneMean, e.laneMax, e.speed, e.reward,
            e.outlier])""")
    keys = ("episode", "steps", "ending", "difference", "difference_max", "jerk_1_s", "standing_s",
            "lane_distance_mean_m", "lane_distance_max_m", "speed_m_s", "reward", "outlier")
    for mine, row in zip(shown, listed, strict=True):
        for key, value in zip(keys, mine, strict=True):
            same = value == row[key] if isinstance(value, str) else abs(value - row[key]) <= 1e-9 * abs(value)
            assert same, (key, value, row)
    for key, option, name in (("difference", "--difference", "difference"), ("jerk", "--jerk", "jerk_1_s"),
                              ("standing", "--standing", "standing_s"), ("outlier", "--outlier", "outlier")):
        value = sorted(row[name] for row in listed)[3]
        found = browser.run("""
            const [key, value] = arguments;
            const limit = document.getElementById('limit-' + key);
            limit.value = value;
            limit.oninput();
            document.getElementById('filter-' + key).click();
            const found = imprint.found().map(e => e.number);
            document.getElementById('filter-' + key).click();
            return found""", key, value)
        wanted = json.loads(output_of(program, "data", "list", data, option, value, "--json"))
        assert sorted(found) == [row["episode"] for row in wanted["list"]], (key, found, wanted)
        assert key == "standing" or 0 < len(found) < len(listed), (key, found)
    assert browser.run("return imprint.found().length") == len(listed)


def test_looks(browser, page):
    """Frames are shown, and plots are drawn."""
    load(browser, page)
    browser.wait("document.querySelector('.strip img')?.complete")
    sizes = browser.run("""
        const image = document.querySelector('.strip img'), plots = document.querySelector('.range canvas');
        const pixels = plots.getContext('2d').getImageData(0, 0, plots.width, plots.height).data;
        return [image.naturalWidth, image.naturalHeight, pixels.some(value => value > 0)]""")
    assert sizes == [8 * 40, 30, True], sizes
    browser.run("""
        document.getElementById('sort').value = 'jerk';
        document.getElementById('sort').onchange()""")
    order = browser.run("return imprint.found().map(e => e.jerk)")
    assert order == sorted(order, reverse=True), order


def drag(browser, number, begin, end):
    """Drags over the plots of a card, from one share of its width to another."""
    browser.run("""
        const [number, begin, end] = arguments;
        const range = document.querySelector(`[data-episode="${number}"] .range`);
        range.scrollIntoView({ block: 'center' });
        const box = range.getBoundingClientRect();
        const at = (type, share) => range.dispatchEvent(new PointerEvent(type, { pointerId: 1,
            clientX: box.left + share * box.width, clientY: box.top + 20, bubbles: true }));
        range.setPointerCapture = () => {};
        at('pointerdown', begin);
        at('pointermove', end);
        at('pointerup', end);""", number, begin, end)


def test_marks(browser, program, data, page, folder):
    """Marks are saved as a file, read again, and applied by the program."""
    load(browser, page)
    browser.run("document.querySelector('[data-episode=\"1\"] .head button').click()")
    drag(browser, 2, 0.0, 0.249)
    drag(browser, 2, 0.5, 0.5)  # a click where nothing is marked
    drag(browser, 3, 0.4, 0.6)
    drag(browser, 3, 0.5, 0.5)  # a click on a mark removes it
    drag(browser, 4, 0.3, 0.1)
    drag(browser, 4, 0.2, 0.5)  # joins
    text = browser.run("return imprint.marks.asText()")
    steps = 40
    assert json.loads(text) == {
        "format": "imprint-marks", "version": 1, "dataset": browser.run("return imprint.data.hash"),
        "episodes": [1], "frames": [{"episode": 2, "first": 0, "last": 10},
                                    {"episode": 4, "first": 4, "last": 20}]}, text
    assert "1 episode and 28 frames of 2 episodes marked, not saved" in browser.run(
        "return document.getElementById('marked').textContent")
    browser.command("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    browser.run("document.getElementById('save').click()")
    saved = folder / "data-marks.json"
    for _ in range(200):
        if saved.exists() and saved.read_text() == text:
            break
        time.sleep(0.05)
    assert saved.read_text() == text
    # what the page tells to type
    command = browser.run("return document.getElementById('command').textContent").split()
    subprocess.run([program, *command[1:]], cwd=folder, check=True, capture_output=True)
    made = json.loads(output_of(program, "data", "list", folder / "data-clean", "--json"))["list"]
    assert [row["steps"] for row in made] == [steps, steps - 11, steps, 3, steps - 21, steps], made
    output_of(program, "data", "check", folder / "data-clean")
    # the file opens again, and another dataset's is refused
    load(browser, page)
    browser.upload("#open", saved)
    browser.wait("imprint.marks.episodes.size === 1")
    assert browser.run("return imprint.marks.asText()") == text
    browser.run("imprint.marks.undo()")
    assert browser.run("return [imprint.marks.episodes.size, imprint.marks.frames.size]") == [0, 0]
    good = json.loads(text)
    for change, words in (({"dataset": "0" * 16}, "another dataset"), ({"version": 2}, "version"),
                          ({"format": "x"}, "no marks file"), ({"episodes": [6]}, "does not have"),
                          ({"frames": [{"episode": 0, "first": 0, "last": 41}]}, "does not have"),
                          ({"episodes": HOSTILE}, "does not have")):
        browser.run("imprint.openMarks(arguments[0])", json.dumps({**good, **change}))
        assert words in problem(browser), (change, problem(browser))
    browser.run("imprint.openMarks('{')")
    assert "JSON" in problem(browser)
    assert browser.run("return imprint.marks.episodes.size") == 0


def test_hostile_names(browser, program, data, folder):
    """Names of folders, maps and titles are text, whatever they hold; a page may do without frames."""
    named = folder / "a<img src=x onerror=window.hacked=1>'$(date)"
    named.symlink_to(data, target_is_directory=True)
    page = folder / "hostile.html"
    output_of(program, "page", page, "--data", named, "--image-mb", 0)
    load(browser, page)
    assert browser.run("return document.title") == named.name
    assert "'\\''" in browser.run("return document.getElementById('command').textContent")
    assert "without frames" in browser.run("return document.getElementById('facts').textContent")
    output_of(program, "page", page, "--data", data, "--title", HOSTILE)
    load(browser, page)
    assert browser.run("return [document.title, window.hacked, "
                       "document.querySelectorAll('body img[src=x]').length]") == [HOSTILE, None, 0]


def main():
    program, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    data, page = folder / "data", folder / "page.html"
    output_of(program, "log", "--episodes", 6, "--steps", 40, "--noise", 0.5, "--size", "40x30",
              "--out", data)
    output_of(program, "page", page, "--data", data)
    with Browser(1280, 900) as browser:
        for test, arguments in ((test_figures, (program, data, page)), (test_looks, (page,)),
                                (test_marks, (program, data, page, folder)),
                                (test_hostile_names, (program, data, folder))):
            print(test.__name__)
            test(browser, *arguments)
            check_quiet(browser)


if __name__ == "__main__":
    main()
