"""Editing clusters, deciding on them and on what a run proposes, without any script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from kbsearch.app import Kbsearch
from kbsearch.models import (
    CaseState,
    Cluster,
    ClusterTrend,
    Colour,
    Coverage,
    Membership,
    Question,
    QuestionState,
    Run,
    RunState,
    Theme,
    utc_now,
)
from kbsearch.ports import silent
from kbsearch.services.cases import CaseDraft
from kbsearch.services.clusters import MAX_MEMBERS
from tests.large_proposal import places, plant_proposal


def undo(client: FlaskClient, page: str) -> str:
    """Press the undo button of ``page``'s message; returns the page that follows."""
    form = re.search(r'<form method="post" action="([^"]*(?:undo|state))">(.*?)</form>', page, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(next|edit|case|step)" value="([^"]*)"', form[2]))
    return client.post(form[1], data=fields, follow_redirects=True).text


def test_questions_are_split_off_and_come_back(methodologist: FlaskClient, school: Kbsearch) -> None:
    page = methodologist.get("/clusters/1").text
    assert 'type="checkbox" name="question" value="1"' in page
    form = {"do": "split", "question": ["1"], "label": "Отмена, другое"}
    made = methodologist.post("/clusters/1/edit", data=form)
    page = methodologist.get(made.location).text
    assert "Отмена, другое" in page
    assert "Split off" in page
    assert school.clusters.get(1).row.size == 2
    assert "lock" in methodologist.get("/clusters").text
    undo(methodologist, page)
    assert school.clusters.get(1).row.size == 3


def test_a_pasted_log_does_not_fill_the_page(mentor: FlaskClient, school: Kbsearch) -> None:
    with school.database.writing() as session:
        session.execute(update(Question).where(Question.id == 1).values(text="строка лога " * 900))
    assert mentor.get("/clusters/1").text.count("строка лога") < 200


@pytest.mark.parametrize("step", ["keep", "pin", "dismiss"])
def test_every_edit_says_what_it_did_and_can_be_undone(
    methodologist: FlaskClient, school: Kbsearch, step: str
) -> None:
    form = {"do": step, "question": ["1", "2"]}
    page = methodologist.post("/clusters/1/edit", data=form, follow_redirects=True).text
    assert school.clusters.edited([1]) == {1}
    assert "Who edited what" in page
    assert "Methodologist" in page
    assert "Undone." in undo(methodologist, page)
    assert school.clusters.edited([1]) == set()
    assert school.clusters.get(1).row.size == 3


def test_a_linked_case_is_the_clusters_case(methodologist: FlaskClient, school: Kbsearch) -> None:
    case = school.cases.list(text="ветку").items[0]
    methodologist.post("/clusters/1/edit", data={"do": "link", "case": f"/cases/{case.id}"})
    row = school.clusters.get(1).row
    assert row.case is not None
    assert row.case.id == case.id
    history = methodologist.get("/clusters/1").text.split("Who edited what")[1]
    assert f'<a href="/cases/{case.id}">{case.title}</a>' in history


def test_a_cluster_that_has_ended_offers_no_case(methodologist: FlaskClient, school: Kbsearch) -> None:
    assert "Make a case" in methodologist.get("/clusters/1").text
    ids = [question.id for question, _ in school.clusters.get(1).questions]
    methodologist.post("/clusters/1/edit", data={"do": "dismiss", "question": ids})
    page = methodologist.get("/clusters/1").text
    assert "Its questions are in other clusters or in none" in page
    assert not {"Make a case", "Typical questions", "By week"} & set(re.findall(r">([A-Z][a-z ]+)<", page))
    assert methodologist.post("/clusters/1/case").status_code == 409


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"do": "split", "question": ["1", "2", "3"]}, 422),
        ({"do": "split"}, 422),
        ({"do": "move", "question": ["1"], "into": "99"}, 404),
        ({"do": "move", "question": ["1"], "into": "x"}, 422),
        ({"do": "merge", "into": "1"}, 422),
        ({"do": "pin", "question": ["4"]}, 422),
        ({"do": "pin", "question": ["x"]}, 400),
        ({"do": "bogus"}, 400),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    methodologist: FlaskClient, form: dict[str, object], status: int
) -> None:
    answer = methodologist.post("/clusters/1/edit", data=form)
    assert answer.status_code == status
    assert "<h1" in answer.text


