"""Part A, the client by hand, against recorded frames: its handshake, messages both ways, and each way to end."""

from __future__ import annotations

from pathlib import Path

from checker.harness.findings import fail
from checker.harness.suite import needs
from checker.stage_1.http_vs_websocket.cases import BROKEN, CLOSES, FRAGMENTED, LENGTHS, bad_answers
from checker.stage_1.http_vs_websocket.faulty_lines import client_line
from checker.stage_1.http_vs_websocket.frames import BINARY, CONTINUATION, PING, PONG, TEXT, closing, encode
from checker.stage_1.http_vs_websocket.talk import Begin


def test_the_client_asks_for_an_upgrade(begin: Begin, project: Path) -> None:
    """The client asks for the upgrade, with a fresh key each time."""
    keys = []
    for _ in range(2):
        talk = begin()
        talk.expect_upgrade()
        keys.append(talk.key)
        talk.accept(and_send=closing(1000))
    if keys[0] == keys[1]:
        wanted = "each run sends 16 random bytes in Sec-WebSocket-Key"
        where = client_line(project, "key-not-fresh")
        fail("key-not-fresh", wanted=wanted, saw=f"two runs sent the same key, {keys[0]}", where=where)


@needs("test_the_client_asks_for_an_upgrade")
def test_the_client_checks_the_answer(begin: Begin) -> None:
    """The client leaves, with 1, a server whose answer does not belong to its key."""
    for told in bad_answers(""):
        talk = begin("hello")
        talk.peer.send(bad_answers(talk.key)[told])
        wanted = f"after the answer {told} the client sends nothing"
        frame = talk.wait_frame()
        if frame is not None:
            talk.fail("accept-not-checked", wanted, f"it sent {frame}")
        talk.expect_end(1, wanted, "accept-not-checked")
    talk = begin("hello")
    talk.accept()
    wanted = "after a good answer (its Upgrade says `WebSocket`) the message leaves"
    if talk.wait_frame() is None:
        talk.fail("good-answer-refused", wanted, "no frame came")


@needs("test_the_client_checks_the_answer")
def test_messages_leave_masked(begin: Begin) -> None:
    """Each message leaves as one text frame, under a mask of its own."""
    messages = ["hello", "hello", "grüße 🦊", "hello"]
    talk = begin(*messages)
    talk.accept()
    sent = [
        talk.expect_frame(TEXT, m.encode(), f"the message {m!r} leaves as one text frame", "wrong-frame")
        for m in messages
    ]
    masks = [frame.mask or b"" for frame in sent]
    if len(set(masks)) < len(masks):
        shown = ", ".join(mask.hex() for mask in masks)
        talk.fail("mask-reused", "every frame has four random bytes of its own as its mask", f"the masks were {shown}")


@needs("test_messages_leave_masked")
def test_every_length_leaves_and_arrives(begin: Begin) -> None:
    """Messages of 125, 126, 65,535 and 65,536 bytes leave and arrive whole."""
    for length, bits in LENGTHS.items():
        message = "x" * length
        talk = begin(message)
        talk.accept()
        frame = talk.expect_frame(TEXT, message.encode(), f"a text frame of {length} bytes", "wrong-length")
        if frame.length_bits != bits:
            wanted = f"{length} bytes are told in the shortest form, {bits} bits"
            talk.fail("wrong-length", wanted, f"they were told in {frame.length_bits} bits")
        text = message[:-1] + "y"
        talk.peer.send(encode(TEXT, text.encode()))
        talk.expect_line(f"a text of {length} bytes is shown whole", "wrong-length", text=text)


@needs("test_messages_leave_masked")
def test_a_ping_is_answered(begin: Begin) -> None:
    """A ping is answered by a pong with its payload, and is no message."""
    talk = begin()
    talk.accept(and_send=encode(PONG, b"unasked"))
    for payload in (b"", b"are you there?", bytes(range(125))):
        talk.peer.send(encode(PING, payload))
        wanted = f"the ping of {len(payload)} bytes is answered by a pong with the same payload"
        talk.expect_frame(PONG, payload, wanted, "ping-not-answered")
    talk.peer.send(encode(TEXT, b"hello"))
    talk.expect_line('after three pings and a pong, the text is shown: {"text": "hello"}', "wrong-output", text="hello")


@needs("test_a_ping_is_answered")
def test_fragments_are_one_message(begin: Begin) -> None:
    """A message in fragments is shown once and whole, also with a ping between them."""
    for opcode, (first, second, third), fields in FRAGMENTED:
        talk = begin()
        talk.accept(and_send=encode(opcode, first, is_final=False))
        talk.peer.send(encode(PING, b"now") + encode(CONTINUATION, second, is_final=False))
        wanted = "a ping between two fragments is answered"
        talk.expect_frame(PONG, b"now", wanted, "ping-not-answered")
        talk.peer.send(encode(CONTINUATION, third) + encode(TEXT, b"next"))
        talk.expect_line(f"three fragments are shown as one message, {fields}", "fragments-not-joined", **fields)
        wanted = 'the message after it is shown as {"text": "next"}'
        talk.expect_line(wanted, "fragments-not-joined", text="next")


