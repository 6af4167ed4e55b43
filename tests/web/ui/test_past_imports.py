"""Past imports on the pages: listed, looked at, and undone by the worker."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.models import Course, Import, ImportState, Job, JobKind, JobState
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


def test_an_import_that_was_killed_is_said_to_have_broken_off(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path
) -> None:
    number = taken(school, tmp_path)
    with school.database.writing() as session:
        record = session.get_one(Import, number)
        record.state, record.taken = ImportState.RUNNING, {}
        record.seen_at = record.seen_at - timedelta(hours=1)
    listed = methodologist.get("/import/past").text
    assert "broken off" in listed
    assert "2 questions" in listed
    assert f'href="/import/past/{number}/undo"' in listed


def outline(school: Kbsearch, folder: Path, title: str, *lessons: str) -> int:
    told = [{"id": one, "title": f"Урок {one}"} for one in lessons]
    path = folder / "rust.json"
    path.write_text(json.dumps([{"id": "rust", "title": title, "lessons": told}]), "utf-8")
    return school.imports.run(path, ImportOptions(), origin=Origin("rust.json", person_id=1)).import_id


def test_an_outline_is_taken_back_and_the_one_before_comes_again(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path
) -> None:
    first = outline(school, tmp_path, "Rust & <b>Go</b>", "r1")
    second = outline(school, tmp_path, "Rust 2", "r1", "r2")
    looked = methodologist.get(f"/import/past/{first}/undo").text
    assert "Nothing now: later imports told all of it anew." in looked
    assert f"<li>Rust 2: told anew since by import {second}</li>" in looked
    here = f"/import/past/{second}/undo"
    assert "lessons and cohorts of before come back: Rust 2" in methodologist.get(here).text
    job = work(school, int(methodologist.post(here).location.rpartition("/")[2]))
    assert "1 course says again what it said before" in methodologist.get(f"/jobs/{job.id}").text
    assert [one.code for one in course(school).lessons] == ["r1"]
    looked = methodologist.get(f"/import/past/{first}/undo").text
    assert "1 course that this import brought, with its lessons: Rust &amp; &lt;b&gt;Go&lt;/b&gt;" in looked
    assert "keep the name, but count for no course" in looked
    job = work(school, int(methodologist.post(f"/import/past/{first}/undo").location.rpartition("/")[2]))
    assert "1 course removed" in methodologist.get(f"/jobs/{job.id}").text
    with pytest.raises(StopIteration):
        course(school)


def course(school: Kbsearch) -> Course:
    return next(one for one in school.questions.courses() if one.code == "rust")


def test_weeks_of_enrolment_are_taken_back(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path
) -> None:
    head = "course,week,students\n"
    first = taken(school, tmp_path, "one.csv", f"{head}rust,2026-W06,10\nrust,2026-W07,20\n")
    second = taken(school, tmp_path, "two.csv", f"{head}rust,2026-W07,30\n")
    looked = methodologist.get(f"/import/past/{first}/undo").text
    assert "1 week of enrolment that this import brought" in looked
    assert f"1 week of enrolment: told anew since by import {second}" in looked
    job = work(school, int(methodologist.post(f"/import/past/{first}/undo").location.rpartition("/")[2]))
    report = methodologist.get(f"/jobs/{job.id}").text
    assert "1 week of enrolment removed" in report
    assert f"1 week of enrolment: told anew since by import {second}" in report
    assert "Search and clusters" not in report


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_pages_speak_both_languages(
    methodologist: FlaskClient, school: Kbsearch, tmp_path: Path, language: str
) -> None:
    number = taken(school, tmp_path)
    methodologist.set_cookie("language", language)
    page = methodologist.get(f"/import/past/{number}/undo").text
    assert {"ru": "2 вопроса, которые принёс этот импорт", "en": "2 questions that"}[language] in page
