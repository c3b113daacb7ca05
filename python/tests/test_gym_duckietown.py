"""The stand-in for gym-duckietown: its numbers, its signatures, and what it refuses."""

import csv
import math
import warnings
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import imprint
from imprint.gym_duckietown import (
    DuckietownEnv,
    DuckietownNav,
    InvalidMapException,
    MultiMapEnv,
    NotInLane,
    Simulator,
    simulator,
)
from imprint.gym_duckietown._camera import PALETTE
from imprint.gym_duckietown._dynamics import (
    SE2_from_translation_angle,
    get_DB18_uncalibrated,
    linear_angular_from_se2,
    se2_from_linear_angular,
    translation_angle_from_SE2,
)
from imprint.gym_duckietown.graphics import bezier_closest, bezier_point, bezier_tangent
from imprint.gym_duckietown.learning import PurePursuitExpert
from imprint.gym_duckietown.simulator import get_agent_corners, get_dir_vec, get_right_vec
from imprint.gym_duckietown.wrappers import Kinematics

GOLDEN = Path(__file__).parents[2] / "tests" / "fixtures" / "golden"
# rows of lanes.csv, within their map, in which gym-duckietown sees a collision where there is none
ASKEW_CONES = {("loop_dyn_duckiebots", 25), ("loop_dyn_duckiebots", 226)}


@pytest.fixture
def make():
    made = []

    def make_one(map_name="loop_empty", kind=Simulator, **settings):
        small = {"camera_width": 32, "camera_height": 24, "domain_rand": False, "seed": 7}
        made.append(kind(map_name=map_name, **{**small, **settings}))
        return made[-1]

    yield make_one
    for env in made:
        env.close()


