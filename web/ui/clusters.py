"""Clusters: the list, one cluster, its name, its case, and finding clusters anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from kbsearch.models import JobKind, JobState, Role
from kbsearch.services.clusters import MAX_MEMBERS
from web.session import current_person, kb, requires
from web.ui import blueprint
from web.ui.charts import shares
from web.ui.forms import address, go, number_of, say, text_of, wants_block
from web.ui.questions import Pages
from web.ui.texts import gettext

ROWS, SHOWN = 30, 20
Sort = Literal["size", "recent", "uncovered"]
SORTS: Sequence[Sort] = ("size", "recent", "uncovered")


@blueprint.get("/clusters")
@requires(Role.MENTOR)
def clusters_page() -> str:
    """What is asked again and again."""
    course, offset = text_of("course"), number_of("offset", 0)
    asked = text_of("sort", "size")
    sort = cast(Sort, asked if asked in SORTS else "size")
    page = kb().clusters.list(course=course, sort=sort, limit=ROWS, offset=offset)
    pages = Pages(
        address(offset=max(0, offset - ROWS) or "") if offset else "",
        address(offset=offset + ROWS) if offset + ROWS < page.total else "",
    )
    return render_template(
        "clusters/_list.html" if wants_block("list") else "clusters/list.html",
        page=page,
        searched=kb().clusters.searched(page.run.course) if page.run else None,
        trends=kb().trends.of(row.cluster.id for row in page.items),
        pages=pages,
        course=course,
        sort=sort,
        sorts=SORTS,
        running=_running(),
        colours=kb().gaps.colours(row.cluster.id for row in page.items),
        edited=kb().clusters.edited(row.cluster.id for row in page.items),
        proposed=kb().proposals.open_lines(),
    )


def _running() -> int | None:
    """The job that finds clusters now, if there is one."""
    busy = (JobState.WAITING, JobState.RUNNING)
    jobs = (job for job in kb().jobs.latest(limit=20) if job.kind == JobKind.CLUSTER and job.state in busy)
    return next((job.id for job in jobs), None)


@blueprint.post("/clusters/find")
@requires(Role.METHODOLOGIST)
def find_clusters() -> Response:
    """Ask the worker to find clusters, unless it is at it already."""
    person = current_person()
    job_id = _running() or _enqueued(person.id if person else None)
    return go(url_for("ui.job_page", job_id=job_id))


def _enqueued(person_id: int | None) -> int:
    return kb().jobs.enqueue(JobKind.CLUSTER, {"accept": False}, person_id=person_id).id


@blueprint.get("/clusters/<int:cluster_id>")
@requires(Role.MENTOR)
def cluster_page(cluster_id: int) -> str:
    """One cluster: its questions, lessons, origin and case."""
    everything = bool(request.args.get("all"))
    detail = kb().clusters.get(cluster_id, questions=MAX_MEMBERS if everything else SHOWN)
    edits = kb().cluster_edits.history(cluster_id)
    linked = kb().cases.by_ids([edit.case_id for edit in edits if edit.case_id is not None])
    lesson_shares = shares([count for _, count in detail.lessons])
    return render_template(
        "clusters/view.html",
        detail=detail,
        row=detail.row,
        trend=kb().trends.of([cluster_id]).get(cluster_id),
        daily=kb().trends.daily(cluster_id),
        lessons=list(zip(detail.lessons, lesson_shares, strict=True)),
        edits=edits,
        linked={case.id: case.title for case in linked},
        people={each.id: each.name for each in kb().people.list()},
        nearest=kb().near_clusters.of(cluster_id),
        namesakes=kb().clusters.namesakes(cluster_id),
        more=0 if everything else min(detail.row.size, MAX_MEMBERS) - len(detail.questions),
        reviewing=bool(request.args.get("review")),
        address=address,
    )


@blueprint.post("/clusters/<int:cluster_id>/case")
@requires(Role.MENTOR)
def make_case(cluster_id: int) -> Response:
    """Draft the cluster's case, or open the one that was written for it."""
    person = current_person()
    known = kb().clusters.get(cluster_id, questions=0).row.case
    if known is not None and known.cluster_id == cluster_id:
        return go(url_for("ui.edit_case", case_id=known.id))
    case = kb().cases.create_from_cluster(cluster_id, person_id=person.id if person else None)
    say(gettext("A draft with the students' words and the mentors' replies. Edit it into an answer."))
    return go(url_for("ui.edit_case", case_id=case.id))
