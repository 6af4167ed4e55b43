"""Whatever files hold in common, undoing one of them leaves what the others alone would have brought."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import Phase, given, settings
from sqlalchemy import select

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.models import Base
from kbsearch.ports import TextQuery
from kbsearch.services.imports import ImportOptions

TEXTS = (
    "Как отменить последний коммит в git?",
    "как отменить последний коммит в git",
    "Где посмотреть расписание занятий на неделю?",
    "Не получается подключить базу данных к проекту",
    "Не получается подключить базу данных к проекту, помогите",
)
PASSING = ("import", "outbox", "job")
"""Tables that tell what was done, not what there is."""
UNNAMED = ("variant", "reply", "revision", "cohort", "enrolment", "school_change")
"""Tables whose ids nothing refers to here."""

replies = st.lists(
    st.builds(
        lambda text, mentor, accepted: {"text": text, "by_mentor": mentor, "accepted": accepted},
        st.sampled_from(("Смотрите урок 3", "git reset", "не знаю")),
        st.booleans(),
        st.booleans(),
    ),
    max_size=2,
)
questions = st.builds(
    lambda number, text, said: {"id": f"q{number}", "text": text, "replies": said},
    st.integers(0, 7),
    st.sampled_from(TEXTS),
    replies,
)
cases = st.builds(
    lambda number, answer, variants: {
        "id": f"case-{number}",
        "title": f"Кейс {number}",
        "answer": answer,
        "variants": variants,
    },
    st.integers(0, 3),
    st.sampled_from(("git reset", "git revert", "host и port")),
    st.lists(st.sampled_from(TEXTS), max_size=2, unique=True),
)
COURSES = ("git", "web")
DAYS = ("2026-02-02", "2026-04-06")


def outline(course: str, lessons: list[str], title: str, cohorts: list[str] | None) -> dict[str, Any]:
    told = [{"id": code, "title": title.upper(), "outline": f"{code} {title}"} for code in lessons]
    found = {"id": course, "title": title, "lessons": told}
    return found if cohorts is None else found | {"cohorts": cohorts}


def outlines(of: Callable[[str], list[str]]) -> st.SearchStrategy[dict[str, Any]]:
    """Outlines; ``of``: which lessons a course may have."""
    return st.sampled_from(COURSES).flatmap(
        lambda course: st.builds(
            outline,
            st.just(course),
            st.lists(st.sampled_from(of(course)), max_size=3, unique=True),
            st.sampled_from(("Основы", "Практика")),
            st.one_of(st.none(), st.lists(st.sampled_from(DAYS), max_size=2)),
        )
    )


enrolments = st.builds(
    lambda course, week, students: {"course": course, "week": week, "students": students},
    st.sampled_from(COURSES),
    st.sampled_from(("2026-W06", "2026-W07", "2026-W08")),
    st.sampled_from((10, 20)),
)
told = st.lists(enrolments, min_size=1, max_size=4)
files = st.one_of(
    st.lists(questions, min_size=1, max_size=10),
    st.lists(cases, min_size=1, max_size=5),
    st.lists(outlines(lambda course: ["1", "2", "3"]), min_size=1, max_size=4),
    told,
)
programmes = st.one_of(
    st.lists(outlines(lambda course: [f"{course}-1", f"{course}-2"]), min_size=1, max_size=3), told
)


def taken(app: Kbsearch, rows: list[dict[str, Any]]) -> int:
    path = app.settings.home / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    if "lessons" in rows[0]:
        path = path.with_suffix(".json")
        path.write_text(json.dumps(rows), "utf-8")
    found = app.imports.run(path, ImportOptions(source="lms")).import_id
    app.pipeline.drain_all()
    return found


def contents(app: Kbsearch) -> dict[str, list[str]]:
    """All rows of all tables, without moments and versions."""
    found = {}
    with app.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            columns = [
                column
                for column in table.columns
                if not column.name.endswith("_at")
                and column.name != "version"
                and not (table.name in UNNAMED and column.name == "id")
            ]
            if table.name not in PASSING:
                found[table.name] = sorted(map(repr, session.execute(select(*columns))))
    return found


def hits(app: Kbsearch) -> list[list[int]]:
    """What a search finds for each text, among cases and questions."""
    return [
        index.search_text(TextQuery(text)).ids.tolist()
        for index in (app.case_index, app.question_index)
        for text in TEXTS
    ]


# Each example makes a database: shrinking one would take minutes.
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(st.lists(files, max_size=2), files)
def test_undoing_the_last_import_leaves_what_there_was(
    before: list[list[dict[str, Any]]], last: list[dict[str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = Kbsearch(Settings(home=Path(folder), encoder="hashing"))
        app.database.upgrade()
        for rows in before:
            taken(app, rows)
        there, found = contents(app), hits(app)
        number = taken(app, last)
        whole = contents(app)
        if app.past_imports.preview(number).plan.changes:
            app.past_imports.undo(number)
            app.pipeline.drain_all()
        assert contents(app) == there
        assert hits(app) == found
        assert app.maintenance.check().ok
        taken(app, last)
        assert {name: len(rows) for name, rows in contents(app).items()} == {
            name: len(rows) for name, rows in whole.items()
        }
        app.database.close()


@settings(max_examples=15, phases=[Phase.explicit, Phase.generate])
@given(st.lists(programmes, min_size=2, max_size=4), st.data())
def test_programmes_are_undone_in_any_order(files: list[list[dict[str, Any]]], data: st.DataObject) -> None:
    undone = data.draw(st.lists(st.sampled_from(range(len(files))), unique=True, min_size=1))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        app, plain = (Kbsearch(Settings(home=Path(folder), encoder="hashing")) for folder in (one, other))
        for each in (app, plain):
            each.database.upgrade()
        numbers = [taken(app, rows) for rows in files]
        stand = dict(enumerate(files))
        for place in undone:  # one that told nothing new stands, and what it said stays after others
            if app.past_imports.preview(numbers[place]).plan.changes:
                app.past_imports.undo(numbers[place])
                del stand[place]
        for rows in stand.values():
            taken(plain, rows)
        assert programme(app) == programme(plain)
        for each in (app, plain):
            each.database.close()


def programme(app: Kbsearch) -> list[list[str]]:
    found = contents(app)
    return [found[name] for name in ("course", "lesson", "cohort", "enrolment")]
