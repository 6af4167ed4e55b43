"""People, sign-in and tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from kbsearch.database import Database
from kbsearch.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from kbsearch.models import Person, Role, Scope, Token, utc_now
from kbsearch.services.passwords import is_outdated, password_fits
from kbsearch.services.people import PeopleService

PASSWORD = "correct horse battery"


@pytest.fixture
def people(database: Database) -> PeopleService:
    return PeopleService(database)


@pytest.fixture
def add(people: PeopleService) -> Callable[..., Person]:
    def add_person(login: str, role: Role = Role.MENTOR) -> Person:
        return people.create(login, login.title(), PASSWORD, role)

    return add_person


def test_a_person_signs_in_whatever_the_case_of_the_login(people: PeopleService) -> None:
    people.create(" Anna.Kim ", "Анна  Ким", PASSWORD, "mentor", "ru")
    person = people.sign_in("ANNA.kim", PASSWORD)
    assert (person.login, person.name, person.role, person.language) == (
        "anna.kim",
        "Анна Ким",
        Role.MENTOR,
        "ru",
    )
    assert person.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("login", "password"), [("anna", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")]
)
def test_refused_sign_ins_do_not_say_why(
    people: PeopleService, add: Callable[..., Person], login: str, password: str
) -> None:
    add("anna")
    people.change(add("gone").id, active=False)
    with pytest.raises(NotAuthenticated) as caught:
        people.sign_in(login, password)
    assert caught.value.message == "Login or password is wrong."


@pytest.mark.parametrize(
    "wrong",
    [
        {"login": "a"},
        {"login": "two words"},
        {"login": "nul\0l"},
        {"name": "  "},
        {"password": "too short"},
        {"password": "x" * 1_001},
        {"role": "king"},
        {"language": "de"},
    ],
)
def test_unusable_values_are_refused(people: PeopleService, wrong: dict[str, str]) -> None:
    given = {"login": "anna", "name": "Anna", "password": PASSWORD, "role": "mentor"} | wrong
    with pytest.raises(InvalidInput):
        people.create(**given)
    assert list(people.list()) == []


def test_a_login_is_given_once(add: Callable[..., Person]) -> None:
    add("anna")
    with pytest.raises(Conflict, match="'anna' is taken"):
        add("ANNA")


def test_changes_that_matter_end_sessions(people: PeopleService, add: Callable[..., Person]) -> None:
    add("root", Role.ADMIN)
    anna = add("anna")
    assert people.change(anna.id, name="Anna K.", language="en").session_epoch == 0
    assert people.change(anna.id, role="methodologist").session_epoch == 1
    assert people.change(anna.id, role="methodologist").session_epoch == 1
    assert people.change(anna.id, password="another password").session_epoch == 2
    assert people.change(anna.id, active=False).session_epoch == 3
    with pytest.raises(NotFound, match="no person 99"):
        people.change(99, name="x")


@pytest.mark.parametrize("change", [{"role": "mentor"}, {"active": False}])
def test_the_last_admin_stays(
    people: PeopleService, add: Callable[..., Person], change: dict[str, object]
) -> None:
    first = add("first", Role.ADMIN)
    people.change(add("retired", Role.ADMIN).id, active=False)
    with pytest.raises(Conflict, match="'first'"):
        people.change(first.id, **change)  # type: ignore[arg-type]
    assert people.get(first.id).session_epoch == 0
    add("second", Role.ADMIN)
    people.change(first.id, **change)  # type: ignore[arg-type]


def test_a_mentor_changes_where_nobody_is_an_admin(people: PeopleService, add: Callable[..., Person]) -> None:
    assert people.change(add("anna").id, active=False).active is False


def test_a_hash_of_old_parameters_is_made_anew(
    people: PeopleService, add: Callable[..., Person], database: Database
) -> None:
    anna = add("anna")
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with database.writing() as session:
        session.execute(update(Person).values(password_hash=old))
    assert is_outdated(old)
    people.sign_in("anna", PASSWORD)
    renewed = people.get(anna.id)
    assert not is_outdated(renewed.password_hash)
    assert renewed.session_epoch == 0
    assert password_fits(renewed.password_hash, PASSWORD)


def test_a_missing_hash_fits_nothing() -> None:
    assert not password_fits(None, "nobody has this password")
    assert not password_fits("no hash at all", PASSWORD)


def test_only_the_digest_of_a_token_is_kept(people: PeopleService, add: Callable[..., Person]) -> None:
    token, secret = people.make_token("platform", ["write", "read", "read"], add("anna").id)
    assert secret.startswith("kbs_")
    assert len(secret) >= 40
    assert token.prefix == secret[:12]
    assert token.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert token.scopes == [Scope.READ, Scope.WRITE]
    assert people.authenticate_token(secret).id == token.id
    for wrong in ("", secret[:-1], secret + "x", "kbs_\ud800", token.secret_hash):
        with pytest.raises(NotAuthenticated):
            people.authenticate_token(wrong)


def test_a_revoked_token_is_useless_at_once(people: PeopleService) -> None:
    token, secret = people.make_token("platform", ["read"])
    people.authenticate_token(secret)
    revoked_at = people.revoke_token(token.id).revoked_at
    with pytest.raises(NotAuthenticated, match="revoked"):
        people.authenticate_token(secret)
    assert people.revoke_token(token.id).revoked_at == revoked_at
    with pytest.raises(NotFound):
        people.revoke_token(99)


def test_the_time_of_use_is_noted_once_a_minute(people: PeopleService, database: Database) -> None:
    token, secret = people.make_token("platform", ["read"])
    first = people.authenticate_token(secret).last_used_at
    assert first is not None
    assert people.authenticate_token(secret).last_used_at == first
    long_ago = utc_now() - timedelta(minutes=2)
    with database.writing() as session:
        session.execute(update(Token).where(Token.id == token.id).values(last_used_at=long_ago))
    people.authenticate_token(secret)
    noted = people.tokens()[0].last_used_at
    assert noted is not None
    assert noted >= first


def test_a_locked_database_does_not_shut_readers_out(people: PeopleService, app_url: str) -> None:
    token, secret = people.make_token("platform", ["read"])
    patient = Database(app_url, busy_seconds=3_600)  # whoever waits so long hangs here
    with Database(app_url).writing():
        assert PeopleService(patient).authenticate_token(secret).id == token.id
    assert people.tokens()[0].last_used_at is None


@pytest.fixture
def app_url(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("scopes", [[], ["admin"], [""]])
def test_a_token_needs_known_scopes(people: PeopleService, scopes: list[str]) -> None:
    with pytest.raises(InvalidInput):
        people.make_token("platform", scopes)
