"""Searches the documentation site from disk, in headless Chromium, as a reader would.

    tests/docs/site_test.py SITE

SITE is the folder that ./run docs makes. For each question, words are typed into the site's own
search; the answer must stand on one of the first two pages that it finds. Pages must also fit the
width of a phone, and ask the network for nothing.
"""

import html
import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "page"))
from webdriver import Browser  # noqa: E402

# what is typed, and what must stand on a page that is found
QUESTIONS = [
    ("headless server container", "no X server"),
    ("supported python versions gpu", "3.11 to 3.14"),
    ("drive keyboard gamepad record", "imprint import drive"),
    ("write my own expert", "imprint.collect"),
    ("action order units duty cycle omega wheels", "left then right"),
    ("reward negative", "−1000"),
    ("terminated truncated done", "truncated"),
    ("lane position angle in code", "lane_distance"),
    ("own map curve tile turn", "curve_left/S"),
    ("map does not load no episode starts", "imprint map check"),
    ("train several maps new map every episode", "imprint map new"),
    ("camera calibration distorted rectified", "--lens"),
    ("robot gain trim delay", "env.drive.trim"),
    ("works in simulation fails on robot", "swapped"),
    ("domain randomisation groups", "materials"),
    ("image rgb bgr normalisation crop", "RGB bytes"),
    ("stable-baselines3 vectorised", "LaneFollowingVecEnv"),
    ("load dataset pytorch pandas", "imprint.Dataset"),
    ("merge split filter datasets", "imprint data merge"),
    ("own pytorch network evaluate", "imprint.evaluate(module"),
    ("validation loss good driving bad", "expert"),
    ("same seed differ", "same bytes"),
    ("resume interruption more epochs another machine", "--resume"),
    ("compare policies how many episodes", "380"),
    ("export onnx input output", "(batch, height, width, 3)"),
    ("raspberry pi jetson speed", "arm64"),
    ("ai-do submission check error", "imprint submission check"),
    ("rosbag ros 2 train.log", "imprint import rosbag"),
    ("video of an episode", "--replay"),
    ("several cores machines slurm", "#SBATCH"),
]
MOST_MISSED = 2
PHONE = 360


def found_pages(browser, words):
    """The first two pages that the search finds for these words."""
    browser.run("""
        const field = document.querySelector('.md-search__input');
        field.focus();
        field.value = arguments[0];
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.dispatchEvent(new KeyboardEvent('keyup', { bubbles: true }));""", words)
    # results have stood still for half a second
    script = """return [...document.querySelectorAll('.md-search-result__item > a')]
        .map(link => link.href.split('#')[0].split('?')[0] + '?' + link.href)"""
    before, same = None, 0
    for _ in range(200):
        links = browser.run(script)
        same = same + 1 if links == before else 0
        before = links
        if same >= 5:
            break
        time.sleep(0.1)
    return list(dict.fromkeys(link.split("?")[0] for link in before))[:2]


def text_of(page):
    source = re.sub(r"<[^>]*>", "", Path(page.removeprefix("file://")).read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", html.unescape(source))


def test_search(site):
    missed = []
    with Browser() as browser:
        browser.open((site / "index.html").as_uri())
        browser.run("document.querySelector('label[for=__search]').click()")
        for words, answer in QUESTIONS:
            pages = found_pages(browser, words)
            if not any(answer in text_of(page) for page in pages):
                missed.append(words)
            print(f"  {'MISSED' if words in missed else 'found '} {words}: "
                  + ", ".join(Path(page).stem for page in pages))
        for entry in browser.logs("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"]
                assert url.startswith(("file:", "data:", "blob:", "about:")), url
    print(f"search: {len(QUESTIONS) - len(missed)} of {len(QUESTIONS)} questions answered")
    assert len(missed) <= MOST_MISSED, missed


def test_phone(site):
    """No page is wider than a phone; what is wider scrolls within it."""
    pages = [page for page in sorted(site.rglob("*.html"))
             if not {"c-api", "sources"} & set(page.relative_to(site).parts)]
    wide = []
    with Browser() as browser:
        browser.open("about:blank")
        browser.command("Emulation.setDeviceMetricsOverride",
                        {"width": PHONE, "height": 800, "deviceScaleFactor": 2, "mobile": True})
        for page in pages:
            browser.open(page.as_uri())
            width = browser.run("return document.documentElement.scrollWidth")
            if width > PHONE:
                wide.append(f"{page.relative_to(site)}: {width}")
    print(f"phone: {len(pages)} pages, {len(wide)} too wide")
    assert not wide, wide


if __name__ == "__main__":
    SITE = Path(sys.argv[1]).resolve()
    test_search(SITE)
    test_phone(SITE)
