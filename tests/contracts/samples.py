"""Documents for tests of search backends."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.embedders.hashing import HashingEmbedder
from kbsearch.ports import Document, Embedder, Part
from kbsearch.text.passages import passages, titled

EMBEDDER = HashingEmbedder(32)


def document(
    id: int,
    title: str,
    *,
    variants: Sequence[str] = (),
    answer: str = "",
    tags: str = "",
    course: str = "",
    lessons: tuple[str, ...] = (),
    language: str = "ru",
    state: str = "published",
    embedder: Embedder = EMBEDDER,
) -> Document:
    """A document with a vector for its title, each variant, its answer and the answer's passages."""
    parts: list[Part] = ["title"]
    parts += ["variant"] * len(variants)
    texts = [title, *variants]
    if answer:
        said = passages(answer)
        parts += ["answer"]
        parts += ["passage"] * len(said)
        texts += [answer, *(titled(title, passage) for passage in said)]
    return Document(
        id=id,
        text={"title": title, "variants": "\n".join(variants), "answer": answer, "tags": tags},
        course=course,
        lessons=lessons,
        language=language,
        state=state,
        parts=tuple(parts),
        vectors=embedder.encode(texts, "passage"),
    )


SCHOOL = (
    document(
        1,
        "Как отменить последний коммит",
        variants=["откатить commit", "git reset не помогает"],
        answer="Выполните `git reset --soft HEAD~1`: изменения останутся в рабочей папке.",
        tags="git",
        course="frontend",
        lessons=("git-1", "git-2"),
    ),
    document(2, "Как создать ветку", answer="`git switch -c имя`", course="frontend", lessons=("git-1",)),
    document(3, "Где скачать сертификат", answer="В профиле, раздел «Документы».", tags="документы"),
    document(4, "How to undo a commit", answer="Use git revert.", course="python-start", language="en"),
    document(5, "Ошибка ModuleNotFoundError", answer="Установите пакет: pip install", course="python-start"),
    document(6, "Сертификат с ошибкой в имени", state="needs_check"),
)
