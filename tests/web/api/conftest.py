"""A small school behind the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingCase, IncomingCourse, IncomingLesson

CASES = (
    IncomingCase(
        title="Как отменить последний коммит",
        answer="Выполните `git reset --soft HEAD~1`: коммит исчезнет, а изменения останутся.",
        slug="undo-commit",
        variants=("случайно закоммитил, как откатить коммит",),
        course="git",
        lessons=("git-1",),
        tags=("git", "reset"),
    ),
    IncomingCase(
        title="Когда проверят домашнее задание",
        answer="Ментор проверяет задания за три рабочих дня.",
        slug="homework-check",
        variants=("сколько ждать проверку дз",),
    ),
    IncomingCase(
        title="Как получить сертификат",
        answer="Сертификат появится в профиле после последнего задания.",
        slug="certificate",
        state="draft",
    ),
)


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    """`app` with a course, two published cases and a draft, all indexed."""
    app.questions.save_course(IncomingCourse("git", "Git", (IncomingLesson("git-1", "Начало"),)))
    for case in CASES:
        app.cases.import_case(case)
    app.pipeline.drain_all(lambda done, total, stage: None)
    return app


@pytest.fixture
def call(
    school: Kbsearch, client: FlaskClient, bearer: Callable[..., dict[str, str]]
) -> Callable[..., TestResponse]:
    """Calls the API with a token of both scopes: `call(path, query…)` reads, `call(path, body)` posts."""
    headers = bearer()

    def send(path: str, body: Any = None, **query: Any) -> TestResponse:
        address = f"/api/v1/{path}"
        if body is None:
            return client.get(address, query_string=query, headers=headers)
        return client.post(address, json=body, headers=headers)

    return send
