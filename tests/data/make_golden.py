#!/usr/bin/env python3
"""Makes tests/data/golden from the recordings of the reference simulator.

Usage: tests/data/make_golden.py GOLDEN_FOLDER
The folder holds dynamics/, lanes/, dynamic_objects/, closed_loop/, maps/, domain_rand/, lens/ and
aido/streams/ as described in its README. Only numbers are kept, no picture of the reference.
Inputs keep 17 digits; expected values keep 13 decimals, well below the tolerances of the tests.
"""
import json
import pathlib
import shutil
import sys


def exact(value):
    return repr(float(value))


def rounded(value):
    return f"{value:.13f}".rstrip("0").rstrip(".") if value is not None else ""


def write(path, header, rows):
    with open(path, "w", encoding="utf-8") as out:
        out.write(",".join(header) + "\n")
        out.writelines(",".join(row) + "\n" for row in rows)


def dynamics(source):
    for name, delay in (("dynamics", True), ("dynamics_nodelay", False)):
        data = json.loads((source / "dynamics" / f"{name}.json").read_text())
        for s in data["sequences"]:
            x, _, z = s["init_pos"]
            head = [str(s["id"]), "0.15" if delay else "0", exact(s["trim"])]
            yield head + ["start", "", "", exact(x), exact(z), exact(s["init_angle"]), "", ""]
            for k, (left, right) in enumerate(s["actions"]):
                yield head + [
                    str(k), exact(left), exact(right), rounded(s["pos"][k][0]),
                    rounded(s["pos"][k][2]), rounded(s["angle"][k]), rounded(s["body_v"][k]),
                    rounded(s["body_w"][k]),
                ]


def lanes(source):
    for path in sorted((source / "lanes").glob("*.json")):
        data = json.loads(path.read_text())
        for p in data["poses"]:
            lane, point, tangent = p["lane"], p["closest_point"], p["closest_tangent"]
            row = [data["map"], exact(p["pos"][0]), exact(p["pos"][2]), exact(p["angle"])]
            row += [str(int(p["drivable"])), str(int(p["valid_1_0"])), str(int(p["valid_1_3"])),
                    str(int(p["collision_in_valid"])), str(int(p["collision_at_pose"])),
                    str(int(p["inconvenient_spawn"])), rounded(p["proximity_penalty"]),
                    rounded(p["reward_speed_1_2"])]
            if point is None:
                yield row + [""] * 8
                continue
            row += [str(p["curve_index"]), rounded(point[0]), rounded(point[2]),
                    rounded(tangent[0]), rounded(tangent[2])]
            yield row + [rounded(lane[key]) if lane else "" for key in
                         ("dist", "dot_dir", "angle_rad")]


def expert(source):
    data = json.loads((source / "closed_loop" / "expert.json").read_text())
    for number, t in enumerate(data["trajectories"]):
        column = {name: k for k, name in enumerate(t["columns"])}
        head = [str(number), t["map"]]
        x, _, z = t["init_pos"]
        yield head + ["start", "", "", exact(x), exact(z), exact(t["init_angle"]), "", ""]
        for row in t["rows"]:
            yield head + [str(row[column["step"]])] + [
                rounded(row[column[name]]) for name in ("left", "right", "x", "z", "angle",
                                                        "reward")
            ] + [str(int(row[column["done"]]))]


MOTION_PARAMETERS = {
    "duckie": ("pedestrian_wait_time", "vel", "wiggle"),
    "duckiebot": ("follow_dist", "velocity", "gain", "trim", "radius", "wheel_dist",
                  "robot_width", "robot_length"),
    "trafficlight": ("freq", "pattern"),
    "checkerboard": (),
}
MOTION_THINNING = 7


def moment(states, step):
    def number(key):
        return rounded(float(states[key][step])) if key in states else ""

    corners = states["corners"][step] if "corners" in states else None
    row = [rounded(v) for v in states["pos"][step]] + [number("angle"), number("y_rot_deg")]
    row += [rounded(corners[k][axis]) for k in (0, 2) for axis in (0, 1)] if corners else [""] * 4
    mode = next((number(key) for key in ("active", "pattern", "steps_counter") if key in states),
                "")
    return row + [mode, number("wait"), number("vel"), number("time")]


def motion(source):
    """Every few steps, and those in which a duckie draws a new speed."""
    for path in sorted((source / "dynamic_objects").glob("[!_]*.json")):
        data = json.loads(path.read_text())
        for o in data["objects"]:
            parameters = [exact(o[name]) for name in MOTION_PARAMETERS[o["kind"]]]
            yield [data["map"], str(o["index"]), "start"] + parameters
        for step in range(data["steps"]):
            for index, states in data["per_step"].items():
                speeds = states.get("vel", [0] * data["steps"])
                turned = step > 0 and speeds[step] != speeds[step - 1]
                if step % MOTION_THINNING == 0 or turned:
                    yield [data["map"], index, str(step)] + moment(states, step)


