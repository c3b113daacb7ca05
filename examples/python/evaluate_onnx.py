"""Evaluates an ONNX file as a policy, beside our expert, on the same starts.

pip install onnxruntime
imprint train --data runs/data --out runs/model
imprint export onnx runs/model --out model.onnx
python evaluate_onnx.py model.onnx [--episodes 20] [--steps 300] [--report report]
"""

import argparse
from pathlib import Path

import imprint


def main(arguments=None):
    parser = argparse.ArgumentParser(description="evaluates an ONNX file")
    parser.add_argument("file", type=Path)
    parser.add_argument("--map", default="small_loop")
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--report", type=Path, help="a folder for report.html")
    options = parser.parse_args(arguments)
    size = {"map": options.map, "episodes": options.episodes, "steps": options.steps}
    for policy in ("expert", options.file):
        report = options.report if policy == options.file else None
        print(f"{policy}:", imprint.evaluate(policy, start_angle=0.1, report=report, **size))


if __name__ == "__main__":
    main()
