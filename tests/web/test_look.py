"""The look keeps its promises: readable in both themes, nothing the policy forbids, a light card page."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CSS = ROOT / "static" / "css"
TOKENS = (CSS / "tokens.css").read_text(encoding="utf-8")
LIGHT, _, DARK = TOKENS.partition("@media (prefers-color-scheme: dark)")
THEMES = {"light": LIGHT, "dark": DARK}

TEXT_ON = [
    ("ink", "ground"), ("ink", "surface"), ("ink", "sunken"), ("ink", "tint"),
    ("ink-soft", "ground"), ("ink-soft", "surface"), ("ink-soft", "sunken"), ("ink-soft", "tint"),
    ("link", "ground"), ("link", "surface"), ("link", "tint"),
    ("on-brand", "brand"), ("on-brand", "brand-deep"),
    ("ok", "ok-tint"), ("warn", "warn-tint"), ("stop", "stop-tint"), ("stop", "surface"), ("stop", "ground"),
    ("ink", "ok-tint"), ("ink", "warn-tint"), ("ink", "stop-tint"),
    ("on-face", "face"), ("on-face", "face-deep"), ("on-face-soft", "face"), ("on-face-soft", "face-deep"),
]  # fmt: skip
EDGE_ON = [
    ("line-strong", "surface"),
    ("line-strong", "ground"),
    ("focus", "ground"),
    ("focus", "surface"),
    ("lamp", "face"),
]


def colours(theme: str) -> dict[str, str]:
    """The colours of a theme; what the dark one does not name it keeps from the light one."""
    found: dict[str, str] = {}
    for part in (LIGHT,) if theme == "light" else (LIGHT, DARK):
        found |= dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6});", part))
    return found


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    full = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    shares = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours by WCAG 2.2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_wcag_does():
    assert contrast("000", "fff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read_and_edges_seen(theme):
    of = colours(theme)
    thin = [(a, b) for a, b in TEXT_ON if contrast(of[a], of[b]) < 4.5]
    faint = [(a, b) for a, b in EDGE_ON if contrast(of[a], of[b]) < 3]
    assert (thin, faint) == ([], [])


def test_styles_ask_for_nothing_from_elsewhere():
    """An image or a font in a style sheet would be refused by the policy, silently."""
    for file in CSS.glob("*.css"):
        text = file.read_text(encoding="utf-8")
        assert "url(" not in text, file.name
        assert all(name.startswith("./") for name in re.findall(r'@import "([^"]+)"', text)), file.name


def test_the_card_pages_styles_stay_light():
    size = 0
    for name in ("app.css", "holder.entry.css"):
        built = subprocess.run(
            [ROOT / "node_modules/.bin/esbuild", CSS / name, "--bundle", "--minify", "--log-level=error"],
            capture_output=True,
            check=True,
        )
        size += len(built.stdout)
    assert size < 18 * 1024


def test_components_carry_no_inline_style_or_script():
    for file in (ROOT / "templates").rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son\w+=\"|javascript:", text), file
