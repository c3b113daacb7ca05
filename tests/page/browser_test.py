"""Opens pages of `imprint page` in headless Chromium from disk and drives in them.

    browser_test.py IMPRINT PAGE_FRAMES FOLDER

IMPRINT is the program, PAGE_FRAMES what tests/page/page_frames.c is built as. FOLDER holds nothing but
multiply_add.wasm, tests/page/multiply_add.c as a module, where there is a compiler for it.
"""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

from webdriver import Browser

LEFT, UP = "\ue012", "\ue013"
STEPS = 300
HOSTILE = "</script><img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>"


def output_of(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True).stdout


def load(browser, page, fragment=""):
    browser.open("about:blank")
    browser.open(page.as_uri() + fragment)
    browser.wait("window.imprint !== undefined || !document.getElementById('problem').hidden")


def problem(browser):
    return browser.run("const p = document.getElementById('problem');"
                       "return p.hidden ? '' : p.textContent")


def check_quiet(browser):
    """No console message, and no request but for the page itself."""
    messages = [entry["message"] for entry in browser.logs("browser")]
    assert not messages, messages
    for entry in browser.logs("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            assert url.startswith(("file://", "data:", "blob:", "about:")), url[:200]


def compare_frames(browser, frames, page, cases, steps):
    """Every state and observation is that of the native program, and so are AI-DO's metrics."""
    load(browser, page)
    for policy, map_name, words in cases:
        *wanted, metrics = output_of(frames, "drive", policy, map_name, words, steps).splitlines()
        name = {"pure-pursuit": "pure pursuit"}.get(policy, Path(policy).name)
        got, got_metrics = browser.run("""
            const [name, map, words, steps] = arguments, { session, simulator } = imprint;
            session.begin({
                map: imprint.maps.get(map), seed: 7, episode: 3, randomize: words, ghosts: [],
                lines: 'env.seed: 7\\n', policy: imprint.policies.find(each => each.name === name),
            }, 'watch');
            const lines = [];
            // a camera's noise is drawn for each state that is observed, so all of them are
            const observed = () => simulator.observationHash(0) !== '';
            while (lines.length < steps && observed() && session.step())
                lines.push(simulator.stateHash(0) + ' ' + simulator.observationHash(0));
            return [lines, simulator.metrics(0)]""", name, map_name, words, steps)
        assert len(wanted) > 20, (policy, map_name, len(wanted))
        for step, pair in enumerate(zip(got, wanted)):
            assert pair[0] == pair[1], (policy, map_name, words, step, pair)
        assert len(got) == len(wanted), (policy, map_name, len(got), len(wanted))
        values = dict(zip(("survived", "noLane", "lateral", "heading", "driven", "lane", "traveled"),
                          map(float, metrics.split())))
        assert all(values[name] == value for name, value in got_metrics.items()), (
            got_metrics, metrics)
        print(f"  {name} on {map_name}, {words}: {len(got)} equal frames")


def test_frames(browser, frames, model, page):
    cases = [("expert", "udem1", "none"), (model, "loop_empty", "none"),
             (model, "loop_empty", "looks"), ("expert", "loop_dyn_duckiebots", "looks,dynamics"),
             ("pure-pursuit", "zigzag_dists", "none"), ("expert", "loop_empty", "indoors")]
    compare_frames(browser, frames, page, cases, STEPS)
    assert browser.run("return imprint.simd") is True


def test_plain(frames, model, page):
    """Without SIMD, it is the other module, with the same frames."""
    with Browser(600, 500, extra=["--js-flags=--no-enable-sse4-1"]) as browser:
        compare_frames(browser, frames, page, [
            (model, "loop_empty", "none"), ("expert", "loop_dyn_duckiebots", "looks,dynamics")], 40)
        assert browser.run("return imprint.simd") is False
        check_quiet(browser)
        # and without WebAssembly, a sentence
        browser.command("Page.addScriptToEvaluateOnNewDocument",
                        {"source": "delete window.WebAssembly"})
        load(browser, page)
        assert "WebAssembly, which this browser does not have" in problem(browser)
        check_quiet(browser)


def test_multiply_add(browser, page, module):
    """The multiply-add of WebAssembly rounds once, in the cases that are made to go wrong."""
    if not module.exists():
        print("  not checked: no compiler for WebAssembly")
        return
    load(browser, page)
    wrong, hard = browser.run("""
        const bytes = Uint8Array.from(atob(arguments[0]), letter => letter.charCodeAt(0));
        return WebAssembly.compile(bytes).then(module => {
            const names = WebAssembly.Module.imports(module).map(each => each.name);
            const system = Object.fromEntries(names.map(name => [name, () => 52]));
            return WebAssembly.instantiate(module, { wasi_snapshot_preview1: system });
        }).then(({ exports }) => {
            const wrong = exports.differences(100000, 0) + exports.differences(100000, 1);
            return [wrong, exports.hard_cases()];
        })""", base64.b64encode(module.read_bytes()).decode())
    assert wrong == 0 and hard > 200000, (wrong, hard)


def hold(browser, key, seconds):
    browser.keys([("down", key), ("pause", seconds), ("up", key)])


def test_keyboard(browser, page):
    load(browser, page)
    browser.keys([("down", "2"), ("up", "2")])
    browser.wait("imprint.session.mode === 'drive' && imprint.playing")
    hold(browser, UP, 2.5)
    state = browser.run("""
        const s = imprint.session;
        return [s.distance[s.at], [...new Set(s.recording.drivers)], Math.max(...s.series.left)]""")
    assert state[0] > 0.05 and state[1] == ["person"] and state[2] > 0.5, state
    browser.keys([("down", " "), ("up", " ")])
    assert browser.run("return imprint.playing") is False


def test_gamepad(browser, page):
    load(browser, page)
    browser.run("""
        const buttons = Array.from({ length: 8 }, () => ({ value: 0 }));
        buttons[7].value = 0.8;
        navigator.getGamepads = () => [{ axes: [0.5, 0], buttons }];
        imprint.setMode('drive')""")
    browser.wait("imprint.session.at > 20")
    left, right = browser.run("return [imprint.session.series.left[9], imprint.session.series.right[9]]")
    assert abs(left - 0.91) < 0.01 and abs(right - 0.69) < 0.01, (left, right)


def test_pointer(browser, page):
    """A mouse, and a finger, that is held drives by its way from where it came down."""
    for kind in ("mouse", "touch"):
        load(browser, page)
        browser.run("""
            imprint.setMode('drive');
            const { devices, session } = imprint, pad = document.getElementById('pad');
            // before the page hears of it
            document.addEventListener('pointerup', () => window.held = [
                devices.pointer, pad.hidden, session.at, session.series.left[session.at - 1],
                session.series.right[session.at - 1]], true)""")
        browser.pointer(kind, "#camera", [("move", 0, 20), ("down",), ("move", 16, -28),
                                          ("pause", 1.5), ("up",)])
        browser.wait("window.held !== undefined")
        pointer, hidden, at, left, right = browser.run("return held")
        # 48 of 64 pixels ahead, 16 to the right
        assert pointer == {"throttle": 0.75, "steer": 0.25}, (kind, pointer)
        assert abs(left - 0.805) < 1e-6 and abs(right - 0.695) < 1e-6, (kind, left, right)
        assert hidden is False and at > 5, (kind, hidden, at)
        after = browser.run("""
            const { devices, session } = imprint;
            return [devices.pointer, devices.read(0), document.getElementById('pad').hidden,
                    [...new Set(session.recording.drivers)]]""")
        assert after == [None, None, True, ["person"]], (kind, after)


def test_take_over(browser, page, program, folder):
    """A person takes the wheel; the file says when, and drives again to the same states."""
    load(browser, page)
    browser.run("imprint.setMode('takeover')")
    browser.wait("imprint.session.at > 15")
    hold(browser, LEFT, 0.7)
    browser.wait("imprint.session.recording.drivers.at(-1) === 'policy'")
    browser.run("imprint.setPlaying(false)")
    text = browser.run("return imprint.driveAsText()")
    drive = json.loads(text)
    who = [run[0] for run in drive["drivers"]]
    assert who[:3] == ["policy", "person", "policy"], who
    assert sum(run[1] for run in drive["drivers"]) == drive["steps"]
    assert browser.run("return imprint.session.score().interventions") == 1
    assert drive["policy"]["name"] == "model.safetensors"
    path = folder / "taken.drive.json"
    path.write_text(text)
    # the same page opens it from disk, and from the fragment of its address
    browser.upload("#open", path)
    browser.wait("imprint.session.mode === 'replay'")
    assert problem(browser) == "" and browser.run("return imprint.session.length") == drive["steps"]
    browser.run("imprint.copyLink()")
    browser.wait("location.hash.length > 10")
    fragment = browser.run("return location.hash")
    load(browser, page, fragment)
    assert browser.run("return imprint.session.length") == drive["steps"]
    test_seek(browser)
    test_native(program, path, folder)


def test_seek(browser):
    """Going back and driving on from there: what follows is forgotten, what was driven is not."""
    browser.run("imprint.seek(10)")
    hashes = browser.run("""
        const s = imprint.session, first = imprint.simulator.stateHash(0);
        s.seek(s.length); s.seek(10);
        return [first, imprint.simulator.stateHash(0)]""")
    assert hashes[0] == hashes[1]
    browser.run("imprint.fork(); imprint.setPlaying(false)")
    assert browser.run("return [imprint.session.length, imprint.mode]") == [10, "watch"]
    browser.run("imprint.stepOnce()")
    assert browser.run("return imprint.session.length") == 11


def test_traffic(browser, page, program, folder):
    """A map with added traffic comes with its text: the page and the program open it."""
    text = json.dumps(test_racing(browser, page))
    path = folder / "traffic.drive.json"
    path.write_text(text)
    load(browser, page)
    browser.run("imprint.openDrive(arguments[0])", text)
    assert problem(browser) == "", problem(browser)
    test_native(program, path, folder)


def test_native(program, path, folder):
    known = subprocess.run([program, "import", "--help"], capture_output=True, text=True).stdout
    if "drive" not in known:
        print("  not checked: this program has no `imprint import drive`")
        return
    output_of(program, "import", "drive", path, "--out", folder / "imported", "--force")


def test_racing(browser, page):
    """Laps are counted, the expert's line is driven ahead, and settings of the robot act."""
    load(browser, page)
    laps = browser.run("""
        const p = imprint, choose = (id, value) => {
            document.getElementById(id).value = value;
            document.getElementById(id).dispatchEvent(new Event('change'));
        };
        choose('policy', p.policies.findIndex(policy => policy.who === 'expert'));
        for (let k = 0; k < 1500; k++)
            p.session.step();
        const { laps, time } = p.session.score();
        p.seek(1000);
        const before = p.session.score().laps.length;
        p.seek(1500);
        return [laps, time, before, p.session.score().laps.length]""")
    times = laps[0]
    assert len(times) >= 2 and laps[3] == len(times) and 1 <= laps[2] <= len(times), laps
    assert max(times[1:]) - min(times[1:]) < 0.1 and 10 < times[0] < 25, laps
    line = browser.run("""
        imprint.newStart();
        imprint.setMode('drive');
        imprint.setPlaying(false);
        for (let k = 0; k < 12; k++)
            imprint.stepOnce();
        const rows = [...document.querySelectorAll('#metrics th')].map(cell => cell.textContent);
        return [imprint.session.line.poses.length, rows]""")
    assert line[0] > 300 and line[1] == ["you", "expert"], line
    drive = json.loads(browser.run("""
        for (const [id, value] of [['delay', 0.3], ['trim', -0.05], ['traffic', 'both']]) {
            document.getElementById(id).value = value;
            document.getElementById(id).dispatchEvent(new Event('change'));
        }
        imprint.stepOnce();
        return imprint.driveAsText()"""))
    assert problem(browser) == "", problem(browser)
    assert drive["settings"]["drive.delay"] == 0.3 and drive["settings"]["drive.trim"] == -0.05
    assert drive["map"]["name"] == "loop_empty+both"
    assert browser.run("return imprint.screen.map.transform.moving") == 4
    return drive


def test_commands(browser, page, program, folder):
    """A robot goes where it is told, and a saved drive holds what it was told."""
    load(browser, page)
    told = browser.run("""
        const p = imprint, seen = [];
        for (const [id, value] of [['map-name', 'udem1_empty'], ['commands', 'given'],
            ['policy', p.policies.findIndex(policy => policy.who === 'expert')]]) {
            document.getElementById(id).value = value;
            document.getElementById(id).dispatchEvent(new Event('change'));
        }
        document.querySelector('[data-turn=left]').click();
        const pressed = () => document.querySelector('[data-turn=left]').getAttribute('aria-pressed');
        seen.push(document.getElementById('turns').hidden, pressed());
        let ended = 0;
        for (let k = 0; k < 900; k++) {
            const before = p.simulator.state(0);
            p.session.step();
            const now = p.simulator.state(0);
            ended += before.command === 1 && now.command === 0;
            if (now.given === 0)
                p.giveCommand('left');
        }
        p.screen.draw(p.session, true);
        return [...seen, ended, p.simulator.stateHash(0)]""")
    assert told[:2] == [False, "true"] and told[2] >= 2, told
    text = browser.run("return imprint.driveAsText()")
    drive = json.loads(text)
    assert drive["settings"]["commands"] == 3 and drive["given"][0] == [0, "left"], drive["given"]
    # the same command takes it back
    browser.run("imprint.giveCommand('left'); imprint.giveCommand('right'); imprint.giveCommand('right')")
    assert browser.run("return imprint.simulator.state(0).given") == 0
    # going back and forth, and opening the file, give the same states and commands
    at = browser.run("imprint.seek(200); const c = imprint.simulator.state(0).command;"
                     "imprint.seek(700); imprint.seek(200);"
                     "return [c, imprint.simulator.state(0).command]")
    assert at[0] == at[1], at
    browser.run("imprint.openDrive(arguments[0])", text)
    assert problem(browser) == "", problem(browser)
    assert browser.run("imprint.seek(900); return imprint.simulator.stateHash(0)") == told[3]
    path = folder / "told.drive.json"
    path.write_text(text)
    test_native(program, path, folder)


def test_bad_drives(browser, page):
    load(browser, page)
    browser.run("for (let k = 0; k < 40; k++) imprint.session.step()")
    good = json.loads(browser.run("return imprint.driveAsText()"))

    def opened(**changes):
        browser.run("imprint.openDrive(arguments[0])", json.dumps({**good, **changes}))
        return problem(browser)

    assert opened() == ""
    assert "version" in opened(version=2)
    assert "format" in opened(format="x")
    assert "as many actions" in opened(steps=41)
    assert "drivers" in opened(drivers=[["nobody", 40]])
    assert "commands" in opened(given=[[5, "left"], [5, "right"]])
    assert "commands" in opened(given=[[0, "back"]])
    assert "not understood" in opened(settings={"commands": 9})
    assert "does not have" in opened(map={**good["map"], "name": HOSTILE})
    assert "not understood" in opened(settings={"x\ny": 1})
    assert "unknown setting" in opened(settings={"no.such": 1})
    assert "another one" in opened(seed=good["seed"] + 1)
    assert "another one" in opened(checks={**good["checks"], "hashes": ["0" * 16]})
    browser.run("imprint.openDrive('{')")
    assert "JSON" in problem(browser)
    assert browser.run("return window.hacked") is None


def test_hostile_names(browser, program, folder, model):
    """Names and titles are text, whatever they hold."""
    evil = folder / "evil"
    evil.mkdir()
    map_file = evil / "a<img src=x onerror=alert(1)>.yaml"
    map_file.write_text("tile_size: 0.585\n# " + HOSTILE + "\ntiles:\n"
                        "- [curve_left/W, curve_left/N]\n- [curve_left/S, curve_left/E]\n")
    named = evil / "<b onmouseover=window.hacked=1>.safetensors"
    named.write_bytes(model.read_bytes())
    page = evil / "page.html"
    output_of(program, "page", page, "--title", HOSTILE, "--map", map_file, "--policy", named)
    load(browser, page)
    assert problem(browser) == "", problem(browser)
    assert browser.run("return [document.title, imprint.policies[0].name, window.hacked,"
                       " document.querySelectorAll('img, b[onmouseover]').length]") == [
        HOSTILE, named.name, None, 0]
    browser.run("imprint.stepOnce()")
    assert browser.run("return imprint.session.at") == 1


def test_episodes(browser, program, folder, model):
    """The report of an evaluation opens its worst episodes, where they went wrong."""
    out = folder / "evaluation"
    output_of(program, "eval", "--policy", model, "--policy", "expert", "--episodes", 4, "--steps",
              90, "--start-angle-deg", 40, "--randomize", "dynamics", "--out", out)
    links = re.findall('href="(simulator.html#episode=([^"]+))"', (out / "report.html").read_text())
    assert [name for _, name in links] == [f"worst-{p}-{k}" for p in (1, 2) for k in (1, 2, 3)]
    load(browser, out / "simulator.html", "#episode=" + links[1][1])
    shown = browser.run("""
        const s = imprint.session;
        return [s.mode, s.at, s.length, document.querySelector('[aria-current=true] b').textContent,
                imprint.episodes.episodes.length, imprint.policies[$('policy').value].name]""".replace(
                    "$(", "document.getElementById("))
    assert shown[0] == "replay" and 0 <= shown[1] < shown[2] <= 90, shown
    assert shown[3:] == ["worst-1-2", 6, "model.safetensors"], shown
    for _, name in links:  # opening compares the states
        browser.run("imprint.openEpisode(imprint.episodes.find(arguments[0]))", name)
        assert problem(browser) == "" and browser.run("return imprint.session.length") > 10, name
    for who, mode in (("expert", "watch"), ("policy", "watch"), ("person", "drive")):
        browser.run("imprint.openEpisode(imprint.episodes.find('worst-1-1')); imprint.seek(5);"
                    "document.querySelector(`[data-fork=${arguments[0]}]`).click();"
                    "imprint.setPlaying(false); imprint.stepOnce(); imprint.stepOnce()", who)
        state = browser.run("""
            const s = imprint.session;
            return [s.mode, s.length, s.recording.drivers[6], s.before.at > 7]""")
        assert state == [mode, 7, who, True], state
    browser.run("imprint.episodes.find('worst-1-1').drive = '{}'; location.hash = '#episode=<b>'")
    browser.wait("!document.getElementById('problem').hidden")
    # the same from drives as files; the program drives them to the same states
    page = folder / "drives.html"
    output_of(program, "page", page, "--episodes", out / "drives", "--episodes",
              out / "worst-2-1.drive.json")
    load(browser, page, "#episode=2-00003")
    assert browser.run("return [imprint.session.mode, imprint.episodes.episodes.length]") == [
        "replay", 9]
    test_native(program, out / "drives", folder)


def test_challenge(browser, program, folder):
    """The report of a challenge opens its worst episodes, on the challenge's own maps."""
    out = folder / "challenge"
    output_of(program, "eval", "--protocol", "aido-lfv", "--policy", "pure-pursuit", "--out", out)
    links = re.findall('href="(simulator.html#episode=([^"]+))"', (out / "report.html").read_text())
    assert [name for _, name in links] == ["worst-1-1", "worst-1-2", "worst-1-3"], links
    load(browser, out / "simulator.html", "#episode=worst-1-1")
    for _, name in links:  # opening compares the states
        browser.run("imprint.openEpisode(imprint.episodes.find(arguments[0]))", name)
        assert problem(browser) == "" and browser.run("return imprint.session.length") > 10, name
    browser.run("imprint.seek(5); imprint.fork(); imprint.setPlaying(false); imprint.stepOnce()")
    assert browser.run("return imprint.session.length") == 6


def main():
    program, frames, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    model, page = folder / "model.safetensors", folder / "page.html"
    output_of(frames, "new", model)
    output_of(program, "page", page, "--policy", model)
    with Browser(1280, 900) as browser:
        tests = [
            (test_frames, (frames, str(model), page)),
            (test_multiply_add, (page, folder / "multiply_add.wasm")), (test_keyboard, (page,)),
            (test_traffic, (page, program, folder)), (test_commands, (page, program, folder)),
            (test_gamepad, (page,)), (test_pointer, (page,)), (test_take_over, (page, program, folder)),
            (test_bad_drives, (page,)), (test_hostile_names, (program, folder, model)),
            (test_episodes, (program, folder, model)), (test_challenge, (program, folder)),
        ]
        for test, arguments in tests:
            print(test.__name__)
            test(browser, *arguments)
            check_quiet(browser)
    print("test_plain")
    test_plain(frames, str(model), page)


if __name__ == "__main__":
    main()
