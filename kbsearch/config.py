"""Settings: read once from the environment and ``kbsearch.toml`` into a frozen object.

Every setting can be given as ``KBSEARCH_<NAME>`` or as a key of ``kbsearch.toml`` in the working folder
(or the file named by ``KBSEARCH_CONFIG``); the environment wins.  docs/settings.md lists them all, and a
test fails when one is missing there.  An unknown key of the file is an error; an unknown variable is only
warned of, because other programs set variables too: Kubernetes does, for a service that is named kbsearch.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import os
import re
import secrets
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from kbsearch.errors import ConfigurationError

PREFIX = "KBSEARCH_"
CONFIG = f"{PREFIX}CONFIG"

_OF_KUBERNETES = re.compile(r"SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?")
_log = logging.getLogger(__name__)


class Settings(BaseSettings):
    """All settings of one kbsearch installation."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    home: Path = Field(Path("var"), description="Folder of the database, the index and the keys.")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the home folder.")
    encoder: str = Field(
        "bundled",
        description="'bundled', or the name or path of a sentence-transformers model, or 'onnx:' and one.",
    )
    second_encoder: str = Field(
        "auto",
        description="An encoder that reads cases and questions once more: 'e5-small', or a name as for the "
        "encoder; 'none': none; 'auto': 'e5-small' beside 'bundled' where its packages are installed.",
    )
    reranker: str = Field("", description="Name or path of a cross-encoder that re-ranks; empty: none.")
    reranker_budget_ms: float = Field(
        150, gt=0, le=60_000, description="How long a request waits for the re-ranker, in milliseconds."
    )
    reranker_depth: int = Field(10, ge=2, le=100, description="How many candidates the re-ranker reads.")
    secret_key: str = Field("", description="Signs sessions; empty: made once, kept in the home folder.")
    author_key: str = Field("", description="Key of the author hashes; empty: made once, kept at home.")
    host: str = Field("127.0.0.1", description="Address that `kbsearch serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `kbsearch serve` listens on.")
    threads: int = Field(4, ge=1, le=64, description="Threads that answer requests.")
    embedded_worker: bool = Field(True, description="Run the worker as a thread of `kbsearch serve`.")
    language: Literal["ru", "en"] = Field("ru", description="Language of pages when none is chosen.")
    timezone: str = Field("Europe/Moscow", description="Time zone of pages and of naive dates in imports.")
    trusted_proxies: int = Field(0, ge=0, le=5, description="How many reverse proxies stand in front.")
    secure_cookies: bool = Field(False, description="Send cookies over HTTPS only (set it behind TLS).")
    max_question_chars: int = Field(20_000, ge=100, description="Longest question that is taken.")
    max_upload_mb: int = Field(64, ge=1, description="Largest uploaded file, in MB.")
    keep_uploads_hours: float = Field(2, ge=0, description="How long an upload outlives its import.")
    api_rate: str = Field("600/minute", description="Requests a token may make.")
    sign_in_rate: str = Field("10/minute", description="Sign-in attempts from one address.")
    wrong_token_rate: str = Field("30/minute", description="Wrong tokens from one address.")
    answer_precision: float = Field(0.95, gt=0.5, lt=1, description="Precision promised for `answer`.")
    night_hour: int = Field(3, ge=-1, le=23, description="Hour of nightly measuring and learning; -1: none.")
    learn_nightly: bool = Field(True, description="Learn from feedback at night, besides measuring.")
    cluster_nightly: Literal["off", "propose", "accept"] = Field(
        "propose", description="What a nightly run does when there are new questions: propose, or replace."
    )
    cluster_by_case: bool = Field(True, description="Let clusters know cases.")
    variant_confirmations: int = Field(
        2, ge=0, description="People who must agree before a wording joins its case by itself; 0: never."
    )
    fault_webhook_url: str = Field("", description="Where reports of faults are sent; empty: nowhere.")
    fault_webhook_secret: SecretStr = Field(SecretStr(""), description="Signs these reports (HMAC-SHA256).")
    fault_webhook_auto: bool = Field(False, description="Send a report as soon as a fault is found.")
    fault_webhook_private: bool = Field(
        False, description="Allow a webhook in a private network or on this machine."
    )
    worker_poll_seconds: float = Field(0.2, gt=0, le=10, description="How often the worker looks for work.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the TOML file."""
        file = TomlConfigSettingsSource(settings_cls, settings_file())
        return init_settings, env_settings, file

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{(self.home / 'kbsearch.db').absolute()}"

    @property
    def index_dir(self) -> Path:
        """Folder of the search indexes."""
        return self.home / "index"

    @property
    def uploads_dir(self) -> Path:
        """Folder of the files that were uploaded to be imported."""
        return self.home.absolute() / "uploads"

    def stored_key(self, name: Literal["secret_key", "author_key"]) -> str:
        """The key ``name``: as set, else from the home folder, where it is made on first use.

        Raises:
            ConfigurationError: the home folder cannot be written.
        """
        value: str = getattr(self, name)
        return value or _kept_key(self.home / name)


def settings_file() -> Path:
    """The TOML file that settings are read from; it need not exist."""
    return Path(os.environ.get(CONFIG, "kbsearch.toml"))


def unknown_variables(names: Iterable[str]) -> list[tuple[str, str]]:
    """Those of the environment variables ``names`` that look like settings but are none.

    Each comes with the setting that it is most like, "" when it is like none.  What Kubernetes sets for a
    service is left out.
    """
    known = ["CONFIG", *(field.upper() for field in Settings.model_fields)]
    ours = (name for name in sorted(names) if name.upper().startswith(PREFIX))
    plain = {name: name.upper().removeprefix(PREFIX) for name in ours}
    wrong = [name for name, end in plain.items() if end not in known and not _OF_KUBERNETES.fullmatch(end)]
    nearest = {name: next(iter(difflib.get_close_matches(plain[name], known, 1)), "") for name in wrong}
    return [(name, nearest[name] and PREFIX + nearest[name]) for name in wrong]


def _warn_of_unknown_variables() -> None:
    for name, nearest in unknown_variables(os.environ):
        hint = f"Did you mean {nearest}?" if nearest else "See docs/settings.md."
        _log.warning("The variable %s is no setting and is ignored. %s", name, hint)


def _kept_key(path: Path) -> str:
    """The key in file ``path``, made with mode 0600 when there is none.

    The key is written beside its place and linked into it, so that of two processes that start at once
    one wins and both read the same, whole key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            os.unlink(draft)
        return path.read_text("ascii").strip()
    except OSError as error:
        raise ConfigurationError(
            "Cannot keep a key in {path}: {reason}.",
            remedy="Make the folder writable, or set KBSEARCH_HOME to one that is.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error


def load_settings(**overrides: object) -> Settings:
    """Read the settings, ``overrides`` first; warns of environment variables that are no settings.

    Raises:
        ConfigurationError: a setting is unknown or out of its range; the message names it.
    """
    _warn_of_unknown_variables()
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values itself
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise ConfigurationError(
            "The settings file {path} cannot be read: {reason}.",
            remedy="It is a TOML file of lines like `port = 8000`.",
            path=str(settings_file()),
            reason=str(error),
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigurationError(
            "Setting '{name}' is wrong: {reason}.",
            remedy="See docs/settings.md; environment variables are named KBSEARCH_<NAME>.",
            name=name,
            reason=first["msg"],
        ) from error
