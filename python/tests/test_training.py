"""train(): behaviour cloning with networks of ours."""

import numpy as np
import pytest

import imprint

SMALL = {"map": "small_loop", "width": 40, "height": 30}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training") / "data"
    imprint.collect(folder, episodes=4, steps=20, **SMALL)
    return folder


def test_a_network_is_trained_and_resumed(data, tmp_path):
    done = imprint.train(tmp_path / "model", data, epochs=1)
    assert (done.epochs, done.samples + done.validation_samples) == (1, 80)
    assert done.best_epoch == 1
    assert done.loss > 0.0
    assert done.seconds > 0.0
    assert (tmp_path / "model/loss.svg").exists()
    more = imprint.train(tmp_path / "model", data, epochs=2, resume=True)
    assert more.epochs == 2
    whole = imprint.train(tmp_path / "whole", [data], epochs=2)
    assert (tmp_path / "whole/model.safetensors").read_bytes() == (
        tmp_path / "model/model.safetensors"
    ).read_bytes()
    assert imprint.evaluate(whole.policy, episodes=2, steps=10, **SMALL).statistics.episodes == 2


def test_settings_reach_the_library(data, tmp_path):
    done = imprint.train(
        tmp_path / "model", data, network="one-residual-actions", epochs=1, trainer={"batch": 16}
    )
    assert done.policy.past_actions > 0
    assert np.isfinite(done.best_loss)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epoch": 3}, "is 'epochs' meant"),
        ({"network": "none-such"}, "none-such"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_wrong_settings_are_refused(data, tmp_path, settings, message):
    with pytest.raises(imprint.ImprintError, match=message):
        imprint.train(tmp_path / "model", data, **settings)


def test_data_are_needed(tmp_path):
    with pytest.raises(imprint.UsageError, match="a dataset is needed"):
        imprint.train(tmp_path / "model", [])
