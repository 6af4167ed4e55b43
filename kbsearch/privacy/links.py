"""Personal data in links: tokens in the query, passwords before the host, profiles of people."""

from __future__ import annotations

import re
from collections import Counter

LINK = re.compile(
    r"""(?: (?<![a-z0-9])[a-z][a-z0-9+.-]{1,15}://                  # any scheme, databases' too
      | (?<![\w@.-])(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}(?::\d{1,5})?(?=[/?])   # a bare host with a path
    )
    [^\s<>"'`«»]*""",
    re.IGNORECASE | re.VERBOSE,
)
"""A link up to the next space or quote."""

_LOGIN = re.compile(r"(?<=://)(?!\[secret\]@|\$?\{|\$[A-Z])[^\s/?#]{1,400}@(?=[^\s/?#@])")
_PARAMETER = re.compile(r"[?&#;]([\w.\-%\[\]]{1,80})=([^&#;]*)")
_TOKEN_NAMES = {
    *("auth", "authorization", "code", "confirm", "email", "e-mail", "hash", "invite", "jwt", "key", "login"),
    *("mail", "otp", "pass", "phone", "pin", "pw", "pwd", "sess", "sid", "sig", "tel", "ticket", "user"),
    "username",
}
_TOKEN_PARTS = ("token", "secret", "passw", "session", "sessid", "signature", "apikey", "api_key", "api-key")
_KEY_ENDS = ("_key", "-key", "accesskey", "authkey", "-credential", "_sig", "_hash", "_code")

_PROFILE = re.compile(
    r"""(?P<head>(?:^|//)(?:www\.|m\.)?
        (?: (?:t\.me|telegram\.me|telegram\.dog)/
            (?:joinchat/ | (?!(?:s|c|share|addstickers|proxy|socks|iv|joinchat)(?:[/?]|$)))
          | (?:vk\.com|vk\.ru|vkontakte\.ru)/
            (?!(?:wall|video|clip|photo|audio|doc|album|topic|page|app|club|public|event|market|poll)-?\d)
            (?!(?:feed|im|away|login|dev|support|search|settings|video|music)(?:[./?#]|$))
          | wa\.me/ | (?:ok\.ru|odnoklassniki\.ru)/profile/ | (?:instagram|facebook)\.com/(?!(?:p|reel)/)
        ))
        [\w.+@-]{1,99}(?<=\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_PROFILE_QUERY = re.compile(r"(?<=[?&])(id|domain|phone)=[^&#\s\[\]]+", re.IGNORECASE)


def mask_link(link: str, found: Counter[str]) -> str:
    """``link`` without what must not be stored, counted in ``found`` as link, name or secret.

    Scheme, host and path stay.  A query or fragment that carries a token goes as a whole.
    """
    link, logins = _LOGIN.subn(_masked_login, link)
    link, names = _PROFILE.subn(r"\g<head>[name]", link)
    if link.startswith("tg://"):
        link, more = _PROFILE_QUERY.subn(r"\1=[name]", link)
        names += more
    start = _token_start(link)
    if start is not None:
        link = link[: start + 1] + "[link]"
    found.update({kind: n for kind, n in (("secret", logins), ("name", names)) if n})
    if start is not None:
        found["link"] += 1
    return link


def _masked_login(match: re.Match[str]) -> str:
    return "[secret]@"


def _token_start(link: str) -> int | None:
    """Where the query or fragment that carries a token begins; None when none does."""
    for match in _PARAMETER.finditer(link):
        if match[2] and _is_token_name(match[1].lower()):
            return min(at for at in (link.find("?"), link.find("#"), match.start()) if at >= 0)
    return None


def _is_token_name(name: str) -> bool:
    return (
        name in _TOKEN_NAMES
        or any(part in name for part in _TOKEN_PARTS)
        or any(name.endswith(end) for end in _KEY_ENDS)
    )
