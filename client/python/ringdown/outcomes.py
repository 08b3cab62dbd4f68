"""What became of a command, and what each recorder did about it."""
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from .capture import CaptureState, Failure, Light
from .v1 import ringdown_pb2 as v1


class Outcome(Enum):
    """What became of an accepted command (docs/confirmed-control.md). One of a later protocol
    counts as UNKNOWN."""

    CONFIRMED = "confirmed"
    """The recorders that must confirm it have done so, or there was nothing to do."""
    HELD = "held"
    """A pause stands: no recorder has got it. It goes out by itself."""
    FAILED = "failed"
    """The recorders that should have confirmed said that they did not."""
    PARTIAL = "partial"
    """Some recorders did and some did not."""
    TIMED_OUT = "timed_out"
    """Nobody did by the deadline, or no recorder was there."""
    RECORDER_LOST = "recorder_lost"
    """The recorders that should have confirmed are gone."""
    SUPERSEDED = "superseded"
    """A later command wants something else."""
    UNKNOWN = "unknown"
    """Nobody knows: the light is the answer."""

    @classmethod
    def of(cls, number: int) -> Outcome:
        """From the schema's number."""
        return _OUTCOMES.get(number, cls.UNKNOWN)


_OUTCOMES: Final[dict[int, Outcome]] = {
    v1.OUTCOME_CONFIRMED: Outcome.CONFIRMED,
    v1.OUTCOME_TIMED_OUT: Outcome.TIMED_OUT,
    v1.OUTCOME_PARTIAL: Outcome.PARTIAL,
    v1.OUTCOME_SUPERSEDED: Outcome.SUPERSEDED,
    v1.OUTCOME_HELD: Outcome.HELD,
    v1.OUTCOME_RECORDER_LOST: Outcome.RECORDER_LOST,
    v1.OUTCOME_UNKNOWN: Outcome.UNKNOWN,
    v1.OUTCOME_FAILED: Outcome.FAILED,
}


class Verdict(Enum):
    """What one recorder did about a command."""

    UNSPECIFIED = "unspecified"
    """Of a later protocol."""
    CONFIRMED = "confirmed"
    SILENT = "silent"
    """Nothing was heard from it."""
    OTHERWISE = "otherwise"
    """It said something else."""
    NOT_QUEUED = "not_queued"
    """Its outbox was full: it did not get the command."""
    LOST = "lost"
    FAILED = "failed"
    """It said `failed`."""

    @classmethod
    def of(cls, number: int) -> Verdict:
        """From the schema's number."""
        return _VERDICTS.get(number, cls.UNSPECIFIED)


_VERDICTS: Final[dict[int, Verdict]] = {
    v1.RECORDER_VERDICT_CONFIRMED: Verdict.CONFIRMED,
    v1.RECORDER_VERDICT_SILENT: Verdict.SILENT,
    v1.RECORDER_VERDICT_OTHERWISE: Verdict.OTHERWISE,
    v1.RECORDER_VERDICT_NOT_QUEUED: Verdict.NOT_QUEUED,
    v1.RECORDER_VERDICT_LOST: Verdict.LOST,
    v1.RECORDER_VERDICT_FAILED: Verdict.FAILED,
}


@dataclass(frozen=True, slots=True)
class RecorderOutcome:
    """What one recorder did about a command."""

    verdict: Verdict
    said: CaptureState
    """Its last word since the command; UNKNOWN: none."""
    application_name: str
    """Empty if it is gone."""
    client_id: int
    failure: Failure | None
    """Why it failed, if it said so."""


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What became of a command, or of the order that a held one went out with."""

    outcome: Outcome
    light: Light
    """The light then."""
    recorders: tuple[RecorderOutcome, ...]
    """What each of them did."""
    held_by: v1.Pause | None
    """Of a held one: the newest pause that stands, who, since when and why."""
    event: v1.EventOutcome
    """All that the broker said. Its `time_us` is 0 if it said nothing, and nobody knows."""

    @classmethod
    def of(cls, event: v1.EventOutcome) -> CommandOutcome:
        """From the schema's message."""
        return cls(
            outcome=Outcome.of(event.outcome),
            light=Light.of(CaptureState.of(event.effective_state)),
            recorders=tuple(_recorder_outcome(one) for one in event.recorders),
            held_by=event.held_by if event.HasField("held_by") else None,
            event=event,
        )


def _recorder_outcome(result: v1.RecorderResult) -> RecorderOutcome:
    verdict = Verdict.of(result.verdict)
    told = verdict is Verdict.FAILED or result.failure_code or result.failure_text
    return RecorderOutcome(
        verdict=verdict,
        said=CaptureState.of(result.said),
        application_name=result.application_name,
        client_id=result.client_id,
        failure=Failure(result.failure_code, result.failure_text) if told else None,
    )
