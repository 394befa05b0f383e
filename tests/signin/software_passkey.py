"""A passkey made of software: what a phone answers in a ceremony, true to the byte, so that sign-in is tested with
nothing mocked. Each wrong thing it can do is a named argument."""

import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url as text

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftwarePasskey:
    """One passkey of one phone. `origin` and `rp_id` are where its browser believes to be."""

    def __init__(self, origin: str = "http://localhost", rp_id: str = "localhost", *, id_length: int = 32) -> None:
        self.origin, self.rp_id = origin, rp_id
        self.id = secrets.token_bytes(id_length)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user_handle = b""

    def make(self, options: dict[str, Any], *, verified: bool = True, count: int = 0) -> dict[str, Any]:
        """The answer to registration options."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        data = self._data(PRESENT | ATTESTED | (VERIFIED if verified else 0), count) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attestation)})

    def sign(
        self, options: dict[str, Any], *, verified: bool = True, count: int = 0, user_handle: bytes | None = None
    ) -> dict[str, Any]:
        """The answer to sign-in options."""
        data = self._data(PRESENT | (VERIFIED if verified else 0), count)
        client = self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)}
        return self._answer(response | {"userHandle": text(user_handle or self.user_handle)})

    def _data(self, flags: int, count: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, count)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        base = {"id": text(self.id), "rawId": text(self.id), "type": "public-key", "clientExtensionResults": {}}
        return base | {"response": response, "authenticatorAttachment": "platform"}
