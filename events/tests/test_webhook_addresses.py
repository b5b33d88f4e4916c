"""Somebody else's address reaches nothing of our own network."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest

from accounts.roles import Role
from accounts.tests.factories import client_of, make_user
from events.models import WebhookEndpoint
from events.tests.receivers import receiver
from events.tests.webhooks import happen, make_endpoint
from events.webhooks.addresses import AddressPolicy, AddressRefused, IPAddress, check_address, check_url
from events.webhooks.connecting import AddressInfo, connector, session
from events.webhooks.network import LoopThread
from events.webhooks.posting import Request, post
from events.webhooks.sending import Sender

STRICT = AddressPolicy()
DEVELOPMENT = AddressPolicy(private=True, plain_http=True)

NUMERIC = "Numeric hosts must be four decimal numbers without leading zeros."
LOCAL_NAME = "Names of local networks are not allowed."
NOT_ASCII = "Only visible ASCII without backslashes is allowed: write international names as xn--, the rest as %XX."
REFUSED = {
    "https://127.0.0.1/": "127.0.0.1 is not a public address.",
    "https://10.1.2.3/": "10.1.2.3 is not a public address.",
    "https://172.16.0.1/": "172.16.0.1 is not a public address.",
    "https://192.168.1.1:8443/": "192.168.1.1 is not a public address.",
    "https://169.254.169.254/latest/meta-data/": "169.254.169.254 is not a public address.",
    "https://168.63.129.16/": "168.63.129.16 is not a public address.",
    "https://192.0.0.192/": "192.0.0.192 is not a public address.",
    "https://100.100.100.200/": "100.100.100.200 is not a public address.",
    "https://0.0.0.0/": "0.0.0.0 is not a public address.",
    "https://224.0.0.1/": "224.0.0.1 is not a public address.",
    "https://240.0.0.1/": "240.0.0.1 is not a public address.",
    "https://255.255.255.255/": "255.255.255.255 is not a public address.",
    "https://192.88.99.1/": "192.88.99.1 is not a public address.",
    "https://198.18.0.1/": "198.18.0.1 is not a public address.",
    "https://203.0.113.7/": "203.0.113.7 is not a public address.",
    "https://[::1]/": "::1 is not a public address.",
    "https://[::]/": ":: is not a public address.",
    "https://[::ffff:127.0.0.1]/": "::ffff:7f00:1 is not a public address.",
    "https://[::ffff:a9fe:a9fe]/": "::ffff:a9fe:a9fe is not a public address.",
    "https://[::127.0.0.1]/": "::7f00:1 is not a public address.",
    "https://[64:ff9b::7f00:1]/": "64:ff9b::7f00:1 is not a public address.",
    "https://[64:ff9b:1::1]/": "64:ff9b:1::1 is not a public address.",
    "https://[2002:7f00:1::]/": "2002:7f00:1:: is not a public address.",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/": "2001:0:4136:e378:8000:63bf:3fff:fdd2 is not a public address.",
    "https://[fe80::1]/": "fe80::1 is not a public address.",
    "https://[fc00::1]/": "fc00::1 is not a public address.",
    "https://[fd00:ec2::254]/": "fd00:ec2::254 is not a public address.",
    "https://[fec0::1]/": "fec0::1 is not a public address.",
    "https://[ff0e::1]/": "ff0e::1 is not a public address.",
    "https://[2001:db8::1]/": "2001:db8::1 is not a public address.",
    "https://[3fff::1]/": "3fff::1 is not a public address.",
    "https://[5f00::1]/": "5f00::1 is not a public address.",
    "https://[fe80::1%25eth0]/": "The address must not contain a zone id.",
    "https://2130706433/": NUMERIC,
    "https://0x7f000001/": NUMERIC,
    "https://0x7f.0.0.1/": NUMERIC,
    "https://0177.0.0.1/": NUMERIC,
    "https://127.1/": NUMERIC,
    "https://127.0.0.0x1/": NUMERIC,
    "https://1.2.3.4.5/": NUMERIC,
    "https://127.0.0.1./": "The host must not end with a dot.",
    "https://example.com./": "The host must not end with a dot.",
    "https://localhost/": "The host must be a full name, such as hooks.example.com.",
    "https://LOCALHOST/": "The host must be a full name, such as hooks.example.com.",
    "https://api.localhost/": LOCAL_NAME,
    "https://printer.local/": LOCAL_NAME,
    "https://metadata.google.internal/": LOCAL_NAME,
    "https://redis/": "The host must be a full name, such as hooks.example.com.",
    "https://user:password@example.com/": "The address must not contain a user name or password.",
    "https://example.com@127.0.0.1/": "The address must not contain a user name or password.",
    "https://example.com#@127.0.0.1/": "The address must not contain a fragment (#).",
    "https://example.com\\@127.0.0.1/": NOT_ASCII,
    "https://①②⑦.⓪.⓪.①/": NOT_ASCII,
    "https://127。0。0。1/": NOT_ASCII,
    "https://exämple.com/": NOT_ASCII,
    "https://exa mple.com/": NOT_ASCII,
    "https://127.0.0.1%2f.example.com/": "Not a well-formed host name.",
    "https://-example.com/": "Not a well-formed host name.",
    "https://example..com/": "Not a well-formed host name.",
    "https:///path": "The address has no host.",
    "https://[::1/": "Not a well-formed address.",
    "https://example.com:99999/": "Not a well-formed address.",
    "https://example.com:25/": "The port must be 80, 443 or at least 1024.",
    "https://example.com:0/": "The port must be 80, 443 or at least 1024.",
    "http://example.com/": "Plain HTTP is not allowed; the address must begin with https://.",
    "ftp://example.com/": "The address must begin with https://.",
    "gopher://example.com/": "The address must begin with https://.",
    "file:///etc/passwd": "The address must begin with https://.",
    "javascript:alert(1)": "The address must begin with https://.",
    "//example.com/": "The address must begin with https://.",
    "example.com": "The address must begin with https://.",
    f"https://example.com/{'a' * 2000}": "The address is longer than 2000 characters.",
}  # fmt: skip
ACCEPTED = [
    "https://example.com/hooks?shop=1&x=%20",
    "https://hooks.example.com:8443/",
    "HTTPS://Example.COM",
    "https://xn--exmple-cua.com/",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://my_shop.example.com/",
    "https://127.0.0.1.example.com/",
]


@pytest.mark.parametrize(("url", "reason"), REFUSED.items(), ids=range(len(REFUSED)))
def test_an_address_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        check_url(url, policy=STRICT)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("url", ACCEPTED)
def test_a_public_address_is_accepted(url: str) -> None:
    check_url(url, policy=STRICT)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8800/", "http://localhost:8800/", "http://[::1]:8800/", "http://receiver/", "http://10.0.0.9/"],
)
def test_development_may_send_to_itself(url: str) -> None:
    check_url(url, policy=DEVELOPMENT)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "255.255.255.255"],  # noqa: S104
)
def test_no_policy_reaches_clouds_credentials_or_many_hosts_at_once(address: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(ipaddress.ip_address(address), policy=DEVELOPMENT)


@pytest.mark.django_db
@pytest.mark.parametrize("url", [url for url in REFUSED if len(url) < 2000 and not url.startswith("http:")])
def test_the_api_refuses_it_when_made_and_when_changed(url: str) -> None:
    owner = make_user(Role.INTEGRATOR)
    client = client_of(owner)
    made = client.post("/api/v2/webhook-endpoints", {"url": url}, headers={"Idempotency-Key": str(uuid4())})
    endpoint = make_endpoint(owner=owner)
    changed = client.send("PATCH", f"/api/v2/webhook-endpoints/{endpoint.id}", {"url": url})
    for answer in (made, changed):
        assert answer.status_code == 400
        (problem,) = answer.json()["errors"]
        assert (problem["pointer"], problem["code"]) == ("/url", "address_refused")
        assert problem["detail"] == REFUSED[url]
    assert list(WebhookEndpoint.objects.values_list("url", "version")) == [("https://hooks.example.com/", 1)]


@pytest.mark.django_db
def test_production_wants_https(settings: Any) -> None:
    client = client_of(make_user(Role.INTEGRATOR))
    settings.PRODUCTION = True
    answer = client.post("/api/v2/webhook-endpoints", {"url": "http://example.com/"})
    assert answer.json()["errors"][0]["detail"] == "Plain HTTP is not allowed; the address must begin with https://."
    settings.PRODUCTION = False
    assert client.post("/api/v2/webhook-endpoints", {"url": "http://example.com/"}).status_code == 201


class Wire:
    """Notes what is connected to, and connects to nothing."""

    def __init__(self) -> None:
        self.connected: list[str] = []

    def make_socket(self, info: AddressInfo) -> socket.socket:
        self.connected.append(info[-1][0])
        raise OSError("nobody there")


class ChangingResolver:
    """A public address when it is asked first, ours from then on."""

    def __init__(self, *answers: Iterable[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[IPAddress]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [ipaddress.ip_address(address) for address in answer]


def attempt(resolver: ChangingResolver, wire: Wire, *, url: str = "https://rebind.example.com/") -> str:
    async def exchange() -> str:
        wired = connector(policy=STRICT, resolve=resolver, make_socket=wire.make_socket)
        async with session(wired) as opened:
            request = Request(url=url, body=b"{}", headers={})
            return (await post(opened, request, policy=STRICT, deadline_seconds=5)).error

    return asyncio.run(exchange())


def test_exactly_the_address_that_was_checked_is_connected_to() -> None:
    """A second question would be answered with 127.0.0.1."""
    resolver, wire = ChangingResolver(["8.8.8.8"], ["127.0.0.1"]), Wire()
    assert attempt(resolver, wire) == "no connection: nobody there"
    assert (resolver.asked, wire.connected) == (1, ["8.8.8.8"])


def test_a_name_that_has_become_private_is_refused_at_the_next_attempt() -> None:
    resolver, wire = ChangingResolver(["8.8.8.8"], ["127.0.0.1"]), Wire()
    attempt(resolver, wire)
    assert attempt(resolver, wire) == "address refused: 127.0.0.1 is not a public address."
    assert wire.connected == ["8.8.8.8"]


@pytest.mark.parametrize(
    "addresses", [["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["2606:4700::1", "::ffff:127.0.0.1"]]
)
def test_one_private_address_among_several_refuses_the_name(addresses: list[str]) -> None:
    wire = Wire()
    assert attempt(ChangingResolver(addresses), wire).startswith("address refused: ")
    assert wire.connected == []


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    wire = Wire()
    attempt(ChangingResolver(["2606:4700::1", "8.8.8.8"]), wire)
    assert wire.connected == ["2606:4700::1", "8.8.8.8"]


@pytest.mark.parametrize("url", [url for url in REFUSED if len(url) < 2000])
def test_an_address_that_was_saved_all_the_same_is_refused_when_sending(url: str) -> None:
    wire = Wire()
    assert attempt(ChangingResolver(["8.8.8.8"]), wire, url=url) == f"address refused: {REFUSED[url]}"
    assert wire.connected == []


@pytest.mark.django_db
def test_a_refused_address_is_a_failed_attempt() -> None:
    network = LoopThread(policy=STRICT)
    with receiver() as there:
        endpoint = make_endpoint(there.url.replace("http:", "https:"))
        happen()
        Sender(network=network).run()
    network.close()
    assert there.received == []
    assert endpoint.deliveries.get().last_error == "address refused: 127.0.0.1 is not a public address."
    assert endpoint.deliveries.get().state == "pending"
