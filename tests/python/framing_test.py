"""Frames cut from a byte stream, however it is split and whatever is in it."""
from __future__ import annotations

import random
import re
import unittest

from harness import SOURCE
from ringdown import v1
from ringdown.framing import FrameDecoder, FramingError, delimited

SEED = 20261122


def cut(decoder: FrameDecoder, *parts: bytes) -> list[bytes]:
    found: list[bytes] = []
    for part in parts:
        decoder.feed(part)
        while (frame := decoder.next()) is not None:
            found.append(frame)
    return found


def documented_frames() -> list[bytes]:
    """The example of docs/protocol.md, as it goes over the wire."""
    text = (SOURCE / "docs" / "protocol.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n((?:[0-9a-f]{2}[ \n])+)```$", text, re.MULTILINE)
    return [bytes.fromhex(block) for block in blocks]


class Framing(unittest.TestCase):
    def test_a_stream_split_at_any_two_points_gives_the_same_frames(self) -> None:
        frames = [b"", b"x", bytes(127), bytes(range(128)), b"", bytes(300)]
        stream = b"".join(delimited(frame) for frame in frames)
        for first in range(len(stream) + 1):
            for second in range(first, len(stream) + 1, 7):
                parts = stream[:first], stream[first:second], stream[second:]
                self.assertEqual(cut(FrameDecoder(300), *parts), frames)

    def test_a_stream_that_comes_byte_by_byte_gives_the_same_frames(self) -> None:
        frames = [bytes([n]) * (n * 37 % 1000) for n in range(60)]
        stream = b"".join(delimited(frame) for frame in frames)
        pieces = [stream[at : at + 1] for at in range(len(stream))]
        self.assertEqual(cut(FrameDecoder(1000), *pieces), frames)

    def test_a_length_has_as_many_bytes_as_it_needs(self) -> None:
        for length, prefix in ((0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3)):
            frame = bytes(length)
            wire = delimited(frame)
            self.assertEqual(len(wire), prefix + length)
            self.assertEqual(cut(FrameDecoder(length), wire), [frame])

    def test_the_largest_frame_passes_and_one_byte_more_is_refused(self) -> None:
        self.assertEqual(cut(FrameDecoder(4096), delimited(bytes(4096))), [bytes(4096)])
        with self.assertRaisesRegex(FramingError, "4097 bytes, accepted are at most 4096"):
            cut(FrameDecoder(4096), delimited(bytes(4097)))

    def test_a_frame_that_is_too_long_is_refused_by_its_length_alone(self) -> None:
        with self.assertRaisesRegex(FramingError, "4294967295 bytes"):
            cut(FrameDecoder(4096), b"\xff\xff\xff\xff\x0f")

    def test_frames_before_the_bad_one_are_whole(self) -> None:
        decoder = FrameDecoder(16)
        decoder.feed(delimited(b"good") + b"\xff\xff\xff\xff\xff")
        self.assertEqual(decoder.next(), b"good")
        with self.assertRaisesRegex(FramingError, "no length"):
            decoder.next()

    def test_a_length_of_more_than_32_bits_is_refused(self) -> None:
        for prefix in (b"\xff\xff\xff\xff\x1f", b"\x80\x80\x80\x80\x80\x00"):
            with self.assertRaisesRegex(FramingError, "no length"):
                cut(FrameDecoder(4096), prefix)

    def test_a_larger_limit_holds_from_the_next_frame_on(self) -> None:
        decoder = FrameDecoder(4)
        decoder.feed(delimited(b"1234") + delimited(b"12345678"))
        self.assertEqual(decoder.next(), b"1234")
        decoder.frame_bytes_max = 8
        self.assertEqual(decoder.next(), b"12345678")

    def test_garbage_ends_in_a_framing_error_or_in_frames_within_the_limit(self) -> None:
        chance = random.Random(SEED)
        ended = 0
        for _ in range(2000):
            try:
                for frame in cut(FrameDecoder(200), *(chance.randbytes(40) for _ in range(10))):
                    self.assertLessEqual(len(frame), 200)
            except FramingError:
                ended += 1
        self.assertGreater(ended, 1000)

    def test_the_example_of_the_document_is_what_it_says(self) -> None:
        wire = documented_frames()
        self.assertEqual(len(wire), 9)
        frames = [v1.Frame.FromString(body) for body in cut(FrameDecoder(), *wire)]
        self.assertEqual(
            [frame.WhichOneof("body") for frame in frames],
            [
                "request_sign_on",
                "event_link_connected",
                "request_register_address",
                "event_registered",
                "request_send_event",
                "event_ack",
                "event_user_event",
                "request_send_event",
                "event_error",
            ],
        )
        # What Protobuf for Python writes is what the document shows, byte for byte. Only the broker
        # writes EventUserEvent, with the sender's bytes last, behind fields of higher numbers.
        for frame, shown in zip(frames, wire):
            written = delimited(frame.SerializeToString())
            if frame.WhichOneof("body") == "event_user_event":
                written, shown = bytes(sorted(written)), bytes(sorted(shown))
            self.assertEqual(written, shown)


if __name__ == "__main__":
    unittest.main()
