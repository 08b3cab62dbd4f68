"""The faults that are planted in the broker, one at a time, and the test that must find each.

Each is a text that occurs once in a file of the broker, and what stands there instead. The test
named is the cheapest that finds it: `unit` programs before conversations. tests/README.md has the
table of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    plants: str  # in a few words
    path: str
    before: str  # occurs once in the file
    after: str
    found_by: str  # a test program of that name


QUEUES = "actors_queues_test"
DECISIONS = "actors_decisions_test"
CONNECTION = "actors_connection_test"
CONVERSATION = "actors_conversation_test"

# ---- queues and windows ----------------------------------------------------------------------

IN_QUEUES = [
    Mutant(
        "window-keeps-bytes",
        "an answer gives its place in the window back, and not its bytes",
        "actors/request_window.cpp",
        "  bytes_ -= slots_[place].bytes;\n",
        "",
        QUEUES,
    ),
    Mutant(
        "missed-range-does-not-grow",
        "what a slow client misses next is not told as missed",
        "actors/outbox.cpp",
        "    open->to = sequence;\n",
        "",
        QUEUES,
    ),
    Mutant(
        "event-overtakes-what-was-missed",
        "an event goes out before the gap that lies before it is told",
        "actors/outbox.cpp",
        "    if (gaps_ != nullptr && !closed())\n      close_gap_of(dn);\n"
        "    was_clean = append_if_open(head, tail) && mark_dirty();\n",
        "    was_clean = append_if_open(head, tail) && mark_dirty();\n"
        "    if (gaps_ != nullptr && !closed())\n      close_gap_of(dn);\n",
        QUEUES,
    ),
    Mutant(
        "answer-before-credit",
        "a client hears the answer before it may send again",
        "actors/t_client.hpp",
        "    window.answered(reference);\n"
        "    // A closed connection's answer goes nowhere; an overrun one is closed by its edge.\n"
        "    static_cast<void>(box.answer(frame));\n",
        "    static_cast<void>(box.answer(frame));\n    window.answered(reference);\n",
        QUEUES,
    ),
]

# ---- the screen ------------------------------------------------------------------------------

IN_SCREEN = [
    Mutant(
        "held-command-is-not-let-go",
        "a start or resume does not let a held one go",
        "actors/screen/order_desk.hpp",
        "    if (!o.is_own() && desired_by(o.verb) == capture_state::enabled)\n"
        "      release(&o);\n",
        "",
        DECISIONS,
    ),
    Mutant(
        "session-ends-with-its-pauses",
        "a session ends when its DN is idle, whatever it remembers",
        "actors/screen/step.cpp",
        "  return now - s.last_event >= "
        "(only_remembers ? rules.dn_idle_timeout : rules.session_idle_max);\n",
        "  return only_remembers || now - s.last_event >= rules.dn_idle_timeout;\n",
        DECISIONS,
    ),
    Mutant(
        "last-word-does-not-count-at-the-deadline",
        "a plain recorder's last word confirms nothing at the deadline",
        "actors/screen/words.cpp",
        "    if (is_plain && is_open && !r.is_final && confirms(order.verb, r.said) &&\n",
        "    if (is_plain && is_open && r.is_final && confirms(order.verb, r.said) &&\n",
        DECISIONS,
    ),
    Mutant(
        "words-of-merged-calls-are-lost",
        "what recorders said of a call does not follow it into another",
        "actors/screen/changes.cpp",
        "  for (auto& r : s.recorders)\n"
        "    for (auto& word : r.calls)\n"
        "      rename(word.connection);\n",
        "",
        DECISIONS,
    ),
    Mutant(
        "doubt-is-never-over",
        "a recorder's word does not end the doubt that a lost one left",
        "actors/screen/step.cpp",
        "      state.has_lost = false;\n",
        "",
        DECISIONS,
    ),
    Mutant(
        "word-of-a-recorder-outlives-it",
        "a recorder that is gone is still counted with what it said",
        "actors/screen/step.cpp",
        "    std::erase_if(state.recorders,\n"
        "                  [&](const screen_recorder& r) { return r.id == event.recorder; });\n",
        "",
        DECISIONS,
    ),
    Mutant(
        "anybody-lifts-a-holders-pause",
        "a resume lifts what others paused, too",
        "actors/screen/screen.cpp",
        "  case pause_ownership::all_holders: break;\n",
        "  case pause_ownership::all_holders: return true;\n",
        DECISIONS,
    ),
    Mutant(
        "no-grace-after-the-process-stood-still",
        "a process that stood still gives no time back",
        "actors/screen/step.cpp",
        "    if (!is_late || state.graces == graces_max) {\n",
        "    if (!is_late || state.graces <= graces_max) {\n",
        DECISIONS,
    ),
]

# ---- a DN and its session --------------------------------------------------------------------

IN_DN = [
    Mutant(
        "what-is-said-in-place-changes-no-light",
        "a DN's light stays as it was when its session speaks in place",
        "actors/dn/dn_screen.cpp",
        "  state_.light = light(turn_->state());\n",
        "",
        CONVERSATION,
    ),
    Mutant(
        "session-does-not-ring",
        "a session's time passes, and its DN hears nothing of it",
        "actors/screen/session.cpp",
        "    if (is_due)\n      send(owner_, session_rang_atom::value);\n",
        "    if (is_due && !owner_)\n      send(owner_, session_rang_atom::value);\n",
        CONVERSATION,
    ),
    Mutant(
        "what-was-due-is-forgotten",
        "a DN drops what its session's time had brought about",
        "actors/dn/dn_screen.cpp",
        "  of_.put(of_.turn_->take_due());\n  of_.settle();\n",
        "  static_cast<void>(of_.turn_->take_due());\n  of_.settle();\n",
        CONVERSATION,
    ),
    Mutant(
        "what-is-asked-overtakes-what-was-due",
        "a request is carried out before what was due",
        "actors/dn/dn_screen.cpp",
        "  of_.put(of_.turn_->take_due());\n  of_.settle();\n",
        "  of_.put(of_.turn_->take_due());\n",
        CONVERSATION,
    ),
    Mutant(
        "session-ends-though-somebody-is-there",
        "an idle session ends while clients are registered",
        "actors/dn/dn.cpp",
        "  if (state_.clients.empty() && screen_.has_session()) {\n",
        "  if (screen_.has_session()) {\n",
        CONVERSATION,
    ),
    Mutant(
        "commands-of-a-failed-session-have-no-outcome",
        "open commands end with their session, and nobody is told",
        "actors/dn/dn_screen.cpp",
        "  effects_.clear();\n  conclude_all_unknown();\n",
        "  effects_.clear();\n",
        CONVERSATION,
    ),
    Mutant(
        "repeat-leaves-the-outcome-with-the-old-sender",
        "a command sent again has its outcome told where it first came from",
        "actors/dn/dn.cpp",
        "  screen_.book()->sent_again(request.event.command, client);\n",
        "",
        CONVERSATION,
    ),
    Mutant(
        "ghosts-are-not-dropped",
        "a client whose link is closed stays registered",
        "actors/dn/dn.cpp",
        "  if (state_.saw_closed)\n    drop_closed();\n  arm_idle_tick();\n",
        "  arm_idle_tick();\n",
        CONVERSATION,
    ),
]

# ---- connection, directory, edge -------------------------------------------------------------

IN_CONNECTION = [
    Mutant(
        "registration-is-certain-too-soon",
        "a client counts as registered before the DN has said so",
        "actors/connection/dn_table.hpp",
        "    return dn.registered && dn.reports_awaited == 0 && "
        "what != dn_request::kind::register_ &&\n",
        "    return dn.registered && what != dn_request::kind::register_ &&\n",
        CONNECTION,
    ),
    Mutant(
        "what-waits-for-a-dn-does-not-reach-it",
        "requests that waited for a DN's actor are dropped",
        "actors/connection/dns.cpp",
        "    if (!dns_.found(handle.dn, handle.actor, mail))",
        "    if (!dns_.found(handle.dn, handle.actor, [](const dn_ref&, dn_batch_ptr) {}))",
        CONVERSATION,
    ),
    Mutant(
        "sign-off-does-not-wait-for-answers",
        "a client that signs off loses the answers it is owed",
        "actors/connection/connection.cpp",
        "  if (!client_->all_answered())\n    return true;\n",
        "  if (life_ == life::draining && !client_->all_answered())\n    return true;\n",
        CONVERSATION,
    ),
    Mutant(
        "dn-retires-while-its-handle-is-under-way",
        "a DN retires though somebody was just sent its handle",
        "actors/directory/directory.cpp",
        "    if (row.now == dn_register::row_state::retiring ||\n"
        "        clock().now() - row.handed_out < 2 * context_.bounds.control_timeout)\n",
        "    if (row.now == dn_register::row_state::retiring)\n",
        CONVERSATION,
    ),
    Mutant(
        "a-third-read-is-under-way",
        "one read more than the bound is with a connection",
        "broker/edge/client_link.cpp",
        "         client_->batches_in_flight() < read_batches_in_flight_max;\n",
        "         client_->batches_in_flight() <= read_batches_in_flight_max;\n",
        CONVERSATION,
    ),
    Mutant(
        "half-closed-link-is-told-no-outcomes",
        "a client that says no more is not told what became of its commands",
        "actors/connection/connection.cpp",
        "  return says_no_more_ && client_->outcomes_owed() != 0;\n",
        "  return false;\n",
        CONVERSATION,
    ),
]

MUTANTS = IN_QUEUES + IN_SCREEN + IN_DN + IN_CONNECTION
