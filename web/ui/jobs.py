"""Longer tasks: their progress and their reports."""

from __future__ import annotations

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.models import Job, JobKind, JobState, Role
from web.session import kb, requires
from web.ui import blueprint
from web.ui.forms import go, wants_block

BUSY = (JobState.WAITING, JobState.RUNNING)


@blueprint.get("/jobs")
@requires(Role.METHODOLOGIST)
def jobs_page() -> str:
    """The latest jobs."""
    return render_template("jobs/list.html", jobs=kb().jobs.latest(limit=30))


@blueprint.get("/jobs/<int:job_id>")
@requires(Role.METHODOLOGIST)
def job_page(job_id: int) -> str:
    """How far a job is, then what it did; asks again by itself while it runs."""
    job = kb().jobs.get(job_id)
    template = "jobs/_job.html" if wants_block("job") else "jobs/view.html"
    past = kb().past_imports.of_job(job_id) if job.kind == JobKind.IMPORT else None
    return render_template(
        template, job=job, busy=job.state in BUSY, share=_share(job), past=past, proposed=_proposed(job)
    )


def _proposed(job: Job) -> int:
    """How many changes of the run that the job made wait for a decision."""
    if job.kind != JobKind.CLUSTER or job.state != JobState.DONE:
        return 0
    newest = kb().clusters.searched()
    return kb().proposals.open_lines() if newest and newest.id == job.result.get("run_id") else 0


def _share(job: Job) -> float | None:
    return min(1.0, job.done / job.total) if job.total else None


@blueprint.post("/jobs/<int:job_id>/cancel")
@requires(Role.METHODOLOGIST)
def cancel_job(job_id: int) -> Response:
    """Ask a job to stop."""
    kb().jobs.cancel(job_id)
    return go(url_for("ui.job_page", job_id=job_id))
