"""Health over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from flask.testing import FlaskClient

from indexer.embedders.hashing import HashingEmbedder
from kbsearch import __version__
from kbsearch.app import Kbsearch
from kbsearch.errors import EncoderUnavailable
from kbsearch.importers.records import IncomingQuestion
from kbsearch.ports import Embedder, Floats, Role
from web import create_app


class MuteEmbedder(HashingEmbedder):
    """An encoder whose model is gone."""

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Fail, as the port says."""
        raise EncoderUnavailable("The model is gone.", remedy="Bring it back.")


class Mute(Kbsearch):
    """A kbsearch with such an encoder."""

    @cached_property
    def embedder(self) -> Embedder:
        """The encoder."""
        return MuteEmbedder()


def test_all_is_well(client: FlaskClient, app: Kbsearch) -> None:
    app.questions.receive(IncomingQuestion("Как быть?"))
    answer = client.get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ok",
        "version": __version__,
        "database": "ok",
        "index": "ok",
        "encoder": "ok",
        "waiting": 1,
        "failed": 0,
        "promise": "kept",
    }


def test_without_a_schema_it_cannot_work(app: Kbsearch) -> None:
    bare = Kbsearch(app.settings.model_copy(update={"home": app.settings.home / "other"}))
    answer = create_app(bare, testing=True).test_client().get("/api/v1/health")
    assert answer.status_code == 503
    assert (answer.get_json()["status"], answer.get_json()["database"]) == ("failed", "failed")
    assert answer.headers["Retry-After"]
    bare.database.close()


def test_without_an_encoder_it_is_degraded_and_says_so(app: Kbsearch) -> None:
    mute = Mute(app.settings)
    client = create_app(mute, testing=True).test_client()
    answer = client.get("/api/v1/health")
    assert answer.status_code == 200
    assert (answer.get_json()["status"], answer.get_json()["encoder"]) == ("degraded", "failed")
    _, secret = app.people.make_token("t", ["read"])
    found = client.get("/api/v1/search?q=коммит", headers={"Authorization": f"Bearer {secret}"})
    assert (found.status_code, found.get_json()["degraded"]) == (200, True)
    mute.database.close()
