#!/usr/bin/env python3
"""How large a page of `imprint page` is, and how fast it drives in headless Chromium.

    bench/page.py [IMPRINT] [PAGE_FRAMES]

IMPRINT is build/release/imprint unless given, PAGE_FRAMES build/release/tests/page_frames, which
makes a model with random weights of the default architecture. Run it on an idle machine: times are
the best of several, and the mean rate of drawing is what a viewer gets.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests" / "page"))

from webdriver import Browser  # noqa: E402

# Steps of an episode as the page takes them: the policy acts, all is drawn. Milliseconds per step.
MEASURE = """
const [width, height, count] = arguments, page = imprint, { session, simulator } = page;
page.setPlaying(false);
page.mode = 'watch';
page.begin();
page.screen.size = [width, height];
page.screen.draw(session, true);
const times = { all: [], act: [], camera: [] };
for (let k = 0; k < count; k++) {
  if (session.finished)
    page.restart();
  const begin = performance.now();
  session.step();
  const acted = performance.now();
  simulator.drawCamera(0, width, height);
  const drawn = performance.now();
  page.screen.draw(session, false);
  times.act.push(acted - begin);
  times.camera.push(drawn - acted);
  times.all.push(performance.now() - begin - (drawn - acted));
}
const mean = list => list.reduce((a, b) => a + b, 0) / list.length;
return Object.fromEntries(Object.entries(times).map(([name, list]) =>
  [name, { best: Math.min(...list), mean: mean(list) }]));
"""


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else SOURCE / "build/release/imprint"
    frames = sys.argv[2] if len(sys.argv) > 2 else SOURCE / "build/release/tests/page_frames"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, page = folder / "model.safetensors", folder / "page.html"
        subprocess.run([frames, "new", model], check=True)
        subprocess.run([program, "page", page, "--policy", model], check=True,
                       stdout=subprocess.DEVNULL)
        content = page.read_bytes()
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        print(f"page with all maps and one policy  {len(content) / 1e6:8.2f} MB")
        print(f"  compressed (gzip -9)             {len(gzip.compress(content)) / 1e3:8.0f} kB")
        with Browser() as browser:
            firsts = []
            for _ in range(3):
                browser.open("about:blank")
                browser.open(page.as_uri())
                browser.wait("window.imprint !== undefined")
                firsts.append(browser.run("return imprint.firstFrame"))
            print(f"time to the first frame            {min(firsts):8.0f} ms")
            for width, height in ((320, 240), (640, 480)):
                result = browser.run(MEASURE, width, height, 150)
                print(f"{width} x {height}, the policy acts, all is drawn")
                print(f"  frames per second                {1000 / result['all']['mean']:8.1f}"
                      f"  (best {1000 / result['all']['best']:.1f})")
                print(f"  policy and physics               {result['act']['mean']:8.2f} ms"
                      f"  (best {result['act']['best']:.2f})")
                print(f"  camera                           {result['camera']['mean']:8.2f} ms"
                      f"  (best {result['camera']['best']:.2f})")
            text = browser.run("""
                imprint.mode = 'watch';
                document.getElementById('policy').value = imprint.policies.findIndex(
                    policy => policy.who === 'expert');
                imprint.begin();
                for (let k = 0; k < 1800 && imprint.session.step(); k++);
                return imprint.driveAsText()""")
            steps = json.loads(text)["steps"]
            print(f"a drive of {steps / 30:4.0f} s as a file       {len(text) / 1e3:8.1f} kB")


if __name__ == "__main__":
    main()
