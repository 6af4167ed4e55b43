"""`kbsearch demo`: the sample school from nothing to a running service, saying what it does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kbsearch.config import load_settings
from kbsearch.models import Role, Scope, utc_now

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch
    from kbsearch.importers.records import IncomingQuestion

PASSWORD = "polus-demo-2026"  # noqa: S105  # a demo on loopback, printed on the screen
PEOPLE = (
    ("mentor", "Мария Ковалёва", Role.MENTOR),
    ("metodist", "Олег Бергман", Role.METHODOLOGIST),
    ("admin", "Анна Ким", Role.ADMIN),
)
BATCH = 200
LAST_DAYS = timedelta(days=3)
"""Questions of these days come in after the run of clustering, as they would on any day after it."""
ASK = ("git ругается на push, пишет rejected", "можно ли писать дз через ChatGPT?")


@click.command(
    epilog="""\b
Examples:
  kbsearch demo                      set up var/demo and serve it
  kbsearch demo --no-serve           set up only
  kbsearch demo --home /tmp/school --port 8080
"""
)
@click.option("--home", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--port", type=int, default=None, help="Port to listen on.  [default: 8000]")
@click.option("--no-serve", is_flag=True, help="Stop after the set-up.")
def command(home: Path, port: int | None, no_serve: bool) -> None:
    """Set up the sample school «Полюс» and serve it; a second call finds it as it was left.

    It goes into a folder of its own whatever KBSEARCH_HOME says: everybody knows the password of its people.
    """
    from kbsearch.app import Kbsearch

    if own := os.environ.get("KBSEARCH_HOME"):
        click.echo(f"The sample school goes into {home}; KBSEARCH_HOME ({own}) is left alone.", err=True)
    overrides = {"home": home} | ({} if port is None else {"port": port})
    app = Kbsearch(load_settings(**overrides))
    start = time.perf_counter()
    _set_up(app)
    click.echo(f"Ready in {time.perf_counter() - start:.1f} s.")
    _show_suggestions(app)
    _show_entrances(app)
    if not no_serve:
        from kbsearch.cli.serve import serve

        serve(app)


def _set_up(app: Kbsearch) -> None:
    from kbsearch.services.coverage import Occasion

    with _step("Database"):
        app.database.upgrade()
    with _step("People"):
        _add_people(app)
    with _step("Courses and cases"):
        _import_cases(app, utc_now())
    with _step("Questions"):
        late = _import_questions(app, utc_now())
    with _step("Index"):
        app.pipeline.drain_all(_quiet)
        app.maintenance.read_all(_quiet)
    if app.clusters.latest_run() is None:
        with _step("Clusters"):
            app.cluster_runner.run(_quiet)
            app.map_drawer.draw_due()
        with _step("The last days"):
            _receive(app, late)
            app.pipeline.drain_all(_quiet)
        with _step("Coverage"):
            app.coverage.refresh(_quiet, Occasion.RUN)


def _quiet(done: int, total: int, stage: str) -> None:
    """The steps themselves are the progress of a demo."""


@contextmanager
def _step(name: str) -> Iterator[None]:
    start = time.perf_counter()
    click.echo(f"  {name:<18}", nl=False)
    yield
    click.echo(f"{time.perf_counter() - start:5.1f} s")


def _add_people(app: Kbsearch) -> None:
    known = {person.login for person in app.people.list()}
    for login, name, role in PEOPLE:
        if login not in known:
            app.people.create(login, name, PASSWORD, role)
    path = _token_file(app)
    if not path.exists():
        _, secret = app.people.make_token("demo", [Scope.READ, Scope.WRITE])
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secret)


def _token_file(app: Kbsearch) -> Path:
    return app.settings.home / "demo-token"


def _import_cases(app: Kbsearch, now: datetime) -> None:
    from kbsearch.importers.options import ImportOptions
    from kbsearch.importers.sample_school import read_courses, sample_school_folder

    folder = sample_school_folder()
    if not app.questions.latest(limit=1):
        for course in read_courses(folder, until=now):
            app.questions.save_course(course)
    app.imports.run(folder / "cases", ImportOptions())


def _import_questions(app: Kbsearch, now: datetime) -> list[IncomingQuestion]:
    """Take in all questions but those of the last days, which are returned: they come after the run."""
    from kbsearch.importers.sample_school import read_questions, sample_school_folder

    if app.questions.latest(limit=1):
        return []
    incoming = list(read_questions(sample_school_folder(), until=now))
    since = (incoming[-1].asked_at or now) - LAST_DAYS
    late = [one for one in incoming if (one.asked_at or now) > since]
    _receive(app, incoming[: -len(late)])
    return late


def _receive(app: Kbsearch, incoming: Sequence[IncomingQuestion]) -> None:
    from kbsearch.importers.sample_school import read_truth, sample_school_folder

    truth = read_truth(sample_school_folder())
    answers: list[tuple[int, int]] = []
    for first in range(0, len(incoming), BATCH):
        batch = incoming[first : first + BATCH]
        for question, received in zip(batch, app.questions.receive_many(batch), strict=True):
            slug = truth[question.external_id].case_slug
            if slug and question.replies:
                answers.append((received.question_id, app.cases.by_slug(slug).id))
    for question_id, case_id in answers:
        app.questions.answer(question_id, case_id)


def _show_suggestions(app: Kbsearch) -> None:
    for text in ASK:
        suggestion = app.suggestions.suggest(text, store=False)
        click.secho(f"\n? {text}", bold=True)
        click.echo(f"  {suggestion.decision}")
        for match in suggestion.matches:
            click.echo(f"  {match.probability:4.0%}  {match.case.title}")


def _show_entrances(app: Kbsearch) -> None:
    base = f"http://{app.settings.host}:{app.settings.port}"
    click.echo(
        f"""
Pages:  {base}   sign in as mentor, metodist or admin, password {PASSWORD}
API:    curl {base}/api/v1/suggest -H "Authorization: Bearer $(cat {_token_file(app)})" \\
             -H 'Content-Type: application/json' -d '{{"text": "как отменить последний коммит"}}'
"""
    )
