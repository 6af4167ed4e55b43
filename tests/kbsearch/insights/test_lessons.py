"""Outlines compared with what is asked."""

from __future__ import annotations

import numpy as np

from kbsearch.insights.lessons import OF_CLUSTERS, OF_QUESTIONS, LessonText, Outlines

GIT = LessonText("fe-02", "frontend", "Git", "Коммиты и ветки. Отмена коммита.")
CSS = LessonText("fe-03", "frontend", "Вёрстка", "Сетки и отступы.")
SQL = LessonText("da-01", "data", "SQL", "Запросы и соединения таблиц.")


def test_the_nearest_part_stands_for_its_lesson() -> None:
    outlines = Outlines([GIT, CSS])
    assert outlines.parts == ["Git", "Коммиты и ветки.", "Отмена коммита.", "Вёрстка", "Сетки и отступы."]
    parts = np.eye(5, dtype=np.float32)
    found = outlines.likeness(np.array([[0, 0, 1, 0, 0], [0.6, 0, 0, 0, 0.8]], np.float32), parts)
    np.testing.assert_allclose(found, [[1, 0], [0.6, 0.8]])


def test_words_count_by_their_weight_and_by_stem() -> None:
    outlines = Outlines([GIT, CSS])
    found = outlines.explained(["отменить коммиты", ""], {"коммит": 0.75, "отмен": 0.25})
    assert found.shape == (2, 2)
    assert found[0, 0] >= 0.75
    assert found[0, 1] == 0
    assert (found[1] == 0).all()


def test_a_course_has_its_own_lessons_and_an_unknown_one_all() -> None:
    allowed = Outlines([GIT, CSS, SQL]).of_courses(["data", "frontend", "elsewhere", ""])
    assert allowed.tolist() == [[False, False, True], [True, True, False], [True] * 3, [True] * 3]


def test_the_lesson_that_is_near_by_both_signals_comes_first() -> None:
    outlines = Outlines([GIT, CSS, SQL])
    likeness = np.array([[5.0, 1.0, 2.0], [0.1, 0.2, 0.0]], np.float32)
    explained = np.array([[0.8, 0.0, 0.0], [0.0, 0.0, 0.0]], np.float32)
    allowed = np.ones((2, 3), np.bool_)
    for fit in (OF_CLUSTERS, OF_QUESTIONS):
        sure, doubtful = outlines.nearest(likeness, explained, allowed, fit)
        assert (sure.code, doubtful.code) == ("fe-02", "fe-03")
        assert sure.probability > 0.75 > doubtful.probability


def test_a_single_lesson_can_be_compared_too() -> None:
    outlines = Outlines([GIT])
    table = np.array([[1.0]], np.float32)
    (found,) = outlines.nearest(table, table, np.ones((1, 1), np.bool_), OF_CLUSTERS)
    assert 0 < found.probability < 1
