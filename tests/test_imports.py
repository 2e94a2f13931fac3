"""Imports run one way: api, cli → service → catalogue, engine, export; training → app.engine; app never training."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# part: what of ours its modules may import, besides the part itself; the longest name that fits a module decides
MAY_IMPORT: dict[str, frozenset[str]] = {
    "app.errors": frozenset(),
    "app.settings": frozenset(),
    "app.logs": frozenset(),
    "app.engine": frozenset({"app.errors"}),
    "app.catalogue": frozenset({"app.errors", "app.engine"}),
    "app.export": frozenset({"app.errors", "app.engine"}),
    "app.service": frozenset({"app.errors", "app.settings", "app.catalogue", "app.engine", "app.export"}),
    "app.api": frozenset(
        {"app.errors", "app.settings", "app.logs", "app.catalogue", "app.engine", "app.export", "app.service"}
    ),
    "app.web": frozenset(),
    "app.main": frozenset({"app"}),
    "app.serve": frozenset({"app"}),
    "app.table": frozenset(),
    "app.admin": frozenset({"app"}),
    "app.cli": frozenset({"app"}),
    "app.__main__": frozenset({"app.cli"}),
    "training": frozenset({"app.engine", "app.errors"}),
    "benchmarks": frozenset({"app.engine", "app.errors", "app.export", "training"}),
}
ONLY_IN = {"faiss": "app.engine.index"}
NEVER_IN = {
    "app.engine": {"fastapi", "starlette", "sqlalchemy", "pydantic_settings", "cv2", "uvicorn"},
    "app": {"cv2", "sklearn", "matplotlib"},
    "app.catalogue": {"fastapi", "starlette"},
    "app.export": {"fastapi", "starlette", "sqlalchemy"},
    "app.service": {"fastapi", "starlette"},
}


def modules() -> list[Path]:
    return sorted(path for part in ("app", "training", "benchmarks") for path in (ROOT / part).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool = False) -> Iterator[str]:
    """Every dotted name a module imports, those inside functions too; `from a import b` gives a.b, which covers a."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = module.split(".")[: len(module.split(".")) - node.level + is_package]
                base = ".".join([*up, base] if base else up)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def part_of(module: str) -> str | None:
    return max((part for part in MAY_IMPORT if within(module, part)), key=len, default=None)


def faults(source: str, module: str, is_package: bool = False) -> list[str]:
    """What a module imports and may not."""
    return [name for name in imports(source, module, is_package) if not may_import(module, name)]


def may_import(module: str, name: str) -> bool:
    top = name.split(".")[0]
    if top in {"app", "training", "benchmarks", "tests"}:
        part = part_of(module)
        return part is not None and any(within(name, other) for other in MAY_IMPORT[part] | {part})
    if top in ONLY_IN and module != ONLY_IN[top]:
        return False
    return not any(top in banned for where, banned in NEVER_IN.items() if within(module, where))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8"), name_of(path), path.name == "__init__.py") == []


@pytest.mark.parametrize("path", [p for p in modules() if name_of(p).split(".")[0] == "app"], ids=name_of)
def test_every_module_of_the_app_belongs_to_a_part(path: Path) -> None:
    assert name_of(path) == "app" or part_of(name_of(path)) is not None


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_only_settings_reads_the_environment(path: Path) -> None:
    if not name_of(path).startswith("app") or name_of(path) in {"app", "app.settings"}:  # app sets what torch reads
        return
    names = {node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)}
    assert not names & {"environ", "getenv"}


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("app.engine.poses", "from app.catalogue import store", "app.catalogue.store"),
        ("app.engine.poses", "def f():\n    import fastapi", "fastapi"),
        ("app.engine.detector", "import faiss", "faiss"),
        ("app.engine.ink", "from ..service import worker", "app.service.worker"),
        ("app.catalogue.store", "from app.service.jobs import Jobs", "app.service.jobs.Jobs"),
        ("app.api.detect", "import training.symbols", "training.symbols"),
        ("app.main", "from training import symbols", "training.symbols"),
        ("app.errors", "from app.engine.geometry import Box", "app.engine.geometry.Box"),
        ("training.train", "from app.service import detect", "app.service.detect"),
    ],
)
def test_a_wrong_import_is_seen(module: str, source: str, fault: str) -> None:
    assert faults(source, module) == [fault]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("app.engine.index", "import faiss\nfrom app.errors import WeightsError"),
        ("app.engine.detector", "from .geometry import Box"),
        ("app.service.detect", "from app.engine.detector import Detector"),
        ("app.api.symbols", "from app.service.register import Registrar"),
        ("training.train", "from app.engine.encoder import Encoder"),
    ],
)
def test_a_right_import_is_left_alone(module: str, source: str) -> None:
    assert faults(source, module) == []
