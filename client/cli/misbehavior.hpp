// What `ringdown recorder --misbehave` makes of a recorder, to see what becomes of commands then.
//
//   misbehavior := "ignore" VERB             neither does nor answers it; repeatable
//                | "confirm after" TIME      answers each command so late
//                | "fail" VERB               says `failed` to it, and stays as it is; repeatable
//                | "crash on" VERB           ends at once, without a word; repeatable
//                | "stop answering heartbeats"   keeps its link open and is silent from the start
//                on
//   VERB        := start | stop | pause | resume; queries are answered by the client library
//   TIME        := 200ms, 3s, as in a script
//
// Pure.
#pragma once

#include "messages/user_data.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace ringdown::client {

struct misbehavior {
  std::set<capture_verb> ignored;
  std::set<capture_verb> failed;
  std::set<capture_verb> crash_on;
  std::optional<std::chrono::milliseconds> confirm_after;
  bool silent = false;

  bool operator==(const misbehavior&) const = default;
};

/// Adds what one text asks for. Otherwise returns what is wrong and what is accepted, safe for a
/// terminal.
std::optional<std::string> add_misbehavior(std::string_view text, misbehavior& into);

} // namespace ringdown::client