def golden(name):
    with open(GOLDEN / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def put(env, pose):
    """A robot at rest there, at the beginning of an episode."""
    env.reset()
    env.cur_pos, env.cur_angle = np.array([pose[0], 0.0, pose[1]]), pose[2]


@pytest.mark.parametrize("name", ["4way", "loop_dyn_duckiebots", "loop_obstacles", "small_loop"])
def test_positions_equal_the_recordings(make, name):
    env = make(name)
    rows = [row for row in golden("lanes.csv") if row["map"] == name]
    assert len(rows) >= 100
    for number, row in list(enumerate(rows))[::3]:
        pos, angle = np.array([float(row["x"]), 0.0, float(row["z"])]), float(row["heading"])
        if (name, number) not in ASKEW_CONES:
            assert env._valid_pose(pos, angle) == bool(int(row["valid_1_0"]))
            assert env.valid_pose(pos, angle, safety_factor=1.3) == bool(int(row["valid_1_3"]))
        assert env._drivable_pos(pos) == bool(int(row["drivable"]))
        assert env._inconvenient_spawn(pos) == bool(int(row["crowded"]))
        penalty = env.proximity_penalty2(pos, angle)
        assert penalty == pytest.approx(float(row["proximity"]), abs=1e-9)
        once = env._collision(get_agent_corners(pos, angle))
        assert once == bool(int(row["collision_at_pose"]))
        if not row["curve"]:
            assert env.closest_curve_point(pos, angle) == (None, None)
            with pytest.raises(NotInLane, match="no lane at"):
                env.get_lane_pos2(pos, angle)
            continue
        lane = env.get_lane_pos2(pos, angle)
        recorded = [float(row[key]) for key in ("distance", "alignment", "angle")]
        assert [lane.dist, lane.dot_dir, lane.angle_rad] == pytest.approx(recorded, abs=1e-9)
        assert lane.angle_deg == pytest.approx(np.rad2deg(recorded[2]), abs=1e-7)
        point, tangent = env.closest_curve_point(pos, angle)
        got = [point[0], point[2], tangent[0], tangent[2]]
        keys = ("point_x", "point_z", "tangent_x", "tangent_z")
        assert got == pytest.approx([float(row[key]) for key in keys], abs=1e-9)
        reward = env.compute_reward(pos, angle, 1.2)
        assert reward == pytest.approx(float(row["reward"]), abs=1e-9)
        # the functions for curves agree with the library
        i, j = env.get_grid_coords(pos)
        curve = env._get_tile(i, j)["curves"][int(row["curve"])]
        t = bezier_closest(curve, pos)
        assert bezier_point(curve, t) == pytest.approx(point, abs=1e-9)
        assert bezier_tangent(curve, t) == pytest.approx(tangent, abs=1e-9)


def test_motion_equals_the_recordings(make):
    env = make()
    sequences: dict[str, list[dict[str, str]]] = {}
    for row in golden("dynamics.csv"):
        if row["delay"] == "0.15" and float(row["trim"]) == 0.0:
            sequences.setdefault(row["sequence"], []).append(row)
    assert len(sequences) >= 5
    for rows in list(sequences.values())[:4]:
        put(env, [float(rows[0][key]) for key in ("x", "z", "heading")])
        before = env.cur_pos
        for row in rows[1:]:
            env.update_physics([float(row["left"]), float(row["right"])])
            pose = [env.cur_pos[0], env.cur_pos[2], env.cur_angle]
            recorded = [float(row[key]) for key in ("x", "z", "heading")]
            assert pose == pytest.approx(recorded, abs=1e-9)
            moved = float(np.linalg.norm(env.cur_pos - before))
            assert env.speed == pytest.approx(moved * 30, abs=1e-9)
            before = env.cur_pos


def test_the_expert_drives_as_recorded(make):
    """Expert, wheels, poses, rewards and ends of one closed loop, which goes on after the end."""
    rows = [row for row in golden("expert.csv") if row["trajectory"] == "0"]
    env = make(rows[0]["map"])
    expert, kinematics = PurePursuitExpert(env), Kinematics()
    put(env, [float(rows[0][key]) for key in ("x", "z", "heading")])
    ends = 0
    for row in rows[1:]:
        speed, steering = expert.predict(None)
        wheels = kinematics.duty_cycles(*kinematics.wheel_speeds(speed, steering, env.wheel_dist))
        recorded = [float(row["left"]), float(row["right"])]
        assert wheels == pytest.approx(recorded, abs=1e-6)
        _, reward, done, info = env.step(recorded)
        pose = [env.cur_pos[0], env.cur_pos[2], env.cur_angle]
        assert pose == pytest.approx([float(row[key]) for key in ("x", "z", "heading")], abs=1e-9)
        assert reward == pytest.approx(float(row["reward"]), abs=1e-9)
        assert done == bool(int(row["done"]))
        assert bool(info["Simulator"]["msg"]) == done
        ends += done
    assert env.step_count == len(rows) - 1


def test_objects_are_those_of_the_recordings(make):
    rows = [row for row in golden("objects.csv") if row["map"] == "loop_dyn_duckiebots"]
    env = make("loop_dyn_duckiebots")
    assert len(env.objects) == len(rows)
    for thing, row in zip(env.objects, rows, strict=True):
        assert thing.kind == row["kind"]
        assert thing.pos == pytest.approx([float(row["x"]), 0.0, float(row["z"])], abs=1e-9)
        assert thing.angle == pytest.approx(float(row["heading"]), abs=1e-9)
        assert thing.static == bool(int(row["static"]))
        assert thing.safety_radius == pytest.approx(float(row["safety_radius"]), abs=1e-9)
        recorded = {
            (round(float(row[f"x{k}"]), 6), round(float(row[f"z{k}"]), 6)) for k in range(4)
        }
        assert {(round(x, 6), round(z, 6)) for x, z in thing.obj_corners.tolist()} == recorded
    car = next(thing for thing in env.objects if not thing.static)
    assert (car.kind, car.velocity, car.follow_dist) == ("duckiebot", 0.1, 0.3)
    before = car.pos
    for _ in range(30):
        env.update_physics([0, 0])
    # 0.233 m/s, and a circle around it
    assert np.linalg.norm(car.pos - before) == pytest.approx(0.233, abs=0.01)
    assert car.proximity(car.pos, 0.1) == pytest.approx(-0.1 - car.safety_radius)
    assert car.proximity(car.pos + np.array([5.0, 0.0, 0.0]), 0.1) == 0.0
    assert car.check_collision(get_agent_corners(car.pos, car.angle))
    assert not env.objects[0].check_collision(get_agent_corners(env.objects[0].pos, 0.0))
    assert len(env.collidable_centers) == sum(thing.static for thing in env.objects)
    light = make("4way").objects[0]
    assert (light.y_rot, light.pattern) == (pytest.approx(135.0), 0)
    assert [light.is_green(way) for way in "NSEW"] == [True, True, False, False]


def test_older_and_newer_signatures(make):
    env = make(max_steps=3, full_transparency=True, frame_skip=2)
    assert env.reset().shape == (24, 32, 3)
    _, _, done, info = env.step([0, 0])
    assert (env.step_count, done, info["Simulator"]["tile_coords"]) == (
        2,
        False,
        list(env.get_grid_coords(env.cur_pos)),
    )
    assert info["Simulator"]["timestamp"] == pytest.approx(2 / 30)
    assert (
        info["Simulator"]["lane_position"]["dist"]
        == env.get_lane_pos2(env.cur_pos, env.cur_angle).dist
    )
    assert env.step([0, 0])[1:3] == (0, True)
    assert "max_steps = 3" in env.step([0, 0])[3]["Simulator"]["msg"]
    new = make(max_steps=3, api="gymnasium", kind=DuckietownEnv)
    observation, info = new.reset(seed=11)
    assert observation.shape == (24, 32, 3)
    flags = [new.step([0.0, 0.0])[2:4] for _ in range(3)]
    assert flags == [(False, False), (False, False), (False, True)]
    new.cur_pos = np.array([0.1, 0.0, 0.1])
    assert new.step([0.0, 0.0])[1:4] == (-1000.0, True, False)
    # equal seeds, equal episodes; each reset begins the next
    starts = [env.reset(seed=11) is not None and env.cur_pos.tolist(), new.cur_pos.tolist()]
    new.reset(seed=11)
    assert starts[0] == new.cur_pos.tolist()
    env.reset()
    assert starts[0] != env.cur_pos.tolist()


@pytest.mark.parametrize("domain_rand", [False, True])
def test_gymnasiums_checks_pass(domain_rand):
    import imprint.gym_duckietown as stand_in

    stand_in.install(gym="own")
    stand_in.uninstall()
    env = gymnasium.make(
        "Duckietown-loop_pedestrians-v0",
        domain_rand=domain_rand,
        camera_width=40,
        camera_height=30,
        render_mode="rgb_array",
    )
    with warnings.catch_warnings():
        # the older signature has it
        warnings.filterwarnings("ignore", message=".*`seed` function.*")
        check_env(env.unwrapped, skip_render_check=True)
    observation, _ = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    assert env.render().shape == (600, 800, 3)
    env.close()


def test_attributes_that_scripts_set(make):
    env = make(user_tile_start=(2, 1), accept_start_angle_deg=4)
    for _ in range(5):
        env.reset()
        assert env.get_grid_coords(env.cur_pos) == (2, 1)
        assert abs(env.get_lane_pos2(env.cur_pos, env.cur_angle).angle_deg) < 4
    env.user_tile_start = [4, 5]
    env.start_pose = [[0.3, 0, 0.2], 3.0]
    env.reset()
    assert env.cur_pos == pytest.approx([4 * 0.585 + 0.3, 0.0, 5 * 0.585 + 0.2])
    assert env.cur_angle == 3.0
    # a pose that is set, also in place, holds for images, and the robot drives on from it
    before = env.render_obs()
    env.cur_pos[0] -= 0.2
    env.cur_angle += 0.3
    assert (env.render_obs() != before).any()
    env.step([1, 1])
    assert env.cur_pos[0] == pytest.approx(4 * 0.585 + 0.1)
    # the camera
    before = env.render_obs()
    for name, value in (
        ("cam_angle", [30.0, 0, 0]),
        ("cam_angle", [19.15, 20.0, 0]),
        ("cam_fov_y", 60.0),
        ("cam_height", 0.2),
        ("cam_offset", [0.0, 0.1, 0.1]),
    ):
        kept = getattr(env, name)
        setattr(env, name, value)
        assert (env.render_obs() != before).any(), name
        setattr(env, name, kept)
        assert (env.render_obs() == before).all(), name
    # rewards follow the robot's speed, and what a subclass makes of them
    lane = env.get_lane_pos2(env.cur_pos, env.cur_angle)
    env.robot_speed = 2.0
    reward = env.step([0, 0])[1]
    assert reward == pytest.approx(2 * lane.dot_dir - 10 * abs(lane.dist), abs=1e-9)
    env.compute_reward = lambda pos, angle, speed: 5.0
    assert env.step([0, 0])[1] == 5.0


def test_views(make):
    env = make("loop_obstacles", distortion=True)
    plain = env.render_obs()
    env.undistort = True
    assert (env.render_obs() != plain).any()
    env.undistort = False
    for mode in ("rgb_array", "top_down"):
        assert env.render(mode=mode).shape == (600, 800, 3)
    colours = env.render_obs(segment=True).reshape(-1, 3)
    assert {tuple(colour) for colour in colours.tolist()} <= {tuple(c) for c in PALETTE.tolist()}
    assert len(np.unique(colours, axis=0)) > 3
    for name in ("draw_bbox", "draw_curve", "enable_leds"):
        setattr(env, name, True)
    assert (env.render("rgb_array") != env.render("free_cam")).any()
    env.draw_bbox = env.draw_curve = env.enable_leds = False
    assert (env.render_obs() == plain).all()
    sky = make(color_sky=[1.0, 0.0, 0.0]).render_obs()
    assert sky[0, 0].tolist() == [255, 0, 0]
    env.graphics = False
    assert not env.render_obs().any()


def test_randomisation(make):
    plain, rand = make(), make(domain_rand=True, dynamics_rand=True)
    assert plain.randomization_settings == {}
    seen = set()
    for _ in range(4):
        rand.reset()
        seen.add(rand.wheel_dist)
        assert 0.09 < rand.wheel_dist < 0.113
        assert {"horz_mode", "camera_height", "trim"} <= set(rand.randomization_settings)
    assert len(seen) == 4
    many = make(randomize_maps_on_reset=True)
    names = set()
    for _ in range(6):
        many.reset()
        names.add(many.map_name)
        assert many.grid_height * many.grid_width == len(many.grid)
        assert many._valid_pose(many.cur_pos, many.cur_angle)
    assert len(names) > 3


def test_maps(make, tmp_path):
    env = make("loop_empty")
    tile = env._get_tile(2, 1)
    assert (tile["kind"], tile["coords"], tile["drivable"]) == ("straight", (2, 1), True)
    assert tile["curves"].shape == (2, 4, 3)
    assert env._get_tile(-1, 0) is None
    assert (env.grid_width, env.grid_height, env.road_tile_size) == (8, 7, 0.585)
    assert all(tile["drivable"] for tile in env.drivable_tiles)
    env._interpret_map({"tile_size": 0.5, "tiles": [["straight/W", "straight/W", "straight/W"]]})
    env.reset()
    assert (env.grid_width, env.grid_height, env.objects) == (3, 1, [])
    path = tmp_path / "mine.yaml"
    path.write_text("tile_size: 0.6\ntiles: [[straight/W, straight/W, straight/W]]\n")
    mine = make(str(path))
    assert (mine.map_name, mine.road_tile_size) == ("mine", 0.6)
    both = MultiMapEnv(camera_width=32, camera_height=24, domain_rand=False)
    names = []
    for _ in range(4):
        assert both.reset().shape == (24, 32, 3)
        names.append(both.cur_env.map_name)
        both.step([0.1, 0.0])
    assert names == ["small_loop_only_duckies", "loop_only_duckies"] * 2
    both.close()
    nav = make("udem1", kind=DuckietownNav)
    nav.goal_tile = nav._get_tile(*nav.get_grid_coords(nav.cur_pos))
    assert nav.step([0.0, 0.0])[1:3] == (1000, True)


def test_vectors_and_frames(make):
    env = make()
    assert get_dir_vec(0.3) == pytest.approx([math.cos(0.3), 0, -math.sin(0.3)])
    assert get_right_vec(0.3) == pytest.approx([math.sin(0.3), 0, math.cos(0.3)])
    pose = env.cartesian_from_weird(env.cur_pos, env.cur_angle)
    assert pose[1, 2] == pytest.approx(7 * 0.585 - env.cur_pos[2])
    pos, angle = env.weird_from_cartesian(pose)
    assert pos == pytest.approx(env.cur_pos.tolist())
    assert angle == pytest.approx(env.cur_angle)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"map_name": "loop_emty"}, "there is no map 'loop_emty'.*loop_empty"),
        ({"map_name": None}, "None is no name of a map"),
        ({"frame_rate": 0}, "frame_rate: 0 is not within 10 to 100"),
        ({"frame_skip": 1.5}, "frame_skip: 1.5: a whole number"),
        ({"max_steps": 0}, "max_steps: 0 must be more than 0"),
        ({"camera_width": 0}, "0 x 24 is not within"),
        ({"seed": "seven"}, "seed: 'seven' is no whole number"),
        ({"seed": -1}, "seed: -1 is not within"),
        ({"user_tile_start": (0, 99)}, "the map of 8 x 7 has no tile"),
        ({"user_tile_start": "ab"}, r"a pair \(column, row\) is needed"),
        ({"user_tile_start": (0, 0)}, "start_tile"),
        ({"api": "gymnasum"}, "api: 'gymnasum' is neither"),
        ({"assets": "/nowhere"}, "/nowhere"),
    ],
)
def test_wrong_settings_are_named(make, settings, message):
    with pytest.raises(imprint.ImprintError, match=message):
        make(**settings)


