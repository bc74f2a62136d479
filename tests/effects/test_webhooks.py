"""Webhooks: signed, addressed once, and sent nowhere that was not meant."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket

import pytest

from sales_operations.effects import webhooks
from sales_operations.effects.addresses import resolve
from sales_operations.effects.failure import DeliveryFailed

BODY = b'{"a": 1}'


def post(url: str, *, private_allowed: bool = True, secret: str | None = None) -> None:
    webhooks.post(url, BODY, "note_1", 3, 1_700_000_000, secret, private_allowed)


def test_a_message_carries_its_id_its_attempt_and_a_signature_that_the_receiver_can_check(web):
    post(web.url + "?a=b", secret="s3cret")
    [got] = web.posts
    assert (got.path, got.body) == ("/hook?a=b", BODY)
    assert got.headers["webhook-id"] == got.headers["idempotency-key"] == "note_1"
    assert (got.headers["webhook-attempt"], got.headers["webhook-timestamp"]) == ("3", "1700000000")
    right = hmac.new(b"s3cret", b"note_1.1700000000." + BODY, hashlib.sha256).digest()
    assert got.headers["webhook-signature"] == "v1," + base64.b64encode(right).decode()


def test_a_secret_may_be_given_as_base64_as_the_specification_has_it():
    encoded = "whsec_" + base64.b64encode(b"s3cret").decode()
    assert webhooks.signature(encoded, "a", 1, BODY) == webhooks.signature("s3cret", "a", 1, BODY)
    with pytest.raises(DeliveryFailed, match="no base64"):
        webhooks.signature("whsec_!", "a", 1, BODY)


def test_without_a_secret_nothing_is_signed_and_a_user_in_the_url_is_sent_as_such(web):
    post(web.url.replace("//", "//ada:pw@"))
    [got] = web.posts
    assert "webhook-signature" not in got.headers
    assert got.headers["authorization"] == "Basic " + base64.b64encode(b"ada:pw").decode()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(web, status):
    web.status, web.location = status, web.url + "/elsewhere"
    with pytest.raises(DeliveryFailed, match="redirects, which are not followed"):
        post(web.url)
    assert len(web.posts) == 1


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_any_answer_but_success_is_a_failure(web, status):
    web.status = status
    with pytest.raises(DeliveryFailed, match=rf"did not accept the message \(HTTP {status}\)"):
        post(web.url)


def test_a_receiver_that_is_not_there_is_a_failure(web):
    web.stop()
    with pytest.raises(DeliveryFailed, match="cannot be reached"):
        post(web.url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.8", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::ffff:10.0.0.1]",
             "[fd00::1]", "100.64.0.1"],
)  # fmt: skip
def test_private_addresses_are_refused_unless_they_are_allowed(host):
    with pytest.raises(DeliveryFailed, match="private network"):
        post(f"http://{host}:9/", private_allowed=False)


def test_a_name_is_resolved_once_and_connected_to_by_that_address(web, monkeypatch):
    asked = []
    known = socket.getaddrinfo

    def answer(host, *rest, **more):
        asked.append(host)
        return known("127.0.0.1" if host == "receiver.example.com" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    post(web.url.replace("127.0.0.1", "receiver.example.com"))
    assert [post.headers["host"] for post in web.posts] == [f"receiver.example.com:{web.port}"]
    assert asked.count("receiver.example.com") == 1


def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch):
    entries = [(socket.AF_INET, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    with pytest.raises(DeliveryFailed, match="private network"):
        resolve("example.com", 443, private_allowed=False)
    assert resolve("example.com", 443, private_allowed=True) == "93.184.216.34"


def test_messages_of_failures_name_neither_the_url_nor_a_secret(web):
    web.status = 500
    with pytest.raises(DeliveryFailed) as caught:
        post(web.url + "/T0KEN", secret="s3cret")
    assert "T0KEN" not in str(caught.value)
    assert "s3cret" not in str(caught.value)
