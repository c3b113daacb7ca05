"""The scripted hostile agents: 50 programs, each with what imprint has to say about it."""

from dataclasses import dataclass

from attacks import ATTACKS


@dataclass
class Agent:
    """A program, and how imprint ends when it runs it."""

    name: str
    script: str
    says: str = "imprint: "  # part of what imprint prints
    patience: float = 60.0  # --agent-timeout [s]
    limit: float = 150.0  # of the whole command [s]
    submission: bool = False  # run by `submission check`
    codes: tuple[int, ...] = (1,)


def attacker(name: str, says: str = "status 9") -> Agent:
    """Attacks before the conversation and within it, and ends."""
    return Agent(name, f"attempt('{name}')\nconverse(2)\nattempt('{name}')\nos._exit(9)\n", says)


def liar(name: str, data: str, says: str = "imprint: ", patience: float = 60.0) -> Agent:
    """Answers with something else than commands."""
    return Agent(f"says-{name}", f"answer_with({data})\nos._exit(9)\n", says, patience)


def waits(name: str, script: str) -> Agent:
    """Does something for longer than imprint waits."""
    return Agent(name, f"{script}\n", "timed out", 5.0)


# those that do not come as far as their end
HURTS_ITSELF = {
    "speak_noise",
    "speak_early",
    "trace",
    "kill_everything",
    "open_files",
    "fall_silent",
}
_ALL = [attacker(name, "failed" if name in HURTS_ITSELF else "status 9") for name in ATTACKS]
_ALL += [
    liar("nan", "commands(number(float('nan')), number(0.0))"),
    liar("infinity", "commands(number(float('inf')), number(0.0))"),
    liar("1e308", "commands(number(1e308), number(-1e308))"),
    liar("bignum", "commands(b'\\xc2\\x5a\\x00\\x01\\x00\\x00' + b'\\xff' * 65536, number(0.0))"),
    liar("text", "commands(text('left'), text('right'))"),
    liar("nothing", "text('nothing')"),
    liar("escapes", "b'\\xa2' + text('topic') + text('\\033[2J\\007') + text('data') + b'\\xf6'"),
    liar("deep", "b'\\x81' * 200000"),
    liar("long", "b'\\x5b\\x7f\\xff\\xff\\xff\\xff\\xff\\xff\\xff' + b'x' * 1000", patience=8.0),
    liar("endless", "b'\\x7f' + b'\\x61x' * 2000000"),
    liar("huge", "b'\\x5a\\x04\\x00\\x00\\x00' + b'x' * (64 << 20)"),
    liar("foreign", "b'\\x01' * 100000"),
    liar("twice", "commands(number(0.0), number(0.0)) * 2"),
    waits("slow-loris", "converse(1)\nfor byte in agent.control('x') * 9: say(bytes([byte])); "
          "time.sleep(1)"),
    waits("stops-itself", "converse(1)\nos.kill(os.getpid(), signal.SIGSTOP)"),
    waits("never-opens", "time.sleep(3600)"),
    Agent("closes-output", "converse(1)\nstreams[1].close()\ntime.sleep(3600)\n", "closed"),
    Agent("fork_bomb", "connect()\nfork_bomb()\nos._exit(9)\n", "too many processes"),
    Agent("thread_bomb", "connect()\nthread_bomb()\nos._exit(9)\n", "failed", 10.0),
    Agent("nested_children", "converse(1)\nnested_children()\n", "timed out", 5.0),
    Agent("fill_temporary", "fill_temporary()\nos._exit(9)\n", "status 9"),
    *(
        Agent(f"submitted-{name}", f"attempt('{name}')\nconverse(1)\nos._exit(9)\n", "status 9",
              submission=True)
        for name in ("write_outside", "remount", "read_environment", "survive")
    ),
]  # fmt: skip
AGENTS = {agent.name: agent for agent in _ALL}
BRIEF = [
    "write_outside",
    "remount",
    "read_processes",
    "reach_sockets",
    "kill_everything",
    "survive",
    "replace_streams",
    "says-nan",
    "says-deep",
    "submitted-survive",
]
