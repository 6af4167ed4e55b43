"""What the tests of pages find in the school: a few cases and questions in Russian, and one cluster."""

from __future__ import annotations

from datetime import timedelta

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingCourse, IncomingLesson, IncomingQuestion, IncomingReply
from kbsearch.models import Cluster, Membership, Role, Run, utc_now
from kbsearch.services.cases import CaseDraft

PASSWORD = "correct horse battery"
CASES = {
    "Как отменить последний коммит": "Выполните `git reset --soft HEAD~1`.\n\n* правки **останутся**",
    "Как создать новую ветку": "Команда `git switch -c имя`.",
    "Как сдать домашнее задание": "Откройте урок и нажмите **Сдать работу**.",
    "Не приходит письмо со сбросом пароля": "Проверьте папку «Спам» и адрес.",
}
QUESTIONS = (
    "подскажите как отменить последний коммит в git",
    "сделал лишний коммит, как отменить",
    "отменить коммит который уже отправил, как",
    "где сдать домашнее задание по второму уроку",
    "как получить сертификат после курса",
)


def plant_people(app: Kbsearch) -> None:
    """One person of each role, named after it."""
    for role in Role:
        app.people.create(role.value, role.value.title(), PASSWORD, role.value)


def plant_school(app: Kbsearch) -> None:
    """A course, published cases, questions (the first three are a cluster), and their index."""
    lessons = (IncomingLesson("fe-01", "Первые шаги"), IncomingLesson("fe-02", "Git"))
    app.questions.save_course(IncomingCourse("frontend", "Веб-разработка", lessons))
    for title, answer in CASES.items():
        app.cases.create(CaseDraft(title, answer, course="frontend"), state="published")
    ids = [received.question_id for received in app.questions.receive_many(list(map(_question, QUESTIONS)))]
    plant_cluster(app, ids[:3])
    app.pipeline.drain_all(lambda done, total, stage: None)


def _question(text: str) -> IncomingQuestion:
    reply = IncomingReply("Выполните git revert и отправьте снова.", author="m1", by_mentor=True)
    return IncomingQuestion(
        text,
        source="chat",
        course="frontend",
        lesson="fe-02",
        asked_at=utc_now() - timedelta(days=2 + QUESTIONS.index(text)),
        replies=(reply,) if "отправил" in text else (),
    )


def plant_cluster(app: Kbsearch, question_ids: list[int]) -> int:
    """A finished run with one cluster of these questions."""
    with app.database.writing() as session:
        run = Run(algorithm="leiden", finished_at=utc_now())
        session.add(run)
        session.flush()
        cluster = Cluster(
            label="Отмена коммита",
            keywords=["коммит", "отменить"],
            size=len(question_ids),
            first_run_id=run.id,
            last_run_id=run.id,
        )
        session.add(cluster)
        session.flush()
        for rank, question_id in enumerate(question_ids, start=1):
            session.add(
                Membership(
                    run_id=run.id,
                    question_id=question_id,
                    cluster_id=cluster.id,
                    strength=1 / rank,
                    exemplar_rank=rank if rank < len(question_ids) else None,
                )
            )
        return cluster.id
