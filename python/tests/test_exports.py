"""Exports to Minari, robomimic, Duckietown's baseline, and LeRobot."""

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

import imprint
from imprint import BadInputError, Hint, InputOutputError, UsageError
from imprint._video import create_video, png
from imprint.lerobot import CAMERA

STEPS = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("dataset") / "data"
    imprint.collect(path, episodes=6, steps=STEPS, noise=0.2)
    return path


def test_minari(folder, tmp_path):
    h5py = pytest.importorskip("h5py")
    out, done = tmp_path / "minari", []
    imprint.export_minari(folder, out, id="me/drive-v3", progress=lambda p: done.append(p.done))
    assert done == [0, 1, 2, 3, 4, 5]
    assert json.loads((out / "metadata.json").read_text())["dataset_id"] == "me/drive-v3"
    with h5py.File(out / "main_data.hdf5") as file:
        actions = imprint.Dataset(folder).episodes[4].actions
        assert np.array_equal(file["episode_4/actions"], actions)
    with pytest.raises(UsageError, match="is not an id of Minari"):
        imprint.export_minari(folder, tmp_path / "other", id="drive")


def test_robomimic_has_the_split_of_datasets(folder, tmp_path):
    h5py = pytest.importorskip("h5py")
    out = tmp_path / "demos.hdf5"
    result = imprint.export_robomimic(folder, out, validation=0.34, seed=5)
    assert (result.training, result.held_out) == (4, 2)
    held_out = imprint.Dataset(folder).split(validation=0.34, seed=5)[1]
    with h5py.File(out) as file:
        names = {name.decode() for name in file["mask/valid"]}
        assert names == {f"demo_{e.number}" for e in held_out.episodes}
        labels = imprint.Dataset(folder).episodes[1].expert_actions
        assert np.array_equal(file["data/demo_1/actions"], labels)


def test_existing_files_are_replaced_if_asked_for(folder, tmp_path):
    out = tmp_path / "train.log"
    imprint.export_trainlog(folder, out)
    size = out.stat().st_size
    with pytest.raises(InputOutputError, match="exists") as error:
        imprint.export_trainlog(folder, out)
    assert error.value.hint is Hint.OUTPUT_EXISTS
    imprint.export_trainlog(folder, out, force=True)
    assert out.stat().st_size == size
    with pytest.raises(BadInputError, match="no such folder"):
        imprint.export_trainlog(tmp_path / "nowhere", tmp_path / "x.log")


@pytest.fixture
def parquet():
    return pytest.importorskip("pyarrow.parquet")


def rows_of(parquet, folder):
    return parquet.read_table(folder / "data/chunk-000/file-000.parquet").to_pydict()


