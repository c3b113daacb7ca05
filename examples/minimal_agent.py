#!/usr/bin/env python3
"""An agent for the AI Driving Olympics in plain Python, without any library: it drives straight on.

    imprint eval --protocol aido-lfi --agent 'python3 examples/minimal_agent.py'

A real one would decode the camera's image in decide() and do something about it. The protocol is
told in docs/agent.md.
"""
import os
import struct
import sys


def decide(jpeg):
    """Duty cycles of the left and right wheel, -1 to 1, for a image of 640 x 480."""
    return (0.3, 0.3) if jpeg else (0.0, 0.0)


# ---- CBOR, as much of it as comes in these messages ----


def read_exactly(stream, count):
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def read_item(stream):
    head = read_exactly(stream, 1)[0]
    major, count = head >> 5, head & 31
    raw = read_exactly(stream, 1 << (count - 24)) if 24 <= count <= 27 else b""
    if major == 7:
        if count in (25, 26, 27):
            return struct.unpack({25: ">e", 26: ">f", 27: ">d"}[count], raw)[0]
        return {20: False, 21: True}.get(count)
    value = int.from_bytes(raw, "big") if raw else count
    if major == 0:
        return value
    if major == 1:
        return -1 - value
    if major == 2:
        return read_exactly(stream, value)
    if major == 3:
        return read_exactly(stream, value).decode()
    if major == 4:
        return [read_item(stream) for _ in range(value)]
    if major == 5:
        return {read_item(stream): read_item(stream) for _ in range(value)}
    return read_item(stream)  # a tag says more about the item behind it


def head(major, count):
    if count < 24:
        return bytes([major << 5 | count])
    return bytes([major << 5 | 25]) + count.to_bytes(2, "big")


def item(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, float):  # always of 64 bits: hosts refuse integers here
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(item(v) for v in value)
    return head(5, len(value)) + b"".join(item(k) + item(v) for k, v in value.items())


# ---- the conversation ----

LIGHTS = ["center", "back_left", "back_right", "front_left", "front_right"]


def control(code, data=None):
    return item({"control": code, "data": data})


def commands(left, right):
    dark = {"b": 0.0, "g": 0.0, "r": 0.0}
    data = {
        "LEDS": {light: dark for light in LIGHTS},
        "wheels": {"motor_left": left, "motor_right": right},
    }
    return item({"compat": ["z2"], "topic": "commands", "data": data})


def serve(incoming, outgoing):
    jpeg = None
    while True:
        try:
            message = read_item(incoming)
        except EOFError:
            return
        answer = b""
        if message.get("control") == "capabilities":
            answer = control("capabilities", {"z2": {}})
        topic = message.get("topic")
        if topic == "episode_start":
            jpeg = None
        elif topic == "observations":
            jpeg = message["data"]["camera"]["jpg_data"]
        elif topic == "get_commands":
            answer = commands(*decide(jpeg))
        outgoing.write(control("understood") + answer + control("over"))
        outgoing.flush()


def main():
    # the input first: hosts wait for that before they look for the output
    incoming = open(os.environ.get("AIDONODE_DATA_IN", "/dev/stdin"), "rb")
    path = os.environ.get("AIDONODE_DATA_OUT", "/dev/stdout")
    if path.startswith("fifo:"):
        path = path[len("fifo:"):]
        if not os.path.exists(path):
            os.mkfifo(path)
    outgoing = open(path, "wb")
    try:
        serve(incoming, outgoing)
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
