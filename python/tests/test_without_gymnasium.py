"""Everything but the environments works without gymnasium, which is needed at an exact version by
some other packages.
"""

import subprocess
import sys

PROGRAM = """
import sys

sys.modules["gymnasium"] = None  # as if it were not installed
import imprint

def message_of(what):
    try:
        what()
    except ImportError as error:
        return str(error)

def straight_on(states):
    return [[0.4, 0.4]] * len(states)

assert imprint.evaluate(straight_on, episodes=1, steps=3).statistics.episodes == 1
assert imprint.collect(sys.argv[1], episodes=1, steps=3, width=8, height=6).episodes == 1
assert len(imprint.Dataset(sys.argv[1])) == 3
for name in ("LaneFollowingEnv", "LaneFollowingVectorEnv"):
    assert "pip install gymnasium" in message_of(lambda: getattr(imprint, name)), name
try:
    imprint.no_such_name
except AttributeError as error:
    assert "no_such_name" in str(error)
else:
    raise AssertionError
print("drove without it")
"""


def test_policies_and_datasets_work_without_gymnasium(tmp_path):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "drove without it\n"
