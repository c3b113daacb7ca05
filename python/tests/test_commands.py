"""The commands of the reference pages run, at small sizes, in a folder with what they name."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from page_blocks import TOP, Block, blocks
from test_course import PROGRAM, run_shell

# the beginnings of the blocks of each page that this test runs
RUN = {
    "agent.md": ["imprint submission new"],
    "camera.md": ["imprint render"],
    "challenge.md": ["imprint eval --protocol"],
    "dagger.md": ["imprint dagger"],
    "datasets.md": ["imprint"],
    "evaluation.md": ["imprint"],
    "how-to/cluster.md": ["for k in", "parallel", "#!/bin/bash", "sbatch", "mpirun", "imprint"],
    "how-to/on-the-robot.md": ["imprint predict", "scp -r duckie", "ros2 bag"],
    "how-to/own-robot.md": ["imprint render"],
    "import.md": ["imprint"],
    "install.md": ["imprint completion"],
    "maps.md": ["imprint route"],
    "models.md": ["imprint eval", "imprint map new"],
    "networks.md": ["imprint dagger"],
    "page.md": ["imprint page", "imprint eval"],
    "plugins.md": ["cc "],
    "randomisation.md": ["imprint"],
    "robots.md": ["scp", "imprint"],
    "segmentation.md": ["imprint seg-train"],
    "towns.md": ["imprint map new"],
    "training.md": ["imprint train --online", "tensorboard"],
    "tutorial/behaviour-cloning.md": ["imprint page"],
    "tutorial/challenge.md": ["imprint import rosbag"],
    "tutorial/index.md": ["imprint log"],
}
# the beginnings of the blocks that are files, what they are called, and a command that reads them
FILES = {
    "evaluation.md": (
        "x,z,heading",
        "starts.csv",
        "imprint eval -p expert --map udem1 --starts starts.csv",
    ),
    "formats.md": (
        '{"format"',
        "marks.json",
        "imprint data drop runs/data --marks marks.json --out runs/marked",
    ),
    "maps.md": ("tile_size", "own.yaml", "imprint map check own.yaml"),
    "networks.md": ("name: tiny", "tiny.yaml", "imprint model show tiny.yaml"),
    "randomisation.md": (
        "{",
        "mine.json",
        "imprint log --distributions mine.json --out runs/ranges",
    ),
    "robots.md": ("name: mybot", "mybot.yaml", "imprint robot check mybot.yaml"),
}
DAGGER = "--first-episodes 3 --episodes 2 --steps 20 --epochs 1 --eval-episodes 2 --eval-steps 10"
# what is smaller here, or of this machine
CHANGES = [
    (r"-- --data runs/data( --epochs 20)?", "-- --data runs/data --epochs 1"),
    (r"-- dagger --rounds 4", f"-- dagger --rounds 1 {DAGGER}"),
    (
        r"-- train --online",
        "-- train --online --epochs 1 --steps 20 --episodes 2 --replay-buffer 4",
    ),
    (r"^imprint sweep (.* -- (dagger|train))", r"imprint sweep --episodes 2 --steps 20 \1"),
    (r"--batch 1024", "--batch 16"),
    (r"--share \{\}/8", "--share {}/2"),
    (r"\{1\.\.(8|16)\}", "{1..2}"),
    (r'"\$k/(3|16)"', '"$k/2"'),
    (r"for k in 1 2 3", "for k in 1 2"),
    (r" part-3 ", " "),
    (r"-I PREFIX/include", f"-I {TOP}/include"),
    (r"(imprint agent .*)", r"\1 </dev/null"),
    (r"^(tensorboard|ros2 bag) .*", ""),
    (r"robot fit runs/real", "robot fit runs/driven --pitch-range-deg 0"),
    (r"--take-overs runs/kim", "--take-overs helped"),
    (r"--size 480x360", "--size 160x120"),
    (r"--episodes 3,7-9", "--episodes 1"),
    (r"--episodes 3000", "--episodes 3 --steps 20"),
    (r"--noise 0\.3 --out runs/data", "--noise 0.3 --out runs/noisy"),
    (r"split runs/week --validation 0\.1", "split runs/week --validation 0.5"),
    (r"--robustness", "--robustness --randomize light"),
    (r"--map maps --split test", "--map small_loop"),
    (r"~/\.zfunc", "$HOME/zfunc"),
]
# other machines and their programs: each command runs here, hosts are folders
PROGRAMS = {
    "ssh": 'mkdir -p "$1/tmp"; cd "$1"; shift; exec $(echo "$*" | sed "s,/tmp/,tmp/,")',
    "scp": 'shift; from=$(echo "$1" | sed "s,^duckie@[^:]*:/data/config,duckie,; s,:/tmp,/tmp,")\n'
    'exec cp -r "$from" "$2"',
    "sbatch": 'while [ "$1" != --wrap ]; do shift; done; exec bash -ec "$2"',
    "parallel": 'command=; while [ "$1" != ::: ]; do command="$command $1"; shift; done; shift\n'
    'for k in "$@"; do $(echo "$command" | sed "s/{}/$k/g"); done',
    "mpirun": 'shift 2; exec "$@"',
}
# what the pages presuppose
FOLDER = """\
imprint log --quiet --episodes 12 --steps 42 --out runs/data
imprint train --quiet --data runs/data --epochs 1 --out runs/model
imprint seg-train --quiet --images 16 --validation-images 8 --epochs 1 --map loop_empty \\
    --split all --out models/seg
seed=1
for day in monday tuesday friday; do
    seed=$((seed + 1))
    imprint log --quiet --episodes 2 --steps 20 --seed "$seed" --out "runs/$day"
