"""Datasets: frames, views, history, splits, statistics, processes, and input that is wrong."""

import gc
import multiprocessing
import os
import pickle
import shutil

import numpy as np
import pytest

import imprint
from imprint import BadInputError, InputOutputError, UsageError
from imprint._arrays import pointer
from imprint._errors import call
from imprint._native import ffi, lib

STEPS = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six episodes of 24 steps, with noise so that the actions differ from the expert's."""
    path = tmp_path_factory.mktemp("dataset") / "data"
    imprint.collect(path, episodes=6, steps=STEPS, noise=0.2, width=16, height=12)
    return path


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    path = tmp_path_factory.mktemp("dataset") / "other"
    imprint.collect(path, episodes=3, steps=10, seed=5, width=16, height=12)
    return path


def test_episodes_are_views_of_what_h5py_reads(folder):
    h5py = pytest.importorskip("h5py")
    data = imprint.Dataset(folder)
    with h5py.File(folder / "main_data.hdf5") as file:
        for episode in data.episodes:
            group = file[f"episode_{episode.number}"]
            assert np.array_equal(episode.observations, group["observations"])
            assert np.array_equal(episode.expert_actions, group["infos/expert_actions"])
            assert np.array_equal(episode.poses, group["infos/poses"])
            assert np.array_equal(episode.terminations, group["terminations"])
            assert episode.seed == group.attrs["seed"]


def test_a_frame_is_a_state_and_its_action(folder):
    data = imprint.Dataset(folder)
    assert len(data) == 6 * STEPS
    assert [len(e) for e in data.episodes] == [STEPS] * 6
    episode = data.episodes[2]
    frame = data[2 * STEPS + 5]
    assert frame["observation"].shape == (12, 16, 3)
    assert frame["observation"].dtype == np.uint8
    assert np.array_equal(frame["observation"], episode.observations[5])
    assert np.array_equal(frame["action"], episode.actions[5])
    assert np.array_equal(frame["expert_action"], episode.expert_actions[5])
    assert not np.array_equal(frame["action"], frame["expert_action"])
    assert np.array_equal(data[-1]["observation"], data.episodes[5].observations[STEPS - 1])
    assert data.info.width == 16
    assert data.finished
    assert "6 episodes, 144 frames>" in repr(data)


def test_all_keys(folder):
    keys = ("reward", "terminated", "truncated", "pose", "lane", "next_observation")
    data = imprint.Dataset(folder, keys=(*keys, "episode", "step"))
    batch = data[[STEPS - 1, 3 * STEPS]]
    first, second = data.episodes[0], data.episodes[3]
    assert np.array_equal(batch["next_observation"][0], first.observations[STEPS])
    assert np.array_equal(batch["pose"], [first.poses[STEPS - 1], second.poses[0]])
    assert np.array_equal(batch["lane"], [first.lane[STEPS - 1], second.lane[0]])
    assert np.array_equal(batch["reward"], [first.rewards[-1], second.rewards[0]])
    assert batch["truncated"].tolist() == [bool(first.truncations[-1]), False]
    assert batch["terminated"].dtype == np.bool_
    assert batch["episode"].tolist() == [0, 3]
    assert batch["step"].tolist() == [STEPS - 1, 0]


def test_batches_are_the_frames_one_by_one(folder):
    data = imprint.Dataset(folder, frames=2, last_actions=3)
    numbers = [0, 77, STEPS - 1, STEPS, 143]
    batch, rows = data[numbers], data.__getitems__(numbers)
    for k, number in enumerate(numbers):
        for key, value in data[number].items():
            assert np.array_equal(batch[key][k], value)
            assert np.array_equal(rows[k][key], value)
    assert np.array_equal(data[2:6:2]["action"], data[[2, 4]]["action"])
    assert np.array_equal(data[np.array([2, 4], np.uint8)]["action"], data[[2, 4]]["action"])
    assert data[[]]["observation"].shape == (0, 2, 12, 16, 3)
    assert data[[]]["action"].shape == (0, 2)


def test_history_ends_with_the_present_and_begins_with_the_episode(folder):
    data = imprint.Dataset(folder, frames=3, frames_every=2, last_actions=2)
    episode = data.episodes[1]
    first, later = data[STEPS + 1], data[STEPS + 9]
    assert np.array_equal(first["observation"], episode.observations[[0, 0, 1]])
    assert np.array_equal(later["observation"], episode.observations[[5, 7, 9]])
    assert np.array_equal(first["past_actions"], [[0.0, 0.0], episode.actions[0]])
    assert np.array_equal(later["past_actions"], episode.actions[7:9])
    assert np.array_equal(data[STEPS]["past_actions"], np.zeros((2, 2)))


