"""Past imports on the pages: listed, looked at, and undone by the worker."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.models import Import, Job, JobKind, JobState
from kbsearch.services.imports import ImportOptions, Origin
from kbsearch.worker import Worker

CSV = "id,text\n1,Как установить редактор кода?\n2,Где посмотреть запись вебинара?\n"


def taken(school: Kbsearch, folder: Path, name: str = "march.csv", content: str = CSV) -> int:
    (folder / name).write_text(content, "utf-8")
    origin = Origin(name, person_id=1)
    return school.imports.run(folder / name, ImportOptions(source="lms"), origin=origin).import_id


def work(school: Kbsearch, job_id: int) -> Job:
    """Let a worker run until the job has ended."""
    stop = threading.Event()
    thread = threading.Thread(target=Worker(school).run, args=(stop,))
    thread.start()
    pause = threading.Event()
    while (job := school.jobs.get(job_id)).state in {JobState.WAITING, JobState.RUNNING}:
        pause.wait(0.02)
    stop.set()
    thread.join()
    return job


def test_an_import_is_looked_at_then_undone(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path
) -> None:
    before = school.questions.count()
    assert "No imports yet" in methodologist.get("/import/past").text
    number = taken(school, tmp_path)
    listed = methodologist.get("/import/past").text
    assert "march.csv" in listed
    assert "2 questions" in listed
    here = f"/import/past/{number}/undo"
    assert f'href="{here}"' in listed
    looked = methodologist.get(here).text
    assert "2 questions that this import brought" in looked
    assert school.questions.count() == before + 2, "looking changes nothing"
    job = work(school, int(methodologist.post(here).location.rpartition("/")[2]))
    assert (job.kind, job.state, job.person_id) == (JobKind.UNDO, JobState.DONE, 2)
    report = methodologist.get(f"/jobs/{job.id}").text
    assert "2 questions removed" in report
    assert school.questions.count() == before
    assert "undone on" in methodologist.get("/import/past").text
    again = methodologist.post(here, follow_redirects=True).text
    assert f"Import {number} was undone already." in again
    assert f"Import {number} was undone already." in methodologist.get(here, follow_redirects=True).text


def test_what_stays_is_counted_and_named(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path
) -> None:
    number = taken(school, tmp_path)
    again = taken(school, tmp_path, "again.csv")
    kept = next(one for one in school.questions.latest() if one.text.startswith("Где посмотреть запись"))
    school.questions.dismiss(kept.id)
    looked = methodologist.get(f"/import/past/{number}/undo").text
    assert "1 question that this import brought" in looked
    assert "1 question of this import stays" in looked
    assert "answered, dismissed or opened again: 1" in looked
    assert f'href="/questions/{kept.id}"' in looked
    assert "again.csv" in looked, "which had the same questions"
    assert " disabled" in methodologist.get(f"/import/past/{again}/undo").text
    refused = methodologist.post(f"/import/past/{again}/undo", follow_redirects=True).text
    assert "Nothing of import" in refused


def test_the_page_of_an_imports_job_leads_to_undoing_it(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path
) -> None:
    (tmp_path / "q.csv").write_text(CSV, "utf-8")
    parameters = {"path": str(tmp_path / "q.csv"), "file_name": "Март", "source": "lms"}
    job = work(school, school.jobs.enqueue(JobKind.IMPORT, parameters, person_id=2).id)
    page = methodologist.get(f"/jobs/{job.id}").text
    found = re.search(r'href="(/import/past/\d+/undo)"', page)
    assert found is not None
    looked = methodologist.get(found[1]).text
    assert "Март" in looked
    work(school, int(methodologist.post(found[1]).location.rpartition("/")[2]))
    assert "This import was undone on" in methodologist.get(f"/jobs/{job.id}").text


def test_an_import_of_before_there_was_a_record_says_so(methodologist: FlaskClient, school: Kbsearch) -> None:
    with school.database.writing() as session:
        job = Job(kind=JobKind.IMPORT, state=JobState.DONE, result={"taken": {"questions_new": 3}})
        session.add(job)
        session.flush()
        number = job.id
    assert "This import cannot be undone" in methodologist.get(f"/jobs/{number}").text
    assert methodologist.get("/import/past/7/undo").status_code == 404


def test_who_may_not_import_may_not_undo(mentor: FlaskClient, school: Kbsearch, tmp_path: Path) -> None:
    number = taken(school, tmp_path)
    assert mentor.get("/import/past").status_code == 403
    assert mentor.post(f"/import/past/{number}/undo").status_code == 403
    with school.database.reading() as session:
        assert session.get_one(Import, number).undone_at is None


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_pages_speak_both_languages(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path, language: str
) -> None:
    number = taken(school, tmp_path)
    methodologist.set_cookie("language", language)
    page = methodologist.get(f"/import/past/{number}/undo").text
    assert {"ru": "2 вопроса, которые принёс этот импорт", "en": "2 questions that"}[language] in page