def test_lerobot_describes_what_is_there(folder, tmp_path, parquet):
    pytest.importorskip("av")
    out, done = tmp_path / "drive", []
    result = imprint.export_lerobot(folder, out, license="mit", progress=lambda p: done.append(p))
    assert (result.episodes, result.frames, result.fps) == (6, 6 * STEPS, 30)
    assert [p.done for p in done] == [1, 2, 3, 4, 5, 6]
    info = json.loads((out / "meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    assert info["splits"] == {"train": "0:6"}
    assert info["features"][CAMERA]["shape"] == [60, 80, 3]
    assert info["features"][CAMERA]["dtype"] == "video"
    episodes = parquet.read_table(out / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [e["dataset_from_index"] for e in episodes] == list(range(0, 6 * STEPS, STEPS))
    assert episodes[3][f"videos/{CAMERA}/from_timestamp"] == pytest.approx(3 * STEPS / 30)
    assert "license: mit\n" in (out / "README.md").read_text()
    assert sorted(p.name for p in out.iterdir()) == ["README.md", "data", "meta", "videos"]


def test_lerobot_rows_are_those_of_the_dataset(folder, tmp_path, parquet):
    imprint.export_lerobot(folder, tmp_path / "drive", video=False)
    rows = rows_of(parquet, tmp_path / "drive")
    data = imprint.Dataset(folder, keys=("action", "expert_action", "reward"), last_actions=1)[:]
    assert np.array_equal(rows["action"], data["expert_action"])
    assert np.array_equal(rows["executed_action"], data["action"])
    assert np.array_equal(rows["observation.state"], data["past_actions"][:, 0])
    assert np.array_equal(rows["next.reward"], data["reward"])
    assert np.array_equal(rows["index"], np.arange(6 * STEPS))
    assert np.flatnonzero(rows["next.done"]).tolist() == list(range(STEPS - 1, 6 * STEPS, STEPS))
    assert np.allclose(rows["timestamp"], np.tile(np.arange(STEPS) / 30, 6))
    imprint.export_lerobot(folder, tmp_path / "executed", video=False, labels="executed")
    assert np.array_equal(rows_of(parquet, tmp_path / "executed")["action"], data["action"])


def test_lerobot_statistics_are_those_of_the_dataset(folder, tmp_path, parquet):
    imprint.export_lerobot(folder, tmp_path / "drive", video=False)
    statistics = json.loads((tmp_path / "drive/meta/stats.json").read_text())
    wanted = imprint.Dataset(folder).statistics(images=None)
    assert np.allclose(np.ravel(statistics[CAMERA]["mean"]), wanted.observation.mean)
    assert np.shape(statistics[CAMERA]["q99"]) == (3, 1, 1)
    assert np.allclose(statistics["action"]["std"], wanted.expert_action.std)
    assert statistics["action"]["count"] == [6 * STEPS]
    assert statistics["frame_index"]["max"] == [STEPS - 1]


def test_lerobot_videos_show_the_images(folder, tmp_path, parquet):
    av = pytest.importorskip("av")
    imprint.export_lerobot(folder, tmp_path / "drive", crf=10)
    with av.open(str(tmp_path / f"drive/videos/{CAMERA}/chunk-000/file-000.mp4")) as file:
        frames = list(file.decode(video=0))
    images = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
    wanted = imprint.Dataset(folder)[:]["observation"]
    assert images.shape == wanted.shape
    assert np.abs(images.astype(int) - wanted).mean() < 4.0
    times = [float(frame.pts * frame.time_base) for frame in frames]
    assert np.allclose(times, np.arange(6 * STEPS) / 30, atol=1e-4)


def test_videos_by_the_program_ffmpeg(tmp_path, monkeypatch):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    monkeypatch.setitem(sys.modules, "av", None)
    images = np.full((7, 60, 80, 3), 90, np.uint8)
    writer = create_video(tmp_path / "a/file.mp4", (80, 60), 30, "libx264", 18)
    writer.add(images)
    writer.close()
    assert (tmp_path / "a/file.mp4").stat().st_size > 500
    writer = create_video(tmp_path / "b.mp4", (80, 60), 30, "no-such-codec", 18)
    with pytest.raises(InputOutputError, match=r"b\.mp4: ffmpeg: "):
        writer.add(np.repeat(images, 100, axis=0))
    writer.close()


def test_png_files():
    image = np.random.default_rng(1).integers(0, 256, (6, 5, 3), np.uint8)
    content = png(image)
    assert struct.unpack(">II", content[16:24]) == (5, 6)
    start = content.index(b"IDAT")
    length = struct.unpack(">I", content[start - 4 : start])[0]
    rows = np.frombuffer(zlib.decompress(content[start + 4 :][:length]), np.uint8).reshape(6, -1)
    assert np.array_equal(np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8), image.reshape(6, -1))


def test_lerobot_images_are_the_same_bytes(folder, tmp_path, parquet):
    av = pytest.importorskip("av")
    imprint.export_lerobot(folder, tmp_path / "drive", video=False)
    stored = rows_of(parquet, tmp_path / "drive")[CAMERA][33]["bytes"]
    with av.open(io.BytesIO(stored)) as file:
        image = next(file.decode(video=0)).to_ndarray(format="rgb24")
    assert np.array_equal(image, imprint.Dataset(folder)[33]["observation"])


def test_lerobot_of_some_episodes(folder, tmp_path, parquet):
    part = imprint.Dataset(folder).select([4, 1])
    assert imprint.export_lerobot(part, tmp_path / "part", video=False).episodes == 2
    rows = rows_of(parquet, tmp_path / "part")
    assert rows["episode_index"] == [0] * STEPS + [1] * STEPS
    assert np.array_equal(rows["executed_action"][STEPS:], part.episodes[1].actions)


def test_lerobot_files_do_not_grow_beyond_their_limit(folder, tmp_path, parquet, monkeypatch):
    monkeypatch.setattr("imprint.lerobot._DATA_FILE_MB", 0)
    monkeypatch.setattr("imprint.lerobot._FILES_IN_CHUNK", 4)
    imprint.export_lerobot(folder, tmp_path / "drive", video=False)
    files = sorted(p.relative_to(tmp_path) for p in (tmp_path / "drive/data").glob("*/*"))
    assert len(files) == 6
    assert str(files[5]) == "drive/data/chunk-001/file-001.parquet"


def test_lerobot_refuses_what_it_cannot_write(folder, tmp_path, parquet, monkeypatch):
    out = tmp_path / "drive"
    with pytest.raises(UsageError, match="'expert' or 'executed' is needed"):
        imprint.export_lerobot(folder, out, labels="both")
    with pytest.raises(UsageError, match="no episodes to export"):
        imprint.export_lerobot(imprint.Dataset(folder).select([]), out)
    with pytest.raises(BadInputError, match="no such folder"):
        imprint.export_lerobot(tmp_path / "nowhere", out)
    with pytest.raises(InputOutputError, match="exists"):
        imprint.export_lerobot(folder, tmp_path)
    rate = {"settings": {"env.drive.time_step": 0.07}, "width": 33, "height": 24}
    imprint.collect(tmp_path / "odd", episodes=1, steps=5, **rate)
    with pytest.raises(UsageError, match=r"the time between two is 0\.07 s: give fps="):
        imprint.export_lerobot(tmp_path / "odd", out)
    with pytest.raises(UsageError, match="needs even sizes: use video=False"):
        imprint.export_lerobot(tmp_path / "odd", out, fps=14)
    assert imprint.export_lerobot(tmp_path / "odd", out, fps=14, video=False).fps == 14
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UsageError, match="pip install pyarrow av"):
        imprint.export_lerobot(folder, tmp_path / "other")


def test_lerobot_without_an_encoder(folder, tmp_path, parquet, monkeypatch):
    if "av" not in sys.modules:
        pytest.importorskip("av")
    with pytest.raises(UsageError, match="PyAV cannot encode with 'no-such-codec'"):
        imprint.export_lerobot(folder, tmp_path / "drive", codec="no-such-codec")
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr("imprint._video.shutil.which", lambda program: None)
    with pytest.raises(UsageError, match="needs PyAV or ffmpeg"):
        imprint.export_lerobot(folder, tmp_path / "drive")
    assert list(tmp_path.iterdir()) == []


def test_lerobot_leaves_nothing_behind_when_it_is_interrupted(folder, tmp_path, parquet):
    def interrupt(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imprint.export_lerobot(folder, tmp_path / "drive", video=False, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_lerobot_itself_reads_it(folder, tmp_path):
    datasets = pytest.importorskip("lerobot.datasets.lerobot_dataset")
    wanted = imprint.Dataset(folder)
    for video in (False, True):
        out = tmp_path / f"drive-{video}"
        imprint.export_lerobot(folder, out, video=video, crf=10)
        deltas = {"action": [k / 30 for k in range(4)]}
        data = datasets.LeRobotDataset("me/drive", root=out, delta_timestamps=deltas)
        assert len(data) == 6 * STEPS
        frame = data[2 * STEPS + 5]
        episode = wanted.episodes[2]
        assert np.array_equal(frame["action"], episode.expert_actions[5:9])
        image = frame[CAMERA].numpy().transpose(1, 2, 0) * 255.0
        assert np.abs(image - episode.observations[5]).mean() < (6.0 if video else 0.01)
        assert frame["task"] == "drive along the right lane"


def test_lerobot_trains_act_for_ten_steps(folder, tmp_path):
    pytest.importorskip("lerobot")
    imprint.export_lerobot(folder, tmp_path / "drive")
    policy = (
        "type=act device=cpu push_to_hub=false pretrained_backbone_weights=null chunk_size=8 "
        "n_action_steps=8 dim_model=64 dim_feedforward=64 n_heads=4 n_encoder_layers=1"
    )
    command = [
        *(sys.executable, "-m", "lerobot.scripts.lerobot_train", "--dataset.repo_id=me/drive"),
        *(f"--dataset.root={tmp_path / 'drive'}", f"--output_dir={tmp_path / 'act'}"),
        *("--steps=10", "--batch_size=4", "--num_workers=0", "--log_freq=5"),
        *(f"--policy.{setting}" for setting in policy.split()),
    ]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "step:10 " in done.stderr + done.stdout, done.stderr[-3000:]
    checkpoint = tmp_path / "act/checkpoints/000010/pretrained_model"
    assert (checkpoint / "model.safetensors").exists()
