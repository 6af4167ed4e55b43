"""Cases in Markdown files: front matter with title, variants, course and tags; the body is the answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingCase, Record, Skipped
from kbsearch.importers.text_lines import check_encoding, tell_encoding

MOST_BYTES = 2_000_000
"""Size of one Markdown file."""

_SUFFIXES = (".md", ".markdown")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_OPEN = re.compile(r"\s*-{3,}[ \t]*\r?\n[ \t]*[\w-]+[ \t]*:")
_CLOSED = re.compile(r"\s*-{3,}[ \t]*$.*?^-{3,}[ \t]*$", re.MULTILINE | re.DOTALL)
_NAMES = {
    "slug": ("id", "slug"),
    "title": ("title", "заголовок", "question", "вопрос"),
    "variants": ("variants", "варианты", "aliases", "questions"),
    "course": ("course", "курс"),
    "lessons": ("lessons", "lesson", "уроки", "урок"),
    "tags": ("tags", "теги", "keywords"),
    "language": ("language", "lang", "язык"),
    "state": ("state", "status"),
}


def open_markdown(path: Path, options: ImportOptions) -> Source:
    """The Markdown file at ``path``, or all below it when it is a folder, in order of their names.

    Files of other kinds in the folder are passed over and counted.

    Raises:
        UnreadableFile: the folder has none.
    """
    root = path if path.is_dir() else path.parent
    below = _files(path) if path.is_dir() else [path.relative_to(root)]
    files = [file for file in below if is_markdown(file) or not path.is_dir()]
    if not files:
        raise UnreadableFile(
            "{path} holds no Markdown files.",
            remedy="Cases are files that end in .md; name files of other kinds one by one.",
            path=str(path),
        )
    meter, slugs = Meter(total=len(files)), _slugs(files)

    def records() -> Iterator[Record]:
        for number, file in enumerate(files, 1):
            meter.done = number
            yield read_case(root / file, str(file), options, slugs[file])
        for file in sorted(set(below) - set(files)):
            yield Skipped(str(file), "a file that is not Markdown: import it by itself", harmless=True)

    return Source("markdown", records, meter)


def is_markdown(path: Path) -> bool:
    """Whether the file is called as Markdown is."""
    return path.suffix.lower() in _SUFFIXES


def _files(folder: Path) -> list[Path]:
    """Paths of the files below ``folder``, seen from there; what begins with a point is left alone."""
    found = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.parts))


def _slugs(files: Sequence[Path]) -> dict[Path, str]:
    """Each file's name; with its folders where several files of the import bear that name."""
    shared = Counter(file.stem for file in files)
    return {
        file: file.stem if shared[file.stem] == 1 else "-".join(file.with_suffix("").parts) for file in files
    }


def read_case(file: Path, place: str, options: ImportOptions, slug: str) -> Record:
    """The case in ``file``, whose short name is ``slug`` when it tells none, or why it is skipped."""
    try:
        meta, body = _parts(file, options.encoding)
        title = _text(_value(meta, "title"))
        if not title:
            title, body = _first_heading(body)
        if not title:
            return Skipped(place, "there is no title and no heading")
        named = {"slug": slug, "course": options.course, **meta, "title": title}
        return _case(named, body, place)
    except InvalidInput as error:
        details = {name: value for name, value in error.details.items() if name != "path"}
        return Skipped(place, error.template.replace("{path} ", "the file "), details)


def _parts(file: Path, encoding: str) -> tuple[Mapping[str, Any], str]:
    import frontmatter  # type: ignore[import-untyped,unused-ignore]
    import yaml  # type: ignore[import-untyped,unused-ignore]

    if file.stat().st_size > MOST_BYTES:
        raise UnreadableFile("the file is larger than {limit} MB", limit=MOST_BYTES // 1_000_000)
    name = tell_encoding(file) if encoding == "auto" else check_encoding(encoding)
    try:
        text = file.read_text(name).lstrip("\ufeff")
        _check_front(text)
        post = frontmatter.loads(text)
    except UnicodeError as error:
        raise UnreadableFile("the file is not {encoding}", encoding=name) from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UnreadableFile("its front matter is not YAML: {reason}", reason=reason) from error
    except RecursionError as error:
        raise UnreadableFile("its front matter is nested too deeply") from error
    return post.metadata, post.content


def _check_front(text: str) -> None:
    """Refuse what begins with front matter that does not end: it would be taken for the answer."""
    if _OPEN.match(text) and not _CLOSED.match(text):
        raise InvalidInput("its front matter is not closed: a line of --- must end it")


def _case(meta: Mapping[str, Any], body: str, place: str) -> IncomingCase:
    return IncomingCase(
        title=_text(meta["title"]),
        answer=body.strip(),
        slug=_text(_value(meta, "slug")),
        variants=_texts(_value(meta, "variants"), "\n"),
        course=_text(_value(meta, "course")),
        lessons=_texts(_value(meta, "lessons")),
        tags=_texts(_value(meta, "tags")),
        language=_text(_value(meta, "language")),
        state=_text(_value(meta, "state")).lower() or "published",
        place=place,
    )


def _first_heading(body: str) -> tuple[str, str]:
    """The first heading, and the body without it."""
    match = _HEADING.search(body)
    if match is None:
        return "", body
    return match[1].strip(), body[: match.start()] + body[match.end() :]


def _value(meta: Mapping[str, Any], field: str) -> Any:
    return next((meta[name] for name in _NAMES[field] if meta.get(name) is not None), None)


def _text(value: Any) -> str:
    """A plain value as text; anything nested is none (YAML aliases can make it huge)."""
    return "" if value is None or isinstance(value, (list, dict, set, tuple)) else str(value).strip()


def _texts(value: Any, apart: str = ",") -> tuple[str, ...]:
    entries = value.split(apart) if isinstance(value, str) else value if isinstance(value, list) else [value]
    return tuple(text for entry in entries if (text := _text(entry)))
