"""TIFF, read: pages of one to four channels of 8 or 16 bits or floating-point numbers.

tifffile reads what is stored plainly or by Deflate: Pillow would reduce several channels to 8 bits, does not
know double precision, and its libtiff prints what it finds damaged. Other compressions need the package
imagecodecs in tifffile, so they go through Pillow, as do palettes and colour spaces other than RGB; but for
LZW of numbers that Pillow would reduce, which is decompressed here (:mod:`sdf_siren.io.lzw`).
"""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io import lzw
from sdf_siren.io.opening import checked_size
from sdf_siren.io.pillow_files import failures, opened, raster_of
from sdf_siren.io.rasters import Raster, check_pixels, turned

if TYPE_CHECKING:
    from tifffile import TiffPage

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _PROFILE = 274, 282, 283, 34675
_PLAIN, _DEFLATE, _LZW = (1,), (8, 32946), (5,)
_HORIZONTAL = 2
_WHITE_IS_ZERO, _GREY_OR_RGB = 0, {0: 1, 1: 1, 2: 3}
_SUBSAMPLED = 6
"""YCbCr, whose colours may have fewer samples than the header counts."""
_ASSOCIATED, _UNASSOCIATED = 1, 2


def read_tiff(path: Path) -> Raster:
    """The first page; a note says how many there are.

    Raises:
        InputError: it is damaged, too large, or of a kind that neither library decodes.
    """
    with _pages(path) as pages:
        count = len(pages)
        raster = _page(path, pages[0], 0)
    more = (f"the first of {count} pages was read",) if count > 1 else ()
    return replace(raster, notes=(*raster.notes, *more))


def read_tiff_pages(path: Path) -> Iterator[tuple[int, Raster]]:
    """How many pages there are, and each of them.

    Raises:
        InputError: as :func:`read_tiff`, or together they are too large.
    """
    with _pages(path) as pages:
        count = len(pages)
        first = pages[0]
        check_pixels(path, (count, first.imagelength, first.imagewidth, first.samplesperpixel), "samples")
        for index in range(count):
            with failures(path, "TIFF"):
                page = pages[index]
            yield count, _page(path, page, index)


@contextmanager
def _pages(path: Path) -> Iterator[Any]:
    """tifffile's pages; it reports damage to the log, which would print it, and goes on."""
    import tifffile

    log = logging.getLogger("tifffile")
    before, log.disabled = log.disabled, True
    try:
        with failures(path, "TIFF"), tifffile.TiffFile(path) as file:
            yield file.pages
    finally:
        log.disabled = before


def _page(path: Path, page: TiffPage, index: int) -> Raster:
    with failures(path, "TIFF"):
        check_pixels(path, (page.imagelength, page.imagewidth, page.imagedepth))
        if page.imagedepth != 1:
            raise InputError(f"{path}: expected a flat image, found {page.imagedepth} slices in one page")
        if not isinstance(page.bitspersample, int):  # multiplied, a tuple becomes as long as one says
            raise ValueError("its channels have different numbers of bits")
        direct = _is_direct(page)
        _check_strips(path, page, direct)
        if direct:
            return _directly(path, page)
    return _with_pillow(path, page, index)


def _is_direct(page: TiffPage) -> bool:
    """Whether tifffile decodes it without help."""
    compression, predictor = int(page.compression), int(page.predictor)
    return (
        int(page.photometric) in _GREY_OR_RGB
        and (compression in _PLAIN + _DEFLATE or (compression in _LZW and not _fits_pillow(page)))
        and (
            predictor == 1
            or (predictor == _HORIZONTAL and page.dtype is not None and page.dtype.kind in "iu")
        )
        and page.dtype is not None
        and page.dtype.kind in "iuf"
        and page.bitspersample == 8 * page.dtype.itemsize
    )


def _fits_pillow(page: TiffPage) -> bool:
    """Whether Pillow keeps every bit of the numbers, whatever their byte order."""
    return page.bitspersample == 8 or (page.samplesperpixel == 1 and page.dtype == np.uint16)