@needs("test_messages_leave_masked")
def test_the_server_closes(begin: Begin) -> None:
    """When the server closes, the client returns its code, shows it, and ends with 0."""
    for frame, code, reason in CLOSES:
        talk = begin()
        talk.accept(and_send=encode(TEXT, b"hello") + frame)
        talk.expect_line("the message before the close is shown", "wrong-output", text="hello")
        told = "a close frame without a code" if code is None else f"a close frame with {code}"
        talk.expect_close(code, f"{told} is answered with the same", "close-not-returned")
        talk.peer.end()
        shown = 1005 if code is None else code
        wanted = f"after {told} the client shows {shown}"
        talk.expect_line(wanted, "wrong-close-shown", closed=shown, reason=reason)
        talk.expect_end(0, wanted, "wrong-close-shown")


@needs("test_the_server_closes")
def test_the_client_closes(begin: Begin) -> None:
    """After --count messages the client closes with 1000, and waits for the server's close."""
    talk = begin("hello", count=2)
    talk.accept()
    talk.expect_frame(TEXT, b"hello", "the message leaves", "wrong-frame")
    messages: list[tuple[int, dict[str, str]]] = [(TEXT, {"text": "one"}), (BINARY, {"binary": "6f6e65"})]
    for number, (opcode, fields) in enumerate(messages, 1):
        talk.peer.send(encode(PING) + encode(opcode, b"one"))
        talk.expect_frame(PONG, b"", "a ping is answered", "ping-not-answered")
        talk.expect_line(f"message {number} is shown, {fields}", "wrong-output", **fields)
    wanted = "after two messages, a text and a binary one (pings are none), the client sends a close frame with 1000"
    talk.expect_close(1000, wanted, "left-without-close")
    # Only who waits for the server's answer can know its reason.
    before = encode(TEXT, b"sent before your close came") + encode(PING, b"still there?")
    talk.peer.send(before + closing(1000, "good bye"))
    talk.peer.end()
    wanted = "the client waits for the server's close frame, drops what comes before it, and shows its code and reason"
    talk.expect_line(wanted, "close-not-awaited", closed=1000, reason="good bye")
    told = "a ping that comes between the client's close frame and the server's is answered, too"
    talk.expect_frame(PONG, b"still there?", told, "ping-not-answered")
    talk.expect_end(0, wanted, "close-not-awaited")


@needs("test_the_server_closes")
def test_a_lost_connection_is_no_close(begin: Begin) -> None:
    """A connection that ends without a close frame is shown as 1006, and ends with 3."""
    for before in (b"", encode(TEXT, b"cut off here")[:-4]):
        talk = begin()
        talk.accept(and_send=encode(TEXT, b"hello") + before)
        talk.expect_line("the message before the loss is shown", "wrong-output", text="hello")
        talk.peer.end()
        cut = "inside a frame" if before else "between two frames"
        wanted = f"a connection that ends {cut} is shown as closed with 1006"
        talk.expect_line(wanted, "loss-not-told", closed=1006)
        talk.expect_end(3, wanted, "loss-not-told")
    talk = begin("hello")
    talk.peer.end()
    wanted = "a connection that ends before the server's answer is shown as closed with 1006"
    talk.expect_line(wanted, "loss-not-told", closed=1006)
    talk.expect_end(3, wanted, "loss-not-told")
    talk = begin(count=1)
    talk.accept(and_send=encode(TEXT, b"hello"))
    talk.expect_line("the message before the loss is shown", "wrong-output", text="hello")
    talk.expect_close(1000, "after one message the client sends a close frame with 1000", "left-without-close")
    talk.peer.end()
    wanted = "a connection that ends after the client's close frame, and before the server's, is shown as 1006"
    talk.expect_line(wanted, "loss-not-told", closed=1006)
    talk.expect_end(3, wanted, "loss-not-told")


@needs("test_the_server_closes")
def test_broken_frames_end_it(begin: Begin) -> None:
    """A frame that breaks the protocol ends the connection with 1002, broken text with 1007."""
    for told, (frame, code) in BROKEN.items():
        talk = begin()
        talk.accept(and_send=frame)
        wanted = f"{told} is answered by a close frame with {code}"
        talk.facts = {"what": told, "code": code}
        talk.expect_close(code, wanted, "violation-accepted")
        talk.peer.end()
        talk.expect_line(wanted, "violation-accepted", closed=code)
        talk.expect_end(4, wanted, "violation-accepted")
