"""Runs a script that was written for gym-duckietown on this simulator."""

import argparse
import os
import runpy
import sys

from imprint.gym_duckietown import install

_EXAMPLE = """example:
  python -m imprint.gym_duckietown exercises/basic_control.py --map-name loop_empty
  cd learning && python -m imprint.gym_duckietown -m reinforcement.pytorch.train_reinforcement"""


def main() -> None:
    """The command line: see --help."""
    parser = argparse.ArgumentParser(
        prog="python -m imprint.gym_duckietown",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--api",
        choices=("gym", "gymnasium"),
        default="gym",
        help="step() returns four results, or five; default: gym",
    )
    parser.add_argument(
        "--gym",
        choices=("auto", "own", "installed"),
        default="auto",
        help="which 'gym' the script imports; default: auto",
    )
    parser.add_argument(
        "-m", "--module", action="store_true", help="SCRIPT is the name of a module"
    )
    parser.add_argument("script", metavar="SCRIPT", help="a Python file")
    parser.add_argument(
        "arguments", metavar="ARGUMENTS", nargs=argparse.REMAINDER, help="what the script gets"
    )
    arguments = parser.parse_args()
    if not arguments.module and not os.path.isfile(arguments.script):
        parser.error(f"there is no file '{arguments.script}'")
    install(api=arguments.api, gym=arguments.gym)
    sys.argv = [arguments.script, *arguments.arguments]
    if arguments.module:
        sys.path[0] = os.getcwd()
        runpy.run_module(arguments.script, run_name="__main__", alter_sys=True)
        return
    sys.path[0] = os.path.dirname(os.path.abspath(arguments.script))
    runpy.run_path(arguments.script, run_name="__main__")


if __name__ == "__main__":
    main()
