"""The command line around the stub detector."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from app.cli import main
from tests import pictures
from tests.stub import load


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANSPOT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PLANSPOT_WEIGHTS", str(tmp_path / "stub"))


@pytest.fixture
def drawing(tmp_path: Path) -> str:
    path = tmp_path / "plan: level 1.png"
    path.write_bytes(pictures.file(pictures.page([(10, 10), (200, 100)])))
    return str(path)


def test_examples_in_files_are_found_and_not_kept(drawing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found.json"
    assert main(["detect", drawing, drawing, "--symbol", f"H={drawing}:200,100,40,40", "--out", str(out)], load) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["file", "symbol", "count", "certain", "review", "expected"]
    assert [line.split()[-5:] for line in lines[1:]] == [["H", "2", "2", "0", "1.99"]] * 2
    files = json.loads(out.read_text())["files"]
    assert [len(each["detections"]) for each in files] == [2, 2]
    assert not (tmp_path / "data").exists()


def test_what_was_found_is_written_in_any_format(drawing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["detect", drawing, drawing, "--symbol", f"H={drawing}:200,100,40,40", "--out"]
    rows, coco, marked = tmp_path / "found.CSV", tmp_path / "found.json", tmp_path / "marked.pdf"
    assert main([*ask, str(rows)], load) == 0
    assert [line.split(",")[:3] for line in rows.read_text().splitlines()[1:]] == [
        [Path(drawing).name, "1", f"A{n}"] for n in range(1, 5)
    ]
    assert main([*ask, str(coco), "--format", "coco"], load) == 0
    assert len(json.loads(coco.read_text())["annotations"]) == 4
    assert main([*ask, str(marked)], load) == 0
    document = pdfium.PdfDocument(marked)
    assert len(document) == 2
    document.close()
    assert main([*ask, str(tmp_path / "marked.png")], load) == 1
    assert "`pdf`" in capsys.readouterr().err
    assert main([*ask, str(tmp_path / "found.doc")], load) == 1
    assert "'doc'" in capsys.readouterr().err
    assert main([*ask[:-1], "--format", "csv"], load) == 1
    assert "`--out`" in capsys.readouterr().err


def test_the_catalogue_is_kept_and_searched(drawing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["symbols", "add", "H", drawing, "--box", "10,10,40,40"], load) == 0
    identity = capsys.readouterr().out.strip()
    assert main(["symbols", "list"], load) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == [identity, "H"]
    assert main(["symbols", "rename", "H", "G"], load) == 0
    assert main(["detect", drawing, "--symbol", "G"], load) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[-5:-3] == ["G", "2"]
    assert main(["symbols", "delete", identity], load) == 0
    assert main(["detect", drawing], load) == 1
    assert "No symbol is registered" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["detect", "missing.png", "--symbol", "H"], "missing.png"),
        (["detect", "DRAWING", "--symbol", "H"], "'H'"),
        (["detect", "DRAWING", "--symbol", "H", "--symbol", "G=DRAWING"], "not both"),
        (["detect", "DRAWING", "--symbol", "G=DRAWING:900,900,5,5"], "outside"),
        (["detect", "DRAWING", "--symbol", "G=DRAWING:10,10,40,40", "--min-score", "nan"], "min_score"),
        (["symbols", "rename", "nobody", "x"], "'nobody'"),
        (["weights", "check", "broken"], "no weights"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: list[str], word: str, drawing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([text.replace("DRAWING", drawing) for text in arguments], load) == 1
    said = capsys.readouterr().err
    assert "planspot: " in said
    assert word in said


def test_weights_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "check", "stub"], load) == 0
    assert "stub" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["detect"], ["symbols"]])
def test_a_wrong_command_shows_how_it_is_used(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments, load)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err
