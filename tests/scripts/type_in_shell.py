"""Types into an interactive shell on a terminal: type_in_shell.py SHELL START LINE WANTED...

SHELL is bash or zsh, START what it runs first. Each LINE gets a Tab; the shell must complete it to
WANTED. Then `echo` is put before the line, so that the shell itself says what stands there.
"""

import os
import pty
import select
import sys
import time

SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
PATIENCE = 60  # seconds, on a busy machine


def read_until(terminal: int, mark: str) -> str:
    """What the shell prints until the mark, which it must print in time."""
    text = ""
    end = time.monotonic() + PATIENCE
    while mark not in text:
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        if not ready:
            sys.exit(f"no {mark!r} in {text!r}")
        text += os.read(terminal, 4096).decode(errors="replace")
    return text


def send(terminal: int, text: str) -> None:
    """Types the text."""
    os.write(terminal, text.encode())


def main() -> None:
    """Types all lines."""
    shell, start, *pairs = sys.argv[1:]
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="dumb", INPUTRC="/dev/null")
        os.execvp(shell, SHELLS[shell])
    send(terminal, f"{start}; echo rea''dy\n")
    read_until(terminal, "ready\r\n")
    for number, (line, wanted) in enumerate(zip(pairs[::2], pairs[1::2], strict=True)):
        send(terminal, f"{line}\t\x01echo '<{number}<' \x05 '>{number}''>'\n")
        text = read_until(terminal, f">{number}>\r\n")
        became = text.rsplit(f"<{number}< ", 1)[1].split(f">{number}>")[0].strip()
        if became != wanted:
            sys.exit(f"{shell} completes {line!r} to {became!r}, not to {wanted!r}")
    send(terminal, "exit\n")
    os.waitpid(child, 0)


main()
