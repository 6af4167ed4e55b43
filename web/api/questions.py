"""Questions: taking them in and reading them back."""

from __future__ import annotations

from flask import Response, jsonify

from kbsearch.models import Scope
from web.api.contract import PREFIX, api_blueprint, needs, reading, writing
from web.api.requests import ManyQuestions, OneQuestion, QuestionPath, QuestionsBody, QuestionsQuery
from web.api.responses import (
    ManyReceived,
    OneReceived,
    QuestionsOut,
    QuestionsReceived,
    QuestionWithReplies,
    ReceivedOut,
    question_with_replies,
    repeat_out,
)
from web.api.suggestions import earlier, suggestion_for
from web.session import kb, requires_token

blueprint = api_blueprint("questions", "What students ask.")


@blueprint.post(
    "/questions",
    responses={200: QuestionsReceived, 201: QuestionsReceived, **writing()},
    security=needs(Scope.WRITE),
)
@requires_token(Scope.WRITE)
def add_questions(body: QuestionsBody) -> tuple[Response, int]:
    """Take in one question, or up to 500.

    Taking in the same source and external_id again adds the replies that the question did not have yet, each
    text once, and notes which was accepted; nothing else changes.  The status is 201 when a question was new,
    else 200; `Location` is the address of a single new one.  With `suggest`, a single question is answered in
    the same call.  `repeats` names the earlier question that asks the same; of many at once only those that
    do so word for word.
    """
    if isinstance(body.root, ManyQuestions):
        return _receive_many(body.root)
    return _receive_one(body.root)


def _receive_one(sent: OneQuestion) -> tuple[Response, int]:
    received = kb().questions.receive(sent.incoming(), strict_course=True)
    repeat = earlier(sent.text, course=sent.course, lesson=sent.lesson, question_id=received.question_id)
    result = OneReceived(id=received.question_id, created=received.created, repeats=repeat_out(repeat))
    if sent.suggest:
        result.suggestion = suggestion_for(
            sent.text, course=sent.course, lesson=sent.lesson, question_id=received.question_id
        )
    exclude = set() if sent.suggest else {"suggestion"}
    answer = jsonify(result.model_dump(mode="json", exclude=exclude))
    if result.created:
        answer.headers["Location"] = f"{PREFIX}/questions/{result.id}"
    return answer, _status([result])


def _receive_many(sent: ManyQuestions) -> tuple[Response, int]:
    batch = [one.incoming(f"questions.{place}") for place, one in enumerate(sent.questions)]
    stored = kb().questions.receive_many(batch, strict_course=True)
    repeats = kb().duplicates.of([received.question_id for received in stored])
    results = [
        ReceivedOut(
            id=received.question_id,
            created=received.created,
            repeats=repeat_out(repeats.get(received.question_id)),
        )
        for received in stored
    ]
    return jsonify(ManyReceived(results=results).model_dump(mode="json")), _status(results)


def _status(results: list[ReceivedOut] | list[OneReceived]) -> int:
    return 201 if any(result.created for result in results) else 200


@blueprint.get("/questions", responses={200: QuestionsOut, **reading()}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def list_questions(query: QuestionsQuery) -> Response:
    """List questions with their replies, by id.

    To keep up with what became of them ask for those that changed since (`updated_since`).
    """
    kb().questions.check_place(query.course)
    page = kb().questions.page(
        after=query.after,
        limit=query.limit,
        since=query.updated_since,
        state=query.state,
        course=query.course,
        source=query.source,
    )
    found = QuestionsOut(items=[question_with_replies(one) for one in page.items], total=page.total)
    return jsonify(found.model_dump(mode="json"))


@blueprint.get(
    "/questions/<int:question_id>",
    responses={200: QuestionWithReplies, **reading(404)},
    security=needs(Scope.READ),
)
@requires_token(Scope.READ)
def read_question(path: QuestionPath) -> Response:
    """Read a question, masked as it was stored, with its replies."""
    question = kb().questions.get(path.question_id)
    return jsonify(question_with_replies(question).model_dump(mode="json"))
