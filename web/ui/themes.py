"""Themes: what is asked, by subject, with the clusters of each."""

from __future__ import annotations

from flask import render_template

from kbsearch.models import Role
from web.session import kb, requires
from web.ui import blueprint


@blueprint.get("/clusters/themes")
@requires(Role.MENTOR)
def themes_page() -> str:
    """The themes of the current run."""
    run = kb().clusters.latest_run()
    rows = kb().themes.of_run(run.id) if run else []
    return render_template("clusters/themes.html", run=run, rows=rows)
