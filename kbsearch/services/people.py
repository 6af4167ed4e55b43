"""People who sign in, their roles and passwords, and the tokens of programs."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, StorageUnavailable
from kbsearch.models import Person, Role, Scope, Token, utc_now
from kbsearch.services.passwords import hash_password, is_outdated, password_fits

LANGUAGES = ("", "ru", "en")
TOKEN_PREFIX = "kbs_"  # noqa: S105  # not a secret: it tells people and scanners what the string is
TOUCH_EVERY = timedelta(minutes=1)
TOUCH_PATIENCE = 0.1
"""Seconds to wait for another writer before a use goes unnoted: whoever asks must not wait for a log."""

_LOGIN = re.compile(r"[\w.@+-]{2,100}")
_Value = TypeVar("_Value", Role, Scope)
_log = logging.getLogger(__name__)


class PeopleService:
    """Everything about who may come in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, login: str, name: str, password: str, role: str, language: str = "") -> Person:
        """Add a person.  ``login`` is kept in lower case; ``language`` "" follows the browser.

        Raises:
            InvalidInput: login, name, password, role or language cannot be used.
            Conflict: the login is taken.
        """
        person = Person(
            login=_checked_login(login),
            name=_checked_name(name),
            password_hash=hash_password(password),
            role=_member(Role, role),
            language=_checked_language(language),
        )
        with self._database.writing() as session:
            _refuse_taken(session, person.login)
            session.add(person)
        return person

    def check_free(self, login: str) -> None:
        """Check a login before its password is asked for.

        Raises:
            InvalidInput: it cannot be used.
            Conflict: it is taken.
        """
        with self._database.reading() as session:
            _refuse_taken(session, _checked_login(login))

    def sign_in(self, login: str, password: str) -> Person:
        """The active person with this login and password; a hash of old parameters is made anew.

        Raises:
            NotAuthenticated: unknown login, wrong password or deactivated; it does not say which.
        """
        with self._database.reading() as session:
            person = session.scalar(select(Person).where(Person.login == login.strip().lower()))
        fits = password_fits(person.password_hash if person else None, password)
        if person is None or not fits or not person.active:
            raise NotAuthenticated(
                "Login or password is wrong.", remedy="Check both; an admin can set a new password."
            )
        if is_outdated(person.password_hash):
            self._rehash(person, password)
        return person

    def _rehash(self, person: Person, password: str) -> None:
        renewed = update(Person).where(Person.id == person.id, Person.password_hash == person.password_hash)
        with self._database.writing() as session:
            session.execute(renewed.values(password_hash=hash_password(password)))

    def get(self, person_id: int) -> Person:
        """The person ``person_id``, also when deactivated.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            return _person(session, person_id)

    def by_login(self, login: str) -> Person:
        """The person with ``login``.

        Raises:
            NotFound: there is none.
        """
        with self._database.reading() as session:
            person = session.scalar(select(Person).where(Person.login == login.strip().lower()))
        if person is None:
            raise NotFound("Nobody has the login '{login}'.", remedy="See `kbsearch user list`.", login=login)
        return person

    def list(self) -> Sequence[Person]:
        """All people, by login."""
        with self._database.reading() as session:
            return session.scalars(select(Person).order_by(Person.login)).all()

    def change(
        self,
        person_id: int,
        *,
        name: str | None = None,
        role: str | None = None,
        password: str | None = None,
        active: bool | None = None,
        language: str | None = None,
    ) -> Person:
        """Change what is given.  A new password or role, or a deactivation, ends the person's sessions.

        Raises:
            InvalidInput: a value cannot be used.
            NotFound: there is no such person.
            Conflict: nobody would be left who is an active admin.
        """
        given = {
            "name": None if name is None else _checked_name(name),
            "role": None if role is None else _member(Role, role),
            "password_hash": None if password is None else hash_password(password),
            "active": active,
            "language": None if language is None else _checked_language(language),
        }
        with self._database.writing() as session:
            admins = _locked_admins(session)
            person = _person(session, person_id)
            before = (person.role, person.active, person.password_hash)
            for field, value in given.items():
                if value is not None:
                    setattr(person, field, value)
            if before != (person.role, person.active, person.password_hash):
                person.session_epoch += 1
            if person in admins and not any(map(_is_admin, admins)):
                raise Conflict(
                    "Without '{login}' nobody would be left who is an admin.",
                    remedy="Make another person an admin first.",
                    login=person.login,
                )
        return person

    def make_token(
        self, name: str, scopes: Iterable[str], created_by_id: int | None = None
    ) -> tuple[Token, str]:
        """A new token and its secret, which is kept nowhere: show it once.

        Raises:
            InvalidInput: no name, or no or an unknown scope.
        """
        wanted = {_member(Scope, scope) for scope in scopes}
        if not wanted:
            raise InvalidInput(
                "A token needs a scope.", remedy="Give it read, write, edit or several of them."
            )
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        token = Token(
            name=_checked_name(name),
            prefix=secret[:12],
            secret_hash=_secret_hash(secret),
            scopes=[scope.value for scope in Scope if scope in wanted],
            created_by_id=created_by_id,
        )
        with self._database.writing() as session:
            session.add(token)
        return token, secret

    def authenticate_token(self, secret: str) -> Token:
        """The token with this secret; its time of last use is kept to the minute.

        Raises:
            NotAuthenticated: there is no such token, or it is revoked.
        """
        with self._database.reading() as session:
            token = session.scalar(select(Token).where(Token.secret_hash == _secret_hash(secret)))
        if token is None or token.revoked_at is not None:
            raise NotAuthenticated(
                "The token is unknown or revoked.", remedy="Make one with `kbsearch token make NAME`."
            )
        self._touch(token)
        return token

    def _touch(self, token: Token) -> None:
        now = utc_now()
        if token.last_used_at is not None and now - token.last_used_at < TOUCH_EVERY:
            return
        try:
            with self._database.writing(patience=TOUCH_PATIENCE) as session:
                session.execute(update(Token).where(Token.id == token.id).values(last_used_at=now))
        except StorageUnavailable as error:
            # Reading must go on while a long write holds the lock; the next call notes its time.
            _log.warning("token %s: time of use not noted: %s", token.id, error)
        else:
            token.last_used_at = now

    def tokens(self) -> Sequence[Token]:
        """All tokens, newest first, revoked ones too."""
        with self._database.reading() as session:
            return session.scalars(select(Token).order_by(Token.id.desc())).all()

    def revoke_token(self, token_id: int) -> Token:
        """Make a token useless from now on; revoking it again changes nothing.

        Raises:
            NotFound: there is no such token.
        """
        with self._database.writing() as session:
            token = session.get(Token, token_id)
            if token is None:
                raise NotFound("There is no token {id}.", remedy="See `kbsearch token list`.", id=token_id)
            token.revoked_at = token.revoked_at or utc_now()
        return token


def _person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("There is no person {id}.", remedy="See `kbsearch user list`.", id=person_id)
    return person


def _locked_admins(session: Session) -> Sequence[Person]:
    # Locked before anything is changed: of two admins who demote each other at once, the second waits.
    admins = select(Person).where(Person.role == Role.ADMIN, Person.active).order_by(Person.id)
    return session.scalars(admins.with_for_update()).all()


def _refuse_taken(session: Session, login: str) -> None:
    if session.scalar(select(Person.id).where(Person.login == login)):
        raise Conflict("The login '{login}' is taken.", remedy="Choose another login.", login=login)


def _is_admin(person: Person) -> bool:
    return person.active and person.role == Role.ADMIN


def _secret_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _checked_login(login: str) -> str:
    bare = login.strip().lower()
    if not _LOGIN.fullmatch(bare):
        raise InvalidInput(
            "The login '{login}' cannot be used.",
            remedy="Use 2 to 100 letters, digits and the signs . _ @ + - without spaces.",
            login=bare[:100],
        )
    return bare


def _checked_name(name: str) -> str:
    bare = " ".join(name.replace("\0", "").split())
    if not 1 <= len(bare) <= 200:  # noqa: PLR2004  # the column's length
        raise InvalidInput("A name has 1 to 200 characters.", remedy="Give a shorter or a real name.")
    return bare


def _checked_language(language: str) -> str:
    if language not in LANGUAGES:
        raise InvalidInput(
            "The language '{language}' is not one of ours.", remedy="Use ru or en.", language=language[:20]
        )
    return language


def _member(kind: type[_Value], value: str) -> _Value:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidInput(
            "'{value}' is no {kind}.",
            remedy="Use one of: {known}.",
            value=str(value)[:100],
            kind=kind.__name__.lower(),
            known=", ".join(kind),
        ) from error
