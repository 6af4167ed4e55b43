"""The OpenAPI document, and a page made from it that needs no script and no other site."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask_openapi3.openapi import OpenAPI
from markupsafe import Markup, escape

from web.api.contract import CONDITIONAL, LARGEST_ID, PREFIX
from web.errors import API_TITLES, HTTP_CODES, STATUSES
from web.session import public

blueprint = Blueprint(
    "api_docs",
    __name__,
    url_prefix=PREFIX,
    template_folder="templates",
    static_folder="static",
    static_url_path="/docs/static",
)

Spec = dict[str, Any]
IF_NONE_MATCH: Spec = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The `ETag` of an earlier answer; 304 when this one would be the same.",
}
LOCATION: Spec = {"schema": {"type": "string"}, "description": "The address of the question, if it is one."}
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One parameter or field of a schema."""

    name: str
    type: str
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One call."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[FieldRow]
    body: str
    example: str
    responses: list[tuple[str, str, str]] = field(default_factory=list)


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return jsonify(document(cast(OpenAPI, current_app)))


@blueprint.get("/docs")
@public
def page() -> str:
    """The documentation for people."""
    spec = document(cast(OpenAPI, current_app))
    return render_template(
        "api_docs.html",
        info=spec["info"],
        root=request.url_root.rstrip("/"),
        tags=spec["tags"],
        operations=operations_by_tag(spec),
        schemas={name: fields_of(schema) for name, schema in sorted(spec["components"]["schemas"].items())},
        descriptions={
            name: schema.get("description", "") for name, schema in spec["components"]["schemas"].items()
        },
        errors=error_rows(),
        marked=marked,
    )


def document(app: OpenAPI) -> Spec:
    """The OpenAPI document of ``app``."""
    spec = cast(Spec, app.api_doc)
    for path, methods in spec["paths"].items():
        for operation in methods.values():
            if "description" in operation:  # the library breaks lines for HTML; the format is Markdown
                operation["description"] = operation["description"].replace("<br/>", "\n").strip()
        if "/questions" in path and "post" in methods:
            methods["post"]["responses"]["201"]["headers"] = {"Location": LOCATION}
        if "get" in methods and CONDITIONAL.intersection(methods["get"]["tags"]):
            _make_conditional(methods["get"])
    return spec


def _make_conditional(operation: Spec) -> None:
    """Say of a call that reads what `web.api.contract` does to all of its kind."""
    etag = {"schema": {"type": "string"}, "description": "Names this answer; send it in `If-None-Match`."}
    operation["responses"]["200"]["headers"] = {"ETag": etag}
    told = "It is what the answer was whose `ETag` was sent."
    operation["responses"]["304"] = {"description": told}
    parameters = [one for one in operation.get("parameters", []) if one["in"] != "header"]
    operation["parameters"] = [*parameters, IF_NONE_MATCH]


def operations_by_tag(spec: Spec) -> dict[str, list[OperationRow]]:
    """All calls under the name of their tag, in the order of the document."""
    found: dict[str, list[OperationRow]] = {tag["name"]: [] for tag in spec["tags"]}
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_operation(path, method, operation))
    return found


def _operation(path: str, method: str, operation: Spec) -> OperationRow:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return OperationRow(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        scope=_scope(operation),
        parameters=[_parameter(one) for one in operation.get("parameters", [])],
        body=_reference(body.get("schema", {})),
        example=json.dumps(body["example"], ensure_ascii=False, indent=2) if "example" in body else "",
        responses=[
            (status, answer["description"], _answer_schema(answer))
            for status, answer in sorted(operation["responses"].items())
        ],
    )


def _scope(operation: Spec) -> str:
    scopes = [scope for rule in operation.get("security", []) for scope in rule.get("bearer", [])]
    return ", ".join(scopes)


def _parameter(parameter: Spec) -> FieldRow:
    return FieldRow(
        name=parameter["name"],
        type=type_of(parameter["schema"]),
        required=parameter.get("required", False),
        description=parameter.get("description", ""),
        place=parameter["in"],
    )


def _answer_schema(answer: Spec) -> str:
    return next((_reference(media.get("schema", {})) for media in answer.get("content", {}).values()), "")


def _reference(schema: Spec) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def fields_of(schema: Spec) -> list[FieldRow]:
    """The fields of an object's schema; a choice of schemas is one row without a name."""
    if "properties" not in schema:
        return [FieldRow(name="", type=type_of(schema), required=True, description="")]
    return [
        FieldRow(
            name=name,
            type=type_of(one),
            required=name in (schema.get("required") or []),
            description=one.get("description", ""),
        )
        for name, one in schema["properties"].items()
    ]


def type_of(schema: Spec) -> str:
    """A JSON schema in a few words, such as ``array of CaseOut`` or ``string, 1–200 characters``."""
    if "$ref" in schema:
        return _reference(schema)
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        return " or ".join(type_of(one) for one in choices)
    if schema.get("enum"):
        return " | ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"array of {type_of(schema.get('items', {}))}{_bounds(schema, 'Items', 'items')}"
    shown = f"{kind} ({schema['format']})" if schema.get("format") else kind
    return shown + _bounds(schema, "Length", "characters") + _bounds(schema, "imum", "")


def _bounds(schema: Spec, name: str, unit: str) -> str:
    least, most = schema.get(f"min{name}"), schema.get(f"max{name}")
    if most is not None and most >= LARGEST_ID:
        most = None  # that is the limit of databases, not of this field
    if least is None and most is None:
        return ""
    if least is None or most is None:
        shown = f"at least {least:.0f}" if most is None else f"at most {most:.0f}"
    else:
        shown = f"{least:.0f}–{most:.0f}"
    return f", {shown} {unit}".rstrip()


def marked(text: str) -> Markup:
    """``text`` escaped, with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped first


def error_rows() -> list[tuple[str, int, str]]:
    """Code, status and title of every error, by status."""
    statuses = {error.code: int(status) for error, status in STATUSES.items()}
    statuses |= {code: status for status, code in HTTP_CODES.items()}
    statuses["internal"] = HTTPStatus.INTERNAL_SERVER_ERROR.value
    return sorted(
        ((code, status, API_TITLES[code]) for code, status in statuses.items()), key=lambda row: row[1:]
    )
