"""Small talk is told from questions, on a school that the model was not fitted on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.embedders.bundled import BundledEmbedder
from kbsearch.importers.sample_school import read_questions, read_truth, sample_school_folder
from kbsearch.matching.queries import bare_text
from kbsearch.matching.small_talk import NAMES, load_small_talk_model, talk_features
from kbsearch.models import AsideReason


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    return BundledEmbedder()


def told(embedder: BundledEmbedder, texts: list[str]) -> dict[str, AsideReason]:
    vectors = embedder.encode([bare_text(text) for text in texts], "passage")
    found = load_small_talk_model().told(texts, vectors, embedder.model_id)
    return {texts[place]: talk.reason for place, talk in found.items()}


def test_the_sample_school_is_told_apart(embedder: BundledEmbedder) -> None:
    folder = sample_school_folder()
    truth = read_truth(folder)
    questions = list(read_questions(folder))
    texts = [question.text for question in questions]
    vectors = embedder.encode([bare_text(text) for text in texts], "passage")
    found = load_small_talk_model().told(texts, vectors, embedder.model_id)
    real = np.array([truth[question.external_id].is_question for question in questions])
    aside = np.isin(np.arange(len(texts)), list(found))
    assert aside[~real].mean() >= 0.9
    assert aside[real].mean() <= 0.03


def test_short_questions_stay(embedder: BundledEmbedder) -> None:
    asked = ["а дедлайн когда?", "не работает git push", "как сдать", "ошибка 502", "where to upload"]
    assert told(embedder, asked) == {}


def test_who_thanks_in_advance_asks_for_something(embedder: BundledEmbedder) -> None:
    asked = [
        "Хочу вернуть оплату, передумал учиться. Заранее спасибо!",
        "Здравствуйте! Продлите, пожалуйста, дедлайн по проекту на неделю. Заранее благодарю",
        "Продлите мне доступ до пятницы, спасибо большое заранее 🙏",
        "I would love two more weeks for my project, thank you so much in advance!",
    ]
    assert told(embedder, asked) == {}
    assert told(embedder, ["спасибо заранее!", "Спасибо, всё получилось"]).keys() == {
        "спасибо заранее!",
        "Спасибо, всё получилось",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Продлите, пожалуйста, дедлайн",
        "дедлайн продлите пожалуйста",
        "Откройте мне доступ к третьему уроку",
        "Проверьте мою домашку, пожалуйста 🙏",
        "скинь запись плиз",
        "прошу перенести защиту на март",
        "please extend my deadline",
        "Please check it again, thanks",
        "Send me the slides, please",
        "Could you move my exam",
    ],
)
def test_who_asks_for_something_to_be_done_is_not_set_aside(embedder: BundledEmbedder, text: str) -> None:
    assert told(embedder, [text]) == {}
    assert load_small_talk_model().told([text]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "Sorry to bother you, feeding schedule for starter in the fridge",
        "sorry for bothering you, how to calculate hydration",
        "Sorry to bother you, i want my money back",
        "Извините за беспокойство, сертификат на имя мужа",
        "Sorry, the video is black",
        "sorry, my croissants leak butter",
        "Извините, урок не тот",
        "is my sourdough starter still alive",
        "Hi! is my sourdough starter still alive",
        "do you give a diploma thanks!",
        "Hello, is 8 hours of proofing too long thanks!",
        "deadline was yesterday. can i still upload, thanks",
    ],
)
def test_who_excuses_a_question_or_asks_without_its_mark_is_not_set_aside(
    embedder: BundledEmbedder, text: str
) -> None:
    assert told(embedder, [text]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "my croissants leak butter, thanks!",
        "my build fails with exit 1, thanks",
        "the sauce splits every time, cheers",
        "still no email with the link, thanks",
        "my password reset mail never came, thank you",
        "can't log in since yesterday",
        "глазурь пузырится в печи, спасибо",
        "со вчера не могу войти, спасибо",
        "у помидоров желтеют листья, спасибо всем",
    ],
)
def test_who_complains_and_thanks_is_not_set_aside(embedder: BundledEmbedder, text: str) -> None:
    assert told(embedder, [text]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "my croissants came out perfect, thanks!",
        "the build is green now, thanks",
        "the sauce held this time, cheers",
        "тесто получилось отличное, спасибо!",
        "помидоры ожили, всем спасибо",
        "ментор ответил, спасибо",
    ],
)
def test_who_tells_of_a_success_and_thanks_is(embedder: BundledEmbedder, text: str) -> None:
    assert told(embedder, [text]) != {}


@pytest.mark.parametrize(
    "text",
    [
        "sorry to bother you",
        "Sorry to bother you, found it myself",
        "sorry, found the answer above",
        "sorry for the noise everyone",
        "извините, это я не в тот чат отправила",
        "извиняюсь за беспокойство, вопрос решён",
        "did it!",
        "have a nice day everyone",
    ],
)
def test_an_excuse_without_a_question_is(embedder: BundledEmbedder, text: str) -> None:
    assert told(embedder, [text]) != {}


@pytest.mark.parametrize(
    "text",
    [
        "Спасибо, всё открылось 🙏",
        "+1",
        "ок, понял",
        "Поздравляю с защитой!",
        "жду ответа",
        "Добрый день, всем привет ☀️",
        "ребята, держитесь",
        "не переживайте, у всех так",
        "Передайте спасибо лектору!",
        "congrats everyone 🎉",
    ],
)
def test_thanks_greetings_and_comfort_are(embedder: BundledEmbedder, text: str) -> None:
    assert told(embedder, [text]) != {}


@pytest.mark.parametrize("mark", [" 🙏", " 😭", "!", ")))", " 🤔"])
def test_a_mood_does_not_make_a_question_small_talk(embedder: BundledEmbedder, mark: str) -> None:
    asked = [
        "как сдать дз",
        "не открывается урок",
        "где посмотреть оценку",
        "i can't log in",
        "видео не грузится",
    ]
    assert told(embedder, [f"{text}{mark}" for text in asked]) == {}


def test_the_reason_says_what_speaks_for_it(embedder: BundledEmbedder) -> None:
    assert told(embedder, ["спасибо!", "всем привет, я новенькая", "ахахах"]) == {
        "спасибо!": AsideReason.THANKS,
        "всем привет, я новенькая": AsideReason.GREETING,
        "ахахах": AsideReason.REACTION,
    }


def test_without_vectors_of_its_encoder_words_alone_decide() -> None:
    model = load_small_talk_model()
    texts = ["спасибо большое!!", "не открывается второй урок"]
    assert set(model.told(texts)) == {0}
    assert set(model.told(texts, np.ones((2, 3), np.float32), "another")) == {0}


@given(st.text(max_size=400))
def test_any_text_has_finite_features(text: str) -> None:
    row = talk_features(text)
    assert row.shape == (len(NAMES),)
    assert np.isfinite(row).all()
