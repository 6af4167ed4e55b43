"""Themes: what is asked, by subject, with the clusters of each."""

from __future__ import annotations

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.models import Role
from web.session import kb, requires
from web.ui import blueprint
from web.ui.forms import go, number_of

SHOWN = 10
"""Clusters that are shown of a theme; all of them when it is shown alone."""


@blueprint.get("/clusters/themes")
@requires(Role.MENTOR)
def themes_page() -> str | Response:
    """The themes of the current run, or one of them with all its clusters."""
    run = kb().clusters.latest_run()
    rows = kb().themes.of_run(run.id) if run else []
    alone = number_of("theme", 0)
    if alone:
        rows = [row for row in rows if row.theme and row.theme.id == alone]
        if not rows:
            return go(url_for("ui.themes_page"))
    return render_template("clusters/themes.html", run=run, rows=rows, alone=alone, shown=SHOWN)
