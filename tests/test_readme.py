"""What README and docs say is there: links, targets, modules, settings, and the quick start, which is run."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings
from benchmarks.server import server

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
DEPLOYMENT = ["Dockerfile", "docker-compose.yml", "docker-compose.gpu.yml", "Makefile"]
NO_WEIGHTS = not (ROOT / "model_weights" / "manifest.json").exists()


def name(path: Path) -> str:
    return path.name


def setting(field: str) -> str:
    return f"PLANSPOT_{field.upper()}"


def shown_default(field: str) -> str:
    default = Settings.model_fields[field].default
    if default is None or default == "":
        return "none"
    return f"`{default.relative_to(ROOT)}`" if isinstance(default, Path) and default.is_absolute() else f"`{default}`"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_targets_and_modules_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE)) <= targets
    modules = set(re.findall(r"python -m ([a-z_.]+)", text))
    assert [module for module in modules if importlib.util.find_spec(module) is None] == []


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    row = f"| `{setting(field)}` | {shown_default(field)} | {Settings.model_fields[field].description} |"
    assert row in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_the_defaults_among_the_limits_are_the_settings() -> None:
    rows = re.findall(r"\| `PLANSPOT_(\w+)` \| (\S+) \|", (ROOT / "docs" / "limits.md").read_text(encoding="utf-8"))
    assert len(rows) >= 17
    assert [(name, default) for name, default in rows if shown_default(name.lower()) != default] == []


@pytest.mark.parametrize("path", [*PAGES, *(ROOT / each for each in DEPLOYMENT)], ids=name)
def test_settings_named_exist(path: Path) -> None:
    named = set(re.findall(r"PLANSPOT_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
    assert named <= {setting(field) for field in Settings.model_fields}


def test_the_readmes_rows_are_the_docs_rows() -> None:
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `PLANSPOT_")]
    assert set(rows) <= set((ROOT / "docs" / "deploy.md").read_text(encoding="utf-8").splitlines())


def test_every_call_is_documented(tmp_path: Path) -> None:
    served = create_app(Settings(data_dir=tmp_path)).openapi()["paths"]
    calls = {f"{verb.upper()} {path}" for path, verbs in served.items() for verb in verbs}
    documented = re.findall(r"`((?:GET|POST|PATCH|DELETE) [^`]+)`", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"))
    assert {call.replace("symbol_id", "id").replace("job_id", "id") for call in calls} == set(documented)


@pytest.mark.slow
@pytest.mark.skipif(NO_WEIGHTS, reason="wants trained weights in model_weights/")
def test_the_quick_start_runs() -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    with server() as running:
        script = "set -euo pipefail\n" + "\n".join(blocks).replace("http://127.0.0.1:8000", running.url)
        done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert '"counts"' in done.stdout
