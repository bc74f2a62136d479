"""Webhooks: one signed POST, to the address that was judged, without redirects.

Names of the headers and the way of signing are those of the Standard Webhooks specification: ``webhook-id`` stays the same
however often a message is tried, ``webhook-signature`` is HMAC-SHA256 over ``id.timestamp.body``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import socket
import ssl
from urllib.parse import urlsplit

from sales_operations.effects.addresses import resolve
from sales_operations.effects.failure import DeliveryFailed

TIMEOUT = 10
"""Seconds that connecting, sending or answering may take."""


def signature(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """The signature of a message; a secret that begins with ``whsec_`` is base64 from there on."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise DeliveryFailed("the secret begins with whsec_, but is no base64 after it") from None
    made = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


def post(
    url: str, body: bytes, identity: str, attempt: int, timestamp: int, secret: str | None, private_allowed: bool
) -> None:
    """Send one message. Raises DeliveryFailed for any answer but 2xx, and for none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise DeliveryFailed("the URL cannot be read") from None
    if not host:
        raise DeliveryFailed("the URL names no host")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "sales-operations",
        "Idempotency-Key": identity,
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-attempt": str(attempt),
    }
    if secret is not None:
        headers["webhook-signature"] = signature(secret, identity, timestamp, body)
    if parts.username:
        given = f"{parts.username}:{parts.password or ''}"
        headers["Authorization"] = "Basic " + base64.b64encode(given.encode()).decode()
    address = resolve(host, port, private_allowed)
    made = _PinnedTls if parts.scheme == "https" else _Pinned
    connection = made(host, port, address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, headers)
        status = connection.getresponse().status
    except ssl.SSLError:
        raise DeliveryFailed("the receiver's certificate, or its encryption, cannot be trusted") from None
    except TimeoutError:
        raise DeliveryFailed(f"the receiver did not answer within {TIMEOUT} s") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryFailed(f"the receiver cannot be reached ({type(error).__name__})") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        why = "redirects, which are not followed" if 300 <= status < 400 else "did not accept the message"
        raise DeliveryFailed(f"the receiver {why} (HTTP {status})")


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was chosen before, whatever the name means by now."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT)


class _PinnedTls(_Pinned):
    """The same, encrypted, with the certificate of the name."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
