"""What a hostile agent tries: ATTACKS by name, and enough of the protocol to come that far."""

import ctypes
import json
import mmap
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

sys.path.append(str(Path(__file__).resolve().parents[2] / "examples"))
import minimal_agent as agent

FACTS: dict[str, str] = {}  # where hidden things are, see hostile_agents.py
if (Path(__file__).parent / "facts.json").exists():
    FACTS = json.loads((Path(__file__).parent / "facts.json").read_text())
    if Path("/proc/1/comm").read_text() != "bwrap\n":
        sys.exit("these attacks are for a sandbox only")
SECONDS = 1.0  # how long something endless goes on
streams: list[BinaryIO] = []  # input, output


# ---- the conversation, as examples/minimal_agent.py has it ----


def text(value: str) -> bytes:
    """A text in CBOR."""
    return agent.item(value)


def number(value: float) -> bytes:
    """A number in CBOR."""
    return agent.item(value)


def commands(left: bytes, right: bytes) -> bytes:
    """The answer to get_commands, with these two items as duty cycles."""
    whole = agent.commands(0.0, 0.0)
    start = whole.index(b"motor_left") + len(b"motor_left")
    between = agent.item("motor_right")
    return whole[:start] + left + between + right


def connect() -> None:
    """Opens both streams, once."""
    if not streams:
        path = os.environ["AIDONODE_DATA_OUT"].removeprefix("fifo:")
        incoming = os.open(os.environ["AIDONODE_DATA_IN"], os.O_RDONLY)
        streams.append(os.fdopen(incoming, "rb"))
        if not os.path.exists(path):
            os.mkfifo(path)
        streams.append(os.fdopen(os.open(path, os.O_WRONLY), "wb", buffering=0))


def say(data: bytes) -> None:
    """Writes all of it."""
    while data:
        data = data[streams[1].write(data) or 0 :]


def converse(steps: int, answer: bytes = b"") -> None:
    """Answers as the protocol wants it until so many commands were given, then with `answer`."""
    connect()
    while steps > 0 or answer:
        message = agent.read_item(streams[0])
        data = b""
        if message.get("control") == "capabilities":
            data = agent.control("capabilities", {"z2": {}})
        if message.get("topic") == "get_commands":
            steps -= 1
            data = answer if steps < 0 and answer else commands(number(0.1), number(0.1))
            answer = b"" if steps < 0 else answer
        say(agent.control("understood") + data + agent.control("over"))


def answer_with(data: bytes) -> None:
    """Gives this in the place of the third commands, and goes on if it can."""
    converse(2, data)
    converse(2)


# ---- what is outside ----


def print_file(path: str) -> None:
    """What it holds becomes the agent's last words."""
    print(Path(path).read_bytes().decode(errors="replace"), file=sys.stderr, flush=True)


def write_outside() -> None:
    """Where it is, where secrets are, where the evaluator works."""
    for folder in (FACTS["here"], FACTS["hidden"], FACTS["temporary"]):
        for path in (f"{folder}/new", f"{folder}/kept"):
            attempt_call(lambda path=path: Path(path).write_text("was here"))


def change_files() -> None:
    """A file that is there to read."""
    kept = f"{FACTS['here']}/kept"
    for change in (
        lambda: os.unlink(kept),
        lambda: os.chmod(kept, 0o777),
        lambda: os.truncate(kept, 0),
        lambda: os.rename(kept, kept + "2"),
        lambda: os.link(kept, kept + "3"),
        lambda: os.symlink("/etc/passwd", kept + "4"),
    ):
        attempt_call(change)


def remount() -> None:
    """File systems, made writable again."""
    os.system(f"mount -o remount,bind,rw / ; mount -o remount,bind,rw '{FACTS['here']}'")
    os.system(f"touch '{FACTS['here']}/new' '{FACTS['hidden']}/new'")


def nested_namespace() -> None:
    """A namespace in which it is root."""
    inner = f"mount -o remount,bind,rw / ; umount -l /tmp; touch '{FACTS['here']}/new'"
    os.system(f'unshare -Urmp --fork sh -c "{inner}; cat {FACTS["hidden"]}/secret"')


def read_secret() -> None:
    """A file in a folder that is hidden."""
    print_file(f"{FACTS['hidden']}/secret")


def read_environment() -> None:
    """Variables of the user."""
    print(dict(os.environ), file=sys.stderr, flush=True)


def read_processes() -> None:
    """Variables and folders of all processes."""
    for path in Path("/proc").glob("[0-9]*"):
        attempt_call(lambda path=path: print_file(f"{path}/environ"))
        attempt_call(lambda path=path: print_file(f"{path}/root{FACTS['hidden']}/secret"))
        attempt_call(lambda path=path: print_file(f"{path}/cwd/../hidden/secret"))


def write_memory() -> None:
    """Memory of the first process."""
    for path in Path("/proc").glob("[0-9]*"):
        if path.name != str(os.getpid()):
            attempt_call(lambda path=path: (path / "mem").write_bytes(b"x"))


def trace() -> None:
    """Other processes, as a debugger."""
    library = ctypes.CDLL(None)
    for process in (1, os.getppid(), FACTS["witness"]):
        library.ptrace(16, process, 0, 0)