def objects(source):
    maps = pathlib.Path(__file__).parents[2] / "maps"
    for path in sorted((source / "maps").glob("*.json")):
        if not (maps / f"{path.stem}.yaml").exists():
            continue
        for number, o in enumerate(json.loads(path.read_text())["objects"]):
            row = [path.stem, str(number), o["kind"], rounded(o["pos"][0]), rounded(o["pos"][2]),
                   rounded(o["angle"]), exact(o["scale"])]
            row += [str(int(o[key])) for key in ("static", "optional", "collidable_static")]
            yield row + [rounded(c) for corner in o["corners"] for c in corner] + [
                rounded(o["safety_radius"])]


def shortened(value, decimals):
    """The same structure with fewer decimals."""
    if isinstance(value, float):
        return round(value, decimals)
    if isinstance(value, list):
        return [shortened(v, decimals) for v in value]
    if isinstance(value, dict):
        return {k: shortened(v, decimals) for k, v in value.items()}
    return value


def write_json(path, rows):
    """One line for each entry of a dictionary, so that changes can be read."""
    lines = (f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in rows.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def built_in_maps(source):
    """Without objects, which are in objects.csv; curves of the first tile of each kind and angle."""
    maps = pathlib.Path(__file__).parents[2] / "maps"
    kept = {}
    for path in sorted((source / "maps").glob("[!_]*.json")):
        if not (maps / f"{path.stem}.yaml").exists():
            continue
        data = json.loads(path.read_text())
        seen = set()
        for tile in data["tiles"]:
            what = (tile["kind"], tile["angle"])
            if tile["curves"] and what in seen:
                del tile["curves"]
            seen.add(what)
        kept[path.stem] = shortened(
            {key: data[key] for key in ("tile_size", "grid_width", "grid_height", "tiles",
                                        "drivable_order", "start_tile", "start_pose")}, 12)
    return kept


DRAWN = ("settings", "horizon_color", "ground_color", "wheel_dist", "cam_height", "cam_angle_deg",
         "cam_fov_y_deg", "light0_ambient", "light0_diffuse", "tile0_color", "object_colors",
         "object_visible", "object_optional", "start_pos", "start_angle")


def draws(source):
    data = json.loads((source / "domain_rand" / "draws.json").read_text())
    kept = [shortened({key: draw[key] for key in DRAWN}, 6) for draw in data["draws"]]
    return {"map": data["map"], "draws": kept}


def lens(source):
    data = json.loads((source / "lens" / "lens.json").read_text())
    return shortened({key: data[key] for key in ("rows_y", "cols_x", "mapx", "mapy")}, 4)


STREAMS = ("db18-tiny", "db20-tiny", "db20-fullstate-tiny")  # with pictures of 8 x 8 pixels


def streams(source, target):
    for name in STREAMS:
        for kept, recorded in (("in", "host_to_agent"), ("out", "agent_to_host")):
            shutil.copyfile(source / "aido" / "streams" / name / f"{recorded}.cbor",
                            target / f"{name}.{kept}.cbor")


def main():
    source = pathlib.Path(sys.argv[1])
    target = pathlib.Path(__file__).parent / "golden"
    write(target / "dynamics.csv",
          ["sequence", "delay", "trim", "step", "left", "right", "x", "z", "heading", "speed",
           "turn_rate"], dynamics(source))
    write(target / "lanes.csv",
          ["map", "x", "z", "heading", "drivable", "valid_1_0", "valid_1_3", "collision",
           "collision_at_pose", "crowded", "proximity", "reward", "curve", "point_x", "point_z", "tangent_x", "tangent_z",
           "distance", "alignment", "angle"], lanes(source))
    write(target / "motion.csv",
          ["map", "object", "step", "x", "y", "z", "angle", "y_rot_deg", "rear_left_x",
           "rear_left_z", "front_right_x", "front_right_z", "mode", "wait", "stride", "time"],
          motion(source))
    write(target / "expert.csv",
          ["trajectory", "map", "step", "left", "right", "x", "z", "heading", "reward", "done"],
          expert(source))
    write(target / "objects.csv",
          ["map", "object", "kind", "x", "z", "heading", "scale", "static", "optional", "solid",
           "x0", "z0", "x1", "z1", "x2", "z2", "x3", "z3", "safety_radius"], objects(source))
    write_json(target / "maps.json", built_in_maps(source))
    write_json(target / "draws.json", draws(source))
    write_json(target / "lens.json", lens(source))
    streams(source, target / "aido-node")


if __name__ == "__main__":
    main()
