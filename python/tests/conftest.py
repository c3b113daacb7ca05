"""What all tests share."""

import signal
from collections.abc import Iterator

import pytest

import imprint


@pytest.fixture(autouse=True)
def _interrupts_reach_python() -> Iterator[None]:
    """Python ignores Ctrl-C where the shell that started it does: in background jobs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def limit_tasks(monkeypatch):
    """Lets tasks be small, whatever sizes a page asks for."""

    def within(settings, limits):
        for name, value in settings.items():
            if isinstance(value, dict):
                settings[name] = within(dict(value), limits)
            elif name in limits:
                settings[name] = min(value, limits[name])
        return settings

    def limit(limits):
        for name in ("evaluate", "collect", "dagger", "train"):
            task = getattr(imprint, name)
            monkeypatch.setattr(
                imprint,
                name,
                lambda *inputs, _task=task, **named: _task(*inputs, **within(named, limits)),
            )

    return limit