def test_stacked_images_and_channels_first(folder):
    wanted = imprint.Dataset(folder, frames=3)[40]["observation"]
    stacked = imprint.Dataset(folder, frames=3, stack=True)[40]["observation"]
    assert np.array_equal(stacked, np.concatenate(list(wanted), axis=2))
    planes = imprint.Dataset(folder, frames=3, channels_first=True)[40]["observation"]
    assert np.array_equal(planes, wanted.transpose(0, 3, 1, 2))
    both = imprint.Dataset(folder, frames=3, stack=True, channels_first=True)[40]["observation"]
    assert np.array_equal(both, stacked.transpose(2, 0, 1))
    one = imprint.Dataset(folder, channels_first=True, stack=True)[40]["observation"]
    assert np.array_equal(one, wanted[2].transpose(2, 0, 1))


def test_frames_are_copies_and_views_cannot_be_written(folder):
    data = imprint.Dataset(folder)
    view = data.episodes[0].observations
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        view.flags.writeable = True
    before = view[0].copy()
    data[0]["observation"][:] = 0
    assert np.array_equal(view[0], before)


def test_views_outlive_the_dataset(folder):
    data = imprint.Dataset(folder)
    view, before = data.episodes[3].observations, data.episodes[3].observations.copy()
    del data
    gc.collect()
    assert np.array_equal(view, before)


def test_memory_that_was_given_back_is_read_again(folder, monkeypatch):
    monkeypatch.setattr("imprint.datasets._FORGET_AFTER", 1000)
    data = imprint.Dataset(folder)
    images = np.concatenate([e.observations[:-1] for e in data.episodes])
    assert all(np.array_equal(data[k]["observation"], images[k]) for k in range(len(data)))


def test_several_folders_are_one_dataset(folder, other):
    data = imprint.Dataset([folder, other], keys=("observation", "episode"))
    assert len(data) == 6 * STEPS + 3 * 10
    assert data.episodes[6].folder == other
    assert data[6 * STEPS + 10]["episode"] == 7
    table = data.table()
    assert table["folder"].tolist() == [0] * 6 + [1] * 3
    assert table["first_frame"].tolist() == [*range(0, 6 * STEPS + 1, STEPS), 154, 164]


def test_the_table_of_episodes(folder):
    data = imprint.Dataset(folder)
    table = data.table()
    episode = data.episodes[4]
    row = table[4]
    assert row["map"] == "loop_empty"
    assert row["steps"] == STEPS
    assert row["seconds"] == pytest.approx(STEPS / 30)
    assert row["reward"] == pytest.approx(episode.rewards.sum())
    way = np.diff(episode.poses[:, :2], axis=0)
    assert row["distance"] == pytest.approx(np.linalg.norm(way, axis=1).sum())
    assert row["speed"] == pytest.approx(row["distance"] / row["seconds"])
    assert 0.0 < row["lane_distance"] < 0.2
    assert 0.0 < row["expert_difference"] < 1.0
    assert row["truncated"] == episode.truncations[-1]


def test_the_table_in_pandas(folder):
    pytest.importorskip("pandas")
    frame = imprint.Dataset(folder).to_pandas()
    assert len(frame) == 6
    assert frame["steps"].sum() == 6 * STEPS
    assert frame.groupby("map")["reward"].mean().index.tolist() == ["loop_empty"]


def test_without_pandas_the_message_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(UsageError, match="pip install pandas"):
        imprint.Dataset(folder).to_pandas()


def test_statistics(folder):
    data = imprint.Dataset(folder)
    statistics = data.statistics(images=None)
    images = np.concatenate([e.observations[:-1] for e in data.episodes]).reshape(-1, 3) / 255.0
    assert np.allclose(statistics.observation.mean, images.mean(axis=0))
    assert np.allclose(statistics.observation.std, images.std(axis=0))
    assert np.array_equal(statistics.observation.max, images.max(axis=0))
    medians = np.quantile(images, 0.5, axis=0, method="inverted_cdf")
    assert np.allclose(statistics.observation.quantiles[2], medians)
    actions = np.concatenate([e.actions for e in data.episodes]).astype(np.float64)
    assert np.allclose(statistics.action.std, actions.std(axis=0))
    assert statistics.frames == statistics.action.count == 6 * STEPS
    assert data.statistics(images=10).observation.count == 10
    with pytest.raises(UsageError, match="no frames"):
        data.select([]).statistics()


