"""The commands that write, small enough to be disturbed a thousand times, and what they read."""

from dataclasses import dataclass, field


@dataclass
class Command:
    """A command that writes to `out`, and how it is given again."""

    name: str
    words: str  # OUT stands for the path; without it, --out gives it
    again: str = ""  # what is added the second time
    existing: bool = False  # out exists before, as another run left it
    out: str = "out"
    before: str = ""  # what the command changes: a copy of this stands at out before
    once: bool = False  # given again after its end, the command does more
    removes: bool = False  # the command ends without out
    known: bool = False  # whole, seconds are known
    whole: dict[str, bytes] = field(default_factory=dict)
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)  # calls of each kind
    # the first call from each place, of each kind
    places: dict[str, dict[str, int]] = field(default_factory=dict)


# what the commands read
SETUP = [
    "log --episodes 6 --steps 20 --size 20x15 --out data -q",
    "log --episodes 3 --steps 20 --size 20x15 --seed 5 --out data2 -q",
    "log --episodes 2 --steps 150 --size 20x15 --noise 0.3 --out long -q",
    "log --episodes 4 --steps 20 --size 20x15 --share 1/2 --out part1 -q",
    "log --episodes 4 --steps 20 --size 20x15 --share 2/2 --out part2 -q",
    "train --data data --network small --epochs 1 --no-tensorboard --out model -q",
    "export trainlog data --out train.log -q",
    "drive --episodes 3 --steps 20 --out drives -q",
    "seg-train --map loop_empty --split all --size 40x32 --images 16 --validation-images 8"
    " --batch 8 --epochs 1 --out segmenter -q",
    "eval --policy expert --episodes 4 --steps 20 --share 1/2 --out eval1 -q",
    "eval --policy expert --episodes 4 --steps 20 --share 2/2 --out eval2 -q",
]

LOG = "log --episodes 24 --steps 20 --size 20x15 -q"
LOG_SEGMENTS = (
    "log --observe segments --segmenter segmenter --episodes 6 --steps 10 --size 40x32 -q"
)
TRAIN = "train --data data --network small --checkpoint-steps 2 --epochs 2 -q"
DAGGER = (
    "dagger --network small --steps 20 --episodes 4 --epochs 2 --eval-episodes 2 --eval-steps 20"
)
COMMANDS = [
    Command("log", LOG, "--resume"),
    Command("log-force", f"{LOG} --force", existing=True),
    Command("log-commands", f"{LOG} --commands random --map 4way", "--resume"),
    Command("log-segmenter", LOG_SEGMENTS, "--resume"),
    Command("train", TRAIN, "--resume"),
    Command("train-force", f"{TRAIN} --force", existing=True),
    Command(
        "online",
        "train --online --network small --size 20x15 --steps 20 --replay-buffer 8 --episodes 4"
        " --checkpoint-steps 2 --schedule constant --epochs 3 -q",
        "--resume",
    ),
    Command("dagger", f"{DAGGER} --size 20x15 --rounds 2 -q", "--resume"),
    Command(
        "dagger-segmenter",
        f"{DAGGER} --size 40x32 --observe segments --segmenter segmenter --rounds 1 -q",
        "--resume",
    ),
    Command(
        "dagger-take-overs",
        f"{DAGGER} --size 20x15 --rounds 1 --take-overs drives -q",
        "--resume",
        once=True,
    ),
    Command(
        "seg-train",
        "seg-train --map loop_empty --split all --size 40x32 --images 16 --validation-images 8"
        " --batch 8 --checkpoint-steps 1 --epochs 2 -q",
        "--resume",
    ),
    Command(
        "sweep",
        "sweep --out OUT --seeds 2 --episodes 2 --steps 20 -q -- train --data data --network small"
        " --epochs 1 --no-tensorboard",
        "--resume",
    ),
    Command("eval", "eval --policy expert --episodes 4 --steps 20 --force -q", existing=True),
    Command("eval-join", "eval join eval1 eval2 --force -q", existing=True),
    Command("predict", "predict data --policy model --every 20 --force -q", existing=True),
    Command("audit", "audit data --frames 1000 --queries 20 --force -q", existing=True),
    Command("import", "import trainlog train.log --force -q", existing=True),
    Command("import-new", "import trainlog train.log -q"),
    Command("import-drive", "import drive drives --size 20x15 --force -q", existing=True),
    Command("trainlog", "export trainlog data --force -q"),
    Command("robomimic", "export robomimic data --force -q"),
    Command("minari", "export minari data --force -q", existing=True),
    Command("onnx", "export onnx model --force -q", out="out.onnx"),
    Command("submission", "submission new OUT --model model"),
    Command("drive", "drive --episodes 3 --steps 20 --force -q", existing=True),
    Command("map-new", "map new --count 3 --force -q", existing=True),
    Command("page", "page OUT --policy model -q", out="out.html"),
    Command("page-data", "page OUT --data data -q", out="out.html"),
    Command("robot-fit", "robot fit long --force -q", out="out.yaml"),
    Command("video", "render --replay data --size 20x15 -q", out="out.apng"),
    Command("video-ffmpeg", "render --replay data --size 20x16 -q", out="out.mp4"),
    Command("plot", "plot model --force -q", out="out.svg"),
    Command("init", "init OUT"),
    Command("runs-delete", "runs delete OUT --force", before="model", removes=True),
    Command("data-copy", "data copy data --force -q", existing=True),
    Command("data-drop", "data drop data --episodes 0 -q"),
    Command("data-split", "data split data --force -q", existing=True),
    Command("data-merge", "data merge data data2 -q"),
    Command("data-join", "data join part1 part2 -q"),
    Command("data-append", "data append OUT data2 -q", before="data"),
]
