"""``read_audio`` and ``write_audio``: WAV files of integers of 8 to 32 bits or floating-point numbers.

The RIFF chunks are walked here. The standard library's ``wave`` knows no floating-point numbers;
``scipy.io.wavfile`` warns where a file is cut off, and goes on. The format is small, and every size can be
held against the file before a sample is read.

Source: Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0 (RIFF, WAVE);
Microsoft, Multiple Channel Audio Data and WAVE Files (WAVE_FORMAT_EXTENSIBLE).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError, UsageError
from sdf_siren.files import atomic_path, check_output
from sdf_siren.io.opening import checked_size
from sdf_siren.io.signatures import described, kind_of
from sdf_siren.signals import AUDIO, SampleFormat, Signal

MOST_SAMPLES = 50_000_000
"""Over all channels: ten minutes of stereo at 44.1 kHz, 200 MB as float32."""
_MOST_CHANNELS = 8
_INTEGER, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_BITS = {_INTEGER: (8, 16, 24, 32), _FLOAT: (32, 64)}
_SUBFORMAT = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
"""The end of the GUID of an extensible format; the tag stands before it."""
_LARGEST_FILE = 2**32 - 64


@dataclass(frozen=True)
class _Layout:
    """The fmt chunk."""

    tag: int
    channels: int
    rate: int
    bits: int

    @property
    def frame(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.bits // 8


def read_audio(path: str | os.PathLike[str]) -> Signal:
    """Read a WAV file: PCM of 8, 16, 24 or 32 bits, or floating-point numbers of 32 or 64.

    Returns:
        Samples (n, channels) in -1..1, which floating-point files may exceed; ``format.rate`` is in samples
        per second. 32-bit integers and doubles are rounded to float32.

    Raises:
        InputError: another format, a file shorter than it declares, more than 8 channels or 50 million
            samples, NaN.
    """
    path = Path(path)
    size = checked_size(path)
    with open(path, "rb") as file:
        layout, length = _header(path, file, size)
        data = file.read(length)
    samples = _samples(layout, data).reshape(-1, layout.channels)
    form = SampleFormat(-1.0, 1.0, min(layout.bits, 32), layout.tag == _FLOAT, rate=float(layout.rate))
    notes = []
    if (layout.tag, layout.bits) in ((_INTEGER, 32), (_FLOAT, 64)):
        notes.append(f"samples of {layout.bits} bits were rounded to single precision")
    with np.errstate(invalid="ignore"):
        if np.abs(samples).max() > 1:
            notes.append("samples beyond -1..1 are kept; PCM would clip them")
    return Signal(samples, AUDIO, (), form, str(path), tuple(notes))


def _header(path: Path, file: IO[bytes], size: int) -> tuple[_Layout, int]:
    """The layout and the length of the data in bytes; the file stands at their beginning."""
    head = file.read(12)
    if kind_of(head) != "WAV":
        raise InputError(
            f"{path}: expected a WAV sound, found {described(head)}; convert it to WAV (PCM or float)"
        )
    layout = None
    while file.tell() + 8 <= size:
        kind, length = struct.unpack("<4sI", file.read(8))
        if length > size - file.tell():
            raise InputError(
                f"{path}: the chunk {kind!r} declares {length} bytes, found {size - file.tell()}; the file "
                "is truncated or was written to a pipe"
            )
        if kind == b"data":
            if layout is None:
                raise InputError(f"{path}: expected the format before the samples of a WAV file, found none")
            return layout, _checked_length(path, layout, length)
        if kind == b"fmt ":
            layout = _layout(path, file.read(min(length, 40)))
            length -= min(length, 40)
        file.seek(length + length % 2, os.SEEK_CUR)
    raise InputError(f"{path}: expected a chunk of samples in the WAV file, found none; it is truncated")


def _layout(path: Path, body: bytes) -> _Layout:
    if len(body) < 16:
        raise InputError(f"{path}: expected a WAV format of at least 16 bytes, found {len(body)}")
    tag, channels, rate, _, block, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE and body[26:40] == _SUBFORMAT:
        (tag,) = struct.unpack("<H", body[24:26])
    layout = _Layout(tag, channels, rate, bits)
    if bits not in _BITS.get(tag, ()):
        raise InputError(
            f"{path}: expected PCM of 8, 16, 24 or 32 bits or floating-point numbers of 32 or 64, found "
            f"{bits} bits of the WAV format {tag:#06x}; convert it to 16-bit PCM"
        )
    if not 1 <= channels <= _MOST_CHANNELS or rate < 1 or block != layout.frame:
        raise InputError(
            f"{path}: expected 1 to {_MOST_CHANNELS} channels at a rate above zero, found {channels} "
            f"channels at {rate} per second in blocks of {block} bytes"
        )
    return layout


def _checked_length(path: Path, layout: _Layout, length: int) -> int:
    """The length without an incomplete last sample."""
    count = length // layout.frame
    if not 1 <= count * layout.channels <= MOST_SAMPLES:
        raise InputError(
            f"{path}: expected 1 to {MOST_SAMPLES // 10**6} million samples, found {count} in "
            f"{layout.channels} channels; cut or resample it first"
        )
    return count * layout.frame


def _samples(layout: _Layout, data: bytes) -> NDArray[np.float32]:
    """Samples one after the other, those of the channels interleaved."""
    if layout.tag == _FLOAT:
        with np.errstate(all="ignore"):  # numbers beyond float32 become infinite, which Signal refuses
            return np.frombuffer(data, f"<f{layout.bits // 8}").astype(np.float32)
    if layout.bits == 8:  # the only unsigned kind
        return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if layout.bits == 24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
    full = np.float32(2 ** (layout.bits - 1))
    return np.frombuffer(data, f"<i{layout.bits // 8}").astype(np.float32) / full


def check_audio_path(path: str | os.PathLike[str]) -> None:
    """Check before the work that :func:`write_audio` will be able to write to ``path``.

    Raises:
        UsageError: another suffix than .wav, a folder, or a parent folder that is missing or read-only.
    """
    path = Path(path)
    if path.suffix.lower() != ".wav":
        raise UsageError(f"{path}: cannot write the format {path.suffix!r}; expected .wav")
    check_output(path)


def write_audio(signal: Signal, path: str | os.PathLike[str]) -> None:
    """Write a sound as WAV with the bits of its format, atomically.

    Integers hold -1..1 and clip what is outside; floating-point samples are written as they are.

    Raises:
        UsageError: another suffix, a path that cannot be written, no sound, or a rate that WAV cannot hold.
    """
    path = Path(path)
    check_audio_path(path)
    rate, channels, bits = round(signal.format.rate), signal.channels, signal.format.bits
    if signal.axes != AUDIO:
        raise UsageError(f"{path}: expected a sound, found samples along {', '.join(signal.axes)}")
    if not 1 <= rate < 2**32 or not 1 <= channels <= _MOST_CHANNELS:
        raise UsageError(
            f"{path}: WAV holds 1 to {_MOST_CHANNELS} channels at a rate above zero, found {channels} "
            f"at {signal.format.rate:g} per second"
        )
    layout = _Layout(_FLOAT if signal.format.floating else _INTEGER, channels, rate, bits)
    length = len(signal.samples) * layout.frame
    if length > _LARGEST_FILE:
        raise UsageError(f"{path}: WAV holds at most 4 GiB, found {length} bytes; write fewer samples")
    body = struct.pack("<HHIIHH", layout.tag, channels, rate, rate * layout.frame, layout.frame, bits)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        file.write(struct.pack("<4sI4s4sI", b"RIFF", 28 + length + length % 2 + 8, b"WAVE", b"fmt ", 16))
        file.write(body + struct.pack("<4sI", b"data", length))
        file.write(_stored(signal, layout) + bytes(length % 2))


def _stored(signal: Signal, layout: _Layout) -> bytes:
    if layout.tag == _FLOAT:
        return signal.samples.astype("<f4").tobytes()
    full = 2.0 ** (layout.bits - 1)
    whole = np.rint(np.clip(signal.samples.astype(np.float64) * full, -full, full - 1)).astype("<i4")
    if layout.bits == 8:
        return (whole + 128).astype(np.uint8).tobytes()
    return np.ascontiguousarray(whole[..., None].view(np.uint8)[..., : layout.bits // 8]).tobytes()