def test_splits_by_episode_are_those_of_the_library(folder, other):
    data = imprint.Dataset([folder, other], keys=("episode",))
    training, validation = data.split(validation=0.34, seed=3)
    assert len(training.episodes) == 6
    assert len(validation.episodes) == 3
    again = data.split(validation=0.34, seed=3)[1]
    assert validation.episodes == again.episodes
    assert set(training.episodes) | set(validation.episodes) == set(data.episodes)
    others = {data.split(validation=0.34, seed=seed)[1].episodes for seed in range(6)}
    assert len(others) > 1
    assert data.split(validation=0.0)[1].episodes == ()
    with pytest.raises(UsageError, match="use select"):
        training.split()
    with pytest.raises(UsageError, match="validation 1: must be at least 0 and below 1"):
        data.split(validation=1.0)


def test_an_episode_that_occurs_twice_is_on_one_side(folder):
    data = imprint.Dataset([folder, folder])
    _, validation = data.split(validation=0.5, seed=1)
    numbers = [e.number for e in validation.episodes]
    assert numbers[:3] == numbers[3:]


def test_selected_episodes(folder):
    data = imprint.Dataset(folder, keys=("observation", "pose"))
    part = data.select([5, 1])
    assert [e.number for e in part.episodes] == [5, 1]
    assert np.array_equal(part[STEPS]["pose"], data[STEPS]["pose"])
    mask = data.table()["reward"] > 0.0
    assert len(data.select(mask).episodes) == mask.sum()
    with pytest.raises(IndexError, match="there are 6, from 0 to 5"):
        data.select([6])
    with pytest.raises(TypeError, match="indices or a mask"):
        data.select([0.5])


def test_pickled_datasets_open_their_files_again(folder):
    data = imprint.Dataset(folder, frames=2).select([4, 2])
    copy = pickle.loads(pickle.dumps(data))
    assert len(copy) == len(data)
    assert np.array_equal(copy[30]["observation"], data[30]["observation"])
    with pytest.raises(UsageError, match="use select"):
        copy.split()


def _frame(data, queue):
    queue.put(data[100]["observation"].sum())


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_other_processes(folder, method):
    data = imprint.Dataset(folder)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    worker = context.Process(target=_frame, args=(data, queue))
    worker.start()
    assert queue.get(timeout=60) == data[100]["observation"].sum()
    worker.join()


def test_torch_loads_batches(folder):
    torch = pytest.importorskip("torch")
    data = imprint.Dataset(folder, channels_first=True, frames=2)
    loader = torch.utils.data.DataLoader(data, batch_size=50, num_workers=2)
    batches = list(loader)
    assert [len(b["action"]) for b in batches] == [50, 50, 44]
    images = torch.cat([b["observation"] for b in batches]).numpy()
    assert np.array_equal(images, data[:]["observation"])
    whole = torch.utils.data.DataLoader(
        data,
        batch_size=None,
        sampler=torch.utils.data.BatchSampler(range(len(data)), 50, drop_last=False),
    )
    assert np.array_equal(torch.cat([b["observation"] for b in whole]).numpy(), images)


def test_indices_that_are_wrong(folder):
    data = imprint.Dataset(folder)
    with pytest.raises(IndexError, match="frame 144: there are 144, from 0 to 143"):
        data[144]
    with pytest.raises(IndexError, match="frame -145"):
        data[[0, -145]]
    for wrong in (1.0, "1", None, [[1, 2]], [True, False], np.zeros(2)):
        with pytest.raises(TypeError, match="a frame's number"):
            data[wrong]


