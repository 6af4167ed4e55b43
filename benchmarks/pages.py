"""What each page costs the server at 100,000 questions: median and 95th percentile of several times.

    python -m benchmarks.pages [--home FOLDER] [--questions 100000] [--only /insights] [--profile] [--edits]

A school is planted into FOLDER when there is none yet.  ``--stored`` lets the worker's part (counts, trends,
effects) be done before; without it pages meet a school whose worker has not come around to it.
``--edits`` also times edits and the acceptance of a proposal, on a copy.  Times are of the processor.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from benchmarks.large_school import RUNS, Size, noon, plant
from kbsearch.app import Kbsearch
from kbsearch.cli.serve import stop_scanning
from kbsearch.config import Settings
from kbsearch.models import ClusterEdit
from kbsearch.services.current_run import current_run
from kbsearch.services.placing import members
from web import create_app

PASSWORD = "a long password for nobody"  # noqa: S105  # of an invented person
PAGES = (
    "/",
    "/questions",
    "/questions?course=course-3",
    "/cases",
    "/cases/2",
    "/cases/2/effect",
    "/clusters",
    "/clusters?sort=recent",
    "/clusters?sort=uncovered",
    "/clusters/1",
    "/clusters/300",
    "/clusters/review",
    "/clusters/diff",
    "/clusters/themes",
    "/clusters/aside",
    "/clusters/map",
    f"/clusters/map/points?run={RUNS}",
    "/insights",
    "/insights/lessons",
    "/insights/lessons?course=*",
    "/insights/cases",
    "/insights/clusters",
    "/insights/questions?days=28",
    "/insights/questions?colour=red&days=28",
    "/insights/digest",
    "/insights/month",
    "/faults",
    "/jobs",
    "/health-page",
)


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of processor time that each of ``times`` takes."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(1000 * (time.process_time() - start))
    return found


def client_of(app: Kbsearch) -> FlaskClient:
    """A client that an administrator is signed in with."""
    client = create_app(app, testing=True).test_client()
    answer = client.post("/sign-in", data={"login": "admin", "password": PASSWORD})
    if answer.status_code != 303:  # see other
        raise SystemExit("the invented person cannot sign in")
    return client


def measure(client: FlaskClient, path: str, times: int) -> None:
    """Print what one page costs once it is warm; below twenty times, p95 is the worst."""
    answer = client.get(path)
    if answer.status_code != 200:  # fine
        print(f"{path:44} answered {answer.status_code}")
        return
    costs = timed(lambda: client.get(path), times)
    p50, p95 = statistics.median(costs), max(costs) if times < 20 else statistics.quantiles(costs, n=20)[-1]
    print(f"{path:44} p50 {p50:5.0f}  p95 {p95:5.0f} ms {len(answer.data) // 1024:6} KiB", flush=True)


def profiled(client: FlaskClient, path: str) -> None:
    """Print where the time of a page goes."""
    client.get(path)
    profile = cProfile.Profile()
    profile.runcall(client.get, path)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


def edits(home: Path) -> None:
    """Time edits and acceptances, on a copy of the school.

    Clusters 300 and up are of ordinary size here (a few dozen questions), 1 and 2 the largest (11,000 and
    5,500).
    """
    with tempfile.TemporaryDirectory() as folder:
        for part in home.glob("kbsearch.db*"):
            shutil.copy(part, folder)
        app = Kbsearch(Settings(home=Path(folder), encoder="hashing"))
        app.cluster_edits.rename(299, "the first edit of a process reads its statements")
        made: list[ClusterEdit] = []
        verbs: tuple[tuple[str, Callable[[], object]], ...] = (
            ("rename", lambda: app.cluster_edits.rename(300, "Another name")),
            ("move 5 questions", lambda: app.cluster_edits.move([1, 2, 3, 4, 5], 400)),
            ("merge two ordinary clusters", lambda: made.append(app.cluster_edits.merge(320, 321))),
            ("undo that", lambda: app.cluster_edits.undo(made[-1].id)),
            ("split off 3 questions", lambda: app.cluster_edits.split(330, _some_of(app, 330))),
            ("split 5,000 off the largest", lambda: made.append(_split(app, 1, 5_000))),
            ("undo that split", lambda: app.cluster_edits.undo(made[-1].id)),
            ("dismiss 3 questions", lambda: app.cluster_edits.dismiss(_some_of(app, 340))),
            ("merge the two largest", lambda: made.append(app.cluster_edits.merge(2, 1))),
            ("move after that merge", lambda: app.cluster_edits.move([11, 12, 13], 401)),
            ("undo that merge", lambda: app.cluster_edits.undo(made[-1].id)),
            ("accept a line, the first", lambda: app.proposals.accept(RUNS + 1, [304])),
            ("accept another line", lambda: app.proposals.accept(RUNS + 1, [307])),
            ("accept the largest line", lambda: app.proposals.accept(RUNS + 1, [1])),
            ("ask a job to accept a whole proposal", lambda: app.proposal_work.accept(RUNS + 1)),
            ("accept a whole proposal", lambda: app.proposals.accept(RUNS + 1)),
        )
        for name, verb in verbs:
            print(f"{name:44} {timed(verb, 1)[0]:7.0f} ms", flush=True)
        app.database.close()


def _split(app: Kbsearch, cluster_id: int, count: int) -> ClusterEdit:
    return app.cluster_edits.split(cluster_id, _some_of(app, cluster_id, count))


def _some_of(app: Kbsearch, cluster_id: int, count: int = 3) -> list[int]:
    with app.database.reading() as session:
        run = current_run(session)
        return members(session, run.id, cluster_id)[:count] if run else []


def main() -> None:
    """Plant, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path)
    parser.add_argument("--questions", type=int, default=Size().questions)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", action="append")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--stored", action="store_true")
    parser.add_argument("--edits", action="store_true")
    asked = parser.parse_args()
    home = asked.home or Path(tempfile.mkdtemp(prefix="kbsearch-pages-"))
    app = Kbsearch(Settings(home=home, encoder="hashing", night_hour=-1))
    is_new = not (home / "kbsearch.db").exists()
    app.database.upgrade()
    if is_new:
        app.people.create("admin", "Admin", PASSWORD, "admin", "ru")
        plant(app.database, Size(questions=asked.questions), noon())
    if asked.stored:
        app.cluster_counts.refresh()
        app.trends.refresh()
        app.effects.refresh()
    client = client_of(app)
    for path in asked.only or PAGES:
        client.get(path)
    stop_scanning()
    for path in asked.only or PAGES:
        (profiled(client, path) if asked.profile else measure(client, path, asked.times))
    if asked.edits:
        edits(home)


if __name__ == "__main__":
    main()
