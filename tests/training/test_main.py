"""The command line of the training package."""

import subprocess
import sys

import pytest

from training.__main__ import COMMANDS, main


def test_help_names_every_command_without_loading_torch() -> None:
    code = "import sys; from training.__main__ import main\ntry: main(['--help'])\nfinally: assert 'torch' not in sys.modules"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(command in shown for command in COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["paint"], ["finetune"], ["export", "--nothing"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: python -m training" in capsys.readouterr().err


def test_what_the_user_can_mend_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--weights", "nowhere"]) == 1
    assert capsys.readouterr().err.startswith("error: There are no weights")