def test_wrong_arguments_are_named(make):
    env = make()
    for action, message in (
        ([1.0], r"action: shape \(2,\) is needed"),
        ([np.nan, 0.0], "finite numbers"),
        (["a", "b"], "action"),
        (None, "action"),
    ):
        with pytest.raises(imprint.UsageError, match=message):
            env.step(action)
    with pytest.raises(imprint.UsageError, match="three numbers"):
        env.get_lane_pos2([1.0, 2.0], 0.0)
    with pytest.raises(imprint.UsageError, match="finite"):
        env.closest_curve_point([np.nan, 0, 0], 0.0)
    with pytest.raises(imprint.UsageError, match="mode: 'app'"):
        env.render("app")
    env.cam_angle = [19.15, 0, 5.0]
    with pytest.raises(imprint.UsageError, match="cannot roll"):
        env.render_obs()
    env.cam_angle = [19.15, 0, 0]
    env.cur_pos = [np.inf, 0, 0]
    with pytest.raises(imprint.UsageError, match="finite"):
        env.step([0, 0])
    env.reset()
    env.delta_time = 0.001
    with pytest.raises(imprint.UsageError, match="1/15 of the command delay"):
        env.step([0, 0])
    with pytest.raises(InvalidMapException, match="cannot be written"):
        env._interpret_map({"tiles": object()})
    env.close()
    env.close()
    with pytest.raises(imprint.ClosedError):
        env.step([0, 0])
    with pytest.raises(imprint.ClosedError):
        env.reset()
    assert simulator.REWARD_INVALID_POSE == -1000