def test_settings_that_are_wrong(folder, tmp_path):
    for settings, message in (
        ({"keys": ("image",)}, "there is no 'image'; there are: action, "),
        ({"keys": ()}, "one or more"),
        ({"keys": ("past_actions",)}, "needs last_actions"),
        ({"frames": 0}, "frames: 0; at least 1"),
        ({"frames_every": 1.5}, "frames_every: a whole number is needed, not 1.5"),
        ({"last_actions": -1}, "last_actions: -1; at least 0"),
    ):
        with pytest.raises(UsageError, match=message):
            imprint.Dataset(folder, **settings)
    with pytest.raises(UsageError, match="a folder is needed"):
        imprint.Dataset([])
    imprint.collect(tmp_path / "large", episodes=1, steps=3, width=20, height=12)
    with pytest.raises(UsageError, match=r"its width is 20, but that of .* is 16"):
        imprint.Dataset([folder, tmp_path / "large"])


def test_folders_that_are_no_datasets(folder, tmp_path):
    with pytest.raises(BadInputError, match="nowhere: no such folder; a dataset is a folder of"):
        imprint.Dataset(tmp_path / "nowhere")
    with pytest.raises(BadInputError, match=r"is no dataset, there is no main_data\.hdf5"):
        imprint.Dataset(tmp_path)
    with pytest.raises(BadInputError, match="a dataset is a folder"):
        imprint.Dataset(folder / "main_data.hdf5")


