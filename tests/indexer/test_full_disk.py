"""A disk that takes no more: a clear error, the index as it was, nothing lost once there is room again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import resource, sys
from pathlib import Path
from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.errors import StorageUnavailable
from kbsearch.importers.records import IncomingQuestion
from kbsearch.ports import silent

app = Kbsearch(Settings(home=Path(sys.argv[1]), encoder="hashing"))
app.database.upgrade()

def ask(first, last):
    app.questions.receive_many(
        [IncomingQuestion(text=f"вопрос номер {n}", external_id=str(n)) for n in range(first, last)]
    )

ask(0, 50)
app.pipeline.drain_all(silent)
ask(50, 400)
limit, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the system itself refuses longer files
try:
    app.pipeline.drain_all(silent)
except StorageUnavailable as error:
    refused = (error.message, error.remedy)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
print(refused)
print("kept", app.question_index.count(), "waiting", app.pipeline.waiting())
app.pipeline.drain_all(silent)
print("then", app.question_index.count(), "waiting", app.pipeline.waiting())
"""


def test_a_full_disk_costs_nothing_but_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "home")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    refused, kept, then = result.stdout.splitlines()
    assert "cannot be written" in refused
    assert "Free some disk space" in refused
    assert kept == "kept 50 waiting 350"
    assert then == "then 400 waiting 0"
