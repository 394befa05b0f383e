"""The QR symbol of a code or an activation link, as inline SVG."""

import segno

BORDER = 4  # modules of quiet zone that readers need (ISO/IEC 18004)


def matrix(text: str) -> tuple[bytearray, ...]:
    """The modules of the symbol, row by row, 1 is dark, without the border.

    Level M, and never Micro QR: phones' cameras do not read it. A code (upper-case base45) goes in
    alphanumeric mode, a link in byte mode.
    """
    return segno.make(text, micro=False, error="m", boost_error=False).matrix


def svg(text: str) -> str:
    """The symbol as an `<svg>` for putting into a page: one path on a white rectangle, without a size of its
    own.

    The size, and the words for those who do not see it (role, aria-label), belong to the element around it.
    """
    rows = matrix(text)
    side = len(rows) + 2 * BORDER
    path = "".join(
        f"M{start + BORDER} {y + BORDER}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for start, length in _dark_runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 {side} {side}"'
        f' shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )


def _dark_runs(row: bytearray) -> list[tuple[int, int]]:
    """(start, length) of each unbroken run of dark modules in a row."""
    edges = [x for x in range(len(row) + 1) if (x < len(row) and row[x]) != (x > 0 and row[x - 1])]
    return [(start, end - start) for start, end in zip(edges[::2], edges[1::2], strict=True)]