def test_mentors_look_and_methodologists_edit(mentor: FlaskClient) -> None:
    assert 'name="question"' not in mentor.get("/clusters/1").text
    assert mentor.get("/clusters/diff").status_code == 200
    for path in ("/clusters/1/edit", "/clusters/diff", "/clusters/review", "/clusters/edits/1/undo"):
        assert mentor.post(path, data={"do": "keep"}).status_code == 403


def test_the_queue_is_decided_one_by_one_with_undo(methodologist: FlaskClient, topics: Kbsearch) -> None:
    page = methodologist.get("/clusters/review").text
    total = int(re.search(r"1 of (\d+)", page)[1])  # type: ignore[index]
    assert total >= 4
    cluster = re.search(r'name="cluster" value="(\d+)"', page)
    assert cluster is not None
    form = {"cluster": cluster[1], "do": "fine"}
    page = methodologist.post("/clusters/review", data=form, follow_redirects=True).text
    assert f"2 of {total}" in page
    assert f'name="cluster" value="{cluster[1]}"' not in page
    again = methodologist.post("/clusters/review", data=form, follow_redirects=True).text
    assert f"2 of {total}" in again  # a page that the browser kept, sent a second time
    undo(methodologist, again)
    page = undo(methodologist, page)
    assert f"1 of {total}" in page
    assert f'name="cluster" value="{cluster[1]}"' in page
    size = topics.clusters.get(int(cluster[1])).row.size
    page = methodologist.post("/clusters/review", data=form | {"do": "dismiss"}, follow_redirects=True).text
    assert topics.clusters.get(int(cluster[1])).row.size == 0
    undo(methodologist, page)
    assert topics.clusters.get(int(cluster[1])).row.size == size


@pytest.mark.parametrize("step", [{"do": "merge"}, {"do": "merge:999"}, {"do": "merge", "into": "none"}])
def test_a_decision_that_fails_leaves_the_cluster_in_the_queue(
    methodologist: FlaskClient, topics: Kbsearch, step: dict[str, str]
) -> None:
    before = methodologist.get("/clusters/review").text
    form = {"cluster": str(waiting(before))} | step
    refused = methodologist.post(
        "/clusters/review", data=form, headers={"Referer": "http://localhost/clusters/review"}
    )
    assert refused.status_code in {404, 422}
    assert '<a class="button primary" href="/clusters/review">' in refused.text
    after = methodologist.get("/clusters/review").text
    assert waiting(after) == waiting(before)
    assert "1 of " in after


