"""Clusters over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.test import TestResponse

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Cluster, Membership, Run, utc_now

Call = Callable[..., TestResponse]


def test_before_the_first_run_there_are_none(call: Call) -> None:
    assert call("clusters").get_json() == {"items": [], "total": 0, "run": None}
    assert call("clusters/1").status_code == 404
    assert call("clusters", sort="colour").status_code == 422


def _cluster(app: Kbsearch) -> tuple[int, list[int]]:
    texts = ("Как отменить коммит?", "Отмена коммита, как?", "Откатить коммит можно?")
    batch = [IncomingQuestion(text, "test", course="git", lesson="git-1") for text in texts]
    ids = [received.question_id for received in app.questions.receive_many(batch)]
    with app.database.writing() as session:
        run = Run(algorithm="leiden", finished_at=utc_now())
        session.add(run)
        session.flush()
        cluster = Cluster(
            label="отменить коммит", keywords=["коммит"], size=3, first_run_id=run.id, last_run_id=run.id
        )
        session.add(cluster)
        session.flush()
        for rank, question_id in enumerate(ids, 1):
            session.add(
                Membership(
                    run_id=run.id,
                    question_id=question_id,
                    cluster_id=cluster.id,
                    strength=1 - rank / 10,
                    exemplar_rank=rank,
                )
            )
    return cluster.id, ids


def test_clusters_are_listed_and_read(call: Call, school: Kbsearch) -> None:
    cluster_id, question_ids = _cluster(school)
    page = call("clusters", course="git").get_json()
    assert page["total"] == 1
    assert page["run"]["algorithm"] == "leiden"
    row = page["items"][0]
    assert (row["id"], row["label"], row["size"], row["case"]) == (cluster_id, "отменить коммит", 3, None)
    assert len(row["weekly"]) == 16
    assert row["last_7"] == row["last_28"] == 3
    assert row["courses"] == [{"code": "git", "count": 3}]
    assert {question["id"] for question in row["exemplars"]} <= set(question_ids)
    assert row["trend"] | {"since": ""} == {
        "state": "few",
        "p": 1.0,
        "weeks": 1,
        "observed": 0,
        "expected": 0.0,
        "course_week": None,
        "since": "",
    }
    school.trends.refresh()
    row = call("clusters", course="git").get_json()["items"][0]
    detail = call(f"clusters/{cluster_id}").get_json()
    assert {name: detail[name] for name in row} == row
    assert [member["question"]["id"] for member in detail["questions"]] == question_ids
    assert detail["lessons"] == [{"code": "git-1", "count": 3}]


def test_a_clusters_draft_case_stays_inside(call: Call, school: Kbsearch) -> None:
    cluster_id, _ = _cluster(school)
    case = school.cases.create_from_cluster(cluster_id)
    assert call(f"clusters/{cluster_id}").get_json()["case"] is None
    school.cases.move(case.id, "archived")
    assert call("clusters").get_json()["items"][0]["case"] is None


def test_clusters_are_read_on_after_an_id(call: Call, topics: Kbsearch) -> None:
    every = sorted(row["id"] for row in call("clusters", limit=200).get_json()["items"])
    first = call("clusters", limit=2, after=0).get_json()
    assert [row["id"] for row in first["items"]] == every[:2]
    rest = call("clusters", limit=200, after=every[1]).get_json()
    assert ([row["id"] for row in rest["items"]], rest["total"]) == (every[2:], len(every))
    refused = call("clusters", after=0, sort="recent").get_json()
    assert refused["errors"] == [{"field": "sort", "detail": "'after' does not take it"}]


def test_a_cluster_that_has_ended_has_no_trend(call: Call, topics: Kbsearch) -> None:
    topics.trends.refresh()
    one, other = (row["id"] for row in call("clusters").get_json()["items"][:2])
    assert call(f"clusters/{one}").get_json()["trend"] is not None
    call("clusters/edits", {"kind": "merge", "cluster_id": one, "into_id": other})
    ended = call(f"clusters/{one}").get_json()
    assert (ended["size"], ended["trend"]) == (0, None)
