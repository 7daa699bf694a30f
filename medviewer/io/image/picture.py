"""PNG, JPEG and TIFF as plain pictures: no geometry, no identity."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medviewer.core.errors import MedviewerError, Notice
from medviewer.core.grey import ModalityTransform
from medviewer.core.identity import Patient, Study
from medviewer.core.image import Frame, ImageSeries, Pixels
from medviewer.core.overlay import Overlay

MOST_PIXELS = 300_000_000


@dataclass(frozen=True, slots=True)
class PictureSource:
    """The one picture of a file, decoded when asked for."""

    path: str

    def stored(self, k: int) -> Pixels:
        return _read(self.path)

    def overlay(self, k: int, overlay: Overlay) -> NDArray[np.bool_]:
        raise MedviewerError("overlay-invalid", self.path)

    def volume(self) -> Pixels:
        return _read(self.path)[None]


def open_picture(path: str) -> ImageSeries:
    """Raises `picture-unreadable`, `image-too-large`."""
    pixels = _read(path)
    colour = pixels.ndim == 3
    frame = Frame(
        path=path,
        index=0,
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples=3 if colour else 1,
        bits_stored=pixels.dtype.itemsize * 8,
        signed=False,
        photometric="RGB" if colour else "MONOCHROME2",
        transfer_syntax="",
        modality_transform=ModalityTransform(),
    )
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
    return ImageSeries(
        item=digest,
        patient=Patient(),
        study=Study(),
        series_uid="",
        modality="",
        frames=(frame,),
        source=PictureSource(path),
        description=Path(path).name,
        warnings=(Notice("no-geometry-no-identity", path),),
        has_identity=False,
    )


def _read(path: str) -> Pixels:
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=("PNG", "JPEG", "TIFF")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise MedviewerError(
                    "image-too-large", path, rows=opened.height, columns=opened.width, found=Path(path).stat().st_size
                )
            picture = ImageOps.exif_transpose(opened)
            if picture.mode in ("I;16", "I;16B", "I;16L", "I"):
                pixels = np.asarray(picture).astype(np.uint16)
            elif picture.mode in ("L", "1"):
                pixels = np.asarray(picture.convert("L"))
            else:
                pixels = np.asarray(picture.convert("RGB"))
                if (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all():
                    pixels = np.ascontiguousarray(pixels[..., 0])
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MedviewerError("picture-unreadable", path, reason=type(error).__name__) from error
    pixels.setflags(write=False)
    return pixels