def test_a_large_cluster_is_dismissed_whole_and_comes_back(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    plant_proposal(school, 5 * (MAX_MEMBERS + 20))
    row = school.clusters.list().items[0]
    assert row.size > MAX_MEMBERS
    form = {"cluster": str(row.cluster.id), "do": "dismiss"}
    before, waiting_before = places(school), school.questions.count(state=QuestionState.OPEN)
    page = methodologist.post("/clusters/review", data=form, follow_redirects=True).text
    assert row.cluster.id not in places(school).values()
    assert school.questions.count(state=QuestionState.OPEN) == waiting_before - row.size
    undo(methodologist, page)
    assert places(school) == before
    assert school.questions.count(state=QuestionState.OPEN) == waiting_before


def test_figures_of_the_queue_are_written_as_the_language_does(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    methodologist.set_cookie("language", "ru")
    page = methodologist.get("/clusters/review").text
    assert re.search(r"сэкономил бы около \d+(,\d)? в неделю", page)


def waiting(page: str) -> int:
    """The cluster that the queue shows."""
    found = re.search(r'name="cluster" value="(\d+)"', page)
    assert found is not None
    return int(found[1])


def test_a_new_case_is_a_decision_with_undo_and_never_the_second(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    cluster = waiting(methodologist.get("/clusters/review").text)
    form = {"cluster": str(cluster), "do": "case"}
    page = methodologist.post("/clusters/review", data=form, follow_redirects=True).text
    written = topics.clusters.get(cluster).row.case
    assert written is not None
    assert waiting(methodologist.get("/clusters/review").text) != cluster
    again = methodologist.post("/clusters/review", data=form)
    assert again.location == f"/cases/{written.id}"
    assert "There is a case for this cluster already" in methodologist.get(again.location).text
    undone = re.search(r'action="(/clusters/review/\d+/undo)"', page)
    assert undone is not None
    page = methodologist.post(undone[1], data={"case": str(written.id)}, follow_redirects=True).text
    assert waiting(page) == cluster
    assert topics.cases.get(written.id).state == CaseState.ARCHIVED


def test_a_split_leads_back_to_the_queue(methodologist: FlaskClient, topics: Kbsearch) -> None:
    cluster = waiting(methodologist.get("/clusters/review").text)
    there = methodologist.post("/clusters/review", data={"cluster": str(cluster), "do": "split"}).location
    page = methodologist.get(there).text
    assert 'name="review" value="1"' in page
    chosen = re.findall(r'name="question" value="(\d+)"', page)[:1]
    form = {"do": "split", "question": chosen, "review": "1"}
    page = methodologist.post(f"/clusters/{cluster}/edit", data=form, follow_redirects=True).text
    assert waiting(page) == cluster
    assert "Split off" in page


def test_the_queue_is_ordered_by_what_a_case_is_expected_to_save(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    first = waiting(methodologist.get("/clusters/review").text)
    with topics.database.writing() as session:
        session.add(
            Coverage(cluster_id=first, colour="green", sampled=10, sure=10, same_case=5, model_version="m")
        )
    assert waiting(methodologist.get("/clusters/review").text) != first
    item = topics.reviews.next(cluster_id=first)
    assert item is not None
    assert item.row.cluster.id == first
    assert item.saved == 0


def test_a_cluster_that_one_case_covers_waits_for_no_decision_until_it_does_not(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    before = topics.reviews.next()
    assert before is not None
    first = before.row.cluster.id
    with topics.database.writing() as session:
        session.add(
            Coverage(cluster_id=first, colour="green", sampled=10, sure=8, same_case=6, model_version="m")
        )
    after = topics.reviews.next(cluster_id=first)
    assert after is not None
    assert after.row.cluster.id != first
    assert after.total == before.total - 1
    with topics.database.writing() as session:
        session.get_one(Coverage, first).colour = Colour.YELLOW
    assert topics.reviews.next(cluster_id=first).row.cluster.id == first  # type: ignore[union-attr]


def test_two_who_look_at_one_cluster_do_not_both_decide(
    methodologist: FlaskClient, admin: FlaskClient, topics: Kbsearch
) -> None:
    pages = [client.get("/clusters/review").text for client in (methodologist, admin)]
    first, second = (dict(re.findall(r'name="(cluster|shown)" value="([^"]*)"', page)) for page in pages)
    assert first["cluster"] == second["cluster"]
    size = topics.clusters.get(int(first["cluster"])).row.size
    methodologist.post("/clusters/review", data=first | {"do": "fine"})
    page = admin.post("/clusters/review", data=second | {"do": "dismiss"}, follow_redirects=True).text
    assert "Methodologist decided on that cluster while you looked at it." in page
    assert waiting(page) != int(first["cluster"])
    assert topics.clusters.get(int(first["cluster"])).row.size == size
    # Who decides again, from a page that the browser kept, means it.
    page = methodologist.post("/clusters/review", data=first | {"do": "later"}, follow_redirects=True).text
    assert "Put off for a week." in page


def test_a_cluster_waits_again_when_its_case_is_archived(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    first = waiting(methodologist.get("/clusters/review").text)
    drafts = [CaseDraft(title, "да") for title in ("Этот", "Другой")]
    case, other = (topics.cases.create(draft, state="published") for draft in drafts)
    form = {"cluster": str(first), "do": f"link:{case.id}"}
    methodologist.post("/clusters/review", data=form)
    assert waiting(methodologist.get(f"/clusters/review?cluster={first}").text) != first
    topics.cases.move(case.id, "archived")
    page = methodologist.get(f"/clusters/review?cluster={first}").text
    assert waiting(page) == first
    assert "has grown" not in page
    assert f"/cases/{case.id}" in page
    listed = methodologist.get("/clusters").text
    assert "has a case" not in listed
    refused = methodologist.post("/clusters/review", data=form)
    assert refused.status_code == 409
    assert "This cannot be done now" in refused.text
    assert "is archived" in refused.text
    methodologist.post("/clusters/review", data=form | {"do": f"link:{other.id}"})
    topics.cases.move(other.id, "archived")
    written = topics.cases.create_from_cluster(first)
    row = topics.clusters.get(first).row
    assert row.case is not None
    assert row.case.id == written.id


def test_the_queue_names_the_case_that_would_cover_a_cluster_after_a_check(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    case = topics.cases.create(CaseDraft("Отмена <коммита>", "git reset"), state="needs_check")
    first = waiting(methodologist.get("/clusters/review").text)
    with topics.database.writing() as session:
        row = Coverage(cluster_id=first, colour="red", sampled=10, sure=0, same_case=0, model_version="m")
        row.in_check_id = case.id
        session.add(row)
    page = methodologist.get(f"/clusters/review?cluster={first}").text
    named = (
        f'Case: <a href="/cases/{case.id}">Отмена &lt;коммита&gt;</a> <span class="badge warn">needs check'
    )
    assert named in page
    topics.cases.move(case.id, "archived")
    assert "Case: <a" not in methodologist.get(f"/clusters/review?cluster={first}").text


def test_what_is_no_question_leaves_its_cluster_at_once_and_comes_back(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    step = {"step": "dismiss"}
    page = methodologist.post("/questions/2/state", data=step, follow_redirects=True).text
    assert school.clusters.get(1).row.size == 2
    methodologist.post("/questions/2/state", data=step)
    undo(methodologist, page)
    assert school.clusters.get(1).row.size == 3
    assert school.questions.get(2).state == QuestionState.OPEN
    assert school.clusters.edited([1]) == set()


def test_those_that_joined_since_the_run_are_marked(methodologist: FlaskClient, school: Kbsearch) -> None:
    assert "joined since the last run" not in methodologist.get("/clusters/1").text
    with school.database.writing() as session:
        session.get_one(Membership, (1, 2)).joined = True
    assert methodologist.get("/clusters/1").text.count("joined since the last run") == 1
    assert school.clusters.get(1).joined == {2}


def test_a_proposal_is_shown_and_accepted_line_by_line(methodologist: FlaskClient, topics: Kbsearch) -> None:
    topics.cluster_runner.run(silent, algorithm="AgglomerativeClustering", by_case=False, accept=False)
    before = places(topics)
    proposal = topics.proposals.latest()
    assert proposal is not None
    assert proposal.run.state == RunState.PROPOSED
    assert proposal.open > 1
    assert "proposes" in methodologist.get("/clusters").text
    page = methodologist.get("/clusters/diff").text
    assert "goes into another one" in page
    assert "Accept all" in page
    line, run = proposal.lines[0].line, str(proposal.run.id)
    methodologist.post("/clusters/diff", data={"run": run, "do": f"accept:{line.id}"})
    after = places(topics)
    moved = {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
    assert len(moved) == line.joined + line.left
    assert topics.proposals.open_lines() == proposal.open - 1
    page = methodologist.post("/clusters/diff", data={"run": run, "do": "reject"}, follow_redirects=True).text
    assert "rejected" in page
    assert topics.proposals.open_lines() == 0
    assert places(topics) == after
    assert methodologist.post("/clusters/diff", data={"run": run, "do": "reopen"}).status_code == 303
    assert topics.proposals.open_lines() == proposal.open - 1
    assert methodologist.post("/clusters/diff", data={"run": "1", "do": "accept"}).status_code == 409


def test_the_page_tells_the_last_search_from_what_was_accepted(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    with topics.database.writing() as session:
        days_ago = utc_now() - timedelta(days=5)
        session.execute(update(Run).values(finished_at=days_ago, decided_at=days_ago))

    def head() -> str:
        page = methodologist.get("/clusters").text
        found = re.search(r'<p class="quiet">(What is asked.*?)</p>', page, re.DOTALL)
        told = " ".join(re.sub(r"<[^>]*>", "", found[1] if found else "").split())
        return told + ("" if "wait for a decision" not in page else " A proposal waits.")

    assert head().endswith("Last searched 5 days ago, accepted 5 days ago.")
    topics.cluster_runner.run(silent, algorithm="AgglomerativeClustering", by_case=False, accept=False)
    waiting = r"Last searched \d+ \w+ ago, these clusters are those accepted 5 days ago. A proposal waits.$"
    assert re.search(waiting, head())
    proposal = topics.proposals.latest()
    assert proposal is not None
    run = proposal.run.id
    topics.proposals.reject(run)
    assert head().endswith("accepted 5 days ago. What was found last was rejected.")
    topics.proposals.reopen(run)
    topics.proposals.accept(run, [proposal.lines[0].line.id])
    assert re.search(r"accepted in part \d+ \w+ ago. A proposal waits.$", head())
    topics.proposals.accept(run)
    assert re.search(r"Last searched \d+ \w+ ago, accepted \d+ \w+ ago.$", head())


def test_a_green_cluster_is_not_said_to_lack_a_case(methodologist: FlaskClient, school: Kbsearch) -> None:
    assert "no case" in methodologist.get("/clusters").text
    with school.database.writing() as session:
        session.add(
            Coverage(cluster_id=1, colour=Colour.GREEN, sampled=3, sure=3, same_case=3, model_version="1")
        )
    page = methodologist.get("/clusters").text
    assert "published cases fit" in page
    assert "no case" not in page


@pytest.mark.parametrize("tab", ["", "/themes", "/map", "/review", "/diff"])
def test_a_run_that_found_nothing_says_what_it_looked_at(
    methodologist: FlaskClient, school: Kbsearch, tab: str
) -> None:
    with school.database.writing() as session:
        for table in ("membership", "cluster", "run"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608  # the names above
    assert "No clusters yet" in methodologist.get(f"/clusters{tab}").text
    school.cluster_runner.run(silent, by_case=False)
    page = methodologist.get(f"/clusters{tab}").text
    assert "The last run found no clusters" in page
    assert "It looked at 5 questions." in page
    assert "No clusters yet" not in page


def test_a_trend_tells_the_day_that_it_began(methodologist: FlaskClient, school: Kbsearch) -> None:
    run = school.clusters.latest_run()
    assert run is not None
    began = datetime(2026, 3, 9, 12, tzinfo=UTC)
    grown = {"state": "growing", "p": 0.001, "weeks": 2, "observed": 9, "expected": 2.0}
    with school.database.writing() as session:
        session.add(ClusterTrend(cluster_id=1, run_id=run.id, since=began, **grown))
    assert "since Mar 9 ·" in " ".join(methodologist.get("/clusters/1").text.split())
    methodologist.set_cookie("language", "ru")
    assert "с 9 мар. ·" in " ".join(methodologist.get("/clusters/1").text.split())


def test_clusters_of_one_name_are_told_apart_wherever_they_are_listed(
    methodologist: FlaskClient, topics: Kbsearch
) -> None:
    first, second, third = [row.cluster for row in topics.clusters.list().items[:3]]
    with topics.database.writing() as session:
        run = first.last_run_id
        theme = Theme(label="Оплата", keywords=[], first_run_id=run, last_run_id=run)
        session.add(theme)
        session.flush()
        session.get_one(Cluster, first.id).theme_id = theme.id
        session.get_one(Cluster, second.id).theme_id = None
    topics.coverage.refresh()
    assert "has this name too" not in methodologist.get(f"/clusters/{second.id}").text
    form = {"label": first.label.upper()}
    page = methodologist.post(f"/clusters/{second.id}/name", data=form, follow_redirects=True).text
    assert "Renamed." in page
    assert f'has this name too: <a href="/clusters/{first.id}">cluster {first.id}</a> (Оплата)' in page
    methodologist.post(f"/clusters/{second.id}/name", data={"label": first.label})
    assert f"cluster {second.id}</a>" in methodologist.get(f"/clusters/{first.id}").text
    told = (f"Оплата · cluster {first.id}<", f">cluster {second.id}<")
    lists = [methodologist.get(f"/clusters{tab}").text for tab in ("", "/themes")]
    for page in [*lists, methodologist.get("/insights/clusters").text]:
        assert all(one in page for one in told)
        assert f"cluster {third.id}<" not in page
    queue = methodologist.get(f"/clusters/review?cluster={first.id}").text
    assert waiting(queue) == first.id
    assert told[0] in queue
    table = "/insights/file?page=clusters&table=clusters&format=csv"
    assert f"{first.label} (Оплата · cluster {first.id})" in methodologist.get(table).text
