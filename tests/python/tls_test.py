"""Links by TLS: what is trusted, what is not, and in which words."""
from __future__ import annotations

import asyncio
import unittest
from contextlib import AsyncExitStack, suppress

from google.protobuf.message import DecodeError

from fake_broker import FakeBroker, FakeLink
from harness import PATIENCE_S, AsyncTest
from ringdown import TLS, Connection, Identity, LinkLost, SteadyDesktop, TLSFailed, TLSFault, v1
from ringdown.framing import FramingError
from steady_case import AT_ONCE, PATIENT, Links
from tls_case import Authority, Door

DESKTOP = Identity(v1.ROLE_DESKTOP)


async def one_connection(link: FakeLink) -> None:
    await link.grant()
    await link.sign_off()


async def nothing(link: FakeLink) -> None:
    await link.hear_the_end()


class TlsTest(AsyncTest):
    authority: Authority
    own: tuple[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)
        cls.own = cls.authority.issue("broker")

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.stack = AsyncExitStack()

    async def asyncTearDown(self) -> None:
        await self.stack.aclose()
        await super().asyncTearDown()

    async def door(
        self, own: tuple[str, str], *, client_authority: str | None = None, served: bool = False
    ) -> Door:
        """`served`: there is a broker for one connection behind it, that stands and signs off."""
        broker = FakeBroker(one_connection if served else nothing)
        await self.stack.enter_async_context(broker)
        door = Door(broker, own, client_authority=client_authority)
        return await self.stack.enter_async_context(door)

    async def stands(self, door: Door, tls: TLS, host: str = "127.0.0.1") -> None:
        async with await Connection.open(host, door.port, DESKTOP, PATIENT, tls=tls) as connection:
            self.assertEqual(connection.granted.client_id, 7)

    async def fails(self, door: Door, tls: TLS, fault: TLSFault, words: str) -> None:
        with self.assertRaisesRegex(TLSFailed, words) as caught:
            await Connection.open(door.host, door.port, DESKTOP, PATIENT, tls=tls)
        self.assertEqual(caught.exception.fault, fault)

    async def test_a_link_stands_by_address_and_by_name(self) -> None:
        for host in ("127.0.0.1", "localhost"):
            with self.subTest(host):
                door = await self.door(self.own, served=True)
                await self.stands(door, TLS(ca_file=self.authority.file), host)
                self.assertEqual(door.protocols, ["ringdown/1"])

    async def test_another_name_than_the_host_may_be_expected(self) -> None:
        own = self.authority.issue("named", "DNS:ringdown.example")
        door = await self.door(own, served=True)
        tls = TLS(ca_file=self.authority.file, server_name="ringdown.example")
        await self.stands(door, tls)

    async def test_a_broker_that_cannot_show_who_it_is_gets_no_word(self) -> None:
        tls = TLS(ca_file=self.authority.file)
        for own, fault, words in (
            (self.authority.issue("other", "DNS:other.example"), TLSFault.NAME, "another name"),
            (self.authority.issue("old", days=-1), TLSFault.EXPIRED, "not valid now"),
            (self.authority.issue("rogue", by="stranger"), TLSFault.UNTRUSTED, "not trusted"),
            (self.authority.issue("127.0.0.1", "DNS:x"), TLSFault.NAME, "another name"),
        ):
            with self.subTest(words):
                await self.fails(await self.door(own), tls, fault, words)

    async def test_the_system_trusts_no_authority_of_a_test(self) -> None:
        await self.fails(await self.door(self.own), TLS(), TLSFault.UNTRUSTED, "not trusted")

    async def test_a_broker_that_asks_for_a_certificate_gets_it(self) -> None:
        certificate, key = self.authority.issue("client")
        door = await self.door(self.own, client_authority=self.authority.file, served=True)
        tls = TLS(ca_file=self.authority.file, certificate_file=certificate, key_file=key)
        await self.stands(door, tls)

    async def test_or_the_program_hears_that_it_has_to(self) -> None:
        certificate, key = self.authority.issue("strange", by="stranger")
        for tls in (
            TLS(ca_file=self.authority.file),
            TLS(ca_file=self.authority.file, certificate_file=certificate, key_file=key),
        ):
            door = await self.door(self.own, client_authority=self.authority.file)
            await self.fails(door, tls, TLSFault.CERTIFICATE_REQUIRED, "wants a certificate")

    async def test_files_that_cannot_be_used_are_named(self) -> None:
        door = await self.door(self.own)
        text = self.authority.text_file("text.pem")
        certificate, key = self.own
        for tls, words in (
            (TLS(ca_file="/nowhere/ca.pem"), "ca_file '/nowhere/ca.pem'"),
            (TLS(ca_file=text), "ca_file"),
            (TLS(certificate_file=text, key_file=key), "certificate_file, key_file"),
        ):
            with self.subTest(words):
                await self.fails(door, tls, TLSFault.OPTIONS, words)
        with self.assertRaisesRegex(ValueError, "both or neither"):
            TLS(certificate_file=certificate)

    async def test_a_plain_broker_is_told_as_what_it_is(self) -> None:
        async def answer(link: FakeLink) -> None:
            link.say_bytes(b"not TLS at all, and long enough for a record's head")
            with suppress(DecodeError, FramingError):
                await link.hear_the_end()

        async with FakeBroker(answer) as server:
            with self.assertRaisesRegex(TLSFailed, "does not speak TLS"):
                tls = TLS(ca_file=self.authority.file)
                await Connection.open(server.host, server.port, DESKTOP, PATIENT, tls=tls)

    async def test_a_steady_party_comes_back_by_tls(self) -> None:
        count = 0

        async def lost_once(link: FakeLink) -> None:
            nonlocal count
            count += 1
            await link.grant()
            if count == 2:
                await link.register()
                await link.sign_off()

        broker = await self.stack.enter_async_context(FakeBroker(lost_once))
        door = await self.stack.enter_async_context(Door(broker, self.own))
        links = Links()
        async with asyncio.timeout(PATIENCE_S):
            async with SteadyDesktop(
                [(door.host, door.port)],
                "7001",
                reconnect=AT_ONCE,
                limits=PATIENT,
                on_link=links,
                tls=TLS(ca_file=self.authority.file),
            ) as desktop:
                await desktop.wait_until_registered()
        self.assertEqual(links.stood, [False, True])
        self.assertIsInstance(links.changes[0].error, LinkLost)


if __name__ == "__main__":
    unittest.main()
