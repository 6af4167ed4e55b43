"""The map of questions and the page of themes."""

from __future__ import annotations

import gzip
import struct

import numpy as np
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch


def test_the_map_has_a_point_for_each_question_and_a_list_beside_it(
    mentor: FlaskClient, school: Kbsearch
) -> None:
    assert "No map yet" in mentor.get("/clusters/map").get_data(as_text=True)
    assert school.map_drawer.draw(1) == 5
    page = mentor.get("/clusters/map").get_data(as_text=True)
    assert "Отмена коммита" in page
    assert "/clusters/map/points?run=1" in page
    answer = mentor.get("/clusters/map/points?run=1")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    data = gzip.decompress(answer.data)
    assert struct.unpack_from("<I", data) == (5,)
    assert sorted(np.frombuffer(data, "<u4", 5, 4).tolist()) == [1, 2, 3, 4, 5]
    assert sorted(np.frombuffer(data, "<u4", 5, 24).tolist()) == [0, 0, 1, 1, 1]
    assert len(data) == 4 + 5 * 12


def test_points_tell_what_they_ask(mentor: FlaskClient) -> None:
    told = mentor.get("/clusters/map/texts?ids=2,1,99").get_json()
    assert [one["id"] for one in told["texts"]] == [2, 1]
    assert mentor.get("/clusters/map/texts?ids=x").status_code == 400
    assert mentor.get("/clusters/map/points?run=99").status_code == 404
    assert mentor.get("/clusters/map/points").status_code == 400


def test_themes_hold_their_clusters(mentor: FlaskClient) -> None:
    page = mentor.get("/clusters/themes").get_data(as_text=True)
    assert "Отмена коммита" in page
    assert "In no theme" in page
    assert "3 questions" in page
