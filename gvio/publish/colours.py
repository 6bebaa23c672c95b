"""One scale of colours for everything that shows a month's map by itself: thumbnail, QGIS style, STAC renders.

Output is 0 at nearly every pixel and spans decades at the others, so a linear scale from 0 shows a black silhouette.
Zero is pale grey; what is positive is coloured by its logarithm, over three decades below the brightest pixel.
"""

from __future__ import annotations

import functools
import math
import struct
import zlib

import numpy as np

from gvio.grid.blocks import block_sums
from gvio.types import FloatArray, IntArray

DECADES = 3.0
_SIDE = 256  # pixels of a thumbnail, at most
_ZERO = (226, 226, 230)
# From light to dark, by eye and for the colour-blind: lightness falls evenly, hue goes from yellow to blue-violet.
_ANCHORS = ((253, 231, 160), (253, 174, 97), (230, 97, 84), (172, 51, 106), (101, 25, 110), (35, 15, 75))
_COLOURS = 254


def colour(share: float) -> tuple[int, int, int]:
    """Red, green, blue (0–255) at a share in [0, 1] of the logarithmic scale."""
    place = min(max(share, 0.0), 1.0) * (len(_ANCHORS) - 1)
    lower = min(int(place), len(_ANCHORS) - 2)
    pairs = zip(_ANCHORS[lower], _ANCHORS[lower + 1], strict=True)
    red, green, blue = (round(a + (b - a) * (place - lower)) for a, b in pairs)
    return red, green, blue


def classes(most: float, steps: int = 12) -> list[tuple[float, tuple[int, int, int]]]:
    """Values and colours of a scale up to `most`: zero, then evenly in the logarithm; zero alone where `most` is 0."""
    scale = [(0.0, _ZERO)]
    if not (math.isfinite(most) and most > 0):
        return scale
    return scale + [
        (most * 10 ** (DECADES * (step / (steps - 1) - 1)), colour(step / (steps - 1))) for step in range(steps)
    ]


def thumbnail_png(estimate: FloatArray) -> bytes:
    """PNG of a band (y, x), at most 256 pixels a side; what is drawn of several pixels is their sum, NaN is nothing."""
    return picture_png(estimate, -(-max(estimate.shape) // _SIDE))[0]


def picture_png(estimate: FloatArray, step: int) -> tuple[bytes, float]:
    """PNG of a band (y, x) with a pixel for the sum of `step` × `step`, and the greatest sum; NaN is nothing."""
    inside = block_sums(np.isfinite(estimate)[None].astype(np.float64), (step, step))[0] > 0
    values = block_sums(np.nan_to_num(estimate.astype(np.float64))[None], (step, step))[0]
    most = float(values.max(initial=0.0))
    index = inside.astype(np.uint8)  # 0 nothing, 1 zero, 2… colours
    lit = values > 0
    if lit.any():
        share = 1 + np.log10(values[lit] / most) / DECADES
        index[lit] = 2 + np.clip(np.round(share * (_COLOURS - 1)), 0, _COLOURS - 1).astype(np.uint8)
    return _png(index), most


@functools.cache
def _palette() -> bytes:
    entries = [(255, 255, 255), _ZERO, *(colour(i / (_COLOURS - 1)) for i in range(_COLOURS))]
    return bytes(value for entry in entries for value in entry)


def _png(index: IntArray) -> bytes:
    rows, cols = index.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), index.astype(np.uint8)], axis=1)  # 0: no filter
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", cols, rows, 8, 3, 0, 0, 0)),
        (b"PLTE", _palette()),
        (b"tRNS", b"\x00"),
        (b"IDAT", zlib.compress(lines.tobytes(), 7)),  # 9: a tenth smaller in ten times the time
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def qgis_style(most: float, unit: str) -> bytes:
    """A QGIS layer style (QML) for the band `estimate` of a month's grid, up to `most`; without it QGIS takes bands for
    red, green and blue.
    """
    items = "".join(
        f'<item value="{value:.6g}" label="{value:.3g}" color="#{r:02x}{g:02x}{b:02x}" alpha="255"/>'
        for value, (r, g, b) in classes(most)
    )
    text = (
        '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM">\n'
        f'<qgis version="3.22" styleCategories="Symbology">\n<!-- band 1, {_escaped(unit)} per pixel and month -->\n'
        '<pipe><rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" nodataColor="" '
        f'classificationMin="0" classificationMax="{most:.6g}"><rastershader><colorrampshader '
        f'colorRampType="INTERPOLATED" classificationMode="1" clip="0" minimumValue="0" maximumValue="{most:.6g}">'
        f"{items}</colorrampshader></rastershader></rasterrenderer></pipe>\n</qgis>\n"
    )
    return text.encode()


def _escaped(text: str) -> str:
    """As a comment of XML may hold it."""
    return text.replace("&", "and").replace("<", "(").replace(">", ")").replace("--", "-")
