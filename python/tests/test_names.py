"""A setting has one name: as option, as argument of a function, and as field of a struct."""

import inspect
import re
import shutil
import subprocess
import sysconfig

import pytest

import imprint
from imprint._definitions import Definition
from imprint._errors import UsageError
from imprint._native import lib
from imprint._settings import TaskSettings

PROGRAM = shutil.which("imprint", path=sysconfig.get_path("scripts"))
# arguments that are no options of the command, or have another form there
OWN = {
    "folder": "--out",
    "data": "--data",
    "progress": "a bar without --quiet",
    "settings": "those of TaskSettings, or fields of the definition",
    "maps": "--map, repeated",
    "width": "--size",
    "height": "--size",
    "start_angle": "--start-angle-deg",
    "rules": "AI-DO's come with --protocol",
    "policy": "of imprint eval; imprint log has it, too",
    "expert_share": "of imprint dagger by --beta",
    "safe_switching": "of the library alone",
    "mix_steps": "of imprint dagger",
    "hardest_of": "of imprint dagger",
    "ask_expert": "always, with --out",
    "report": "--out",
    "train": "the options of imprint train",
    "load": "a function",
}
PAIRS = [
    ("log", imprint.collect),
    ("eval", imprint.evaluate),
    ("dagger", imprint.dagger),
    ("train", imprint.train),
]


def options_of(command):
    run = subprocess.run([PROGRAM, command, "--help"], check=True, capture_output=True, text=True)
    return set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", run.stdout, re.MULTILINE))


@pytest.mark.parametrize(("command", "function"), PAIRS)
def test_arguments_are_called_as_options(command, function):
    names = set(inspect.signature(function).parameters)
    if command != "train":
        names |= set(TaskSettings.__annotations__)
    others = {name for name in names if name.replace("_", "-") not in options_of(command)}
    assert others - set(OWN) - ({"expert"} if command == "eval" else set()) == set()


@pytest.mark.parametrize(
    ("option", "kind", "field"),
    [
        ("turn-rate-gain", "imp_expert_def", "turn_rate_gain"),
        ("max-turn-rate", "imp_expert_def", "max_turn_rate"),
        ("turn-weight", "imp_train_def", "turn_weight"),
        ("shuffle-buffer", "imp_train_def", "shuffle_buffer"),
        ("ema-decay", "imp_train_def", "trainer.ema_decay"),
    ],
)
def test_fields_are_called_as_options(option, kind, field):
    assert option in options_of("train") | options_of("log")
    Definition(kind, getattr(lib, kind.replace("imp_", "imp_default_"))()).set(field, 1)


def test_fields_have_their_old_names_with_a_warning():
    with pytest.warns(DeprecationWarning, match="turning_rate is now turn_rate_gain") as seen:
        expert = imprint.load_policy("expert", turning_rate=5)
    assert seen[0].filename == __file__
    assert expert.definition().struct.turn_rate_gain == 5
    definition = Definition("imp_train_def", lib.imp_default_train_def())
    with pytest.warns(DeprecationWarning, match="average is now ema_decay"):
        definition.set("trainer.average", 0.5)
    assert definition.struct.trainer.ema_decay == 0.5
    # a name that another struct had stays unknown
    with pytest.raises(UsageError, match="there is no setting 'window'"):
        imprint.load_policy("expert", window=5)


def test_arguments_and_words_have_their_old_names_with_a_warning():
    with pytest.warns(DeprecationWarning, match="randomization is now randomize"):
        env = imprint.LaneFollowingEnv(randomization="light")
    env.reset(seed=1)
    assert "light" in env.unwrapped.randomization()
    with pytest.warns(DeprecationWarning, match="keep is now plot_episodes"):
        kept = imprint.evaluate("expert", episodes=2, steps=2, keep=1)
    assert len(kept.trajectories) == 1
    with pytest.warns(DeprecationWarning, match="'reference' is now 'pure-pursuit'"):
        old = imprint.evaluate("reference", episodes=2, steps=20)
    assert str(old) == str(imprint.evaluate("pure-pursuit", episodes=2, steps=20))
    with pytest.warns(DeprecationWarning, match="'wheels' is now 'duty_cycles'"):
        imprint.LaneFollowingEnv(actions="wheels")


def test_exports_take_the_old_name_of_force(tmp_path):
    imprint.collect(tmp_path / "data", episodes=1, steps=2, width=8, height=6)
    out = tmp_path / "train.log"
    imprint.export_trainlog(tmp_path / "data", out)
    with pytest.warns(DeprecationWarning, match="replace is now force"):
        imprint.export_trainlog(tmp_path / "data", out, replace=True)
    with pytest.raises(TypeError, match="there is no argument 'froce'"):
        imprint.export_trainlog(tmp_path / "data", out, froce=True)


def test_training_of_dagger_takes_the_arguments_of_train(tmp_path):
    run = imprint.dagger(
        tmp_path / "run",
        train={"network": "one-residual-actions", "epochs": 1},
        rounds=0,
        episodes=2,
        steps=4,
        eval_episodes=1,
        eval_steps=2,
    )
    assert run.policy.past_actions > 0


@pytest.mark.parametrize(
    ("task", "wrong", "meant"),
    [
        (imprint.evaluate, "episode", "episodes"),
        (imprint.evaluate, "step", "steps"),
        (imprint.evaluate, "start_angel", "start_angle"),
    ],
)
def test_a_misspelt_argument_of_a_task_is_compared_with_its_own(task, wrong, meant):
    with pytest.raises(UsageError, match=f"no setting '{wrong}'; is '{meant}' meant"):
        task("expert", **{wrong: 1})


def test_other_tasks_know_their_arguments_too(tmp_path):
    with pytest.raises(UsageError, match="no setting 'episode'; is 'episodes' meant"):
        imprint.collect(tmp_path / "data", episode=1)
    with pytest.raises(UsageError, match="no setting 'round'; is 'rounds' meant"):
        imprint.dagger(tmp_path / "run", round=1)
    assert not list(tmp_path.iterdir())
