"""What mentors and methodologists do on the pages, without any script."""

from __future__ import annotations

import html
import io
import json
import re
import threading
import zipfile

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import (
    Course,
    Job,
    JobKind,
    JobState,
    Lesson,
    QuestionState,
)
from kbsearch.services.cases import CaseDraft
from kbsearch.worker import Worker
from tests.large_proposal import plant_proposal


def case_named(app: Kbsearch, title: str) -> int:
    return app.cases.list(text=title).items[0].id


def test_a_search_shows_the_best_answer_at_once(mentor: FlaskClient) -> None:
    page = mentor.get("/?q=как отменить последний коммит").text
    assert "<code>git reset --soft HEAD~1</code>" in page
    assert "<mark>" in page
    block = mentor.get("/?q=новую ветку", headers={"HX-Request": "true", "HX-Target": "results"})
    assert "<html" not in block.text
    assert "git switch" in block.text
    assert "HX-Request" in block.headers["Vary"]


def test_another_row_can_be_chosen_by_its_address(mentor: FlaskClient, school: Kbsearch) -> None:
    branch = case_named(school, "ветку")
    page = mentor.get(f"/?q=как отменить коммит или создать ветку&case={branch}").text
    assert "git switch -c" in page.split('id="detail"')[1]


def test_a_reason_calls_lesson_and_course_by_their_titles(mentor: FlaskClient, school: Kbsearch) -> None:
    draft = CaseDraft("Как слить ветки", "git merge", course="frontend", lessons=("fe-02",))
    school.cases.create(draft, state="published")
    asked = IncomingQuestion("как слить ветки вместе", course="frontend", lesson="fe-02")
    taken = school.questions.receive(asked)
    school.pipeline.drain_all(lambda done, total, stage: None)
    page = mentor.get(f"/questions/{taken.question_id}").text
    assert "It belongs to the same lesson: Git" in page
    assert "It belongs to the same course: Веб-разработка" in page


def test_a_case_begins_with_the_bare_words_of_a_question(mentor: FlaskClient, school: Kbsearch) -> None:
    asked = school.questions.receive(IncomingQuestion("Добрый вечер! Где взять зачётку, спасибо"))
    page = mentor.get(f"/cases/new?question={asked.question_id}").text
    assert ">Где взять зачётку</textarea>" in page


def test_a_case_takes_no_course_or_lesson_that_the_outline_lacks(
    mentor: FlaskClient, school: Kbsearch
) -> None:
    form = {"title": "Где взять зачётку", "answer": "В деканате."}
    for wrong in ({"course": "zzz"}, {"lesson": "zz-1"}):
        refused = mentor.post("/cases/new", data=form | wrong)
        assert refused.status_code == 422
        assert f"There is no {next(iter(wrong))}" in refused.text
    assert school.cases.list(text="зачётку").total == 0
    assert mentor.post("/cases/new", data=form | {"course": "frontend", "lesson": "fe-02"}).status_code == 303


def test_a_case_keeps_the_course_that_it_came_with(mentor: FlaskClient, school: Kbsearch) -> None:
    draft = CaseDraft("Где взять зачётку", "В деканате.", course="old", lessons=("old-1",))
    case = school.cases.create(draft)
    form = {"title": draft.title, "answer": "В учебной части.", "course": "old", "lesson": "old-1"}
    path = f"/cases/{case.id}/edit"
    assert mentor.post(path, data=form | {"version": str(case.version), "course": "older"}).status_code == 422
    assert mentor.post(path, data=form | {"version": str(case.version)}).status_code == 303
    asked = school.questions.receive(IncomingQuestion("Где взять зачётку", course="oldest"))
    new = {"title": "Где взять студенческий", "course": "oldest", "question_id": str(asked.question_id)}
    assert mentor.post("/cases/new", data=new).status_code == 303


