"""`kbsearch user`: people, their roles and passwords."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from kbsearch.config import load_settings
from kbsearch.models import Role

if TYPE_CHECKING:
    from kbsearch.models import Person
    from kbsearch.services.people import PeopleService

ROLES = click.Choice([role.value for role in Role])
_password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@click.group(
    epilog="""\b
Examples:
  kbsearch user add anna --name 'Anna Kim' --role admin
  pass show kbsearch | kbsearch user passwd anna --password-stdin
  kbsearch user deactivate oleg
"""
)
def command() -> None:
    """Add people and change their roles and passwords."""


@command.command()
@click.argument("login")
@click.option("--name", default="", help="The name that others see.  [default: LOGIN]")
@click.option("--role", type=ROLES, default=Role.MENTOR.value, show_default=True)
@click.option("--language", type=click.Choice(["ru", "en"]), default=None, help="Language of the pages.")
@_password_stdin
def add(login: str, name: str, role: str, language: str | None, password_stdin: bool) -> None:
    """Add a person; the password (10 characters or more) is asked for."""
    people = _people()
    people.check_free(login)
    person = people.create(login, name or login, _password(password_stdin), role, language or "")
    click.echo(f"Added {person.login} as {person.role}.")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_people(as_json: bool) -> None:
    """List everybody."""
    people = _people().list()
    if as_json:
        click.echo(json.dumps([_person(each) for each in people], ensure_ascii=False))
        return
    for person in people:
        state = "" if person.active else "  (deactivated)"
        click.echo(f"{person.login:<20} {person.role:<14} {person.name}{state}")


@command.command()
@click.argument("login")
@_password_stdin
def passwd(login: str, password_stdin: bool) -> None:
    """Set a new password; it ends the person's sessions."""
    people = _people()
    person = people.by_login(login)
    people.change(person.id, password=_password(password_stdin))
    click.echo(f"{person.login} has a new password and is signed out everywhere.")


@command.command("role")
@click.argument("login")
@click.argument("role", type=ROLES)
def change_role(login: str, role: str) -> None:
    """Change what a person may do; it ends the person's sessions."""
    people = _people()
    person = people.change(people.by_login(login).id, role=role)
    click.echo(f"{person.login} is now {person.role}.")


@command.command()
@click.argument("login")
def deactivate(login: str) -> None:
    """Keep a person out; what the person wrote stays."""
    people = _people()
    person = people.change(people.by_login(login).id, active=False)
    click.echo(f"{person.login} can no longer sign in.")


@command.command()
@click.argument("login")
def activate(login: str) -> None:
    """Let a deactivated person in again."""
    people = _people()
    person = people.change(people.by_login(login).id, active=True)
    click.echo(f"{person.login} can sign in again.")


def _person(person: Person) -> dict[str, object]:
    role = str(person.role)
    return {
        "id": person.id,
        "login": person.login,
        "name": person.name,
        "role": role,
        "active": person.active,
    }


def _people() -> PeopleService:
    from kbsearch.app import Kbsearch

    return Kbsearch(load_settings()).people


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("There is nobody to ask for the password: use --password-stdin.") from None
