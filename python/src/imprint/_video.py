"""Images to files: MP4 by PyAV, or by the program ffmpeg, and PNG."""

import importlib
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imprint._errors import InputOutputError, UsageError

Images = Iterable[NDArray[np.uint8]]


class VideoWriter(Protocol):
    """Writes a video of RGB images [height, width, 3]."""

    def add(self, images: Images) -> None:
        """Appends images."""

    def close(self) -> None:
        """Writes what is left. The file is complete after it."""


def create_video(path: Path, size: tuple[int, int], fps: int, codec: str, crf: int) -> VideoWriter:
    """Starts a video of this size (width, height) with PyAV, or with ffmpeg where PyAV is not.

    codec: the encoder's name in FFmpeg. crf: its quality, smaller is better. Every second frame
    can be decoded alone, so that any frame is found fast.
    """
    if size[0] % 2 or size[1] % 2:
        raise UsageError(f"a video of {size[0]} x {size[1]} needs even sizes: use video=False")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        av: Any = importlib.import_module("av")
    except ImportError:
        return _FfmpegWriter(path, size, fps, codec, crf)
    return _PyAvWriter(av, path, size, fps, codec, crf)


class _PyAvWriter:
    def __init__(
        self, av: Any, path: Path, size: tuple[int, int], fps: int, codec: str, crf: int
    ) -> None:
        self._frame = av.VideoFrame.from_ndarray
        self._file = av.open(str(path), "w")
        try:
            options = {"crf": str(crf), "g": "2", "bf": "0"}
            self._stream = self._file.add_stream(codec, rate=fps, options=options)
        except (ValueError, av.error.FFmpegError) as error:
            self._file.close()
            raise UsageError(f"codec: PyAV cannot encode with '{codec}': {error}") from None
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"

    def add(self, images: Images) -> None:
        for image in images:
            frame = self._frame(np.ascontiguousarray(image), format="rgb24")
            self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._file.mux(self._stream.encode(None))
        self._file.close()


class _FfmpegWriter:
    def __init__(self, path: Path, size: tuple[int, int], fps: int, codec: str, crf: int) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            raise UsageError(
                "a video needs PyAV or ffmpeg: pip install av, or ffmpeg itself; or use video=False"
            )
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}"]
        target = ["-c:v", codec, "-crf", str(crf), "-g", "2", "-bf", "0", "-pix_fmt", "yuv420p"]
        self._path = path
        self._process = subprocess.Popen(
            [program, "-v", "error", "-y", *source, "-r", str(fps), "-i", "-", *target, str(path)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def add(self, images: Images) -> None:
        assert self._process.stdin is not None
        try:
            for image in images:
                self._process.stdin.write(np.ascontiguousarray(image).data)
        except BrokenPipeError:
            self.close()

    def close(self) -> None:
        if self._process.returncode is not None:
            return
        _, errors = self._process.communicate()
        if self._process.returncode != 0:
            reason = errors.decode(errors="replace").strip().splitlines()
            raise InputOutputError(f"{self._path}: ffmpeg: {reason[-1] if reason else 'failed'}")


def png(image: NDArray[np.uint8]) -> bytes:
    """An RGB image [height, width, 3] as a PNG file. Rows are stored as differences."""
    height, width, _ = image.shape
    rows = image.reshape(height, -1)
    filtered = np.full((height, 1 + rows.shape[1]), 2, np.uint8)  # 2: minus the row above
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(filtered.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)