def test_a_school_without_an_outline_names_courses_as_it_likes(mentor: FlaskClient, school: Kbsearch) -> None:
    with school.database.writing() as session:
        session.execute(delete(Lesson))
        session.execute(delete(Course))
    form = {"title": "Где взять зачётку", "course": "any", "lesson": "any-1"}
    assert mentor.post("/cases/new", data=form).status_code == 303
    assert school.cases.list(course="any").total == 1


def test_a_question_is_taken_in_answered_and_reopened(mentor: FlaskClient, school: Kbsearch) -> None:
    form = {
        "text": "как отменить последний коммит? моя почта a@b.ru",
        "course": "frontend",
        "lesson": "fe-02",
    }
    here = mentor.post("/questions/new", data=form).location
    page = mentor.get(here).text
    assert "a@b.ru" not in page
    assert "[email]" in page
    case_id = case_named(school, "коммит")
    mentor.post(f"{here}/state", data={"step": "answer", "case_id": str(case_id)})
    question_id = int(here.rpartition("/")[2])
    question = school.questions.get(question_id)
    assert (question.state, question.case_id) == (QuestionState.ANSWERED, case_id)
    assert "Undo" in mentor.get(here).text
    mentor.post(f"{here}/state", data={"step": "reopen"})
    assert school.questions.get(question_id).state == QuestionState.OPEN
    mentor.post(f"{here}/state", data={"step": "dismiss"})
    assert school.questions.get(question_id).state == QuestionState.DISMISSED


def test_an_empty_question_is_refused_in_words(mentor: FlaskClient) -> None:
    answer = mentor.post("/questions/new", data={"text": "  "})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_cluster_becomes_a_case_in_one_click(methodologist: FlaskClient, school: Kbsearch) -> None:
    edit = methodologist.post("/clusters/1/case").location
    page = methodologist.get(edit).text
    assert page.count('name="variant"') == 3
    assert "git revert и отправьте снова" in page
    form = form_of(school, int(edit.split("/")[2])) | {
        "do": "save:published",
        "answer": "Сделайте git revert.",
    }
    methodologist.post(edit, data=form)
    assert school.cases.get(int(edit.split("/")[2])).state == "published"
    assert methodologist.post("/clusters/1/case").location == edit
    school.pipeline.drain_all(lambda done, total, stage: None)
    assert "Отмена коммита" in methodologist.get("/?q=отменить лишний коммит").text


def form_of(app: Kbsearch, case_id: int) -> dict[str, object]:
    case = app.cases.get(case_id)
    return {
        "title": case.title,
        "answer": case.answer,
        "variant": [variant.text for variant in case.variants],
        "course": case.course_code,
        "lesson": case.lessons,
        "tags": ", ".join(case.tags),
        "version": str(case.version),
    }


def test_renaming_a_cluster_can_be_undone(methodologist: FlaskClient, school: Kbsearch) -> None:
    methodologist.post("/clusters/1/name", data={"label": "Откат коммита"})
    assert school.clusters.get(1).row.cluster.label == "Откат коммита"
    assert "/clusters/edits/1/undo" in methodologist.get("/clusters/1").text
    methodologist.post("/clusters/edits/1/undo")
    assert school.clusters.get(1).row.cluster.label == "Отмена коммита"


def test_phrasings_are_added_and_removed_without_a_script(mentor: FlaskClient) -> None:
    form = {"title": "Новый кейс", "answer": "ответ", "variant": ["раз", "два"], "version": "0"}
    more = mentor.post("/cases/new", data=form | {"do": "add-variant"}).text
    assert more.count('name="variant"') == 3
    fewer = mentor.post("/cases/new", data=form | {"do": "remove-variant:0"}).text
    assert ">раз<" not in fewer
    assert ">два<" in fewer
    seen = mentor.post("/cases/new", data=form | {"do": "preview", "answer": "**жирно** <script>x</script>"})
    assert "<strong>жирно</strong>" in seen.text
    assert "<script>x" not in seen.text


def test_what_is_too_long_is_called_as_the_page_calls_it(mentor: FlaskClient) -> None:
    form = {"title": "Новый кейс", "answer": "ответ", "variant": ["а" * 30_000], "version": "0", "do": "save"}
    page = html.unescape(mentor.post("/cases/new", data=form).text)
    assert "The field 'Phrasings' has 30000 characters in one entry" in page


