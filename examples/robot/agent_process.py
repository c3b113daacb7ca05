"""`imprint agent` as a child process: JPEG images in, duty cycles of two wheels out.

It speaks the protocol of docs/agent.md over pipes. Nothing but Python 3.8 is needed.
"""

import os
import select
import struct
import subprocess
import time


class AgentError(Exception):
    """The agent ended, answered too late, or answered something else than commands."""


# ---- CBOR, as much of it as these messages have ----


def head(major, count):
    """The first bytes of an item."""
    for code, size in ((24, 1), (25, 2), (26, 4)):
        if count < 24:
            return bytes([major << 5 | count])
        if count < 1 << (8 * size):
            return bytes([major << 5 | code]) + count.to_bytes(size, "big")
    raise ValueError("an item is too long")


def encode(value):
    """The bytes of a float, text, bytes, list or dict."""
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(encode(v) for v in value)
    return head(5, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


def decode(data, at=0):
    """(value, where the next item begins); IndexError if the data end before the item does."""
    major, count = data[at] >> 5, data[at] & 31
    at += 1
    if 24 <= count <= 27:
        size = 1 << (count - 24)
        raw, at = take(data, at, size)
        if major == 7 and size > 1:
            return struct.unpack({2: ">e", 4: ">f", 8: ">d"}[size], raw)[0], at
        count = int.from_bytes(raw, "big")
    if major == 0:
        return count, at
    if major == 1:
        return -1 - count, at
    if major == 2:
        return take(data, at, count)
    if major == 3:
        raw, at = take(data, at, count)
        return raw.decode(), at
    if major in (4, 5):
        values = []
        for _ in range(count * (major - 3)):
            value, at = decode(data, at)
            values.append(value)
        return (values if major == 4 else dict(zip(values[::2], values[1::2]))), at
    if major == 7:
        return {20: False, 21: True}.get(count), at
    raise AgentError("the agent's answer is not of the protocol")


def take(data, at, size):
    """(that many bytes, the place behind them)."""
    if at + size > len(data):
        raise IndexError
    return bytes(data[at : at + size]), at + size


# ---- the process ----


class Agent:
    """An agent that runs. start_timeout [s]: how long the model may take to load."""

    def __init__(self, command, start_timeout=60.0):
        # an own process group: Ctrl-C reaches the node alone, which ends the agent by itself
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise AgentError(f"cannot run {command[0]}: {error.strerror}") from error
        self._input = self._process.stdin.fileno()
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._input, False)
        self._began = time.monotonic()
        try:
            self._ask("episode_start", {"episode_name": "drive"}, start_timeout)
        except AgentError:
            self.close()
            raise

    def drive(self, jpeg, timeout):
        """Duty cycles (left, right), -1 to 1, for the camera's next image, within timeout [s]."""
        deadline = time.monotonic() + timeout
        self._ask("observations", {"camera": {"jpg_data": jpeg}}, timeout)
        now = time.monotonic()
        question = {"at_time": now - self._began}
        wheels = self._ask("get_commands", question, max(0.0, deadline - now))["wheels"]
        return wheels["motor_left"], wheels["motor_right"]

    def close(self):
        """Ends the process."""
        for stream in (self._process.stdin, self._process.stdout):
            stream.close()
        try:
            self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, topic, data, timeout):
        """Sends a message; returns what the answer holds, or None."""
        deadline = time.monotonic() + timeout
        unsent = memoryview(encode({"compat": ["z2"], "topic": topic, "data": data}))
        answer = bytearray()
        while True:
            found = self._parse(answer)
            if found is not None:
                return found[0]
            left = deadline - time.monotonic()
            if left <= 0.0:
                raise AgentError(f"the agent did not answer within {timeout:.2f} s")
            writes = [self._input] if len(unsent) else []
            readable, writable, _ = select.select([self._output], writes, [], left)
            try:
                if writable:
                    unsent = unsent[os.write(self._input, unsent) :]
                part = os.read(self._output, 65536) if readable else None
            except BrokenPipeError:
                part = b""
            if part == b"":
                raise AgentError("the agent has ended")
            answer += part or b""

    @staticmethod
    def _parse(answer):
        """[data] of an answer that is complete, else None."""
        at, data = 0, None
        while True:
            try:
                message, at = decode(answer, at)
            except IndexError:
                return None
            if message.get("control") == "aborted":
                raise AgentError(f"the agent refused: {message.get('data')}")
            if message.get("control") == "over":
                return [data]
            if message.get("topic") == "commands":
                data = message["data"]
