"""Films for a fake camera: a phone's screen as a venue's camera sees it. An MJPEG film is JPEG frames in a row."""

import io
from pathlib import Path

from PIL import Image, ImageFilter

FRAME = (1280, 720)
SECONDS = 2
RATE = 30  # how fast Chromium plays any .mjpeg


def frame(screen: bytes) -> bytes:
    """A phone that shows `screen` (PNG), held before the camera: a little soft, a little turned, not quite bright."""
    picture = Image.open(io.BytesIO(screen)).convert("RGB")
    height = 680
    picture = picture.resize((round(picture.width * height / picture.height), height), Image.Resampling.LANCZOS)
    picture = picture.rotate(2, expand=True, fillcolor=(60, 58, 54), resample=Image.Resampling.BICUBIC)
    scene = Image.new("RGB", FRAME, (60, 58, 54))
    scene.paste(picture, ((FRAME[0] - picture.width) // 2, (FRAME[1] - picture.height) // 2))
    scene = scene.filter(ImageFilter.GaussianBlur(0.6)).point(lambda level: round(level * 0.85) + 12)
    out = io.BytesIO()
    scene.save(out, "JPEG", quality=85)
    return out.getvalue()


def shoot(path: Path, *screens: bytes) -> None:
    """Write a film in which each screen is seen for two seconds, in a loop."""
    path.write_bytes(b"".join(frame(screen) * SECONDS * RATE for screen in screens))
