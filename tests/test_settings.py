"""Settings come from the environment, each described."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLANSPOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PLANSPOT_QUEUE_SIZE", "3")
    settings = Settings()
    assert settings.queue_size == 3
    assert settings.catalogue_url() == f"sqlite:///{tmp_path}/catalogue.db"
    monkeypatch.setenv("PLANSPOT_DATABASE_URL", "postgresql+psycopg://db/planspot")
    assert Settings().catalogue_url() == "postgresql+psycopg://db/planspot"


WRONG = [("PORT", "70000"), ("QUEUE_SIZE", "-1"), ("DEVICE", "tpu"), ("MAX_PIXELS", "0"), ("UPLOAD_SECONDS", "0")]


def test_webhooks_need_a_secret_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANSPOT_WEBHOOK_HOSTS", "Hooks.example, other.example")
    with pytest.raises(ValidationError, match="WEBHOOK_SECRET"):
        Settings()
    monkeypatch.setenv("PLANSPOT_WEBHOOK_SECRET", "hidden")
    assert Settings().webhooks() == ["hooks.example", "other.example"]
    assert "hidden" not in repr(Settings())
    monkeypatch.setenv("PLANSPOT_WEBHOOK_INTERNAL", "10.0.0.1/8")
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_values_are_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"PLANSPOT_{name}", value)
    with pytest.raises(ValidationError):
        Settings()
