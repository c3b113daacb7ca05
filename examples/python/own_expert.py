"""An expert of one's own: it is evaluated, it records a dataset, and our network learns from it.

python own_expert.py [--episodes 20] [--steps 300] [--out own-expert]
"""

import argparse
from pathlib import Path

import numpy as np

import imprint

SPEED = 0.25  # [m/s]
SETTINGS = {"map": "small_loop", "start_angle": 0.1}


@imprint.policy(images=False, name="pursuit", identity=f"speed {SPEED}")
def pursuit(states):
    """Pure pursuit (Coulter, 1992): steers along the arc to the point of the path 0.2 m ahead.

    states: [N] of the type imprint.STATE; returns the wheels' duty cycles [N, 2].
    """
    ahead, left = states["path"][:, 2, 0], -states["path"][:, 2, 1]
    curvature = 2.0 * left / (ahead**2 + left**2)
    curvature = np.nan_to_num(curvature)  # off the road there is no path
    # 1 on both wheels is 0.6 m/s, a difference of 1 turns by 3.75 rad/s
    forward, turn = SPEED / 0.6, SPEED * curvature / 7.5
    return np.stack([forward - turn, forward + turn], axis=1)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="an expert of one's own")
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("own-expert"))
    options = parser.parse_args(arguments)
    size = {"episodes": options.episodes, "steps": options.steps}
    for name, policy in (("own expert", pursuit), ("our expert", "expert")):
        print(f"{name}:", imprint.evaluate(policy, **size, **SETTINGS))

    # noise pushes the robot off its path; the labels say what the expert would do there
    data = imprint.collect(
        options.out / "data", expert=pursuit, noise=0.05, resume=True, **size, **SETTINGS
    )
    print(f"{data.folder}: {data.resumed + data.episodes} episodes")


if __name__ == "__main__":
    main()