def test_colliding_edits_lose_nothing(methodologist: FlaskClient, school: Kbsearch) -> None:
    case_id = case_named(school, "ветку")
    form = form_of(school, case_id)
    theirs = CaseDraft("Как создать ветку", "Их ответ.", course="frontend")
    school.cases.save(case_id, theirs, version=int(str(form["version"])))
    answer = methodologist.post(f"/cases/{case_id}/edit", data=form | {"answer": "Мой ответ."})
    assert answer.status_code == 409
    assert "Мой ответ." in answer.text
    assert "Их ответ." in answer.text
    fresh = re.search(r'name="version" value="(\d+)"', answer.text)
    assert fresh is not None
    again = form | {"answer": "Мой ответ.", "version": fresh[1]}
    assert methodologist.post(f"/cases/{case_id}/edit", data=again).status_code == 303
    assert school.cases.get(case_id).answer == "Мой ответ."


def test_colliding_edits_show_phrasings_on_the_side_that_has_some(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    case_id = case_named(school, "ветку")
    form = form_of(school, case_id)

    def headings(theirs: tuple[str, ...], ours: list[str]) -> list[bool]:
        version = school.cases.get(case_id).version
        school.cases.save(case_id, CaseDraft("Ветка", "Их ответ.", variants=theirs), version=version)
        page = methodologist.post(f"/cases/{case_id}/edit", data=form | {"variant": ours}).text
        sides = page.split('<div class="panes">')[1].split("</section>")[:2]
        return ['<span class="label">Phrasings</span>' in side for side in sides]

    assert headings((), []) == [False, False]
    assert headings(("их слова",), []) == [False, True]
    assert headings((), ["наши слова"]) == [True, False]


def test_mentors_write_drafts_and_methodologists_publish(
    mentor: FlaskClient, methodologist: FlaskClient, school: Kbsearch
) -> None:
    form = {"title": "Как получить справку", "answer": "Напишите в поддержку.", "do": "save:in_review"}
    here = mentor.post("/cases/new", data=form).location.split("?")[0]
    case_id = int(here.rpartition("/")[2])
    assert school.cases.get(case_id).state == "in_review"
    assert mentor.post(f"{here}/state", data={"state": "published"}).status_code == 403
    assert mentor.post("/cases/new", data=form | {"do": "save:published"}).status_code == 403
    methodologist.post(f"{here}/state", data={"state": "published"})
    again = methodologist.post(f"{here}/state", data={"state": "published"}, follow_redirects=True)
    assert (again.status_code, "The case is now: published" in again.text) == (200, True)
    assert mentor.get(f"{here}/edit").status_code == 403
    methodologist.post(f"{here}/state", data={"state": "draft"})
    assert mentor.get(f"{here}/edit").status_code == 200


def test_a_case_answers_the_question_it_was_written_from_once_it_is_published(
    mentor: FlaskClient, methodologist: FlaskClient, school: Kbsearch
) -> None:
    ids = [
        school.questions.receive(IncomingQuestion(text)).question_id for text in ("где справка", "где зал")
    ]
    words = {"title": "Где это", "answer": "На сайте."}
    forms = [words | {"variant": f"где {n}", "question_id": str(n)} for n in ids]
    here = mentor.post("/cases/new", data=forms[0] | {"do": "save:in_review"}).location.split("?")[0]
    assert school.questions.get(ids[0]).state == QuestionState.OPEN  # no student is shown a draft
    methodologist.post(f"{here}/state", data={"state": "published"})
    methodologist.post("/cases/new", data=forms[1] | {"do": "save:published", "title": "Где зал"})
    for one in ids:
        assert school.questions.get(one).state == QuestionState.ANSWERED
    assert f"{school.questions.get(ids[0]).case_id}" == here.rpartition("/")[2]
    assert mentor.post("/cases/new", data=words | {"question_id": "9999"}).status_code == 404


def test_a_mistake_in_the_editor_keeps_what_was_written(mentor: FlaskClient) -> None:
    answer = mentor.post("/cases/new", data={"title": "ab", "answer": "долгий труд", "do": "save"})
    assert answer.status_code == 422
    assert "долгий труд" in answer.text
    assert 'role="alert"' in answer.text


def test_history_shows_changes_and_restores(methodologist: FlaskClient, school: Kbsearch) -> None:
    case_id = case_named(school, "ветку")
    form = form_of(school, case_id) | {"answer": "Команда `git branch имя`.", "note": "проще"}
    methodologist.post(f"/cases/{case_id}/edit", data=form)
    page = methodologist.get(f"/cases/{case_id}/history").text
    assert "<ins>branch</ins>" in page
    first = methodologist.get(f"/cases/{case_id}/history?revision=1").text
    assert "<ins>Веб-разработка</ins>" in first
    assert "<ins>Russian</ins>" in first
    methodologist.post(f"/cases/{case_id}/restore", data={"revision": "1"})
    assert "switch" in school.cases.get(case_id).answer


def test_a_near_duplicate_is_warned_of(mentor: FlaskClient) -> None:
    ask = {"HX-Request": "true", "HX-Target": "duplicates"}
    block = mentor.get("/cases/new?title=Как отменить последний коммит", headers=ask).text
    assert "Как отменить последний коммит" in block
    assert "<form" not in block
    assert "Как отменить" not in mentor.get("/cases/new?title=Как", headers=ask).text


def test_a_file_is_previewed_then_taken_in_by_the_worker(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    content = "Отчёт\nid,text,course\n1,как стать разработчиком,frontend\n2,,frontend\n".encode()
    sent = {"file": (io.BytesIO(content), "вопросы.csv")}
    here = methodologist.post("/import", data=sent).location
    preview = methodologist.get(here).text
    assert "как стать разработчиком" in preview
    assert "Headers: line 2" in preview
    ticket = here.split("?")[0]
    job = methodologist.post(f"{ticket}/run", data={"file_name": "вопросы"}).location
    assert "Waiting for the worker" in methodologist.get(job).text
    run_worker_until_done(school, int(job.rpartition("/")[2]))
    report = methodologist.get(job).text
    assert "new questions" in report
    assert "Headers: line 2" in report
    assert school.questions.count() == 6
    assert school.questions.latest(limit=1)[0].source == "вопросы"
    assert methodologist.get("/import/0123456789abcdef").status_code == 404
    assert methodologist.get("/import/..%2f..%2fetc").status_code == 404


def test_a_column_that_is_no_id_can_be_left_out(methodologist: FlaskClient, school: Kbsearch) -> None:
    content = "№,вопрос\n1,как открыть файл в блокноте\n1,где смотреть оценки за тест\n".encode()
    here = methodologist.post("/import", data={"file": (io.BytesIO(content), "листы.csv")}).location
    assert "1 row has the id of an earlier row" in methodologist.get(here).text
    shown = methodologist.get(f"{here}&map-text=вопрос&map-id=").text
    assert "the id of an earlier row" not in shown
    fields = {"source": "листы", "map-text": "вопрос", "map-id": ""}
    job = methodologist.post(f"{here.split('?')[0]}/run", data=fields).location
    before = school.questions.count()
    run_worker_until_done(school, int(job.rpartition("/")[2]))
    assert school.questions.count() == before + 2


def test_a_report_leads_to_another_column_of_ids(methodologist: FlaskClient, school: Kbsearch) -> None:
    content = "№,вопрос\n1,как открыть файл в блокноте\n1,где смотреть оценки за тест\n".encode()
    here = methodologist.post("/import", data={"file": (io.BytesIO(content), "листы.csv")}).location
    job = methodologist.post(f"{here.split('?')[0]}/run").location
    run_worker_until_done(school, int(job.rpartition("/")[2]))
    shown = methodologist.get(job).text
    assert "1 row has the id of an earlier row" in shown
    assert "If column “№” holds no ids of questions, undo the import" in shown
    assert "name another source" not in shown
    methodologist.set_cookie("language", "ru")
    shown = methodologist.get(job).text
    assert "Если в столбце «№» не номера вопросов, отмените загрузку" in shown
    assert "Её номер — номер одной из строк выше" in shown


def test_a_file_without_rows_is_not_offered(methodologist: FlaskClient) -> None:
    here = methodologist.post(
        "/import", data={"file": (io.BytesIO("Вопрос;Дата\n".encode()), "a.csv")}
    ).location
    shown = methodologist.get(here).text
    assert "There is nothing in it that can be taken." in shown
    assert '<button class="primary" disabled>' in shown


def test_a_table_without_names_of_columns_loses_no_row(methodologist: FlaskClient, school: Kbsearch) -> None:
    content = "Пётр;как открыть файл в блокноте\nАнна;где смотреть оценки за тест\n".encode()
    here = methodologist.post("/import", data={"file": (io.BytesIO(content), "чат.csv")}).location
    shown = methodologist.get(here).text
    columns = re.findall(r'name="column" value="([^"]*)"', shown)
    assert columns == ["Пётр", "как открыть файл в блокноте"]
    assert 'name="headless"' in shown
    ticket = here.split("?")[0]
    chosen = {"headless": "1", "column": columns, "map-text": columns[1]}
    again = methodologist.get(ticket, query_string=chosen).text
    assert "Headers: none, the first row is data" in again
    assert "The first row holds the names of the columns" in again
    assert '<option value="2" selected>' in again
    job = methodologist.post(f"{ticket}/run", data={"map-text": "2"}).location
    run_worker_until_done(school, int(job.rpartition("/")[2]))
    texts = {question.text for question in school.questions.latest(limit=2)}
    assert texts == {"как открыть файл в блокноте", "где смотреть оценки за тест"}


def test_a_failed_job_says_why_in_the_language_of_the_page(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    job = school.jobs.enqueue(JobKind.IMPORT, {"path": "/no/such/file.csv"})
    run_worker_until_done(school, job.id)
    assert "/no/such/file.csv cannot be read: No such file" in methodologist.get(f"/jobs/{job.id}").text
    methodologist.set_cookie("language", "ru")
    assert "/no/such/file.csv не читается: No such file" in methodologist.get(f"/jobs/{job.id}").text
    assert "/no/such/file.csv cannot be read: No such file" in school.jobs.get(job.id).error


def test_a_search_for_clusters_leads_to_what_it_proposes(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    plant_proposal(school, 40)
    proposal = school.proposals.latest()
    assert proposal is not None
    with school.database.writing() as session:
        for number, run_id in ((7, proposal.run.id), (8, proposal.run.id - 1)):
            session.add(Job(id=number, kind=JobKind.CLUSTER, state=JobState.DONE, result={"run_id": run_id}))
    page = methodologist.get("/jobs/7").text
    assert f"The last run proposes {proposal.open} change" in page
    assert 'class="button primary" href="/clusters/diff"' in page
    assert "The clusters are found." in methodologist.get("/jobs/8").text
    school.proposals.accept(proposal.run.id)
    assert "The clusters are found." in methodologist.get("/jobs/7").text


@pytest.mark.parametrize(
    ("taken", "links"),
    [
        ({"questions_new": 3, "cases_new": 0}, ["See the questions"]),
        ({"cases_changed": 1, "questions_new": 0}, ["See the cases"]),
        ({"questions_known": 1, "cases_new": 1}, ["See the questions", "See the cases"]),
        ({"courses": 2}, ["Hard points"]),
        ({"enrolments": 9}, ["Hard points"]),
        ({}, ["See the questions"]),
    ],
)
def test_a_report_of_an_import_leads_to_what_it_brought(
    methodologist: FlaskClient, school: Kbsearch, taken: dict[str, int], links: list[str]
) -> None:
    with school.database.writing() as session:
        session.add(Job(id=7, kind=JobKind.IMPORT, state=JobState.DONE, result={"taken": taken}))
    page = methodologist.get("/jobs/7").text
    said = ("See the questions", "See the cases", "Hard points")
    assert [text for text in said if f"</svg>{text}</a>" in page] == links


def test_a_job_that_failed_before_reasons_were_kept_apart_stays_readable(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    with school.database.writing() as session:
        session.add(Job(id=7, kind=JobKind.CLUSTER, state=JobState.FAILED, error="Only {3} questions."))
    assert "Only {3} questions." in methodologist.get("/jobs/7").text


def test_a_glossary_that_breaks_off_is_taken_up_to_there(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    whole = "<ENTRY><CONCEPT>Где ноты</CONCEPT><DEFINITION>&lt;p&gt;В шкафу&lt;/p&gt;</DEFINITION></ENTRY>"
    content = f"<GLOSSARY><INFO><ENTRIES>{whole}<ENTRY><CONCEPT>Обрыв".encode()
    here = methodologist.post("/import", data={"file": (io.BytesIO(content), "faq.xml")}).location
    methodologist.set_cookie("language", "ru")
    shown = methodologist.get(here).text
    assert "глоссарий Moodle" in shown
    assert "Где ноты" in shown
    assert "остаток файла" in shown
    assert "не целый XML начиная со строки 1" in shown
    assert str(school.settings.home) not in shown
    job = methodologist.post(f"{here.split('?')[0]}/run").location
    run_worker_until_done(school, int(job.rpartition("/")[2]))
    assert school.cases.by_slug("gde-noty").answer == "В шкафу"


def test_exports_that_name_their_source_are_known_under_any_name(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    post = {"id": 1, "post_number": 1, "cooked": "<p>Как?</p>", "created_at": "2026-10-01T07:00:00Z"}
    topic = {"id": 7, "title": "Где ноты", "post_stream": {"posts": [post], "stream": [1, 2]}}
    before = school.questions.count()
    for name in ("тема.json", "тема за декабрь.json"):
        content = io.BytesIO(json.dumps(topic).encode())
        here = methodologist.post("/import", data={"file": (content, name)}).location
        shown = methodologist.get(here, headers={"Cookie": "language=ru"}).text
        assert "Где ноты" in shown
        assert "?print=true" in shown
        told = dict(re.findall(r'<input type="hidden" name="(source|file_name)" value="([^"]*)"', shown))
        assert told == {"file_name": name.removesuffix(".json")}
        job = methodologist.post(f"{here.split('?')[0]}/run", data=told).location
        run_worker_until_done(school, int(job.rpartition("/")[2]))
    assert school.questions.count() == before + 1
    assert "discourse" in {question.source for question in school.questions.latest()}


def zipped(name: str, data: object) -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, json.dumps(data))
    content.seek(0)
    return content


def test_an_archive_of_slack_is_previewed_where_it_is(methodologist: FlaskClient, school: Kbsearch) -> None:
    methodologist.set_cookie("language", "ru")
    message = {"type": "message", "user": "U1", "text": "Где взять ноты?", "ts": "1790838000.0001"}
    archive = zipped("noty/2026-10-01.json", [message, 7])
    here = methodologist.post("/import", data={"file": (archive, "Школа Oct 2026.zip")}).location
    shown = methodologist.get(here).text
    assert "выгрузка Slack" in shown
    assert "Где взять ноты?" in shown
    assert "2026-10-01.json, запись 2" in shown
    outside = zipped("../../noty/2026-10-01.json", [message])
    here = methodologist.post("/import", data={"file": (outside, "Чужой.zip")}).location
    page = methodologist.get(here)
    assert page.status_code == 422
    assert "В Чужой.zip есть файл, который оказался бы снаружи" in page.text
    assert str(school.settings.home) not in page.text


def test_channels_of_slack_are_ticked_in_the_preview(methodologist: FlaskClient, school: Kbsearch) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, channel in enumerate(("git", "noty")):
            said = {
                "type": "message",
                "user": "U1",
                "text": f"Где взять {channel}?",
                "ts": f"179083800{number}.0",
            }
            archive.writestr(f"{channel}/2026-10-01.json", json.dumps([said]))
    content.seek(0)
    here = methodologist.post("/import", data={"file": (content, "Школа.zip")}).location
    shown = methodologist.get(here).text
    assert "Channels: all 2" in shown
    assert re.findall(r'name="channel" value="(\w+)"', shown) == ["git", "noty"]
    shown = methodologist.get(f"{here}&channel=noty").text
    assert "Channels: 1 of 2" in shown
    assert 'value="noty" checked' in shown
    assert "Где взять git?" not in shown
    page = methodologist.get(f"{here}&channel=rust")
    assert page.status_code == 422
    assert "Школа.zip has no channel &#39;rust&#39;. Choose among: git, noty." in page.text


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("вопросы.json", b"{not json", "вопросы.json is not whole JSON"),
        ("faq.xml", b"<GLOSSARY><ENTRIES><ENTRY><CONCEPT>c", "faq.xml is not whole XML from line 1"),
        (
            "faq.xml",
            b"<GLOSSARY><ENTRIES></ENTRIES></GLOSSARY>",
            "faq.xml is the export of a glossary without",
        ),
        ("Школа.zip", b"PK\x03\x04 cut off", "Школа.zip is no ZIP archive that can be read"),
    ],
)
def test_a_broken_file_is_named_as_its_sender_knows_it(
    methodologist: FlaskClient, school: Kbsearch, name: str, content: bytes, told: str
) -> None:
    here = methodologist.post("/import", data={"file": (io.BytesIO(content), name)}).location
    page = methodologist.get(here)
    assert page.status_code == 422
    assert told in page.text
    assert str(school.settings.home) not in page.text
    file_name = {"file_name": name.rpartition(".")[0]}
    job = methodologist.post(f"{here.split('?')[0]}/run", data=file_name).location
    run_worker_until_done(school, int(job.rpartition("/")[2]))
    shown = methodologist.get(job).text
    assert told in shown
    assert "upload" not in shown


@pytest.mark.parametrize("on_error", ["skip", "stop"])
def test_a_file_that_breaks_off_is_named_in_its_report(
    methodologist: FlaskClient, school: Kbsearch, on_error: str
) -> None:
    content = (
        "<GLOSSARY><ENTRY><CONCEPT>Где ноты</CONCEPT><DEFINITION>В шкафу</DEFINITION></ENTRY><ENTRY>".encode()
    )
    here = methodologist.post("/import", data={"file": (io.BytesIO(content), "Вопросы.xml")}).location
    told = "Вопросы.xml is not whole XML from line 1"
    assert told in methodologist.get(here).text
    chosen = {"file_name": "Вопросы", "on_error": on_error}
    job = methodologist.post(f"{here.split('?')[0]}/run", data=chosen).location
    run_worker_until_done(school, int(job.rpartition("/")[2]))
    assert told in methodologist.get(job).text
    assert "upload" not in methodologist.get(job).text


def run_worker_until_done(app: Kbsearch, job_id: int) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=Worker(app).run, args=(stop,))
    thread.start()
    try:
        for _ in range(200):
            if app.jobs.get(job_id).finished_at or stop.wait(0.05):
                break
    finally:
        stop.set()
        thread.join(10)


def test_finding_clusters_is_one_job_at_a_time(methodologist: FlaskClient) -> None:
    first = methodologist.post("/clusters/find").location
    assert methodologist.post("/clusters/find").location == first
    assert "Finding clusters" in methodologist.get("/clusters").text


def test_text_from_students_never_becomes_markup(mentor: FlaskClient, school: Kbsearch) -> None:
    taken = school.questions.receive(IncomingQuestion("<img src=x onerror=alert(1)> как отменить коммит?"))
    school.pipeline.drain_all(lambda done, total, stage: None)
    for path in (f"/questions/{taken.question_id}", "/questions", "/?q=<img src=x onerror=alert(1)>"):
        assert "<img src=x" not in mentor.get(path).text
