"""The documentation keeps up with settings, calls and errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from kbsearch.config import Settings
from web.api.docs import error_rows

DOCS = Path(__file__).parents[2] / "docs"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`)? ?\|", (DOCS / "settings.md").read_text(), re.M))
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert rows == {
        name: str(default).lower() if isinstance(default, bool) else str(default)
        for name, default in defaults.items()
    }


def test_every_call_is_documented(web_app: Flask) -> None:
    text = (DOCS / "api.md").read_text()
    for rule in web_app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and "static" not in rule.rule:
            path = re.sub(r"<(?:\w+:)?\w+>", "{id}", rule.rule.removeprefix("/api/v1"))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert f"`{method} {path}`" in text


@pytest.mark.parametrize(("code", "status"), [(code, status) for code, status, _ in error_rows()])
def test_every_error_is_documented(code: str, status: int) -> None:
    table = (DOCS / "api.md").read_text().partition("## Errors")[2]
    assert any(f"`{code}`" in line for line in table.splitlines() if line.startswith(f"| {status} |"))
