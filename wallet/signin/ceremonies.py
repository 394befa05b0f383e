"""Passkey ceremonies over py_webauthn: discoverable, user verification required, one host.

The challenge waits in the signed session, one for each ceremony, and is spent when an answer comes. A cookie can be
sent twice, so it carries its moment too: it has ten minutes, and one from before a passkey's last sign-in is spent.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from flask import session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from wallet.config import Settings
from wallet.register import passkeys
from wallet.register.errors import Refused
from wallet.register.identities import Holder, Staff
from wallet.register.passkeys import KnownPasskey

TIMEOUT_MS = 300_000
CHALLENGE_LIFE = timedelta(minutes=10)  # the phone's five, and the way there and back
LONGEST_ID = 1023  # bytes of a credential id (Web Authentication level 2, section 4)
NAME = "Kaikukortti"
# What py_webauthn raises for input that is not an answer at all (tried: a mutated one can be a bare KeyError).
_NOT_AN_ANSWER = (WebAuthnException, KeyError, ValueError, TypeError, AttributeError)


def registration_options(by: Holder | Staff, settings: Settings, *, at: datetime) -> Any:
    """What the browser needs to make a passkey for this person."""
    owner = passkeys.owner(by)
    options = generate_registration_options(
        rp_id=settings.host,
        rp_name=NAME,
        user_id=owner.user_handle,
        user_name=owner.label,
        user_display_name=owner.label,
        timeout=TIMEOUT_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in owner.credentials],
    )
    _keep("challenge_new", options.challenge, at)
    return json.loads(options_to_json(options))


def register(by: Holder | Staff, answer: Any, settings: Settings, *, at: datetime) -> None:
    """Keep the passkey that the browser made. Raises Refused: passkey_stale, passkey_wrong, passkey_known."""
    challenge, _ = _spend("challenge_new", at)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=settings.host,
            expected_origin=settings.origin,
            require_user_verification=True,
        )
    except _NOT_AN_ANSWER as error:
        raise Refused("passkey_wrong") from error
    if len(made.credential_id) > LONGEST_ID:
        raise Refused("passkey_wrong")
    passkeys.add(by, made.credential_id, made.credential_public_key, made.sign_count, at=at)


def sign_in_options(settings: Settings, *, at: datetime) -> Any:
    """What the browser needs to offer the passkeys it has for this host."""
    options = generate_authentication_options(
        rp_id=settings.host, timeout=TIMEOUT_MS, user_verification=UserVerificationRequirement.REQUIRED
    )
    _keep("challenge", options.challenge, at)
    return json.loads(options_to_json(options))


def sign_in(answer: Any, settings: Settings, *, at: datetime) -> KnownPasskey:
    """The passkey that signed. Raises Refused: passkey_stale, passkey_unknown, passkey_wrong, passkey_copied."""
    challenge, challenged_at = _spend("challenge", at)
    try:
        found = passkeys.find(base64url_to_bytes(answer["rawId"]))
    except _NOT_AN_ANSWER as error:
        raise Refused("passkey_wrong") from error
    if found is None:
        raise Refused("passkey_unknown")
    try:
        seen = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=settings.host,
            expected_origin=settings.origin,
            credential_public_key=found.public_key,
            credential_current_sign_count=0,  # it would raise; the register compares and writes it down
            require_user_verification=True,
        )
        handle = base64url_to_bytes(answer["response"]["userHandle"])
    except _NOT_AN_ANSWER as error:
        raise Refused("passkey_wrong") from error
    if handle != found.user_handle:
        raise Refused("passkey_wrong")
    passkeys.used(found.passkey_id, seen.new_sign_count, challenged_at=challenged_at, at=at)
    return found


def _keep(name: str, challenge: bytes, at: datetime) -> None:
    session[name] = [bytes_to_base64url(challenge), at.isoformat()]


def _spend(name: str, at: datetime) -> tuple[bytes, datetime]:
    """The challenge that waits, and when it was made. Raises Refused("passkey_stale") where there is none in time."""
    challenge, made = session.pop(name, ("", ""))
    if not challenge or at - datetime.fromisoformat(made) > CHALLENGE_LIFE:
        raise Refused("passkey_stale")
    return base64url_to_bytes(challenge), datetime.fromisoformat(made)