done
imprint drive --policy pure-pursuit --take-over 0.02 --hand-back 0.01 --episodes 2 --steps 60 \\
    --out helped
imprint import drive helped --labels person --out runs/kim
cp helped/00000.drive.json kim-1.drive.json
cp helped/00001.drive.json kim-2.drive.json
mkdir -p runs/demo frames duckie/calibrations/kinematics duckie/calibrations/camera_intrinsic
for copy in runs/policy runs/demo/policy runs/cloned runs/dagger runs/a runs/b models/mine \\
    models/a models/b model; do
    cp -r runs/model "$copy"
done
for k in 1 2 3; do
    imprint render --seed "$k" --size 80x60 --out "frames/$k.png"
done
printf 'file,steer\\nframes/1.png,0\\nframes/2.png,1\\n' >labels.csv
printf 'gain: 0.8\\ntrim: 0.06\\nk: 27.0\\nlimit: 1.0\\nradius: 0.0318\\nbaseline: 0.1\\n' \\
    >duckie/calibrations/kinematics/mybot.yaml
cp "$TOP/tests/fuzz/corpus/robot/equidistant.yaml" duckie/calibrations/camera_intrinsic/mybot.yaml
cp duckie/calibrations/camera_intrinsic/mybot.yaml robot.yaml
cp -r duckie/calibrations .
cp duckie/calibrations/kinematics/mybot.yaml known.yaml
cp "$TOP/tests/fixtures/logs/bag-none.bag" drive.bag
cp "$TOP/tests/fixtures/logs/bag-none.bag" evening.bag
cp -r "$TOP/tests/fixtures/logs/ros2" rosbag2_2024_05_01
cp -r rosbag2_2024_05_01 rosbag2_2026_05_01
cp "$TOP/tests/fixtures/logs/train-2.log" train.log
ln -s "$TOP/maps" maps
mkdir -p .local/share/bash-completion/completions .config/fish/completions zfunc
imprint log --quiet --robot calibrations/mybot --episodes 2 --steps 240 --noise 0.1 \\
    --start-angle-deg 20 --out runs/driven
imprint import rosbag drive.bag --out runs/real
sed -n '/^```c$/,/^```$/{/^```/d;p}' "$TOP/docs/plugins.md" >mine.c
hash=$(imprint data info runs/data --json | sed -n 's/.*"hash": "\\([0-9a-f]*\\)".*/\\1/p')
printf '{"format": "imprint-marks", "version": 1, "dataset": "%s", "episodes": [1], ' "$hash" \\
    >marks.json
echo '"frames": []}' >>marks.json
"""


# what pages write again, without saying so by --out
WRITTEN = {
    "how-to/cluster.md": ("part-1", "part-2"),
    "models.md": ("runs/model",),
    "towns.md": ("runs/data",),
    "tutorial/index.md": ("runs/data", "runs/model"),
}


def changed(text: str) -> str:
    """Commands as they can be run here, and in a short time."""
    for pattern, change in CHANGES:
        text = re.sub(pattern, change, text, flags=re.MULTILINE)
    return text


def run(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, small: bool = True) -> None:
    """Runs commands with a home, and with other machines, in the folder."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TOP", str(TOP))
    monkeypatch.setenv("PATH", f"{folder}/machines:{os.environ['PATH']}")
    run_shell(text.replace("\\\n", ""), folder, "bash", small=small)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}")
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "machines").mkdir()
    for name, text in PROGRAMS.items():
        (folder / "machines" / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "machines" / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        run(FOLDER, folder, patch, small=False)
    return folder


@pytest.fixture
def workshop(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, of which a test may change everything."""
    shutil.copytree(prepared, tmp_path / "work", symlinks=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def is_run_here(block: Block) -> bool:
    """Whether the tests of this file run a block, as commands or as a file."""
    begins = RUN.get(block.page, []) + [b for p, (b, _, _) in FILES.items() if p == block.page]
    return any(block.text.startswith(begin) for begin in begins)


@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_run(page, workshop, monkeypatch):
    chosen = [b for b in blocks(page) if any(b.text.startswith(begin) for begin in RUN[page])]
    assert chosen != []
    left_out = 0
    for block in chosen:
        text = changed(block.text)
        written = [] if "--resume" in text else re.findall(r"--out ([\w./-]+)", text)
        if re.search("imprint (log|train)", text):
            written += WRITTEN.get(page, ())
        for name in written:
            remove(workshop / name)
        if "imprint page" in text and not has_pages(workshop):
            text, left_out = re.sub("^imprint page.*", "", text, flags=re.MULTILINE), left_out + 1
        if "SLURM_ARRAY_TASK_ID" in text:
            text = "\n".join(f"SLURM_ARRAY_TASK_ID={k}\n{text}" for k in (1, 2))
        run(text, workshop, monkeypatch)
    if left_out:
        pytest.skip(f"{page}: pages were not built; all other commands ran")


@pytest.mark.parametrize("page", FILES)
def test_the_files_of_a_page_are_read(page, workshop, monkeypatch):
    begin, name, command = FILES[page]
    text = next(b.text for b in blocks(page) if b.text.startswith(begin))
    if name == "marks.json":
        # marks are of one dataset
        known = json.loads((workshop / name).read_text())["dataset"]
        text = text.replace(json.loads(text)["dataset"], known)
    (workshop / name).write_text(text, encoding="utf-8")
    run(command, workshop, monkeypatch)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def has_pages(folder: Path) -> bool:
    made = subprocess.run(
        [PROGRAM, "page", folder / "try.html"], capture_output=True, text=True, check=False
    )
    return made.returncode == 0
