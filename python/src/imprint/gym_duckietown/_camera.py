"""What the stand-in draws: the robot's camera at any size, semantic classes, the map from above.

A Camera keeps one renderer for each size of image, and sets its mounting where that has changed.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imprint._arrays import pointer
from imprint._batch import SimBatch
from imprint._errors import UsageError, call
from imprint._native import ffi, lib

Image = NDArray[np.uint8]

# colours of LEDs: front left, right and middle, back left and right
_LEDS = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), (0.0, 0.0, 0.2), (0.5, 0.0, 0.0), (0.5, 0.0, 0.0))

# colours of the semantic classes (classes, 3)
PALETTE = np.array(
    [
        [lib.imp_semantic_class_colour(k)[c] for c in range(3)]
        for k in range(lib.IMP_SEMANTIC_COUNT)
    ],
    np.uint8,
)


@dataclass
class Look:
    """What is drawn, and from where: members are as attributes of gym-duckietown's Simulator.

    mount_height [m], angles (pitch, yaw, roll) [degrees], fov_y [degrees], offset (x, y, z) [m].
    """

    width: int
    height: int
    mount_height: float
    angles: tuple[float, float, float]
    fov_y: float
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    lens: bool = False
    segment: bool = False
    curves: bool = False
    boxes: bool = False
    leds: bool = False


class Camera:
    """Draws the present state of a simulator. Colours (0..1) hold where nothing is randomised."""

    def __init__(self, batch: SimBatch) -> None:
        self._batch = batch
        self._made: dict[Any, Any] = {}
        self._set: dict[Any, bytes] = {}
        self.sky: Any = (0.45, 0.82, 1.0)
        self.ground: Any = (0.15, 0.15, 0.15)
        self._distractors = ffi.NULL
        self._distractor_count = 0
        self._episode_camera: Any = None
        self._leds: Any = None

    def begin_episode(self) -> None:
        """Takes over the camera that was drawn for the episode."""
        with self._batch.in_use() as sims:
            self._episode_camera = ffi.new("imp_camera_def *", lib.imp_sim_camera(sims[0])[0])

    def mounting(self) -> tuple[float, float, float]:
        """Of the present episode: height [m], pitch and vertical field of view [degrees]."""
        camera = self._episode_camera
        return (
            camera.mount_height,
            math.degrees(camera.pitch),
            math.degrees(camera.field_of_view),
        )

    def scatter(self, count: int, seed: int) -> None:
        """Puts this many grey triangles on the ground, where nothing is randomised."""
        self._distractor_count = max(0, min(int(count), lib.IMP_DISTRACTORS_MAX))
        self._distractors = ffi.new("imp_distractor[]", max(1, self._distractor_count))
        random = ffi.new("imp_random *", lib.imp_random_stream(seed, 0, 0, lib.IMP_PURPOSE_SCENE))
        lib.imp_distractors_generate(self._distractors, self._distractor_count, random)

    def draw(self, look: Look) -> Image:
        """An image (height, width, 3) of what the camera sees."""
        rgb = np.empty((look.height, look.width, 3), np.uint8)
        with self._batch.in_use() as sims:
            sim = sims[0]
            camera = self._camera_of(look)
            view = self._view_of(sim, look, camera)
            scene = lib.imp_sim_scene(sim)
            if look.segment:
                return self._segments(look, camera, scene, view)
            renderer = self._renderer(camera, "imp_renderer", lib.IMP_RENDER_AUTO)
            lib.imp_render(renderer, scene, view, pointer(rgb))
            if look.curves or look.boxes:
                self._draw_lines(look, camera, lib.imp_sim_env(sim).world, view, rgb)
        return rgb

    def draw_from_above(self, width: int, height: int) -> Image:
        """An image (height, width, 3) of the whole map, with the robot."""
        rgb = np.empty((height, width, 3), np.uint8)
        with self._batch.in_use() as sims:
            lib.imp_sim_render_top_down(sims[0], width, height, pointer(rgb))
        return rgb

    def close(self) -> None:
        """Frees the renderers."""
        for made in self._made.values():
            ffi.release(made)
        self._made.clear()

    def _camera_of(self, look: Look) -> Any:
        """The camera of the episode at this size, with the mounting that is asked for."""
        if self._episode_camera is None:
            raise UsageError("no episode has begun on this map: call reset()")
        camera = ffi.new("imp_camera_def *", self._episode_camera[0])
        camera.width, camera.height = look.width, look.height
        height, pitch, fov_y = self.mounting()
        if look.mount_height != height or look.offset[1] != 0.0:
            camera.mount_height = look.mount_height + look.offset[1]
        if look.angles[0] != pitch:
            camera.pitch = math.radians(look.angles[0])
        if look.fov_y != fov_y:
            camera.field_of_view = math.radians(look.fov_y)
        if look.angles[2] != 0.0:
            raise UsageError(f"cam_angle: the camera cannot roll by {look.angles[2]} degrees")
        if not look.lens:
            camera.lens = lib.imp_lens_none()
        return camera

    def _view_of(self, sim: Any, look: Look, camera: Any) -> Any:
        view = ffi.new("imp_view *", lib.imp_sim_camera_view(sim))
        if not lib.imp_sim_randomization_sample(sim):
            view.sky, view.ground = list(self.sky), list(self.ground)
            view.distractors = self._distractors
            view.distractor_count = self._distractor_count
        pose, yaw = view.pose, math.radians(look.angles[1])
        ahead = camera.mount_forward
        # a camera that turns stays where it is, while the pose is the robot's
        place = (pose.x + ahead * math.cos(pose.heading), pose.z - ahead * math.sin(pose.heading))
        pose.heading -= yaw
        pose.x = place[0] - ahead * math.cos(pose.heading) if yaw else pose.x
        pose.z = place[1] + ahead * math.sin(pose.heading) if yaw else pose.z
        pose.x += look.offset[0]
        pose.z += look.offset[2]
        if look.leds and not view.leds:
            count = lib.imp_sim_env(sim).world.object_count
            self._leds = ffi.new(f"float[{max(1, count)}][5][3]", [_LEDS] * count)
            view.leds = self._leds
        return view

    def _renderer(self, camera: Any, kind: str, *options: Any) -> Any:
        """A renderer of this kind and size, with this camera."""
        key = (kind, camera.width, camera.height)
        state = bytes(ffi.buffer(camera))
        if key not in self._made:
            out = ffi.new(f"{kind} **")
            call(getattr(lib, f"{kind}_create"), out, camera, *options)
            self._made[key] = ffi.gc(out[0], getattr(lib, f"{kind}_destroy"))
        elif self._set[key] != state:
            call(getattr(lib, f"{kind}_set_camera"), self._made[key], camera)
        self._set[key] = state
        return self._made[key]

    def _segments(self, look: Look, camera: Any, scene: Any, view: Any) -> Image:
        mask = np.empty((look.height, look.width), np.uint8)
        classifier = self._renderer(camera, "imp_segmentation_pass")
        lib.imp_segmentation_pass_run(classifier, scene, view, pointer(mask), ffi.NULL)
        return PALETTE[mask]

    def _draw_lines(self, look: Look, camera: Any, world: Any, view: Any, rgb: Image) -> None:
        checked = ffi.new("imp_camera *")
        call(lib.imp_camera_init, checked, camera)
        if look.curves:
            lib.imp_draw_lanes(checked, world, view.pose, ffi.NULL, pointer(rgb))
        if look.boxes:
            lib.imp_draw_bounding_boxes(checked, world, view, pointer(rgb))
