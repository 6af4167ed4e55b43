"""What all calls of the API share: strict input, documented problems, tokens, the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from inspect import signature
from typing import Annotated, Any, NoReturn, cast
from urllib.parse import unquote_to_bytes

from flask import Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError
from werkzeug.exceptions import UnsupportedMediaType

from kbsearch import __version__
from kbsearch.errors import InvalidInput, TooLarge
from kbsearch.models import Scope
from web.api.strict_json import StrictJson
from web.security import API_BODY_BYTES
from web.session import kb

PREFIX = "/api/v1"
CONDITIONAL = frozenset(("cases", "questions", "clusters", "edits", "faults"))
"""Tags of calls whose answers to GET have an ETag."""
LARGEST_ID = 2**63 - 1
"""The largest row id that databases keep."""


def _without_nul(text: Any) -> Any:
    return text.replace("\0", "") if isinstance(text, str) else text


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Text = Annotated[str, BeforeValidator(_without_nul)]
"""Text of any length up to the body's; NUL, which databases refuse, is taken out."""
Line = Annotated[Text, Field(max_length=300)]
Code = Annotated[Text, Field(max_length=100)]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID), BeforeValidator(_number)]
"""The id of a row; Python and pydantic take ``true`` and ``"1"`` for 1, callers do not mean it."""
Flag = Annotated[bool, Field(strict=True)]
"""``true`` or ``false``; pydantic alone takes ``"off"`` and 0, too."""
Language = Annotated[str, Field(pattern="^([a-z]{2,3})?$")]


class Input(BaseModel):
    """What a caller sends.  Unknown fields are refused: a misspelt one would silently do nothing."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Body(Input):
    """What a caller sends as JSON.

    ``null`` in a field that may be left out is as good as leaving it out: many programs write all fields that
    they know.
    """

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: value for name, value in given.items() if value is not None or name not in optional}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema, which says of `null` what `_without_nulls` does."""
        schema = handler(core_schema)
        fields = handler.resolve_ref_schema(schema)["properties"]
        for name, field in cls.model_fields.items():
            if not field.is_required():
                fields[name] = _or_null(fields[name])
        return schema


