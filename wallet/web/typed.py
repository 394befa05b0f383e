"""What people type into forms, before a form judges it."""


def plain(typed: str | None) -> str:
    """What was typed, with a space for what can't be printed: PostgreSQL keeps no NUL, and nobody sees one."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in typed or "").split())
