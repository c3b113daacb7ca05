"""Records our expert and exports the drives for LeRobot, whose policies can be trained on them.

pip install imprint-sim[lerobot]
python lerobot_export.py [--episodes 50] [--steps 300] [--out lerobot]

Then, where lerobot is installed, as for ten steps of ACT:

lerobot-train --dataset.repo_id=me/drive --dataset.root=lerobot/drive --policy.type=act \
    --policy.push_to_hub=false --steps=10
"""

import argparse
from pathlib import Path

import imprint


def main(arguments=None):
    parser = argparse.ArgumentParser(description="exports drives for LeRobot")
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("lerobot"))
    options = parser.parse_args(arguments)
    size = {"episodes": options.episodes, "steps": options.steps}
    imprint.collect(options.out / "data", map="small_loop", noise=0.1, **size)
    result = imprint.export_lerobot(
        options.out / "data",
        options.out / "drive",
        task="drive along the right lane",
        progress=lambda p: print(f"\r{p.done:.0f} of {p.total:.0f} {p.unit}", end=""),
    )
    print(
        f"\n{result.folder}: {result.episodes} episodes, {result.frames} frames at {result.fps} "
        f"frames a second"
    )


if __name__ == "__main__":
    main()
