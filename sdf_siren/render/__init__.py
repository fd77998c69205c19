"""Pictures: meshes and scans by ray casting on the CPU, without display or driver; sheets of solutions and
signals."""

from sdf_siren.render.audio_sheet import write_audio_sheet
from sdf_siren.render.likeness import write_likeness
from sdf_siren.render.maps import draw_map
from sdf_siren.render.preview import write_comparison, write_preview
from sdf_siren.render.sheet import write_sheet
from sdf_siren.render.signal_comparison import write_signal_comparison
from sdf_siren.render.signal_sheet import write_signal_sheet
from sdf_siren.render.slowness_sheet import Hearing, write_slowness_sheet
from sdf_siren.render.video_sheet import write_video_sheet

__all__ = [
    "Hearing",
    "draw_map",
    "write_audio_sheet",
    "write_comparison",
    "write_likeness",
    "write_preview",
    "write_sheet",
    "write_signal_comparison",
    "write_signal_sheet",
    "write_slowness_sheet",
    "write_video_sheet",
]
