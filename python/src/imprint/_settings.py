"""Keyword arguments of the environments, and the definition that follows from them."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from imprint._definitions import Definition, similar
from imprint._errors import UsageError, call, text
from imprint._native import ffi, lib
from imprint._old_names import with_present_names

Observation = Literal["image", "segments", "mask", "depth", "state"]
OBSERVATIONS: tuple[Observation, ...] = ("image", "segments", "mask", "depth", "state")


class TaskSettings(TypedDict, total=False):
    """Where and how is driven: what environments, evaluate(), collect() and dagger() have in
    common (see EnvSettings).
    """

    map: str | os.PathLike[str]
    maps: Sequence[str | os.PathLike[str]] | None
    split: str
    width: int
    height: int
    lens: str | os.PathLike[str]
    robot: str | os.PathLike[str] | None
    frame_skip: int
    start_angle: float
    rules: Literal["simulator", "challenge"]
    randomize: str | os.PathLike[str] | None
    assets: str | os.PathLike[str] | None
    style: str
    settings: Mapping[str, Any]


class EnvSettings(TaskSettings, total=False):
    """Settings of the environments.

    map: a built-in map's name, a file, a folder of maps, or map text (more than one line), as
        generate_map() returns it; "loop_empty".
    maps: several of these, instead of `map`: each episode draws one.
    split: which of the maps take part: "all", "train" or "test"; "all".
    width, height: size of images [px]; 80 and 60.
    lens: "duckiebot", "none", or a robot's calibration (YAML file); "duckiebot".
    robot: a robot's file, or folder of Duckietown's calibrations: its camera, wheels and delays,
        and frame_skip unless that is given; not with `lens`; None.
    observation: "image" (uint8 [height, width, 3], RGB), "segments" (the same, painted by semantic
        class), "mask" (uint8 [height, width], numbers of semantic classes), "depth" (float32
        [height, width], metres along the camera's axis) or "state" (a Dict, see docs/python.md). A
        sequence of them gives a Dict. "image" and "segments" exclude each other; "image".
    channels_first: images as [3, height, width], views of the same memory; False.
    actions: "duty_cycles" (left and right wheel, in [-1, 1]) or "velocities" (speed [m/s] and turn
        rate [rad/s]).
    reward: "lane" (gym-duckietown's) or "progress" (1 for a step at top speed along the lane).
    max_steps: frames until an episode is truncated; 1500.
    frame_skip: frames that each action is repeated for; 1.
    start_angle: starts lie within this of the lane's direction [rad]; pi / 3.
    rules: "simulator" (gym-duckietown's end of episodes) or "challenge" (AI-DO's).
    randomize: a list of groups, as "all" or "light,delay=0.5", or a JSON file in
        gym-duckietown's format; None: nothing.
    assets: folder with the textures and meshes of gym-duckietown; None: our own.
    style: of the assets: "photos", "synthetic", "synthetic-F" or "smooth".
    expert: whether the info holds the expert's action for each state; or its settings, as
        {"speed": 0.4}; False.
    settings: any other field of imp_sim_def (imprint/sim.h), as {"env.drive.delay": 0.0}.
    render_mode: "rgb_array" or None.
    render_view: what render() draws: "top_down" or "camera"; "top_down".
    render_size: width and height of what it draws [px]; (640, 480).
    """

    observation: Observation | Sequence[Observation]
    channels_first: bool
    actions: Literal["duty_cycles", "velocities"]
    reward: Literal["lane", "progress"]
    max_steps: int
    expert: bool | Mapping[str, Any]
    render_mode: str | None
    render_view: Literal["top_down", "camera"]
    render_size: tuple[int, int]


# settings that are fields of imp_sim_def, under another name or none
_FIELDS = {
    "split": "split",
    "width": "camera.width",
    "height": "camera.height",
    "actions": "actions",
    "reward": "reward",
    "max_steps": "env.max_steps",
    "frame_skip": "env.frame_skip",
    "start_angle": "env.accept_start_angle",
    "rules": "env.rules",
}


def observations_of(settings: EnvSettings) -> tuple[Observation, ...]:
    """The kinds of observation that are asked for. Fails on unknown ones, and on "image" with
    "segments".
    """
    wanted = settings.get("observation", "image")
    kinds = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for kind in kinds:
        if kind not in OBSERVATIONS:
            known = ", ".join(OBSERVATIONS)
            raise UsageError(f"observation: there is no '{kind}'; there are: {known}")
    if not kinds or len(set(kinds)) < len(kinds):
        raise UsageError(f"observation: {wanted!r} must name one or more kinds, each once")
    if "image" in kinds and "segments" in kinds:
        raise UsageError("observation: 'image' and 'segments' exclude each other; use 'mask'")
    return kinds


def definition_of(settings: EnvSettings, autoreset: str, taken: Sequence[str] = ()) -> Definition:
    """The simulators' definition. Fails on unknown settings and on those that are wrong alone.

    taken: names that the caller takes besides settings, which a misspelt one may have meant.
    """
    settings = cast(EnvSettings, with_present_names(settings))
    unknown = set(settings) - set(EnvSettings.__annotations__)
    if unknown:
        wrong, known = sorted(unknown)[0], [*taken, *EnvSettings.__annotations__]
        raise UsageError(f"there is no setting '{wrong}'{similar(wrong, known)}")
    kinds = observations_of(settings)
    definition = Definition("imp_sim_def", lib.imp_default_sim_def())
    for name, path in _FIELDS.items():
        if name in settings:
            definition.set(path, settings[name])  # type: ignore[literal-required]
    definition.set("autoreset", autoreset)
    definition.set("observation", "segmentation" if "segments" in kinds else "image")
    definition.set("ground_truth", "mask" in kinds or "depth" in kinds)
    _set_maps(definition, settings)
    _set_lens(definition, settings.get("lens", "duckiebot"))
    _set_robot(definition, settings)
    _set_expert(definition, settings.get("expert", False))
    _set_randomization(definition, settings.get("randomize"))
    if settings.get("assets") is not None:
        _set_assets(
            definition, os.fspath(settings["assets"] or ""), settings.get("style", "photos")
        )
    definition.update(settings.get("settings", {}))
    return definition


def _set_lens(definition: Definition, lens: str | os.PathLike[str]) -> None:
    if lens == "duckiebot":
        value = lib.imp_lens_duckiebot()
    elif lens == "none":
        value = lib.imp_lens_none()
    else:
        calibration = ffi.new("imp_calibration *")
        call(lib.imp_calibration_read, calibration, os.fsencode(lens))
        value = calibration.lens
    definition.struct.camera.lens = value


def _set_robot(definition: Definition, settings: TaskSettings) -> None:
    path = settings.get("robot")
    if path is None:
        return
    if "lens" in settings:
        raise UsageError("robot has a lens of its own: leave out lens")
    robot = ffi.new("imp_robot_def *")
    call(lib.imp_robot_read, robot, ffi.NULL, os.fsencode(path))
    struct = definition.struct
    lib.imp_robot_set_camera_and_drive(
        robot, ffi.addressof(struct.camera), ffi.addressof(struct.env.drive)
    )
    if "frame_skip" not in settings:
        struct.env.frame_skip = lib.imp_robot_frame_skip(robot, struct.env.drive.time_step)
    written = ffi.new(f"char[{lib.IMP_ROBOT_TEXT_MAX}]")
    lib.imp_robot_format(robot, written)
    definition.set("robot", text(written))


def _set_expert(definition: Definition, expert: bool | Mapping[str, Any]) -> None:
    definition.set("expert_actions", expert is not False)
    if isinstance(expert, Mapping):
        definition.update(expert, "expert.")


def _set_randomization(definition: Definition, wanted: str | os.PathLike[str] | None) -> None:
    if wanted is None:
        return
    spec = ffi.addressof(definition.struct, "randomization")
    if isinstance(wanted, os.PathLike) or wanted.endswith(".json"):
        warning = ffi.new("char[]", lib.IMP_RANDOMIZATION_WARNING_MAX)
        call(lib.imp_randomization_read_file, spec, os.fsencode(wanted), warning)
    else:
        call(lib.imp_randomization_parse_list, spec, wanted.encode())


def _set_assets(definition: Definition, folder: str, style: str) -> None:
    out = ffi.new("imp_assets **")
    call(lib.imp_assets_open, out, os.fsencode(folder), style.encode())
    definition.set("scene.assets", ffi.gc(out[0], lib.imp_assets_close))


def _set_maps(definition: Definition, settings: EnvSettings) -> None:
    maps = settings.get("maps")
    if maps is None:
        definition.set("map", _map_file(definition, settings.get("map", "loop_empty"), 1))
        return
    if isinstance(maps, (str, os.PathLike)) or not maps:
        raise UsageError(f"maps: a sequence of maps is needed, not {maps!r}")
    paths = [_map_file(definition, map_, k + 1) for k, map_ in enumerate(maps)]
    definition.set("maps", paths)
    definition.set("map_count", len(paths))


def _map_file(
    definition: Definition, map_: str | os.PathLike[str], number: int
) -> str | os.PathLike[str]:
    """A map as the library takes it. Map text becomes a file that lasts as long as the definition,
    from which simulators can be made again.
    """
    if not isinstance(map_, str) or "\n" not in map_:
        return map_
    folder = tempfile.mkdtemp(prefix="imprint-map-")
    weakref.finalize(definition, _remove_folder, folder, os.getpid())
    path = Path(folder) / f"map-{number}.yaml"
    path.write_text(map_, encoding="utf-8")
    return path


def _remove_folder(folder: str, owner: int) -> None:
    # not in the child of a fork
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def builtin_maps() -> list[str]:
    """The names of the built-in maps, sorted."""
    count = lib.imp_builtin_map_count()
    return [text(lib.imp_builtin_map_name(k)) for k in range(count)]


def generate_map(**settings: Any) -> str:
    """The text of a procedurally generated map: see docs/towns.md.

    Settings are the fields of imp_map_generator_def (imprint/map_generator.h), as kind="loop",
    columns=12, rows=9, seed=7, number=1, objects=True, pedestrians=2. Equal settings give equal
    text, which is that of `imprint map new`.
    """
    definition = Definition("imp_map_generator_def", lib.imp_default_map_generator_def())
    definition.update(settings)
    out, length = ffi.new("char **"), ffi.new("size_t *")
    call(lib.imp_map_generate, out, length, definition.pointer)
    try:
        return text(out[0])
    finally:
        lib.free(out[0])
