"""Whatever two files hold in common, undoing the second one leaves what the first one alone brought."""

from __future__ import annotations

import json
import tempfile
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
UNNAMED = ("variant", "reply", "revision")
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
files = st.one_of(st.lists(questions, min_size=1, max_size=10), st.lists(cases, min_size=1, max_size=5))


def taken(app: Kbsearch, rows: list[dict[str, Any]]) -> int:
    path = app.settings.home / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
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
