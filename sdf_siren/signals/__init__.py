"""Signals on regular grids: images, sound, video; their derivatives, and what can be solved on a grid."""

from sdf_siren.signals.signal import AUDIO, IMAGE, VIDEO, SampleFormat, Signal, samples_of

__all__ = ["AUDIO", "IMAGE", "VIDEO", "SampleFormat", "Signal", "samples_of"]
