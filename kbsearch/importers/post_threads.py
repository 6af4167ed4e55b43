"""Posts that name the post they reply to, of whatever platform: first posts become questions with replies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kbsearch.importers.chat_threads import Bursts, Folder, known_as
from kbsearch.importers.headed import headed
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.telegram_messages import Message
from kbsearch.importers.telegram_talk import is_thanks


@dataclass(frozen=True, slots=True)
class Post:
    """A post as its platform tells it.  ``parent``: id of the one that it replies to, "" for none.

    ``names``: all by which the author may be called.  ``accepted``: it settled the question.
    """

    id: str
    parent: str
    place: str
    text: str
    author: str = ""
    names: tuple[str, ...] = ()
    title: str = ""
    sent_at: datetime | None = None
    by_staff: bool = False
    accepted: bool = False
    course: str = ""
    lesson: str = ""


def questions_of(posts: Iterable[Post | Skipped], source: str, options: ImportOptions) -> Iterator[Record]:
    """``posts`` put together, whatever their order; what was skipped before comes first.

    What staff begins is no question; thanks of the asker accept the reply before.
    """
    mentors = {known_as(mentor) for mentor in options.mentors}
    known: dict[str, Post] = {}
    for post in posts:
        if isinstance(post, Skipped):
            yield post
        elif known.setdefault(post.id, post) is not post:
            yield Skipped(post.place, "a post with the number of an earlier one")
    below: defaultdict[str, list[Post]] = defaultdict(list)
    for post in known.values():
        below[_root(post, known).id].append(post)
    for number, thread in below.items():
        yield from _thread(known[number], thread, mentors, source, options)


def talk_of(posts: Iterable[Post | Skipped], source: str, options: ImportOptions) -> Iterator[Record]:
    """`questions_of` a chat, whatever its order: most of its posts name nothing that they reply to."""
    mentors = {known_as(mentor) for mentor in options.mentors}
    read: dict[str, Post] = {}
    for post in posts:
        if isinstance(post, Skipped):
            yield post
        elif post.sent_at is None:
            yield Skipped(post.place, "the message has no date")
        else:
            read[post.place] = post
    staff = [post.author for post in read.values() if post.by_staff]
    folder, bursts = Folder((*options.mentors, *dict.fromkeys(staff))), Bursts()
    known: dict[str, int] = {}
    for number, post in enumerate(sorted(read.values(), key=_moment), 1):
        known[post.id] = number
        if post.parent and post.parent not in known:
            yield Skipped(post.place, "a reply to a post that the file does not have", harmless=True)
            continue
        name = next((name for name in post.names if known_as(name) in mentors), "".join(post.names[:1]))
        reply_to = known.get(post.parent, 0)
        bursts.add(Message(number, post.author, name, post.text, _moment(post), reply_to, 0, post.place))
    yield from folder.add_all(bursts.all)
    for thread in folder.threads:
        first = read[thread.question.place]
        yield IncomingQuestion(
            text=thread.question.text,
            source=options.source or source,
            external_id=first.id,
            author=first.author,
            course=options.course or first.course,
            asked_at=first.sent_at,
            replies=folder.replies_to(thread),
            place=first.place,
        )


def _moment(post: Post) -> datetime:
    """When it was written, comparable with others."""
    sent_at = post.sent_at or datetime.min
    return sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)


def _root(post: Post, known: dict[str, Post]) -> Post:
    """The post that began the thread, as far as it is there."""
    seen = {post.id}
    while post.parent in known and post.parent not in seen:
        post = known[post.parent]
        seen.add(post.id)
    return post


def _thread(
    first: Post, thread: Sequence[Post], mentors: set[str], source: str, options: ImportOptions
) -> Iterator[Record]:
    if first.parent:
        for post in thread:
            yield Skipped(post.place, "a reply to a post that the file does not have", harmless=True)
        return
    later = [post for post in thread if post is not first]
    if all(post.sent_at is not None and post.sent_at.tzinfo for post in later):
        later.sort(key=lambda post: post.sent_at.timestamp() if post.sent_at else 0.0)
    if _is_staff(first, mentors):
        for post in thread:
            yield Skipped(post.place, "a mentor's message that answers no question", harmless=True)
        return
    replies: list[IncomingReply] = []
    for post in later:
        if replies and post.author == first.author and is_thanks(post.text):
            replies[-1] = replace(replies[-1], accepted=True)
        elif post.text:
            by_mentor = _is_staff(post, mentors)
            replies.append(IncomingReply(post.text, post.author, by_mentor, post.accepted, post.sent_at))
    text = headed(first.title, first.text)
    if not text:
        yield Skipped(first.place, "a message without text (picture, sticker, file)", harmless=True)
        return
    yield IncomingQuestion(
        text=text,
        source=options.source or source,
        external_id=first.id,
        author=first.author,
        course=options.course or first.course,
        lesson=first.lesson,
        asked_at=first.sent_at,
        replies=tuple(replies),
        place=first.place,
    )


def _is_staff(post: Post, mentors: set[str]) -> bool:
    return post.by_staff or not mentors.isdisjoint(map(known_as, (post.author, *post.names)))
