#!/usr/bin/env python3
"""Drives robots of a table of kinematics, with the robot known to the agent and unknown.

    bench/any_robot.py robots.csv --policy runs/model [--robots 20] [--episodes 25] [--map MAP]

The table has a header with gain, trim, k, radius, baseline and limit. Robots are drawn from it by
a seed. Known: the commands are corrected by the robot's file. Unknown: the same motors and wheels
get the commands as they are.
"""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

IMPRINT = Path(__file__).resolve().parents[1] / "build" / "release" / "imprint"
FIELDS = ("gain", "trim", "k", "radius", "baseline", "limit")
USUAL = {"gain": 1.0, "trim": 0.0, "k": 27.0, "radius": 0.0318, "baseline": 0.102, "limit": 1.0}


def read_robots(path):
    """The rows of the table; what a row leaves empty is that of the usual robot."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    robots = [{f: float(row.get(f) or USUAL[f]) for f in FIELDS} for row in rows]
    for number, robot in enumerate(robots, 2):
        if not robot["gain"] > abs(robot["trim"]):
            sys.exit(f"{path}:{number}: the trim is larger than the gain")
    if not robots:
        sys.exit(f"{path}: no robots")
    return robots


def motors(robot):
    """What gain, trim and distance of wheels the simulator needs for that robot's motors.

    The right wheel turns at k / (gain + trim) per duty cycle, the left one at k / (gain - trim).
    """
    right = robot["k"] / (robot["gain"] + robot["trim"]) * robot["radius"]
    left = robot["k"] / (robot["gain"] - robot["trim"]) * robot["radius"]
    usual = USUAL["k"] * USUAL["radius"]
    strength = (right + left) / 2 / usual
    return {
        "gain": strength,
        "trim": (right - left) / 2 / usual / strength,
        "wheel_dist": robot["baseline"] / USUAL["baseline"],
        "wheel_radius": 1.0,
    }


def evaluate(options, extra):
    """(survived, episodes, mean lane distance [m], mean speed [m/s])."""
    command = [str(IMPRINT), "eval", "--json", "--quiet", "--policy", options.policy]
    command += ["--episodes", str(options.episodes), "--steps", str(options.steps)]
    command += ["--start-angle-deg", "60", "--seed", str(options.seed)]
    for name in options.map:
        command += ["--map", name]
    done = subprocess.run([*command, *extra], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    found = json.loads(done.stdout)["policies"][0]
    return (
        found["survived"],
        found["episodes"],
        found["lane_distance_mean_m"],
        found["speed_mean_m_s"],
    )


def drive(options, robot, folder):
    """The evaluations of a robot: known, unknown."""
    file, ranges = folder / "robot.yaml", folder / "motors.json"
    file.write_text("".join(f"{f}: {robot[f]}\n" for f in FIELDS))
    fixed = {name: {"default": value} for name, value in motors(robot).items()}
    ranges.write_text(json.dumps(fixed))
    known = evaluate(options, ["--robot", str(file)])
    unknown = evaluate(
        options, ["--randomize", "gain,trim,wheels", "--distributions", str(ranges)]
    )
    return known, unknown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("--policy", required=True, help="a model, expert or pure-pursuit")
    parser.add_argument("--robots", type=int, default=20, help="how many are drawn (20; 0: all)")
    parser.add_argument("--episodes", type=int, default=25, help="of each robot (25)")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--map", action="append", help="may be repeated (loop_empty)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.map = options.map or ["loop_empty"]
    robots = read_robots(options.table)
    if 0 < options.robots < len(robots):
        robots = random.Random(options.seed).sample(robots, options.robots)
    sums = [[0, 0], [0, 0]]
    print("   gain   trim      k  known: survived, lane, speed     unknown")
    with tempfile.TemporaryDirectory() as folder:
        for robot in robots:
            line = f"{robot['gain']:7.3f}{robot['trim']:7.3f}{robot['k']:7.1f}"
            for total, found in zip(sums, drive(options, robot, Path(folder))):
                survived, episodes, lane, speed = found
                total[0] += survived
                total[1] += episodes
                line += f"  {survived:4d}/{episodes}  {100 * lane:5.1f} cm {speed:5.2f} m/s"
            print(line, flush=True)
    for name, (survived, episodes) in zip(("known", "unknown"), sums):
        print(f"{name}: {survived} of {episodes} survived, {100 * survived / episodes:.1f} %")


if __name__ == "__main__":
    main()
