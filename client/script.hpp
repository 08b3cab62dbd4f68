// The little language of `ringdown desktop --script` and of its prompt.
//
//   script   := step { ("," | ";" | newline) step }      empty steps are skipped; # to the line's
//   step     := command | wait | expect | outcome        end is a comment
//             | send | call
//   command  := "start" | "stop" | "pause" | "resume" | "query" { option }
//   wait     := "wait" TIME                               TIME: 200ms, 2s, 1.5s
//   expect   := ("expect" | "wait for") STATE ["within" TIME]        5 s if not given
//   outcome  := "expect-outcome" OUTCOME ["within" TIME]  of the last command; 5 s if not given
//   send     := "send" ITEM { ITEM | option }             ITEM: key=value, n:key=5, b:key=00ff
//   call     := "merge" HEX "into" HEX | "end-call" HEX   ConnIDs; for the role call_source
//   option   := "conn=" HEX | "if-version=" NUMBER | "reason=" TEXT        reason: of a command
//   STATE    := recording | paused | off | unknown (enabled and disabled are understood too)
//   OUTCOME  := confirmed | timed_out | partial | superseded | held | recorder_lost | failed |
//   unknown
//
// A word may be quoted, "like this", to hold separators; \" and \\ inside. Pure and bounded:
// nothing in a text can make the parser slow, deep or large.
#pragma once

#include "client/light_model.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ringdown::client {

inline constexpr std::size_t script_bytes_max = 64 * 1024;
inline constexpr std::size_t script_steps_max = 1000;
inline constexpr std::chrono::milliseconds script_wait_max{3'600'000};
inline constexpr std::chrono::milliseconds script_within_default{5'000};

/// An event to send: a command, or user data of one's own (`verb` none).
struct script_send {
  capture_verb verb = capture_verb::none;
  user_data data; ///< without the verb
  std::optional<conn_id> connection;
  std::optional<command_version> if_version;
  std::string reason; ///< of a command

  bool operator==(const script_send&) const = default;
};

/// Does nothing for this time.
struct script_wait {
  std::chrono::milliseconds time{0};

  bool operator==(const script_wait&) const = default;
};

/// Goes on when the light shows `wanted`; fails if it does not within the time.
struct script_expect {
  light wanted = light::unknown;
  std::chrono::milliseconds within = script_within_default;

  bool operator==(const script_expect&) const = default;
};

/// Goes on when the script's last command has ended so; fails if it ends otherwise, or has no
/// outcome within the time. One that is held ends once more, when it is let go.
struct script_expect_outcome {
  outcome wanted = outcome::confirmed;
  std::chrono::milliseconds within = script_within_default;

  bool operator==(const script_expect_outcome&) const = default;
};

/// Two calls have become one.
struct script_merge {
  conn_id old;
  conn_id into;

  bool operator==(const script_merge&) const = default;
};

/// Tells that the call is over, as a call source does.
struct script_end_call {
  conn_id connection;

  bool operator==(const script_end_call&) const = default;
};

using script_step = std::variant<script_send, script_wait, script_expect, script_expect_outcome,
                                 script_merge, script_end_call>;
using script = std::vector<script_step>;

/// What is wrong, where (line and column from 1, in bytes), and what would be right.
struct script_error {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string problem;
  std::string accepted;

  std::string text() const; ///< in one line, safe for a terminal
};

std::variant<script, script_error> parse_script(std::string_view text);

/// A time such as 200ms, 2s or 1.5s, up to `script_wait_max`.
std::optional<std::chrono::milliseconds> parse_time(std::string_view text);
inline constexpr std::string_view time_accepted = "a time up to 1h, such as 200ms or 2s";

/// What may be typed next.
struct script_completion {
  std::size_t begun = 0; ///< bytes of the word at the end of the line
  std::vector<std::string_view> words;
};

/// The words that may stand in place of the one that has begun at the end of a line; those that
/// only a prompt knows, too.
script_completion complete_script(std::string_view line);

/// A step as one would write it; `parse_script` gives the same step back.
std::string to_text(const script_step& step);

} // namespace ringdown::client
