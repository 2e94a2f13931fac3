"""What a folder of weights is called."""

from dataclasses import replace
from pathlib import Path

import torch

from app.engine.encoder import Encoder
from app.engine.evidence import Calibration
from app.engine.verify import Verifier
from app.engine.weights import load_detector, write_weights


def test_what_changes_answers_changes_the_name_and_only_the_encoder_the_stamp(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder, verifier, calibration = Encoder((4, 4, 8, 8), 16), Verifier((4, 4, 8, 8)), Calibration()
    first = write_weights(tmp_path, encoder, verifier, calibration, {})
    again = write_weights(tmp_path, encoder, verifier, calibration, {"seed": 3})
    surer = write_weights(tmp_path, encoder, verifier, replace(calibration, offset=1.0), {})
    other = write_weights(tmp_path, encoder, Verifier((4, 4, 8, 8)), calibration, {})
    assert first.model == again.model
    assert len({first.model, surer.model, other.model}) == 3
    assert {surer.stamp, other.stamp} == {first.stamp}
    detector = load_detector(tmp_path, "cpu")
    assert (detector.model, detector.stamp) == (other.model, other.stamp)
    assert write_weights(tmp_path, Encoder((4, 4, 8, 8), 16), verifier, calibration, {}).stamp != first.stamp