def _or_null(field: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of ``field`` that takes null, too."""
    if {"type": "null"} in field.get("anyOf", ()):
        return field
    about: JsonSchemaValue = {
        name: field[name] for name in ("title", "description", "default") if name in field
    }
    kind = {name: value for name, value in field.items() if name not in about}
    return {**about, "anyOf": [kind, {"type": "null"}]}


class Output(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class FieldError(Output):
    """One field that cannot be used."""

    field: str = Field(description="Where it stands, such as `questions.3.text`; empty: the whole.")
    detail: str = Field(description="What is wrong with it.")


class Problem(Output):
    """An error (RFC 9457), sent as `application/problem+json`."""

    type: str = Field(description="Address of this kind of error in the documentation.")
    title: str = Field(description="What kind of error it is.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time.")
    instance: str = Field(description="Path of the call.")
    code: str = Field(description="Stable name of the kind, for programs.")
    remedy: str = Field(description="What to do about it; may be empty.")
    request_id: str = Field(description="Finds the call in the log.")
    errors: list[FieldError] | None = Field(None, description="Each field at fault; only when there are.")


def example(body: dict[str, Any], *either: JsonSchemaValue) -> ConfigDict:
    """The configuration of an input that shows ``body`` in the documentation.

    ``either``: schemas of which it fits one, where fields depend on each other.
    """
    schema = {"json_schema_extra": {"oneOf": list(either)}} if either else {}
    return cast(ConfigDict, {"openapi_extra": {"example": body}, **schema})


PROBLEMS = {
    400: "The body is not JSON.",
    401: "No token, or an unknown or revoked one.",
    403: "The token lacks the scope.",
    404: "There is no such thing.",
    409: "The step is not possible in the present state.",
    413: "The body or a text in it is too large.",
    415: "The body is not declared as JSON, or is compressed.",
    422: "A field is missing, unknown or out of its range.",
    429: "There were too many calls; see Retry-After.",
    500: "Something broke on our side.",
    503: "The database or the index does not answer; see Retry-After.",
}


def problems(*statuses: int) -> dict[str | int, Any]:
    """The documented responses for ``statuses``, as `Problem`."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {"application/problem+json": {"schema": schema}}
    return {status: {"description": PROBLEMS[status], "content": content} for status in statuses}


def reading(*extra: int) -> dict[str | int, Any]:
    """The problems of every call that needs a token, and ``extra``."""
    return problems(401, 403, 422, 429, 500, 503, *extra)


def writing(*extra: int) -> dict[str | int, Any]:
    """The problems of every call that has a body, and ``extra``."""
    return reading(400, 413, 415, *extra)


def needs(scope: Scope) -> list[dict[str, list[str]]]:
    """The OpenAPI security requirement of ``scope``."""
    return [{"bearer": [scope.value]}]


def api_blueprint(name: str, description: str) -> APIBlueprint:
    """A blueprint of the API whose calls are documented under the tag ``name``.

    Of those in `CONDITIONAL` what is read is sent only when it is not what the caller has.
    """
    blueprint = APIBlueprint(
        f"api_{name}",
        __name__,
        url_prefix=PREFIX,
        abp_tags=[Tag(name=name, description=description)],
        operation_id_callback=_operation_id,
    )
    blueprint.before_request(_check_query)
    blueprint.before_request(_check_body)
    if name in CONDITIONAL:
        blueprint.after_request(_only_when_changed)
    return blueprint


def _only_when_changed(answer: Response) -> Response:
    """Give ``answer`` an ETag; to whoever has it already, say only that."""
    if request.method in {"GET", "HEAD"} and answer.status_code == HTTPStatus.OK:
        answer.add_etag()
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.make_conditional(request)
    return answer


def _operation_id(*, name: str, path: str, method: str) -> str:
    return name


def _check_query() -> None:
    """Refuse parameters of a call that takes none, and second ones of a name: they would silently do nothing.

    Health takes any, for monitors add some against caches.
    """
    if request.blueprint == "api_health" or not request.args:
        return
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError as error:
        raise _unusable([{"field": "", "detail": "The address is not in UTF-8"}]) from error
    if "query" not in signature(current_app.view_functions[request.endpoint or ""]).parameters:
        raise _unusable(
            [{"field": name, "detail": "Extra inputs are not permitted"} for name in request.args]
        )
    if twice := [name for name, values in request.args.lists() if len(values) > 1]:
        raise _unusable([{"field": name, "detail": "It is given more than once"} for name in twice])


def _check_body() -> None:
    if request.method != "POST":
        return
    request.max_content_length = API_BODY_BYTES
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType
    request.json_module = reader = StrictJson()
    body = request.get_json()
    if not isinstance(body, dict):
        raise InvalidInput("The body must be a JSON object.", remedy="See /api/v1/docs for its fields.")
    if reader.twice:
        raise _unusable([{"field": name, "detail": "It is given more than once"} for name in reader.twice])


def at_fields(title: str, faults: Mapping[str, str]) -> ValidationError:
    """What a validator of a whole input raises, so that `refuse` names each field: field → what is wrong."""
    lines = [
        InitErrorDetails(
            type=PydanticCustomError("value_error", "{said}", {"said": said}), loc=(name,), input=None
        )
        for name, said in faults.items()
    ]
    return ValidationError.from_exception_data(title, lines)


def refuse(error: ValidationError) -> NoReturn:
    """Raise what pydantic found as our own error, without repeating what was sent.

    Raises:
        InvalidInput: always.
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    errors = [
        {"field": ".".join(str(part) for part in item["loc"] if part not in {"one", "many"}),
         "detail": _said(item)}
        for item in found[:100]
    ]  # fmt: skip
    raise _unusable(errors, len(found))


def _unusable(errors: Sequence[Mapping[str, str]], count: int = 0) -> InvalidInput:
    """The error of ``count`` fields (as many as there are ``errors``, unless these are the first ones)."""
    first = errors[0]
    return InvalidInput(
        "{count} of the fields cannot be used; the first: {first}.",
        remedy="See 'errors' for each, and /api/v1/docs for what is expected.",
        count=count or len(errors),
        first=f"'{first['field']}': {first['detail']}" if first["field"] else first["detail"],
        errors=errors,
    )


def _said(fault: ErrorDetails) -> str:
    """What pydantic says, but in words that fit: it counts the "items" of texts, and names our classes."""
    short = fault["type"] in {"string_too_short", "too_short"}
    if short and "at least 1 " in fault["msg"]:
        return "It must not be empty"
    if fault["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        return "Input should be an object"
    if fault["type"].startswith(("datetime", "timezone")):
        return _said_of_time(fault["msg"])
    if fault["type"] == "string_pattern_mismatch":
        return "It must be the code of a language: two or three small letters, such as ru"
    counted = "items" if fault["msg"].startswith("List") else "characters"
    return fault["msg"].removeprefix("Value error, ").replace("items after validation", counted)


def _said_of_time(fault: str) -> str:
    """What is wrong with a time, and how one is written; of pydantic's words only the reason is told."""
    reason = "it has none" if "timezone" in fault else fault.partition(", ")[2]
    written = "It must be a time with a time zone, such as 2026-03-02T18:20:00+03:00"
    return f"{written} ({reason})" if reason else written


def fitting(text: str) -> str:
    """``text`` when it is no longer than a question may be.

    Raises:
        TooLarge: it is longer.
    """
    longest = kb().settings.max_question_chars
    if len(text) > longest:
        raise TooLarge(
            "The text has {length} characters; {longest} is the most.",
            remedy="Send the question alone, without logs or files.",
            length=len(text),
            longest=longest,
        )
    return text


DESCRIPTION = """\
Give kbsearch your students' questions, ask it for answers, and tell it what became of them.

Every call but `health` needs a token: make one with `kbsearch token make "My platform" --scope read \
--scope write` and send it as `Authorization: Bearer kbs_…`.  Times are ISO 8601 with a time zone."""


def openapi_options() -> dict[str, Any]:
    """Arguments for `flask_openapi3.OpenAPI`."""
    bearer = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token with the scopes read, write or edit.",
    }
    return {
        "info": Info(title="kbsearch API", version=__version__, description=DESCRIPTION),
        "security_schemes": {"bearer": bearer},
        "doc_ui": False,
        "validation_error_model": Problem,
        "validation_error_callback": refuse,
    }
