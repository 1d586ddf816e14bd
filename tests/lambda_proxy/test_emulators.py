"""How the proxy finds emulators and talks to them.

Small servers stand in for the emulator where it would have to be made to misbehave, or to listen
on several addresses at one port.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_api.outcome import Answer
from lambda_proxy.connection import read_answer
from lambda_proxy.emulators import Emulators
from lambda_proxy.failures import Failure, InvocationError
from lambda_proxy.finder import find
from lambda_proxy.settings import Settings
from tests.support.processes import free_port

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LAST = OK.replace(b"Content", b"connection: Close\r\nContent")

ANSWERS = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Answer(200, b"hello")),
    (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length:0\r\n\r\n", Answer(502, b"")),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        Answer(200, b"hello"),
    ),
    (
        b"HTTP/1.0 200 OK\r\nX-Amz-Function-Error: Unhandled\r\nContent-Length: 2\r\n\r\n{}",
        Answer(200, b"{}", "Unhandled"),
    ),
]


@pytest.mark.parametrize(("received", "answer"), ANSWERS)
def test_an_answer_is_complete_at_its_last_byte(received: bytes, answer: Answer) -> None:
    assert read_answer(received, at_end=False) == answer
    for length in range(len(received)):
        assert read_answer(received[:length], at_end=False) is None


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    received = b"HTTP/1.1 200 OK\r\n\r\nhello"
    assert read_answer(received, at_end=False) is None
    assert read_answer(received, at_end=True) == Answer(200, b"hello")


@given(st.binary())
def test_what_is_no_answer_is_a_value_error_at_most(received: bytes) -> None:
    for prefix in (b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        with suppress(ValueError):
            read_answer(prefix + received + b"\r\n\r\n", at_end=True)


async def serve(handler: Serve, port: int, host: str = "127.0.0.1") -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            # However the test ends: before Python 3.12 the server leaves its connections open.
            writer.close()

    return await asyncio.start_server(handle, host, port)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


def run(test: Callable[[Emulators], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        emulators = Emulators()
        try:
            return await test(emulators)
        finally:
            emulators.close()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-", "closed"),
        (b"SSH-2.0\r\n\r\n", "no HTTP"),
    ],
)
def test_an_emulator_that_breaks_off_is_a_function_error(answer: bytes, reason: str) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        writer.close()

    async def test(emulators: Emulators) -> None:
        port = free_port()
        async with await serve(break_off, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            for _ in range(2):
                with pytest.raises(InvocationError, match=reason) as caught:
                    await emulators.invoke(b"{}")
                assert caught.value.failure is Failure.FUNCTION_ERROR

    run(test)


def test_first_come_first_served_and_those_who_left_are_not_served() -> None:
    served: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                served.append(await read_request(reader))
            except asyncio.IncompleteReadError:
                writer.close()
                return
            writer.write(OK)

    async def test(emulators: Emulators) -> None:
        port = free_port()
        async with await serve(note, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            waiting = [asyncio.create_task(emulators.invoke(b"%d" % number)) for number in range(5)]
            await asyncio.sleep(0)
            waiting[3].cancel()
            await asyncio.wait(waiting)
            emulators.close()

    run(test)
    assert served == [b"0", b"1", b"2", b"4"]


def test_every_address_of_a_name_is_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    addresses = ["127.0.0.1", "127.0.0.2"]
    met = []

    def resolve(host: str, *_: object, **__: object) -> list[Any]:
        if host != "rie" or not addresses:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    async def test(emulators: Emulators) -> None:
        both = asyncio.Event()

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            met.append(writer.get_extra_info("sockname")[0])
            if len(met) == 2:
                both.set()
            await asyncio.wait_for(both.wait(), 10)
            writer.write(LAST)
            writer.close()

        settings = Settings.read({"RIE_HOST": "rie", "RIE_PORT": str(port)})
        # No DNS server of ours could be asked instead: the resolver is the only thing that is faked.
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        async with await serve(meet, port), await serve(meet, port, "127.0.0.2"):
            await find(emulators, settings)
            await asyncio.gather(emulators.invoke(b"{}"), emulators.invoke(b"{}"))
            assert sorted(met) == ["127.0.0.1", "127.0.0.2"]
            addresses.remove("127.0.0.2")
            await find(emulators, settings)
            for _ in range(3):
                await emulators.invoke(b"{}")
            assert met[2:] == ["127.0.0.1"] * 3
            addresses.clear()
            await find(emulators, settings)
            assert (await emulators.invoke(b"{}")).status == 200

    run(test)


def test_an_emulator_that_is_left_out_and_comes_back_still_does_one_thing_at_a_time() -> None:
    events: list[str] = []

    async def answer_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = (await read_request(reader)).decode()
        events.append(f"{number} begins")
        await asyncio.sleep(0.1)
        events.append(f"{number} ends")
        writer.write(LAST)
        writer.close()

    async def test(emulators: Emulators) -> None:
        port = free_port()
        url = f"http://127.0.0.1:{port}/x"
        async with await serve(answer_slowly, port):
            emulators.set_urls([url])
            first = asyncio.create_task(emulators.invoke(b"1"))
            while not events:
                await asyncio.sleep(0.01)
            emulators.set_urls([])
            emulators.set_urls([url])
            await asyncio.gather(first, emulators.invoke(b"2"))

    run(test)
    assert events == ["1 begins", "1 ends", "2 begins", "2 ends"]


def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(emulators: Emulators) -> None:
        await find(emulators, Settings.read({"RIE_HOST": "no-such-host.invalid"}))
        with pytest.raises(InvocationError) as caught:
            await emulators.invoke(b"{}")
        assert caught.value.failure is Failure.UNREACHABLE

    run(test)


def test_localhost_is_one_emulator() -> None:
    async def test(emulators: Emulators) -> None:
        await find(emulators, Settings.read({"RIE_HOST": "localhost", "RIE_PORT": "1"}))
        assert list(emulators.urls) == ["http://127.0.0.1:1/2015-03-31/functions/function/invocations"]

    run(test)
