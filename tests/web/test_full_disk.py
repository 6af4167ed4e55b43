"""A disk that has no room for what is sent: an answer in words, nothing half written, wherever it is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import http.client, io, json, resource, sys, tempfile, threading
from pathlib import Path
from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from web import create_app
from web.serving import listen
from werkzeug.test import EnvironBuilder

app = Kbsearch(Settings(home=Path(sys.argv[1]), encoder="hashing"))
app.database.upgrade()
app.people.create("anna", "Anna", "password-long-1", "admin")
pages = create_app(app, testing=True)
client = pages.test_client()
client.post("/sign-in", data={"login": "anna", "password": "password-long-1"})
client.set_cookie("language", sys.argv[2])
server = listen(pages, host="127.0.0.1", port=0)
threading.Thread(target=server.run, daemon=True).start()
client.get("/import")
with app.database.writing():
    pass
app.database.close()
limit, hard = resource.getrlimit(resource.RLIMIT_FSIZE)


def body(size):
    row = "1,Как сдать работу?\\n".encode()
    file = (io.BytesIO(b"id,text\\n" + row * (size // len(row))), "q.csv")
    built = EnvironBuilder(method="POST", data={"file": file}).get_environ()
    return built["wsgi.input"].read(), built["CONTENT_TYPE"]


small, large = body(400_000), body(900_000)


def served(content, kind):
    cookies = "; ".join(f"{name}={client.get_cookie(name).value}" for name in ("kbsearch", "language"))
    connection = http.client.HTTPConnection("127.0.0.1", server.effective_port)
    connection.request("POST", "/import", content, {"Content-Type": kind, "Cookie": cookies})
    answer = connection.getresponse()
    return {"status": answer.status, "page": answer.read().decode()}


def posted(content, kind):
    answer = client.post("/import", data=content, content_type=kind)
    return {"status": answer.status_code, "page": answer.text}


resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, hard))  # the system itself refuses longer files
found = {"keeping": posted(*small), "reading": posted(*large), "arriving": served(*large)}
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
found["left"] = [str(path) for path in app.settings.uploads_dir.rglob("*")]
found |= {"then": posted(*large)["status"], "and": served(*large)["status"]}
found["temporary"] = tempfile.gettempdir()
found["uploads"] = str(app.settings.uploads_dir)
print(json.dumps(found))
"""


def outcome(home: Path, language: str) -> dict[str, object]:
    command = [sys.executable, "-c", SCRIPT, str(home), language]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_what_there_is_no_room_for_is_refused_in_words(tmp_path: Path) -> None:
    found = outcome(tmp_path / "home", "en")
    for name, folder in (("keeping", "uploads"), ("reading", "temporary"), ("arriving", "temporary")):
        answer = found[name]
        assert isinstance(answer, dict)
        assert answer["status"] == 503, name
        assert "The disk is full" in answer["page"]
        assert f"There is no room in {found[folder]} for what was sent." in answer["page"], name
    assert found["left"] == [], "half a file is left"
    assert (found["then"], found["and"]) == (303, 303), "once there is room again"


def test_it_is_said_in_russian(tmp_path: Path) -> None:
    answer = outcome(tmp_path / "home", "ru")["arriving"]
    assert isinstance(answer, dict)
    assert "Нет места на диске" in answer["page"]
    assert "нет места для отправленного" in answer["page"]