def _check_strips(path: Path, page: TiffPage, direct: bool) -> None:
    """Refuse strips or tiles that are not in the file, or that inflate to less or more than the header says.

    Both libraries fill what is missing with black, and tifffile inflates without a bound. What LZW gives is
    counted when it is decompressed; here only whether there is enough of it.
    """
    size, bits = checked_size(path), page.samplesperpixel * page.bitspersample
    strips = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    inside = (offset > 0 and count > 0 and offset + count <= size for offset, count in strips)
    if len(strips) != math.prod(page.chunked) or not all(inside):
        raise ValueError("it is truncated")
    if page.is_tiled:
        check_pixels(path, (page.tilelength, page.tilewidth))
    found = sum(count for _, count in strips)
    if page.compression in _DEFLATE and direct:
        most = math.prod(page.chunks) * page.bitspersample // 8
        with open(path, "rb") as file:
            found = sum(_inflated_length(file, offset, count, most) for offset, count in strips)
    elif page.compression in _LZW and direct:
        found *= lzw.MOST_GROWTH
    elif page.compression not in _PLAIN or page.photometric == _SUBSAMPLED:
        return
    if found < page.imagelength * -(-page.imagewidth * bits // 8):
        raise ValueError("it is truncated")


def _inflated_length(file: IO[bytes], offset: int, count: int, most: int) -> int:
    file.seek(offset)
    length = len(zlib.decompressobj().decompress(file.read(count), most + 1))
    if length > most:
        raise ValueError("a strip inflates to more than it should")
    return length


def _directly(path: Path, page: TiffPage) -> Raster:
    if page.compression in _LZW:
        planes = _planes_of_lzw(path, page)
    else:
        planes = page.asarray(squeeze=False, maxworkers=1)  # (planes, 1, h, w, channels)
    stored = np.moveaxis(planes[:, 0], 0, -1)[..., 0, :] if planes.shape[0] > 1 else planes[0, 0]
    notes: tuple[str, ...] = ()
    colours = _GREY_OR_RGB[int(page.photometric)]
    kinds = [int(kind) for kind in page.extrasamples]
    channels = colours + (len(kinds) > 0 and kinds[0] in (_ASSOCIATED, _UNASSOCIATED))
    if stored.shape[-1] < colours:
        raise ValueError(f"{stored.shape[-1]} channels instead of {colours}")
    if channels < stored.shape[-1]:
        notes += (f"{stored.shape[-1] - channels} further channels of no known meaning were dropped",)
        stored = stored[..., :channels]
    full = int(np.iinfo(stored.dtype).max) if stored.dtype in (np.uint8, np.uint16) else None
    if page.photometric == _WHITE_IS_ZERO and full:
        stored = np.concatenate([full - stored[..., :colours], stored[..., colours:]], axis=-1)
    if channels > colours and kinds[0] == _ASSOCIATED:
        stored = _divided_by_alpha(stored, full)
        notes += ("the colours were divided by alpha, which they had been multiplied with",)
    orientation, profile = _tag(page, _ORIENTATION, 1), _tag(page, _PROFILE, None)
    resolution = (_ratio(_tag(page, _X_RESOLUTION, 1)), _ratio(_tag(page, _Y_RESOLUTION, 1)))
    return Raster(
        stored, full, bytes(profile) if profile else None, orientation, turned(resolution, orientation), notes
    )


def _planes_of_lzw(path: Path, page: TiffPage) -> NDArray[Any]:
    """As ``page.asarray(squeeze=False)``; tifffile still undoes byte order and predictor."""
    assert page.dtype is not None
    strips = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    most = math.prod(page.chunks) * page.bitspersample // 8
    page.compression = 1  # what is handed to it is plain by then
    planes = np.empty(page.shaped, page.dtype)
    with open(path, "rb") as file:
        for index, (offset, count) in enumerate(strips):
            file.seek(offset)
            data = lzw.decompress(file.read(count), most)
            _, (plane, depth, row, column, _), shape = page.decode(None, index)
            if len(data) < math.prod(shape) * page.dtype.itemsize:
                raise ValueError("it is truncated")
            part, _, _ = page.decode(data, index)
            assert part is not None, "there is data"
            room = planes[plane, depth, row:, column:][: shape[1], : shape[2]]
            room[...] = part[0, : room.shape[0], : room.shape[1]]
    return planes


def _divided_by_alpha(stored: NDArray[np.generic], full: int | None) -> NDArray[np.generic]:
    """Colours that were multiplied with alpha, restored; black where nothing of them is left."""
    values = stored.astype(np.float64) / (full or 1)
    colours, alpha = values[..., :-1], values[..., -1:]
    colours = np.divide(colours, alpha, out=np.zeros_like(colours), where=alpha > 0)
    values = np.concatenate([colours, alpha], axis=-1)
    return np.rint(np.clip(values, 0, 1) * full).astype(stored.dtype) if full else values


def _tag(page: TiffPage, code: int, default: Any) -> Any:
    return page.tags.valueof(code, default=default)


def _ratio(value: Any) -> float:
    """A rational number as tifffile gives it."""
    return value[0] / value[1] if isinstance(value, tuple) and value[1] else math.nan


def _with_pillow(path: Path, page: TiffPage, index: int) -> Raster:
    method = getattr(page.compression, "name", page.compression)
    if page.dtype is not None and page.dtype.kind == "f" and page.parent.byteorder == ">":
        # libtiff gives them in the machine's order, and Pillow turns them again.
        raise InputError(
            f"{path}: expected numbers of the byte order II in the compression {method}, found floats of MM; "
            "save it with Deflate, LZW or none"
        )
    with opened(path, "TIFF") as picture:
        picture.seek(index)
        check_pixels(path, (picture.height, picture.width))
        raster = raster_of(picture)
        stored, full, notes = raster.stored, raster.full, raster.notes
        if stored.dtype == np.uint16:
            full = 2 ** min(int(page.bitspersample), 16) - 1  # 12 bits stay as small as they are
            if page.photometric == _WHITE_IS_ZERO:  # Pillow inverts only 8 bits
                stored = full - stored
        elif stored.dtype == np.uint8 and page.bitspersample > 8:
            notes += (
                f"{page.bitspersample} bits per sample were reduced to 8, because the compression {method} "
                "of several channels is not decoded otherwise; save it with Deflate, LZW or none",
            )
    return replace(raster, stored=stored, full=full, notes=notes)
