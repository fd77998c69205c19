"""Which files a batch reads: what paths, folders and patterns stand for."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from sdf_siren.engine.folder import MANIFEST, folder_of
from sdf_siren.errors import InputError, UsageError

RUN_SUFFIX = folder_of(Path("x")).suffix
SUMMARIES = ("summary.json", "summary.csv")
"""What a batch leaves in its output folder; ``.csv`` is also a format of scans."""


@dataclass(frozen=True)
class Source:
    """A file to read.

    Attributes:
        path: absolute.
        name: relative to what was named, with ``/`` on every system; the output's place in the output folder.
    """

    path: Path
    name: str


@dataclass(frozen=True)
class Found:
    """Sources by name, each once, and sentences about what was left out."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...]


def means_many(words: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether the words of a command are a batch: several, a folder, or a pattern."""
    return len(words) > 1 or any(os.path.isdir(word) or _is_pattern(os.fspath(word)) for word in words)


def discover(
    words: Sequence[str | os.PathLike[str]],
    suffixes: Collection[str],
    output: Path,
    *,
    recursive: bool = False,
) -> Found:
    """The files that ``words`` name.

    A folder stands for its files with one of ``suffixes``, whatever they hold. Left out are hidden files and
    folders, run folders, outputs of this program (which have a run folder beside them), and ``output`` with
    all that it holds, unless it is the very folder that was named. Linked files are read, linked folders not
    entered, so that loops do no harm. A file that is named itself, or by a pattern, is taken as it is.

    Names are relative to the deepest folder that holds all that was named; of a pattern, that is the part
    before its first wildcard.

    Args:
        words: files, folders and patterns (``*``, ``?``, ``[...]``, and ``**`` for any folders).
        suffixes: in lower case, with the dot.
        output: folder of the batch's outputs, there or not.
        recursive: enter the folders in a folder.

    Raises:
        InputError: a path does not exist, a folder cannot be read, or a pattern matches nothing.
        UsageError: there is nothing to read.
    """
    if not words:
        raise UsageError("expected files, folders or patterns to read, found none")
    bases, found, left_out = [], dict[Path, None](), Counter[str]()
    walk = _Walk(frozenset(suffixes), Path(os.path.abspath(output)), recursive, left_out)
    texts = [os.fspath(word) for word in words]
    for word in texts:
        base, paths = _named(word)
        bases.append(base)
        for path in paths:
            found.update(dict.fromkeys(walk.files(path) if path.is_dir() else [path]))
    common = Path(os.path.commonpath(bases))
    sources = sorted((Source(path, path.relative_to(common).as_posix()) for path in found), key=_order)
    notes = tuple(_sentence(reason, count) for reason, count in sorted(left_out.items()))
    if not sources:
        what = "; ".join(notes) or "they hold no files"
        raise UsageError(f"{' '.join(texts)}: expected files to read, found none ({what})")
    return Found(tuple(sources), notes)


class _Walk:
    """The files of a folder, and a count of what was left out."""

    def __init__(
        self, suffixes: frozenset[str], output: Path, recursive: bool, left_out: Counter[str]
    ) -> None:
        self._suffixes, self._recursive, self._left_out = suffixes, recursive, left_out
        self._output = os.path.realpath(output)

    def files(self, folder: Path) -> Iterator[Path]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            raise InputError(f"{folder}: cannot be read ({error.strerror}); check the path") from None
        is_output = os.path.realpath(folder) == self._output
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = folder / entry.name
            reason = self._why_not(entry, path, is_output)
            if reason:
                self._left_out[reason] += 1
            elif entry.is_dir():
                yield from self.files(path)
            else:
                yield path

    def _why_not(self, entry: os.DirEntry[str], path: Path, in_output: bool) -> str:
        """The reason to leave an entry out, or nothing."""
        if entry.is_dir():
            if entry.name.endswith(RUN_SUFFIX):
                return "run folder"
            if os.path.realpath(path) == self._output:
                return "output folder"
            if not self._recursive:
                return "folder"
            return "linked folder" if entry.is_symlink() else ""
        if path.suffix.lower() not in self._suffixes:
            return "file"
        written = (folder_of(path) / MANIFEST).exists() or (in_output and entry.name in SUMMARIES)
        return "output" if written else ""


_SENTENCES = {
    "folder": "{} inside was not entered; --recursive enters it",
    "linked folder": "{} was not entered; name it to read it",
    "file": "{} of another format was left out",
    "output": "{} of this program was left out",
    "output folder": "{} was left out",
    "run folder": "{} was left out",
}


def _sentence(reason: str, count: int) -> str:
    text = _SENTENCES[reason].format(f"{count} {reason}{'s' * (count != 1)}")
    return text if count == 1 else text.replace(" was ", " were ").replace(" it", " them")


def _named(word: str) -> tuple[Path, list[Path]]:
    """The folder to which names are relative, and the paths that a word stands for; all absolute."""
    path = Path(os.path.abspath(word))
    if os.path.lexists(path):
        return (path if path.is_dir() else path.parent), [path]
    if not _is_pattern(word):
        raise InputError(f"{word}: no such file or folder; check the path")
    matches = [Path(os.path.abspath(match)) for match in sorted(glob.glob(word, recursive=True))]
    if not matches:
        raise InputError(f"{word}: the pattern matches nothing; check it, and quote it")
    # Of the word alone: the working folder's own path may look like a pattern too.
    before = Path(*takewhile(lambda part: not glob.has_magic(part), Path(word).parts))
    return Path(os.path.commonpath([os.path.abspath(before), *matches])), matches


def _is_pattern(word: str) -> bool:
    return glob.has_magic(word) and not os.path.lexists(word)


def _order(source: Source) -> list[str]:
    return source.name.split("/")
