"""`kbsearch token`: bearer tokens of programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click

from kbsearch.config import load_settings
from kbsearch.models import Scope, Token

if TYPE_CHECKING:
    from kbsearch.services.people import PeopleService


@click.group(
    epilog="""\b
Examples:
  kbsearch token make 'Learning platform' --scope read --scope write
  kbsearch token list
  kbsearch token revoke 3
"""
)
def command() -> None:
    """Make and revoke API tokens."""


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[Scope.READ.value],
    show_default=True,
    help="What the token may do; give it once for each.",
)
def make(name: str, scopes: tuple[str, ...]) -> None:
    """Make a token for the program NAME; its secret is shown this once, on standard output."""
    token, secret = _people().make_token(name, scopes)
    click.echo(f"Token {token.id} ({', '.join(token.scopes)}); keep it, it is not shown again:", err=True)
    click.echo(secret)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_tokens(as_json: bool) -> None:
    """List all tokens, newest first."""
    tokens = _people().tokens()
    if as_json:
        click.echo(json.dumps([_token(each) for each in tokens], ensure_ascii=False))
        return
    if not tokens:
        click.echo("There is no token. Make one: kbsearch token make NAME", err=True)
    for token in tokens:
        scopes = ",".join(token.scopes)
        click.echo(f"{token.id:>4}  {token.prefix}…  {scopes:<10}  {_state(token):<28}  {token.name}")


@command.command()
@click.argument("token_id", type=int)
def revoke(token_id: int) -> None:
    """Make the token with this id (see `kbsearch token list`) useless, at once."""
    token = _people().revoke_token(token_id)
    click.echo(f"Token {token.id} ({token.name}) is revoked.")


def _token(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "scopes": list(token.scopes),
        "created_at": _moment(token.created_at),
        "last_used_at": _moment(token.last_used_at),
        "revoked_at": _moment(token.revoked_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _state(token: Token) -> str:
    if token.revoked_at:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    return f"last used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"


def _people() -> PeopleService:
    from kbsearch.app import Kbsearch

    return Kbsearch(load_settings()).people
