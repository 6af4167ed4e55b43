"""Threads of a chat: messages joined to bursts, and replies folded into the questions they answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from kbsearch.importers.records import IncomingReply, Skipped
from kbsearch.importers.telegram_messages import Message, moment_of
from kbsearch.importers.telegram_talk import asks, is_thanks
from kbsearch.text.chatter import is_small_talk

BURST = timedelta(minutes=3)
"""Messages of one person in a row, each this soon after the last, are one."""

ANSWERED_WITHIN = timedelta(minutes=15)
"""A mentor who speaks right after a question, this soon and without quoting it, answers it."""

THANKED_WITHIN = timedelta(hours=12)
"""Thanks of the asker count for the last reply this long."""

_SMALL_TALK = "small talk: thanks, a greeting or a reaction that asks nothing"


@dataclass(slots=True)
class Burst:
    """Messages of one person in a row."""

    messages: list[Message]

    @property
    def first(self) -> Message:
        """The message it began with."""
        return self.messages[0]

    @property
    def last(self) -> Message:
        """The message it ended with."""
        return self.messages[-1]

    @property
    def text(self) -> str:
        """All its messages, one a line."""
        return "\n".join(message.text.strip() for message in self.messages)

    @property
    def author(self) -> str:
        """Whose it is."""
        return self.first.author

    @property
    def place(self) -> str:
        """Where it begins."""
        return self.first.place or f"message {self.first.id}"


@dataclass(slots=True)
class Thread:
    """A question and what was said to it, by whom, accepted or not."""

    question: Burst
    replies: list[Burst] = field(default_factory=list)
    accepted: set[int] = field(default_factory=set)


class Bursts:
    """Joins messages to bursts, topic by topic."""

    def __init__(self) -> None:
        self.all: list[Burst] = []
        self._last: dict[int, Burst] = {}
        self._of: dict[int, Burst] = {}

    def add(self, message: Message) -> None:
        """Take in the next message."""
        last = self._last.get(message.topic)
        if last is not None and self._continues(last, message):
            last.messages.append(message)
        else:
            last = Burst([message])
            self.all.append(last)
            self._last[message.topic] = last
        self._of[message.id] = last

    def _continues(self, last: Burst, message: Message) -> bool:
        if not message.author or message.author != last.author:
            return False
        if not timedelta() <= moment_of(message) - moment_of(last.last) <= BURST:
            return False
        own = self._of.get(message.reply_to) is last
        return own or message.reply_to in {0, last.first.reply_to}


class Folder:
    """Folds replies into the questions they answer."""

    def __init__(self, mentors: Sequence[str]) -> None:
        self.threads: list[Thread] = []
        self._mentors = {known_as(mentor) for mentor in mentors}
        self._thread_of: dict[int, Thread] = {}
        self._latest: dict[int, Thread] = {}
        self._asked: dict[tuple[int, str], Thread] = {}

    def is_mentor(self, message: Message) -> bool:
        """Whether the school named the author as staff, by name or by id."""
        return not self._mentors.isdisjoint({known_as(message.name), known_as(message.author)})

    def replies_to(self, thread: Thread) -> tuple[IncomingReply, ...]:
        """What was said to the question of ``thread``."""
        return tuple(
            IncomingReply(
                text=reply.text,
                author=reply.author,
                by_mentor=self.is_mentor(reply.first),
                accepted=number in thread.accepted,
                replied_at=reply.first.sent_at,
            )
            for number, reply in enumerate(thread.replies)
        )

    def add_all(self, bursts: Iterable[Burst]) -> Iterator[Skipped]:
        """Take in ``bursts`` in their order; those that are neither questions nor replies are skipped."""
        for burst in bursts:
            if (skipped := self.add(burst)) is not None:
                yield skipped

    def add(self, burst: Burst) -> Skipped | None:
        """Take in the next burst: as a question, or folded into one, or as skipped."""
        thread = self._thread_of.get(burst.first.reply_to) or self._spoken_to(burst)
        if thread is not None and not self._asks_anew(thread, burst):
            return self._fold(thread, burst)
        if self.is_mentor(burst.first):
            return Skipped(burst.place, "a mentor's message that answers no question", harmless=True)
        if is_small_talk(burst.text):
            return Skipped(burst.place, _SMALL_TALK, harmless=True)
        self._begin(burst)
        return None

    def _fold(self, thread: Thread, burst: Burst) -> Skipped | None:
        self._file(thread, burst)
        if self._thanks(thread, burst):
            return None
        if burst.author == thread.question.author and is_small_talk(burst.text):
            return Skipped(burst.place, _SMALL_TALK, harmless=True)
        thread.replies.append(burst)
        return None

    def _asks_anew(self, thread: Thread, burst: Burst) -> bool:
        """Whether the asker goes on with another question, rather than answering one that was asked back."""
        if burst.author != thread.question.author or not asks(burst.text):
            return False
        others = [reply for reply in thread.replies if reply.author != burst.author]
        return not others or "?" not in others[-1].text

    def _begin(self, burst: Burst) -> None:
        thread = Thread(burst)
        self.threads.append(thread)
        self._latest[burst.first.topic] = thread
        self._asked[burst.first.topic, burst.author] = thread
        self._file(thread, burst)

    def _file(self, thread: Thread, burst: Burst) -> None:
        for message in burst.messages:
            self._thread_of[message.id] = thread

    def _spoken_to(self, burst: Burst) -> Thread | None:
        """The thread that a burst without a quotation belongs to."""
        first = burst.first
        if first.reply_to:
            return None
        latest = self._latest.get(first.topic)
        if latest is not None and self.is_mentor(first):
            said = latest.replies[-1] if latest.replies else latest.question
            return latest if moment_of(first) - moment_of(said.last) <= ANSWERED_WITHIN else None
        own = self._asked.get((first.topic, burst.author))
        if own is not None and own.replies and is_thanks(burst.text):
            return own if moment_of(first) - moment_of(own.replies[-1].last) <= THANKED_WITHIN else None
        return None

    def _thanks(self, thread: Thread, burst: Burst) -> bool:
        """Whether the asker thanks; the reply that the thanks are for is accepted then."""
        if burst.author != thread.question.author or not thread.replies or not is_thanks(burst.text):
            return False
        others = [at for at, reply in enumerate(thread.replies) if reply.author != burst.author]
        quoted = (
            at
            for at in others
            if burst.first.reply_to in {message.id for message in thread.replies[at].messages}
        )
        meant = next(quoted, others[-1] if others else None)
        if meant is not None:
            thread.accepted.add(meant)
        return meant is not None


def known_as(name: str) -> str:
    """A name or id without what people leave out: ``@``, case, and the word before a number."""
    plain = name.strip().lstrip("@").casefold()
    return plain.removeprefix("user") if plain.removeprefix("user").isdecimal() else plain
