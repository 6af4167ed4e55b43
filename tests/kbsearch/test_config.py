"""Settings: where they come from, what is refused, and the keys kept in the home folder."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kbsearch.config import Settings, load_settings, unknown_variables
from kbsearch.errors import ConfigurationError


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('port = 9001\nlanguage = "en"\n')
    monkeypatch.setenv("KBSEARCH_CONFIG", str(file))
    monkeypatch.setenv("KBSEARCH_PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.language) == (9002, "en")


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "99999"), ("LANGUAGE", "fr"), ("ANSWER_PRECISION", "2"), ("THREADS", "x")]
)
def test_a_wrong_value_names_the_setting(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"KBSEARCH_{name}", value)
    with pytest.raises(ConfigurationError, match=name.lower()):
        load_settings()


def test_an_unknown_key_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("prot = 9001\n")
    monkeypatch.setenv("KBSEARCH_CONFIG", str(file))
    with pytest.raises(ConfigurationError, match="prot"):
        load_settings()


def test_a_variable_that_is_no_setting_is_named_with_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KBSEARCH_SECRET_KEI", "hush")
    load_settings()
    assert (
        "KBSEARCH_SECRET_KEI is no setting and is ignored. Did you mean KBSEARCH_SECRET_KEY?" in caplog.text
    )
    assert "hush" not in caplog.text


def test_variables_of_others_are_left_alone() -> None:
    kubernetes = ["KBSEARCH_SERVICE_HOST", "KBSEARCH_SERVICE_PORT_HTTP", "KBSEARCH_PORT_80_TCP_ADDR"]
    ours = [
        "KBSEARCH_CONFIG",
        "kbsearch_home",
        *(f"KBSEARCH_{name.upper()}" for name in Settings.model_fields),
    ]
    assert unknown_variables([*kubernetes, *ours, "PATH", "XKBSEARCH_PROT"]) == []
    assert unknown_variables(["KBSEARCH_ZZZ", "KBSEARCH_PROT"]) == [
        ("KBSEARCH_PROT", "KBSEARCH_PORT"),
        ("KBSEARCH_ZZZ", ""),
    ]


def test_a_broken_file_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("port = = 1")
    monkeypatch.setenv("KBSEARCH_CONFIG", str(file))
    with pytest.raises(ConfigurationError, match=r"settings\.toml"):
        load_settings()


def test_keys_are_made_once_private_and_whole(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: settings.stored_key("author_key"), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    path = tmp_path / "home" / "author_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["author_key"]


def test_an_unwritable_home_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="Cannot keep a key"):
        Settings(home=tmp_path / "file" / "home").stored_key("secret_key")


def test_settings_are_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        Settings().port = 1  # type: ignore[misc]
