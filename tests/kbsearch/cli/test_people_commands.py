"""`kbsearch init`, `user` and `token`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.config import Settings
from kbsearch.errors import Conflict, InvalidInput, NotFound, StorageUnavailable

PASSWORD = "correct horse battery"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command in a home of its own; our own errors are raised."""

    def invoke(*arguments: str, stdin: str = "") -> Result:
        environment = {"KBSEARCH_HOME": str(tmp_path / "home"), "KBSEARCH_ENCODER": "hashing"}
        result = CliRunner(env=environment).invoke(group, list(arguments), input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_init_says_what_it_did_and_how_to_begin(run: Run) -> None:
    first = run("init").output
    assert first.startswith("Ready: sqlite:///")
    assert "kbsearch user add" in first
    assert run("init").output.startswith("Already up to date: ")


def test_before_init_a_command_says_so(run: Run) -> None:
    with pytest.raises(StorageUnavailable) as caught:
        run("user", "list")
    assert "kbsearch init" in caught.value.remedy


def test_a_database_of_a_newer_version_is_left_alone(run: Run, tmp_path: Path) -> None:
    run("init")
    app = Kbsearch(Settings(home=tmp_path / "home"))
    with app.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    app.database.close()
    with pytest.raises(StorageUnavailable, match="newer version"):
        run("init")


def test_without_a_terminal_the_password_comes_from_standard_input(run: Run) -> None:
    run("init")
    refused = run("user", "add", "anna")
    assert (refused.exit_code, "--password-stdin" in refused.output) == (2, True)


def test_people_come_and_go(run: Run) -> None:
    run("init")
    added = run(
        "user", "add", "Anna", "--name", "Анна Ким", "--role", "admin", stdin=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert "Added anna as admin." in added.output
    assert PASSWORD not in added.output
    run("user", "add", "oleg", "--name", "Oleg", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert "oleg is now methodologist" in run("user", "role", "oleg", "methodologist").output
    assert (
        "signed out" in run("user", "passwd", "oleg", "--password-stdin", stdin="another password\n").output
    )
    assert "no longer" in run("user", "deactivate", "oleg").output
    listed = run("user", "list").output
    assert re.search(r"anna +admin +Анна Ким\n", listed)
    assert re.search(r"oleg +methodologist +Oleg  \(deactivated\)", listed)
    assert "again" in run("user", "activate", "oleg").output
    with pytest.raises(Conflict, match="'anna'"):
        run("user", "deactivate", "anna")
    with pytest.raises(NotFound, match="'nobody'"):
        run("user", "role", "nobody", "admin")


def test_a_login_that_is_taken_is_refused_before_a_password_is_asked_for(run: Run) -> None:
    run("init")
    run("user", "add", "anna", "--password-stdin", stdin=f"{PASSWORD}\n")
    with pytest.raises(Conflict, match="'anna' is taken"):
        run("user", "add", "Anna")
    with pytest.raises(InvalidInput, match="cannot be used"):
        run("user", "add", "anna kim")


def test_a_short_password_is_refused(run: Run) -> None:
    run("init")
    with pytest.raises(InvalidInput, match="10 to"):
        run("user", "add", "anna", "--name", "Anna", "--password-stdin", stdin="short\n")


def test_a_token_is_shown_once(run: Run) -> None:
    run("init")
    made = run("token", "make", "Platform", "--scope", "read", "--scope", "write")
    secret = made.stdout.strip()
    assert secret.startswith("kbs_")
    assert "not shown again" in made.stderr
    listed = run("token", "list").output
    assert secret[:12] in listed
    assert secret not in listed
    assert "read,write" in listed
    assert "never used" in listed
    assert "is revoked" in run("token", "revoke", "1").output
    assert "revoked 20" in run("token", "list").output


def test_a_name_may_be_left_out(run: Run) -> None:
    run("init")
    run("user", "add", "anna", "--role", "admin", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert run("user", "list").output.split() == ["anna", "admin", "anna"]


@pytest.mark.parametrize("name", ["init", "user", "token", "serve"])
def test_help_has_examples(run: Run, name: str) -> None:
    assert f"kbsearch {name}" in run(name, "--help").output.partition("Examples:")[2]


def test_people_and_tokens_as_json(run: Run) -> None:
    run("init")
    assert "kbsearch token make" in run("token", "list").stderr
    assert json.loads(run("token", "list", "--json").stdout) == []
    run("user", "add", "anna", "--name", "Анна Ким", "--role", "admin", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    secret = run("token", "make", "LMS", "--scope", "read").stdout.strip()
    assert json.loads(run("user", "list", "--json").stdout) == [
        {"id": 1, "login": "anna", "name": "Анна Ким", "role": "admin", "active": True}
    ]
    [token] = json.loads(run("token", "list", "--json").stdout)
    assert (token["name"], token["scopes"], token["revoked_at"]) == ("LMS", ["read"], None)
    assert secret not in json.dumps(token)
