"""Who is calling and what they may do: sign-in state, bearer tokens and the access rule of every view.

A view declares its rule with `public`, `requires` or `requires_token`; `enforce_access` checks it before
anything else runs.  A view without a rule answers nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Response, after_this_request, current_app, g, request, session

from kbsearch.app import Kbsearch
from kbsearch.errors import NotAllowed, NotAuthenticated, NotFound
from kbsearch.models import Person, Role, Scope, Token
from web.attempts import FailedAttempts, caller_of
from web.errors import TooManyWrongTokens

WRONG_TOKENS = "kbsearch_wrong_tokens"
"""Where an application keeps how often wrong tokens came from whom; nothing where rates have no limits."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """The rule of one view: for everybody, for people of a role, or for tokens of a scope."""

    role: Role | None = None
    scope: Scope | None = None

    @property
    def is_public(self) -> bool:
        """Whether anybody may call."""
        return self.role is None and self.scope is None


def public(view: View) -> View:
    """Let anybody call ``view``."""
    return _ruled(view, Access())


def publish_files(app: Flask, endpoint: str) -> None:
    """Let anybody fetch the static files that Flask itself serves at ``endpoint``."""
    serve = app.view_functions[endpoint]

    @public
    def files(**values: Any) -> Any:
        return serve(**values)

    app.view_functions[endpoint] = files


def requires(role: Role) -> Callable[[View], View]:
    """Let signed-in people of ``role`` or a higher one call the view."""
    return lambda view: _ruled(view, Access(role=role))


def requires_token(scope: Scope) -> Callable[[View], View]:
    """Let programs call the view that send a bearer token with ``scope``.  Cookies are not looked at."""
    return lambda view: _ruled(view, Access(scope=scope))


def _ruled(view: View, access: Access) -> View:
    cast(Any, view).access = access
    return view


def access_of(app: Flask, endpoint: str) -> Access | None:
    """The declared rule of ``endpoint``; None when it has none."""
    return getattr(app.view_functions[endpoint], "access", None)


def enforce_access() -> None:
    """Check the rule of the view that is about to run.

    Raises:
        NotAuthenticated: nobody is signed in, or there is no valid token.
        NotAllowed: the role or the token's scopes do not suffice, or the view has no rule.
    """
    if request.endpoint is None:
        return
    access = access_of(current_app, request.endpoint)
    if access is None:
        raise NotAllowed("The page {path} has no access rule, so nobody may see it.", path=request.path)
    if access.scope is not None:
        _check_scope(bearer_token(), access.scope)
    elif access.role is not None:
        _check_role(current_person(), access.role)


def _check_scope(token: Token, scope: Scope) -> None:
    if scope not in token.scopes:
        raise NotAllowed(
            "The token '{name}' lacks the scope '{scope}'.",
            remedy="Make a token with it: `kbsearch token make NAME --scope {scope}`.",
            name=token.name,
            scope=scope.value,
        )


def _check_role(person: Person | None, role: Role) -> None:
    if person is None:
        raise NotAuthenticated("Nobody is signed in.", remedy="Sign in first.")
    if not Role(person.role).includes(role):
        raise NotAllowed(
            "This needs the role '{role}'; yours is '{your_role}'.",
            remedy="Ask an admin.",
            role=role.value,
            your_role=str(person.role),
        )


def kb() -> Kbsearch:
    """The kbsearch that this web application serves."""
    return cast(Kbsearch, current_app.extensions["kbsearch"])


def current_person() -> Person | None:
    """Who is signed in; None for nobody, and for a session that a newer password or role has ended."""
    if "person" not in g:
        g.person = _person_of_session()
    return cast("Person | None", g.person)


def _person_of_session() -> Person | None:
    person_id, epoch = session.get("person_id"), session.get("epoch")
    if not isinstance(person_id, int):
        return None
    try:
        person = kb().people.get(person_id)
    except NotFound:
        return None
    return person if person.active and person.session_epoch == epoch else None


def current_token() -> Token:
    """The token of this API call; only for views with `requires_token`."""
    return cast(Token, g.token)


def bearer_token() -> Token:
    """The valid token in the Authorization header.

    Raises:
        NotAuthenticated: there is none, or it is unknown or revoked.
        TooManyWrongTokens: it is, and so were too many that came from this address.
    """
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise NotAuthenticated(
            "This call needs a bearer token.", remedy="Send the header 'Authorization: Bearer kbs_…'."
        )
    try:
        token = kb().people.authenticate_token(secret.strip())
    except NotAuthenticated:
        _note_wrong_token()
        raise
    g.token = token
    return token


def _note_wrong_token() -> None:
    # Looked up first: behind one address there are others, whose tokens are valid.
    failures: FailedAttempts | None = current_app.extensions.get(WRONG_TOKENS)
    caller = caller_of(request.remote_addr)
    wait = failures.note(caller) if failures is not None else 0.0
    if wait > 0:
        raise TooManyWrongTokens(wait)


def sign_in(person: Person) -> None:
    """Begin a fresh session for ``person``; nothing of an earlier session is carried over."""
    session.clear()
    session.permanent = True
    session["person_id"] = person.id
    session["epoch"] = person.session_epoch
    g.person = person


def sign_out() -> None:
    """End the session and have the browser forget the pages it kept."""
    session.clear()
    g.person = None

    @after_this_request
    def forget(response: Response) -> Response:
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


def safe_next(target: str | None, default: str = "/") -> str:
    """``target`` when it is a path on this site, else ``default``: no sign-in leads to another site."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return default
    if any(ord(sign) < ord(" ") for sign in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