def kill_everything() -> None:
    """All processes that it may signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in (-1, 0, FACTS["witness"], FACTS["evaluator"]):
        attempt_call(lambda process=process: os.kill(process, signal.SIGTERM))
    attempt_call(lambda: os.kill(FACTS["witness"], signal.SIGKILL))


def signal_parent() -> None:
    """The first process."""
    for number_of in (signal.SIGINT, signal.SIGHUP, signal.SIGSTOP, signal.SIGKILL):
        attempt_call(lambda number_of=number_of: os.kill(1, number_of))


def reach_network() -> None:
    """The machine itself, and another."""
    attempt_call(lambda: socket.create_connection(("127.0.0.1", FACTS["port"]), 1).send(b"x"))
    attempt_call(lambda: socket.create_connection(("192.0.2.1", 80), 1))


def reach_sockets() -> None:
    """Sockets with a name and with a path."""
    for name in (b"\0imprint-" + FACTS["abstract"].encode(), FACTS["hidden"] + "/socket"):
        attempt_call(lambda name=name: socket.socket(socket.AF_UNIX).connect(name))


def raw_socket() -> None:
    """Packets of any kind."""
    attempt_call(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    attempt_call(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))


# ---- what is used up ----


def survive() -> None:
    """Processes that leave the session and ignore signals."""
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number_of in range(1, 32):
                    attempt_call(lambda n=number_of: signal.signal(n, signal.SIG_IGN))
                os.closerange(0, 64)
                time.sleep(3600)
            os._exit(0)


def nested_children() -> None:
    """A chain of processes."""
    for _ in range(40):
        if os.fork() != 0:
            time.sleep(3600)
            os._exit(0)


def fork_bomb() -> None:
    """Processes that start processes, up to a number that the machine outlives."""
    for _ in range(10):
        attempt_call(os.fork)
    time.sleep(20)


def thread_bomb() -> None:
    """More threads than anybody needs."""
    threading.stack_size(65536)
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    time.sleep(5)


def map_memory() -> None:
    """More memory than a process gets."""
    mmap.mmap(-1, 9 << 30)


def fill(folder: str) -> None:
    """Writes until something ends it."""
    for name in range(8):
        path = Path(folder) / f"full-{name}"
        with path.open("wb") as file:
            for _ in range(300):
                file.write(b"x" * (1 << 20))


def fill_temporary() -> None:
    """Everything that can be written to."""
    for folder in ("/tmp", "/var/tmp", "/run", "/dev/shm", "/dev"):
        attempt_call(lambda folder=folder: fill(folder))


def fill_streams() -> None:
    """The folder of the streams."""
    fill(os.path.dirname(os.environ["AIDONODE_DATA_IN"]))


def open_files() -> None:
    """All descriptors."""
    kept = []
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))


def raise_limits() -> None:
    """The limits themselves."""
    import resource

    for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE):
        resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    raise AssertionError


# ---- tricks ----


def replace_streams() -> None:
    """Links in the place of the streams."""
    for path in (os.environ["AIDONODE_DATA_IN"], os.environ["AIDONODE_DATA_OUT"][5:]):
        attempt_call(lambda path=path: os.unlink(path))
        attempt_call(lambda path=path: os.symlink(FACTS["here"] + "/kept", path))
        attempt_call(lambda path=path: os.rename(path, path + "-away"))


def link_in_temporary() -> None:
    """Links with names that the evaluator may use."""
    for name in ("imprint-agent-XXXXXX", "events", "metrics.json"):
        attempt_call(lambda name=name: os.symlink(FACTS["here"], f"/tmp/{name}"))
        attempt_call(lambda name=name: Path(f"/tmp/{name}/new").write_text("x"))


def make_device() -> None:
    """A disk."""
    os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0))
    Path("/tmp/disk").read_bytes()


def set_user_id() -> None:
    """A shell that would be root."""
    Path("/tmp/shell").write_bytes(Path("/bin/sh").read_bytes())
    os.chmod("/tmp/shell", 0o6755)
    os.setuid(0)


def use_terminal() -> None:
    """Words typed into the terminal."""
    import fcntl

    for stream in (0, 1, 2):
        attempt_call(lambda stream=stream: fcntl.ioctl(stream, 0x5412, b"x"))
    attempt_call(lambda: os.open("/dev/tty", os.O_RDWR))


def escape_terminal() -> None:
    """Control sequences among the last words."""
    os.write(2, b"\033]0;mine\007\033[2J\033[31m\x9b5n\r\b\0 evil \xff\xfe\n")


def shout() -> None:
    """Endless words."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        os.write(2, b"more words " * 4096)


def fall_silent() -> None:
    """No streams at all."""
    os.closerange(0, 3)


def change_system() -> None:
    """What is set for the whole machine."""
    for path in ("/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/power/state"):
        attempt_call(lambda path=path: Path(path).write_text("x"))
    attempt_call(lambda: time.clock_settime(time.CLOCK_REALTIME, 0.0))
    attempt_call(lambda: socket.sethostname("evil"))


def change_priority() -> None:
    """More of the processors."""
    attempt_call(lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
    attempt_call(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)))


def speak_noise() -> None:
    """Any bytes."""
    connect()
    say(random.Random(FACTS["abstract"]).randbytes(100_000))


def speak_early() -> None:
    """Answers to no question."""
    connect()
    say(commands(number(1.0), number(1.0)) * 3)


ATTACKS: dict[str, Callable[[], None]] = {
    attack.__name__: attack
    for attack in (
        write_outside, change_files, remount, nested_namespace, read_secret, read_environment,
        read_processes, write_memory, trace, kill_everything, signal_parent, reach_network,
        reach_sockets, raw_socket, survive, map_memory, fill_streams, open_files, raise_limits,
        replace_streams, fall_silent, link_in_temporary, make_device, set_user_id, use_terminal,
        escape_terminal, shout, change_system, change_priority, speak_noise, speak_early,
    )
}  # fmt: skip


def attempt_call(call: Callable[[], object]) -> None:
    """Whatever stands in the way, the next thing is tried."""
    try:
        call()
    except Exception as reason:
        print(type(reason).__name__, file=sys.stderr, flush=True)


def attempt(name: str) -> None:
    """One of the attacks."""
    attempt_call(ATTACKS[name])
