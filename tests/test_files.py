"""No reader ever sees half a file."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from sdf_siren.errors import ExistsError, UsageError
from sdf_siren.files import (
    atomic_path,
    check_output,
    check_suffix,
    is_temporary,
    never_replacing,
    remove_leftovers,
    write_text,
)


def test_success_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.ply"
    with atomic_path(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".ply"
        temporary.write_bytes(b"data")
        assert not target.exists()
    assert target.read_bytes() == b"data"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "out.txt"
    target.write_text("old")

    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_os_error_while_writing_is_a_usage_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Input/output error"), atomic_path(tmp_path / "out.txt"):
        raise OSError(errno.EIO, "Input/output error")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "free", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 10, True),
        (OSError("124080 requested and 6475 written"), 0, True),  # as numpy.save has it
        (OSError("124080 requested and 6475 written"), 10, False),
    ],
)
def test_a_full_disk_is_called_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, free: int, told: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    refused = pytest.raises(UsageError, match=r"out\.txt: cannot be written")
    with refused as found, atomic_path(tmp_path / "out.txt"):
        raise error
    assert ("(the disk is full); free space there, or choose another output" in str(found.value)) is told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("links", [True, False])
def test_what_appears_meanwhile_is_replaced_only_where_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    kept, other = tmp_path / "kept.txt", tmp_path / "other.txt"

    def write_late() -> None:
        with atomic_path(kept) as temporary:
            temporary.write_text("new")
            kept.write_text("precious")

    with never_replacing([kept]):
        with pytest.raises(ExistsError, match=r"kept\.txt: exists already"):
            write_late()
        write_text(other, "new")
        write_text(other, "newer")
    assert kept.read_text() == "precious"
    assert other.read_text() == "newer"
    kept.unlink()
    with never_replacing([kept]):
        write_text(kept, "new")
    write_text(kept, "newer")
    assert kept.read_text() == "newer"
    assert sorted(tmp_path.iterdir()) == [kept, other]


def test_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write into"), atomic_path(tmp_path / "missing" / "out.txt"):
        pass


def test_a_folder_as_target_is_a_usage_error(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write_text(target, "text")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name != "posix", reason="umask is POSIX")
def test_the_file_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "out.txt", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o640


def test_text_is_utf8(tmp_path: Path) -> None:
    write_text(tmp_path / "out.txt", "Größe ω₀\n")
    assert (tmp_path / "out.txt").read_bytes() == "Größe ω₀\n".encode()


def test_outputs_that_cannot_be_written_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_output(tmp_path / "new.ply")
    with pytest.raises(UsageError, match="found a folder"):
        check_output(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        check_output(tmp_path / "missing" / "new.ply")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(UsageError, match=r"cannot write into .* not writable"):
        check_output(tmp_path / "new.ply")


def test_temporary_names_are_recognised(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "out.ply") as temporary:
        assert is_temporary(temporary.name)
        temporary.write_text("whole")
    for name in ("out.ply", "apart.ply", ".my.partition.txt", ".out.part.ply", f"my{temporary.name}"):
        assert not is_temporary(name)


def test_leftovers_are_those_of_one_file(tmp_path: Path) -> None:
    (tmp_path / ".my.partition.txt").touch()
    with atomic_path(tmp_path / "a.ply") as one, atomic_path(tmp_path / "b.ply") as other:
        pass
    for path in (one, other):
        path.touch()
    remove_leftovers(tmp_path / "a.ply")
    assert {path.name for path in tmp_path.iterdir()} == {".my.partition.txt", "a.ply", "b.ply", other.name}


def test_only_known_suffixes_are_written():
    for name in ("a.png", "b.PNG"):
        check_suffix(Path(name), (".png", ".gif"))
    with pytest.raises(UsageError, match=r"a.BMP: cannot write the format '.BMP'; expected one of .png .gif"):
        check_suffix(Path("a.BMP"), (".png", ".gif"))
