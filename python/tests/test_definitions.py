"""Definition structs filled from names and values."""

from pathlib import Path

import numpy as np
import pytest

from imprint import UsageError
from imprint._definitions import Definition, as_dict, enumerators
from imprint._native import ffi, lib


@pytest.fixture
def definition():
    return Definition("imp_sim_def", lib.imp_default_sim_def())


def test_defaults_are_the_librarys(definition):
    values = as_dict(definition.struct)
    assert values["map"] == "loop_empty"
    assert values["env"]["max_steps"] == 1500
    assert values["autoreset"] == "next_step"
    assert values["camera"]["lens"]["kind"] == "duckiebot"


def test_fields_are_set_by_path_and_by_nested_dicts(definition):
    definition.update(
        {
            "map": Path("maps") / "loop.yaml",
            "env.seed": np.uint64(2**64 - 1),
            "env": {"start_tile": (1, 2), "has_start_tile": True, "drive": {"delay": 0.1}},
            "autoreset": "same-step",
            "camera": {"width": np.int64(64)},
        }
    )
    struct = definition.struct
    assert ffi.string(struct.map) == b"maps/loop.yaml"
    assert struct.env.seed == 2**64 - 1
    assert list(struct.env.start_tile) == [1, 2]
    assert struct.env.has_start_tile is True
    assert struct.env.drive.delay == 0.1
    assert struct.autoreset == lib.IMP_AUTORESET_SAME_STEP
    assert struct.camera.width == 64


def test_texts_are_kept_alive(definition):
    definition.set("maps", ["loop_empty", "small_loop"])
    definition.set("map", "".join(["loop", "_empty"]))
    bytearray(10_000_000)
    assert [ffi.string(definition.struct.maps[k]) for k in range(2)] == [
        b"loop_empty",
        b"small_loop",
    ]
    assert ffi.string(definition.struct.map) == b"loop_empty"
    definition.set("maps", None)
    assert definition.struct.maps == ffi.NULL


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("env.sed", 1, "no setting 'env.sed'; is 'seed' meant?"),
        ("nothing", 1, "there are: map, maps"),
        ("cookie", 1, "no setting 'cookie'"),
        ("env.seed", 1.5, "env.seed: 1.5 is no uint64_t"),
        ("env.seed", -1, "env.seed: -1 is no uint64_t"),
        ("env.seed", "7", "env.seed: '7' is no uint64_t"),
        ("env.has_start_tile", 2, "env.has_start_tile: True or False"),
        ("autoreset", "never", "autoreset: there is no 'never'"),
        ("autoreset", 7, "autoreset: 7 is none of next_step, same_step, disabled"),
        ("env", 1, "env is a struct: set its fields"),
        ("map", 7, "map: 7 cannot be passed as char *"),
        ("maps", "loop_empty", "maps: 'loop_empty' cannot be passed"),
        ("map.name", 1, "no setting 'map.name': what is before 'name' has no fields"),
    ],
)
def test_wrong_settings_are_named(definition, name, value, message):
    with pytest.raises(UsageError) as caught:
        definition.set(name, value)
    assert message in str(caught.value)


def test_words_of_enumerations():
    assert enumerators("imp_observation_kind") == {"image": 0, "segmentation": 1}
    assert "count" not in enumerators("imp_quantity")
