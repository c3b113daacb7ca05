#!/usr/bin/env python3
"""campaign.py kills|faults|every [--seconds S] [--seed N] [COMMAND...]: what becomes of files.

kills: commands that write are killed (-9) at random moments and before chosen system calls. Then
the same command is given again, with --resume or --force where it has that. It must end well, with
the bytes of a run that nobody disturbed, and leave nothing behind.

faults: one call of a command fails. The command must succeed with these bytes, or end with an exit
code of its own and a message; the next run must end well. A crash, a hang, other bytes are errors.

every: as faults, but each call of a kind fails in turn, of each command, whatever --seconds says.
--calls read:EIO,open:EMFILE chooses the kinds, --step 3 takes every third call. --places takes the
first call from each place, once for all commands: a place is four callers within the program.

The program is $IMPRINT; $INJECTOR is inject_faults.c as a shared library. Exit code 1: something
was wrong, with a line for each finding that repeats it.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from writing_commands import COMMANDS, SETUP, Command

PROGRAM = os.environ["IMPRINT"]
INJECTOR = os.environ["INJECTOR"]
CALLS = ["write", "fsync", "rename", "link", "open", "close", "read", "unlink", "mkdir", "getdents"]
FAULTS = [f"{call}:{{}}:{error}" for call in CALLS for error in ("EIO", "EINTR")]
FAULTS += ["write:{}:ENOSPC", "write:{}:SHORT", "read:{}:SHORT", "open:{}:EMFILE"]
FAULTS += ["mmap:{}:ENOMEM", "malloc:{}:ENOMEM"]
KILLS = [f"{call}:{{}}:KILL" for call in ("write", "fsync", "rename", "link", "unlink", "mkdir")]
# exit codes that imprint has for failures
CODES = {1, 2, 3, 4, 5}
# what differs between equal runs: names and contents with times
VARYING = ("events.out.tfevents", "report.html")


def arguments(command: Command, again: bool) -> list[str]:
    """The command line, which writes to the path `command.out`."""
    words = command.words.split()
    if "OUT" in words:
        words[words.index("OUT")] = command.out
    else:
        words += ["--out", command.out]
    place = words.index("--") if "--" in words else len(words)
    return [PROGRAM, *words[:place], *(command.again.split() if again else []), *words[place:]]


def contents(folder: Path) -> dict[str, bytes]:
    """All files whose bytes are the same in equal runs."""
    files = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in files
        if file.is_file() and not file.name.startswith(VARYING)
    }


def remove_outputs() -> None:
    """Everything that a command may have left."""
    for path in Path().glob("out*"):
        subprocess.run(["chmod", "-R", "u+w", path], check=False)
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def prepare(command: Command) -> None:
    """An empty place, or one where another run of the command has been."""
    remove_outputs()
    before = f"kept-{command.name}" if command.existing else command.before
    if before:
        shutil.copytree(before, command.out)


def run(words: list[str], fault: str = "", limit: float = 120.0) -> tuple[int, str]:
    """Exit code (-signal; 124: too slow) and the last words."""
    environment = dict(os.environ)
    if fault:
        environment |= {"LD_PRELOAD": INJECTOR, "IMPRINT_FAULT": fault}
        environment |= {"IMPRINT_FAULT_COUNT": os.path.abspath("count")}
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return 124, "too slow"
    return done.returncode, done.stderr.decode(errors="replace").strip()[-300:]


def learn(command: Command) -> None:
    """What the command writes when nobody disturbs it."""
    remove_outputs()
    if command.before:
        prepare(command)
    started = time.monotonic()
    code, words = run(arguments(command, False))
    command.seconds = time.monotonic() - started
    if code != 0:
        sys.exit(f"{command.name} ends with {code} undisturbed: {words}")
    command.known = True
    command.whole = contents(Path(command.out))
    if command.existing:
        shutil.rmtree(f"kept-{command.name}", ignore_errors=True)
        shutil.copytree(command.out, f"kept-{command.name}")


def count_calls(command: Command, call: str) -> int:
    """How many calls of a kind the command makes."""
    if not command.counts:
        Path("count").unlink(missing_ok=True)
        prepare(command)
        run(arguments(command, False), "all:0:EIO")
        for line in Path("count").read_text().splitlines():
            name, number, *place = line.split()
            if place:
                command.places.setdefault(name, {})[place[0]] = int(number)
            else:
                command.counts[name] = int(number)
    return command.counts[call]


def one_of(command: Command, kinds: list[str], dice: random.Random) -> str:
    """A kind of fault at one of the calls that the command makes."""
    kind = dice.choice(kinds)
    return kind.format(dice.randint(1, max(1, count_calls(command, kind.split(":")[0]))))


def leftovers(command: Command) -> str:
    """What stands beside the output."""
    left = [
        path.name for path in Path().glob("out*") if command.removes or path != Path(command.out)
    ]
    return f"left over: {' '.join(left)}" if left else ""


def what_is_wrong(command: Command) -> str:
    """After the last run: other bytes, or leftovers; empty if all is well."""
    out = Path(command.out)
    if not out.exists() and not command.removes:
        return "nothing was written"
    found = contents(out) if out.exists() else {}
    for name in sorted(found.keys() | command.whole.keys()):
        if name not in command.whole:
            return f"{name} is left over"
        if name not in found:
            return f"{name} is missing"
        if found[name] != command.whole[name]:
            return f"{name} has other bytes"
    return leftovers(command)


def recover(command: Command) -> str:
    """Gives the command again; empty if it ends well."""
    out = Path(command.out)
    again = bool(command.again) and out.exists()
    is_done = not again and not command.existing and out.exists() != command.removes
    if is_done or command.once:
        # complete already, or a file that is replaced
        wrong = what_is_wrong(command)
        if not wrong:
            return ""
    if (
        command.before
        and not command.removes
        and out.exists()
        and contents(out) != contents(Path(command.before))
    ):
        # the change is done; the next one of its kind removes what is left
        wrong = what_is_wrong(command)
        if not wrong.startswith("left over"):
            return wrong
        run(arguments(command, again))
        return leftovers(command)
    code, words = run(arguments(command, again))
    return f"then the next run ended with {code}: {words}" if code != 0 else what_is_wrong(command)


def kill_once(command: Command, dice: random.Random) -> tuple[str, str]:
    """How it was killed, and what was wrong afterwards."""
    calls = [one_of(command, KILLS, dice) for _ in range(3)]
    prepare(command)
    how = []
    for attempt in range(dice.choice((1, 1, 2, 3))):
        again = attempt > 0 and bool(command.again) and Path(command.out).exists()
        if dice.random() < 0.5:
            how.append(calls[attempt])
            run(arguments(command, again), how[-1])
        else:
            moment = dice.uniform(0, 1.1 * command.seconds)
            how.append(f"after {moment:.3f} s")
            process = subprocess.Popen(
                arguments(command, again),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    return ", ".join(how), recover(command)


def fail(command: Command, fault: str) -> str:
    """What is wrong after one call has failed; empty if all is well."""
    prepare(command)
    code, words = run(arguments(command, False), fault)
    if code == 0:
        wrong = what_is_wrong(command)
        told = wrong.startswith("left over") and "could be removed" in words
        return recover(command) if told else wrong
    if code not in CODES:
        return f"ended with {code}: {words}"
    if not words.startswith("imprint: "):
        return f"ended with {code} and says: {words}"
    return recover(command)


def fail_once(command: Command, dice: random.Random) -> tuple[str, str]:
    """Which call failed, and what was wrong."""
    fault = one_of(command, FAULTS, dice)
    return fault, fail(command, fault)


def numbers_of(command: Command, kind: str, seen: set[str] | None) -> list[int]:
    """The calls to fail: all, or the first from each place that is not among those `seen`."""
    count = count_calls(command, kind.split(":")[0])
    if seen is None:
        return list(range(1, count + 1))
    places = command.places.get(kind.split(":")[0], {})
    new = {f"{kind} {place}": number for place, number in places.items()}
    numbers = sorted(number for name, number in new.items() if name not in seen)
    seen.update(new)
    return numbers


def fail_every(commands: list[Command], kinds: list[str], step: int, by_place: bool) -> int:
    """Lets each call of these kinds fail, one in a run."""
    attempts = findings = 0
    seen: set[str] | None = set() if by_place else None
    for command in commands:
        learn(command)
        for kind in kinds:
            call, error = kind.split(":")
            for number in numbers_of(command, kind, seen)[::step]:
                fault = f"{call}:{number}:{error}"
                wrong = fail(command, fault)
                attempts += 1
                if wrong:
                    findings += 1
                    print(f"{command.name}: {fault}: {wrong}", flush=True)
    print(f"every: {attempts} runs were disturbed, {findings} went wrong")
    return 1 if findings or attempts == 0 else 0


def campaign(way: str, commands: list[Command], seconds: float, seed: int) -> int:
    """Takes commands in turn until time is over."""
    dice = random.Random(seed)
    attempts = findings = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        command = commands[attempts % len(commands)]
        if not command.known:
            learn(command)
        once = kill_once if way == "kills" else fail_once
        how, wrong = once(command, dice)
        attempts += 1
        if wrong:
            findings += 1
            print(f"{command.name}: {how}: {wrong}", flush=True)
    print(f"{way}: {attempts} runs were disturbed, {findings} went wrong")
    return 1 if findings or attempts == 0 else 0


def main() -> int:
    """Reads the arguments, makes what the commands read, and begins."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("way", choices=("kills", "faults", "every"))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=int(time.time()) // 86400)
    parser.add_argument("--calls", default="read:EIO,open:EIO,getdents:EIO,malloc:ENOMEM")
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--places", action="store_true")
    parser.add_argument("commands", nargs="*", metavar="COMMAND")
    options = parser.parse_intermixed_args()
    chosen = [c for c in COMMANDS if not options.commands or c.name in options.commands]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for words in SETUP:
            code, message = run([PROGRAM, *words.split()])
            if code != 0:
                sys.exit(f"'imprint {words}' ends with {code}: {message}")
        if options.way == "every":
            return fail_every(chosen, options.calls.split(","), options.step, options.places)
        return campaign(options.way, chosen, options.seconds, options.seed)


if __name__ == "__main__":
    sys.exit(main())
