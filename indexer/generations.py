"""Generations of an index: whole copies side by side, of which the file CURRENT names one.

A rebuild writes the next generation while searches go on in this one, and then names it in CURRENT with one
atomic rename.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from kbsearch.durable import sync_folder
from kbsearch.errors import IndexUnavailable

FORMAT = 2
"""Version of everything in a generation; another one means a rebuild."""
SETTLED = 2_000_000_000
"""Nanoseconds after which a file system tells two changes apart by their times."""
_NAME = re.compile(r"gen-(\d{4,})")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was used to make a generation: an encoder, and a second one unless ``second_dimension`` is 0."""

    model_id: str
    dimension: int
    format: int = FORMAT
    second_id: str = ""
    second_dimension: int = 0


@dataclass(frozen=True, slots=True)
class Generation:
    """One whole index in a folder of its own."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Its name, as in CURRENT."""
        return self.folder.name

    @property
    def vectors_path(self) -> Path:
        """Where its vectors lie."""
        return self.folder / "vectors.f32"

    @property
    def second_path(self) -> Path:
        """Where those of the second encoder lie, row for row."""
        return self.folder / "second.f32"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When the file CURRENT (which file, too) and the folder of a generation last changed, in nanoseconds.

    Equal stamps that are settled mean that nothing was committed or rebuilt between them.
    """

    current: int
    file: int
    folder: int

    def is_settled(self) -> bool:
        """Whether the last change is so long ago that another one would have another time."""
        return time.time_ns() - max(self.current, self.folder) > SETTLED


class Generations:
    """The generations of one collection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._current = str(folder / "CURRENT")

    def current_name(self) -> str:
        """The name in CURRENT, or "" when there is no index yet."""
        try:
            with open(self._current, encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def stamp(self, generation: Generation | None) -> Stamp | None:
        """When CURRENT and ``generation`` changed; None when one of them is not there."""
        if generation is None:
            return None
        try:
            current, folder = os.stat(self._current), os.stat(generation.folder)
        except FileNotFoundError:
            return None
        return Stamp(current.st_mtime_ns, current.st_ino, folder.st_mtime_ns)

    def open(self, name: str) -> Generation:
        """The generation ``name``.

        Raises:
            IndexUnavailable: it is not there, its manifest is broken, or it is of another format.
        """
        folder = self.folder / name
        try:
            manifest = Manifest(**json.loads((folder / "manifest.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise damaged(folder, error) from error
        if manifest.format != FORMAT or not _NAME.fullmatch(name):
            raise damaged(folder, f"format {manifest.format}, this version reads {FORMAT}")
        return Generation(folder, manifest)

    def create(self, manifest: Manifest) -> Generation:
        """A new, empty generation, not yet the current one."""
        number = max([self._number(path) for path in self._folders()], default=0) + 1
        folder = self.folder / f"gen-{number:04}"
        folder.mkdir(parents=True)
        write_durably(folder / "manifest.json", json.dumps(asdict(manifest)).encode())
        generation = Generation(folder, manifest)
        generation.vectors_path.touch()
        generation.second_path.touch()
        return generation

    def make_current(self, generation: Generation) -> None:
        """Name ``generation`` in CURRENT; from now on every search uses it."""
        write_durably(self.folder / "CURRENT", generation.name.encode())

    def prune(self, keep: int = 1) -> None:
        """Remove unfinished generations and the old ones before the last ``keep``."""
        current = self.current_name()
        older = sorted(path for path in self._folders() if path.name < current)
        newer = [path for path in self._folders() if path.name > current]
        for path in [*older[: len(older) - keep], *newer]:
            shutil.rmtree(path, ignore_errors=True)

    def _folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]

    @staticmethod
    def _number(path: Path) -> int:
        return int(path.name.removeprefix("gen-"))


def write_durably(path: Path, content: bytes) -> None:
    """Replace the file ``path`` in one step that survives a power cut."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with open(draft, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
    sync_folder(path.parent)


def check_model(generation: Generation | None, model_id: str) -> None:
    """Make sure that the vectors of ``generation``, if any, are of the encoder ``model_id``.

    Raises:
        IndexUnavailable: they are of another one.
    """
    if generation is None or generation.manifest.model_id == model_id:
        return
    raise IndexUnavailable(
        "The search index in {folder} was made with the encoder {indexed}, but {configured} is set.",
        remedy="Run `kbsearch index rebuild`; text search works meanwhile.",
        folder=str(generation.folder.parent),
        indexed=generation.manifest.model_id,
        configured=model_id,
        rebuild=True,
    )


def damaged(folder: Path, reason: object) -> IndexUnavailable:
    """The error for an index that cannot be read; ``details["rebuild"]`` tells the worker to mend it."""
    return IndexUnavailable(
        "The search index in {folder} cannot be read: {reason}.",
        remedy="Run `kbsearch index rebuild`; searches go on as soon as it is done.",
        folder=str(folder),
        reason=str(reason).rstrip(".") or type(reason).__name__,
        rebuild=True,
    )
