#!/usr/bin/env python3
"""hostile_agents.py [--brief] [--random N] [--seed S] [NAME...]: agents that attack who runs them.

Each agent of hostile_scripts.py is run by `imprint eval --agent` or `imprint submission check`, in
the sandbox. Afterwards nothing outside of it may be different: no file, no process, no connection,
no secret in what was printed. imprint must end in time with an exit code of its own and a message.

--brief takes ten of them. --random N runs N more, which do several of these things in any order.
The program is $IMPRINT. Exit code 1: something was wrong, with a line for each; 77: no sandbox.
"""

import argparse
import ctypes
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attacks
from hostile_scripts import AGENTS, BRIEF, Agent

PROGRAM = os.environ["IMPRINT"]
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: who loses its parent becomes our child
DOCKERFILE = """FROM debian
COPY agent.py attacks.py minimal_agent.py facts.json /agent/
CMD ["python3", "/agent/agent.py"]
"""
# what imprint itself may take besides what an agent sends [kB]
MEMORY = 600_000


def files(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Kind, size and content of all that stands in a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        text = path.read_text() if path.is_file() and not path.is_symlink() else ""
        found[str(path.relative_to(folder))] = (info.st_mode, info.st_size, text)
    return found


def random_agent(seed: int) -> Agent:
    """Several attacks in any order, at any moment of the conversation."""
    dice = random.Random(seed)
    names = [dice.choice(sorted(attacks.ATTACKS)) for _ in range(dice.randint(2, 6))]
    before = dice.randint(0, len(names))
    quote = [f"attempt({name!r})" for name in names]
    script = "\n".join(quote[:before]) + "\nconverse(2)\n" + "\n".join(quote[before:])
    ending = dice.choice(
        ["os._exit(9)", "os.kill(os.getpid(), 11)", "raise SystemExit", "speak_noise()"]
    )
    return Agent(f"random-{seed}", f"{script}\n{ending}\n")


class Place:
    """A folder with everything that an agent must not reach."""

    def __init__(self, folder: Path, agent: Agent) -> None:
        self.folder = folder
        self.secret = secrets.token_hex(16)
        self.here = folder / "here"
        self.hidden = folder / "hidden"
        self.temporary = folder / "temporary"
        for made in (self.here, self.hidden, self.temporary):
            made.mkdir()
        (self.hidden / "secret").write_text(self.secret)
        (self.here / "kept").write_text("kept\n")
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(b"\0imprint-" + self.secret[:8].encode())
        self.local = socket.socket(socket.AF_UNIX)
        self.local.bind(str(self.hidden / "socket"))
        for listener in (self.tcp, self.abstract, self.local):
            listener.listen()
            listener.setblocking(False)
        self.witness = subprocess.Popen(["sleep", "1000"])
        facts = {
            "hidden": str(self.hidden),
            "here": str(self.here),
            "temporary": str(self.temporary),
            "port": self.tcp.getsockname()[1],
            "abstract": self.secret[:8],
            "witness": self.witness.pid,
            "evaluator": os.getpid(),
        }
        (self.here / "facts.json").write_text(json.dumps(facts))
        for source in (attacks.__file__, attacks.agent.__file__):
            shutil.copy(source, self.here)
        (self.here / "agent.py").write_text(f"from attacks import *\n{agent.script}")
        if agent.submission:
            (self.here / "Dockerfile").write_text(DOCKERFILE)
            (self.here / "submission.yaml").write_text("protocol: aido2_db18_agent-z2\n")
        self.before = files(folder)

    def command(self, agent: Agent) -> list[str]:
        """How imprint runs the agent."""
        if agent.submission:
            return [PROGRAM, "submission", "check", str(self.here)]
        words = [PROGRAM, "eval", "--protocol", "aido-lfi", "-n", "1", "--agent-timeout"]
        return [*words, str(agent.patience), "--agent", "python3 agent.py", "-q"]

    def what_changed(self) -> str:
        """What the agent reached outside; empty if nothing."""
        after = files(self.folder)
        for name in sorted(after.keys() | self.before.keys()):
            if after.get(name) != self.before.get(name):
                return f"{name} is not what it was"
        for name, listener in (
            ("TCP", self.tcp),
            ("abstract", self.abstract),
            ("local", self.local),
        ):
            try:
                listener.accept()
                return f"it reached a socket ({name})"
            except BlockingIOError:
                pass
        return "" if self.witness.poll() is None else "it killed a process outside"

    def close(self) -> None:
        """Nothing of the place stays."""
        self.witness.kill()
        self.witness.wait()
        for listener in (self.tcp, self.abstract, self.local):
            listener.close()


def survivors(witness: int) -> str:
    """Processes that lost their parent and go on: they are our children now."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    end = time.monotonic() + 60.0
    left: list[str] = []
    while time.monotonic() < end:
        try:
            while os.waitpid(-1, os.WNOHANG)[0] > 0:
                pass
        except ChildProcessError:
            pass
        left = [pid for pid in children.read_text().split() if int(pid) != witness]
        if not left:
            return ""
        time.sleep(0.05)
    names = []
    for pid in left:
        names.append(Path(f"/proc/{pid}/comm").read_text().strip())
        os.kill(int(pid), signal.SIGKILL)
    return f"still running: {' '.join(names)}"


def peak_memory(pid: int) -> int:
    """The most that a process has held [kB]."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def watch(process: "subprocess.Popen[bytes]", limit: float) -> tuple[int | None, int]:
    """Waits for the end; the exit code (None: too late) and the most memory [kB]."""
    end, most = time.monotonic() + limit, 0
    while process.poll() is None and time.monotonic() < end:
        most = max(most, peak_memory(process.pid))
        time.sleep(0.05)
    code = process.poll()
    if code is None:
        process.kill()
        process.wait()
    return code, most


def what_was_said(agent: Agent, place: Place, said: bytes) -> str:
    """What is wrong with imprint's words; empty if nothing."""
    if any(byte < 32 and byte != 10 for byte in said):
        return "control characters were printed"
    if place.secret.encode() in said:
        return "a secret was printed"
    if len(said) > 8000:
        return f"{len(said)} bytes were printed"
    if agent.says.encode() not in said:
        return f"wanted '{agent.says}', got: {said.decode(errors='replace')[-400:]}"
    return ""


def run_one(agent: Agent) -> str:
    """Runs an agent; empty if nothing is wrong. Only for a process of its own."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="hostile-", dir="/tmp") as folder:
        place = Place(Path(folder), agent)
        environment = dict(os.environ, SECRET=place.secret, TMPDIR=str(place.temporary))
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                place.command(agent),
                cwd=place.here,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            code, memory = watch(process, agent.limit)
            output.seek(0)
            said = output.read()
        wrong = survivors(place.witness.pid) or place.what_changed()
        place.close()
    if wrong:
        return wrong
    if code not in agent.codes:
        how = "did not end" if code is None else f"ended with {code}"
        return f"{how}: {said.decode(errors='replace')[-400:]}"
    if memory > MEMORY:
        return f"imprint took {memory} kB"
    return what_was_said(agent, place, said)


def run_in_process(name: str) -> str:
    """Runs an agent in a process of its own, which inherits what survives."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or (done.stderr.strip()[-400:] if done.returncode else "")


def main() -> int:
    """Reads the arguments and runs the agents, two at a time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--random", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=int(time.time()) // 86400 * 100000)
    parser.add_argument("--one", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    if options.one:
        seed = options.one.removeprefix("random-")
        print(run_one(AGENTS.get(options.one) or random_agent(int(seed))))
        return 0
    if (
        not shutil.which("bwrap")
        or subprocess.run(
            ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"],
            capture_output=True,
            check=False,
        ).returncode
    ):
        print("skipped: no sandbox on this machine")
        return 77
    names = options.names or (BRIEF if options.brief else list(AGENTS))
    names = names + [f"random-{options.seed + k}" for k in range(options.random)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        said = dict(zip(names, pool.map(run_in_process, names), strict=True))
        wrong = {name: words for name, words in said.items() if words}
    for name, words in wrong.items():
        print(f"{name}: {words}")
    print(f"hostile agents: {len(names)} ran, {len(wrong)} went wrong")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
