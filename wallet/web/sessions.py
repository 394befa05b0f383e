"""The signed session cookie."""

from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin


class Sessions(SecureCookieSessionInterface):
    """Flask's own, with Max-Age beside Expires: a phone whose clock is wrong would drop the cookie by its date."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie where the session changed."""
        super().save_session(app, session, response)
        if not session.permanent:
            return
        ours = f"{self.get_cookie_name(app)}="
        seconds = int(app.permanent_session_lifetime.total_seconds())
        response.headers.setlist(
            "Set-Cookie",
            [
                f"{line}; Max-Age={seconds}" if line.startswith(ours) and "Max-Age" not in line else line
                for line in response.headers.getlist("Set-Cookie")
            ],
        )
