"""Themes of clusters."""

from __future__ import annotations

import numpy as np
import pytest

from clustering.neighbours import centred
from clustering.theme_words import found_themes
from clustering.themes import MOST, centres, themes


def subjects(count: int, each: int, spread: float = 0.2) -> np.ndarray:
    """Rows of ``count`` subjects with ``each`` clusters of four near rows."""
    draw = np.random.default_rng(0)
    middle = np.repeat(draw.normal(size=(count, 64)), each * 4, axis=0)
    aside = np.repeat(draw.normal(size=(count * each, 64)), 4, axis=0)
    return centred((middle + spread * aside).astype(np.float32))


def test_themes_are_the_subjects_of_clusters() -> None:
    labels = np.repeat(np.arange(40), 4)
    found = themes(subjects(8, 5), labels)
    assert (found == np.repeat(np.arange(8), 5)).all()


@pytest.mark.parametrize("clusters", [0, 1, 3, 4, 7, 500])
def test_every_cluster_has_a_theme_and_themes_are_few(clusters: int) -> None:
    rows = centred(np.random.default_rng(1).normal(size=(clusters * 3 + 1, 16)).astype(np.float32))
    labels = np.append(np.repeat(np.arange(clusters), 3), -1)
    found = themes(rows, labels)
    assert found.shape == (clusters,)
    assert sorted(set(found.tolist())) == list(range(len(set(found.tolist()))))
    assert len(set(found.tolist())) <= MOST


def test_a_centre_is_the_mean_direction() -> None:
    rows = np.array([[1, 0], [0, 1], [0, 1], [9, 9]], np.float32)
    assert np.allclose(centres(rows, np.array([0, 0, 1, -1])), [[0.5**0.5, 0.5**0.5], [0, 1]])


def test_names_of_themes_differ() -> None:
    rows = subjects(4, 4)
    labels = np.repeat(np.arange(16), 4)
    found = found_themes(["как сдать проект"] * len(rows), rows, labels)
    names = [each.label for each in found.words.values()]
    assert len(set(names)) == len(names) == len(set(found.of.values()))


def named(questions: list[list[str]], titles: dict[int, str] | None = None) -> str:
    """The name of the only theme of three clusters at most."""
    texts = [text for each in questions for text in each]
    labels = np.repeat(np.arange(len(questions)), [len(each) for each in questions])
    rows = centred(np.random.default_rng(0).normal(size=(len(texts), 16)).astype(np.float32))
    found = found_themes(texts, rows, labels, titles=titles or {})
    return found.words[0].label


def test_a_theme_is_called_by_what_its_clusters_share_in_the_language_of_most() -> None:
    large = ["пришлите сертификат почтой", "почтой пришлите сертификат", "certificate by mail"] * 4
    assert named([large, ["сертификат с ошибкой"] * 2, ["ваш сертификат признают"] * 2]).startswith(
        "Сертификат"
    )
    assert "certificate" not in named([large, ["certificate of course"] * 2, ["сертификат"] * 2]).lower()


def test_a_theme_names_nothing_twice_and_things_only() -> None:
    name = named([["удалить комит и коммит с гитхаба"] * 3, ["новый комит, новый коммит, удалить"] * 3])
    words = name.lower().split(", ")
    assert not {"комит", "коммит"} <= set(words)
    assert not {"удалить", "новый", "новая"} & set(words)


def test_words_of_equal_length_are_not_one() -> None:
    assert set(named([["пароль письмо"] * 3, ["письмо пароль"] * 3]).lower().split(", ")) == {
        "пароль",
        "письмо",
    }


def test_a_theme_names_nothing_in_two_scripts() -> None:
    name = named([["питон не найден, где python"] * 3, ["поставить python, то есть питон"] * 3])
    assert not {"питон", "python"} <= set(name.lower().split(", "))


def test_a_theme_whose_words_name_nothing_is_called_after_its_largest_cluster() -> None:
    questions = [["долго ждать"] * 2, ["долго ждать"] * 3]
    assert named(questions, {0: "Сколько ждать?", 1: "Почему так долго ждать?"}) == "Почему так долго ждать?"
    assert named(questions) != ""
