"""A run that proposes to move more questions than are moved while a person waits."""

from __future__ import annotations

import numpy as np
from sqlalchemy import func, insert, select

from clustering.labels import Description
from clustering.record import Finding, record
from kbsearch.app import Kbsearch
from kbsearch.models import Question, Run, utc_now
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import places_of


def plant_proposal(app: Kbsearch, count: int) -> int:
    """Add ``count`` questions in five clusters, accepted, and propose seven others; returns the run's id."""
    moment = utc_now()
    with app.database.writing() as session:
        first = session.scalar(select(func.count(Question.id))) or 0
        numbers = range(first, first + count)
        rows = [_question(number) | {"asked_at": moment, "received_at": moment} for number in numbers]
        session.execute(insert(Question), rows)
        ids = np.array(session.scalars(select(Question.id).order_by(Question.id)).all())
    _found(app, ids, ids % 5, accept=True)
    return _found(app, ids, ids % 7, accept=False)


def _question(number: int) -> dict[str, object]:
    words = f"очень длинный вопрос номер {number}"
    return {"source": "many", "external_id": str(number), "text": words, "text_key": f"{number:064x}"}


def _found(app: Kbsearch, ids: np.ndarray, labels: np.ndarray, *, accept: bool) -> int:
    described = {label: Description(f"topic {label}", (), ()) for label in set(labels.tolist())}
    run = Run(algorithm="x", started_at=utc_now(), parameters={"newest_question": int(ids[-1])})
    strengths = np.full(len(ids), 0.5)
    return record(app.database, run, Finding(ids, labels, strengths, described), accept=accept)


def places(app: Kbsearch) -> dict[int, int]:
    """Question → the cluster that it is in now."""
    with app.database.reading() as session:
        run = current_run(session)
        return places_of(session, run.id) if run else {}