def test_a_state_puts_the_robot_somewhere_at_rest(make):
    """As recorded: sequences with a trim, of robots put there as scripts do it."""
    env = make()
    rows = [
        row for row in golden("dynamics.csv") if (row["sequence"], row["delay"]) == ("15", "0.15")
    ]
    assert float(rows[0]["trim"]) == 0.1
    env.reset()
    env.step([1, 1])
    pos = [float(rows[0]["x"]), 0.0, float(rows[0]["z"])]
    pose = env.cartesian_from_weird(pos, float(rows[0]["heading"]))
    rest = se2_from_linear_angular([0, 0], 0)
    env.state = get_DB18_uncalibrated(delay=0.15, trim=0.1).initialize(c0=(pose, rest), t0=0)
    assert env.state.trim == 0.1
    for row in rows[1:]:
        env.update_physics([float(row["left"]), float(row["right"])])
        pose = [env.cur_pos[0], env.cur_pos[2], env.cur_angle]
        assert pose == pytest.approx([float(row[key]) for key in ("x", "z", "heading")], abs=1e-9)
    linear, angular = linear_angular_from_se2(env.state.TSE2_from_state()[1])
    recorded = [float(row["speed"]), 0.0, float(row["turn_rate"])]
    assert [*linear, angular] == pytest.approx(recorded, abs=1e-9)
    with pytest.raises(imprint.UsageError, match="at rest"):
        env.state = env.state
    with pytest.raises(imprint.UsageError, match="has no pose"):
        env.state = None
    env.reset()
    assert env.state.trim == 0.0
    position, angle = translation_angle_from_SE2(SE2_from_translation_angle([1.0, 2.0], 0.5))
    assert [*position, angle] == pytest.approx([1.0, 2.0, 0.5])
