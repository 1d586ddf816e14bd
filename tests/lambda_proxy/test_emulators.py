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
from hypothesis import given, settings
from hypothesis import strategies as st

from invoke_api.outcome import Answer
from lambda_proxy.discovery import update
from lambda_proxy.emulators import Emulators
from lambda_proxy.failures import Failure, InvocationError
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
    (
        b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: 1-2\r\nContent-Length: 2\r\n\r\n{}",
        Answer(200, b"{}", request_id="1-2"),
    ),
    (b"HTTP/1.1 200 OK\r\n\r\nhello", Answer(200, b"hello")),
]


@pytest.mark.parametrize("pause", [0, 0.001])
@pytest.mark.parametrize(("sent", "answer"), ANSWERS)
def test_an_answer_is_read_to_its_end(sent: bytes, answer: Answer, pause: float) -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for position in range(len(sent)) if pause else ():
            writer.write(sent[position : position + 1])
            await asyncio.sleep(pause)
        writer.write(b"" if pause else sent)

    async def test(emulators: Emulators) -> None:
        port = free_port()
        async with await serve(dribble, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            assert await emulators.invoke(b"{}") == answer

    run(test)


@settings(deadline=None, max_examples=50)
@given(st.binary())
def test_what_is_not_an_answer_is_a_function_error(received: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(received)

    async def test(emulators: Emulators) -> None:
        port = free_port()
        async with await serve(answer, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            with pytest.raises(InvocationError) as caught:
                await emulators.invoke(b"{}")
            assert caught.value.failure is Failure.FUNCTION_ERROR

    run(test)


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
        (b"SSH-2.0\r\n\r\n", "not HTTP"),
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

        place = Settings.read({"RIE_HOST": "rie", "RIE_PORT": str(port)})
        # No DNS server of ours could be asked instead: the resolver is the only thing that is faked.
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        async with await serve(meet, port), await serve(meet, port, "127.0.0.2"):
            await update(emulators, place)
            await asyncio.gather(emulators.invoke(b"{}"), emulators.invoke(b"{}"))
            assert sorted(met) == ["127.0.0.1", "127.0.0.2"]
            addresses.remove("127.0.0.2")
            await update(emulators, place)
            for _ in range(3):
                await emulators.invoke(b"{}")
            assert met[2:] == ["127.0.0.1"] * 3
            addresses.clear()
            await update(emulators, place)
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
        await update(emulators, Settings.read({"RIE_HOST": "no-such-host.invalid"}))
        with pytest.raises(InvocationError) as caught:
            await emulators.invoke(b"{}")
        assert caught.value.failure is Failure.UNREACHABLE

    run(test)


def test_localhost_is_one_emulator() -> None:
    async def test(emulators: Emulators) -> None:
        await update(emulators, Settings.read({"RIE_HOST": "localhost", "RIE_PORT": "1"}))
        assert list(emulators.urls) == ["http://127.0.0.1:1/2015-03-31/functions/function/invocations"]

    run(test)


API = OK.replace(b"Content", b"x-amzn-RequestId: 1\r\nContent")


@pytest.mark.parametrize(("answer", "most"), [(API, 3), (OK, 1)], ids=["Invoke API", "bare emulator"])
def test_only_an_invoke_api_gets_several_invocations_at_once(answer: bytes, most: int) -> None:
    running: list[int] = []
    counts: list[int] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await read_request(reader):
                running.append(1)
                counts.append(len(running))
                await asyncio.sleep(0.1)
                running.pop()
                writer.write(answer)

    async def test(emulators: Emulators) -> None:
        port = free_port()
        async with await serve(count, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            await emulators.invoke(b"{}")
            await asyncio.gather(*(emulators.invoke(b"{}") for _ in range(3)))
            emulators.close()

    run(test)
    assert max(counts) == most


def test_the_limits_are_an_invoke_api_s_own_business() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(0.05)
        writer.write(API.replace(b"x-amzn", b"Connection: close\r\nx-amzn"))

    async def main() -> None:
        emulators = Emulators(concurrency=1)
        port = free_port()
        async with await serve(answer, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            # Until the first answer it may be a bare emulator.
            first = asyncio.create_task(emulators.invoke(b"{}"))
            await asyncio.sleep(0)
            with pytest.raises(InvocationError) as caught:
                await emulators.invoke(b"{}")
            assert caught.value.failure is Failure.THROTTLED
            await first
            await asyncio.gather(*(emulators.invoke(b"{}") for _ in range(3)))
        emulators.close()

    asyncio.run(main())


def test_a_client_that_leaves_does_not_free_a_bare_emulator() -> None:
    events: list[str] = []

    async def answer_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = (await read_request(reader)).decode()
        events.append(f"{number} begins")
        await asyncio.sleep(0.1)
        events.append(f"{number} ends")
        writer.write(LAST)

    async def test(emulators: Emulators) -> None:
        port = free_port()
        async with await serve(answer_slowly, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            leaves = asyncio.create_task(emulators.invoke(b"1"))
            while not events:
                await asyncio.sleep(0.01)
            leaves.cancel()
            with pytest.raises(InvocationError) as caught:
                await emulators.invoke(b"2", timeout=0.01)
            assert caught.value.failure is Failure.TIMED_OUT
            await emulators.invoke(b"3")

    run(test)
    assert events == [f"{number} {what}" for number in (1, 2, 3) for what in ("begins", "ends")]


@pytest.mark.parametrize("name", [b"", b"Server: invoke_api \r\n"], ids=["another's", "ours"])
def test_an_invoke_api_that_does_not_keep_the_time_out_has_it_kept_by_the_proxy(name: bytes) -> None:
    answered: list[bytes] = []

    async def answer_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while request := await read_request(reader):
                await asyncio.sleep(0 if request == b"0" else 0.2)
                writer.write(API.replace(b"x-amzn", name + b"x-amzn"))
                answered.append(request)

    async def test(emulators: Emulators) -> None:
        port = free_port()
        async with await serve(answer_slowly, port):
            emulators.set_urls([f"http://127.0.0.1:{port}/x"])
            await emulators.invoke(b"0")
            if name:
                assert (await emulators.invoke(b"1", timeout=0.01)).status == 200
                return
            with pytest.raises(InvocationError, match=r"it still runs after 0\.01 s") as caught:
                await emulators.invoke(b"1", timeout=0.01)
            assert (caught.value.failure, answered) == (Failure.TIMED_OUT, [b"0"])
            # The invocation goes on.
            await emulators.invoke(b"2")
            assert answered == [b"0", b"1", b"2"]

    run(test)