def test_damaged_files(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    shard = copy / "shard-00000.hdf5"
    shard.chmod(0o644)
    os.truncate(shard, shard.stat().st_size // 2)
    with pytest.raises(BadInputError, match=r"shard-00000\.hdf5"):
        imprint.Dataset(copy)
    shard.unlink()
    with pytest.raises((BadInputError, InputOutputError), match=r"shard-00000\.hdf5"):
        imprint.Dataset(copy)


def test_arrays_of_another_type(folder, tmp_path):
    h5py = pytest.importorskip("h5py")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    shard = copy / "shard-00000.hdf5"
    shard.chmod(0o644)
    with h5py.File(shard, "r+") as file:
        actions = file["episode_0/actions"][:]
        del file["episode_0/actions"]
        file["episode_0/actions"] = actions.astype(np.int32)
    with pytest.raises(BadInputError, match="actions"):
        imprint.Dataset(copy)


def test_a_recording_that_goes_on_is_read_as_it_was(tmp_path):
    path = tmp_path / "data"
    small = {"steps": 5, "width": 8, "height": 6}
    imprint.collect(path, episodes=2, **small)
    before = imprint.Dataset(path)
    imprint.collect(path, episodes=4, resume=True, **small)
    assert len(before) == 10
    assert np.array_equal(before[9]["observation"], imprint.Dataset(path)[9]["observation"])
    assert len(imprint.Dataset(path)) == 20
    assert len(pickle.loads(pickle.dumps(before))) == 10
    shutil.rmtree(path)
    imprint.collect(path, episodes=2, seed=4, **{**small, "steps": 3})
    with pytest.raises(BadInputError, match="has changed since"):
        pickle.loads(pickle.dumps(before))


def test_a_recording_without_episodes(tmp_path):
    def expert(states):
        raise RuntimeError("no drive")

    with pytest.raises(RuntimeError, match="no drive"):
        imprint.collect(tmp_path / "data", expert=expert, episodes=1, steps=5)
    with pytest.raises(BadInputError, match="data: has no episodes: it is being recorded, or"):
        imprint.Dataset(tmp_path / "data")


@pytest.fixture(scope="module")
def drive(folder, tmp_path_factory):
    """A drive in which a person took over in steps 3 to 6: no other step has a label. Behind it,
    one of the expert whose drivers are unknown.
    """
    path = tmp_path_factory.mktemp("dataset") / "drive"
    recorded = imprint.Dataset(folder)
    writer, written = ffi.new("imp_dataset_writer **"), ffi.new("int *")
    handle = recorded.episodes[0].source.handle
    info = lib.imp_dataset_get_info(handle)
    call(lib.imp_dataset_writer_create, writer, os.fsencode(path), info, False, written)
    episode = ffi.new("imp_episode *", lib.imp_dataset_episode(handle, 0)[0])
    drivers = np.full(STEPS, imprint.Driver.POLICY, np.uint8)
    drivers[3:7] = imprint.Driver.PERSON
    labels = recorded.episodes[0].expert_actions.copy()
    labels[drivers != imprint.Driver.PERSON] = np.nan
    episode.drivers, episode.expert_actions = pointer(drivers), pointer(labels)
    call(lib.imp_dataset_writer_add, writer[0], episode)
    call(lib.imp_dataset_writer_add, writer[0], lib.imp_dataset_episode(handle, 1))
    call(lib.imp_dataset_writer_finish, writer[0])
    lib.imp_dataset_writer_destroy(writer[0])
    return path


def test_a_dataset_holds_navigation_commands(tmp_path, folder):
    imprint.collect(
        tmp_path / "told",
        episodes=2,
        steps=200,
        map="4way",
        width=40,
        height=30,
        settings={"env.commands": "random"},
    )
    data = imprint.Dataset(tmp_path / "told", keys=("command", "step"))
    commands = np.concatenate([episode.commands for episode in data.episodes])
    assert set(commands.tolist()) > {0}
    assert np.array_equal(data[:]["command"], commands)
    quiet = imprint.Dataset(folder, keys=("command",))
    assert quiet.episodes[0].commands is None
    assert not quiet[:]["command"].any()


def test_a_dataset_holds_conditions(tmp_path, folder):
    imprint.collect(
        tmp_path / "asked",
        episodes=2,
        steps=10,
        map="small_loop",
        width=40,
        height=30,
        settings={"env.wanted_speed_min": 0.2, "env.wanted_speed_max": 0.4, "env.frame_skip": 2},
    )
    data = imprint.Dataset(tmp_path / "asked", keys=("speed", "time_step", "robot", "episode"))
    first, second = (episode.conditions["speed"][0] for episode in data.episodes)
    assert 0.2 <= first != second <= 0.4
    batch = data[[3, len(data) - 1]]
    assert batch["speed"].tolist() == [[first], [second]]
    assert np.allclose(batch["time_step"], 1 / 15)
    usual = [1.0, 0.0, 0.0318, 0.102, 0.15, np.radians(19.15), 0.108]
    assert np.allclose(batch["robot"], [usual, usual])
    # nothing is asked for in what others recorded
    assert imprint.Dataset(folder, keys=("speed",))[0]["speed"].tolist() == [0.0]


def test_a_drive_says_who_drove_and_which_steps_have_labels(drive):
    keys = ("expert_action", "driver", "episode", "step")
    data = imprint.Dataset(drive, keys=keys)
    first, second = data.episodes
    assert np.flatnonzero(first.labelled).tolist() == [3, 4, 5, 6]
    assert np.flatnonzero(first.drivers == imprint.Driver.PERSON).tolist() == [3, 4, 5, 6]
    assert second.drivers is None
    assert second.labelled.all()
    batch = data[[2, 3, STEPS]]
    assert batch["driver"].tolist() == [imprint.Driver.POLICY, imprint.Driver.PERSON, -1]
    assert np.isnan(batch["expert_action"]).all(axis=1).tolist() == [True, False, False]
    table = data.table()
    assert table["labels"].tolist() == [4, STEPS]
    assert table["driver"].tolist() == ["several", ""]
    assert np.isfinite(table["expert_difference"]).all()
    figures = data.statistics()
    assert figures.action.count == 2 * STEPS
    assert figures.expert_action.count == 4 + STEPS
    assert np.isfinite(figures.expert_action.mean).all()
    pytest.importorskip("pyarrow")
    with pytest.raises(UsageError, match="episode 0 has no label in step 0"):
        imprint.export_lerobot(data, drive.parent / "lerobot")


def test_a_dataset_of_labelled_frames_leaves_the_others_out(drive):
    keys = ("observation", "expert_action", "past_actions", "driver", "episode", "step")
    data = imprint.Dataset(drive, keys=keys, frames=2, last_actions=2, labelled=True)
    assert len(data) == 4 + STEPS
    batch = data[:]
    assert np.isfinite(batch["expert_action"]).all()
    assert batch["step"].tolist() == [3, 4, 5, 6, *range(STEPS)]
    assert batch["episode"].tolist() == [0] * 4 + [1] * STEPS
    # the past is that of the episode, with or without labels
    first = data.episodes[0]
    assert np.array_equal(batch["past_actions"][0], first.actions[1:3])
    assert np.array_equal(batch["observation"][0], first.observations[2:4])
    assert data.table()["first_frame"].tolist() == [0, 4]
    assert data.statistics().frames == data.statistics().action.count == 4 + STEPS
    again = pickle.loads(pickle.dumps(data.select([0])))
    assert np.array_equal(again[:]["step"], [3, 4, 5, 6])
    assert len(imprint.Dataset(drive, labelled=True).select([])) == 0
