"""A disk that fills up during an import: what was stored stays, the job fails once that can be said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, logging, resource, sys, threading
from pathlib import Path
from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.models import JobKind
from kbsearch.services.imports import ImportOptions
from kbsearch.worker import job_running

home = Path(sys.argv[1])
app = Kbsearch(Settings(home=home, encoder="hashing"))
app.database.upgrade()
file = home / "q.csv"
file.write_text("id,text\\n" + "".join(f"{n},Как сдать работу {n}?\\n" for n in range(8_000)), "utf-8")
job = app.jobs.enqueue(JobKind.IMPORT, {"path": str(file), "file_name": "q"})
claimed = app.jobs.claim()
refused = threading.Event()


class Told(logging.Handler):
    def emit(self, record):
        if "cannot be noted yet" in record.getMessage():
            refused.set()


logging.getLogger(job_running.__name__).addHandler(Told())
limit, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
work = threading.Thread(target=job_running.run_to_its_end, args=(app, claimed, threading.Event()))
work.start()
pause = threading.Event()
while app.questions.count() < 1000:
    pause.wait(0.01)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))  # the system itself refuses whatever is written
assert refused.wait(60)
said = str(app.jobs.get(job.id).state)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
work.join(60)
ended = app.jobs.get(job.id)
past = app.past_imports.latest()[0]
stored = app.questions.count()
with app.database.reading() as session:
    sound = session.connection().exec_driver_sql("PRAGMA integrity_check").scalar()
again = app.imports.run(file, ImportOptions(source="q"))
print(json.dumps({
    "during": said,
    "then": [str(ended.state), ended.failure["message"]],
    "import": [str(past.state), past.taken],
    "stored": stored,
    "sound": sound,
    "again": again.taken,
}))
"""


def test_a_disk_that_fills_up_during_an_import_costs_only_what_was_not_stored(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-c", SCRIPT, str(home)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    stored = found["stored"]
    assert 0 < stored < 8_000
    assert stored % 500 == 0, "whole batches"
    assert found["sound"] == "ok"
    assert found["during"] == "running", "nothing can be noted on a full disk"
    assert found["then"] == ["failed", "The database did not do it: {reason}."]
    assert found["import"] == ["failed", {"questions_new": stored}], "it can be undone"
    assert found["again"] == {"questions_new": 8_000 - stored, "questions_known": stored}
