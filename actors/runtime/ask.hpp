// Questions to an actor: answered within the call where it may run in place, else by mail.
//
//   struct place_wanted { using answer_type = place; std::string name; };
//   class register_impl : ..., public callable_in_place<asked<place_wanted>> { ... };
//   ask(*this, register, 5s, place_wanted{"7001"}, how::at_once, on_answer, on_failure);
#pragma once

#include "actors/runtime/pinned.hpp"

#include <caf/error.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace ringdown::runtime {

/// A question, for a call in place.
template <class Question>
struct asked {
  const Question& question;
  /// None behind the call: the actor failed over it.
  std::optional<typename Question::answer_type> answer{};
  /// The actor will know later: it must be asked by mail.
  bool must_wait = false;
};

/// Whether an actor that may run in place is to.
enum class how : std::uint8_t { at_once, by_mail };

/// Asks `whom`. Then `answered(question, answer)` or `failed(question)` is called, once: within
/// this call or later, as a handler of `self`. By mail the answer must come within `timeout`. An
/// actor that is asked in place reads on with the answer, so that all that a client says at its
/// start is answered at once.
template <class Self, class Handle, class... Messages, class Question, class Answered, class Failed>
void ask(Self& self, const callable_ref<Handle, Messages...>& whom,
         std::chrono::milliseconds timeout, Question question, how way, Answered answered,
         Failed failed) {
  if (way == how::at_once) {
    asked<Question> call{question};
    if (whom.try_call(call) && !call.must_wait)
      return call.answer ? answered(question, *call.answer) : failed(question);
  }
  auto asking = self.request(whom.handle(), timeout, question);
  asking.then(
    [&self, id = asking.id(), question,
     answered](const typename Question::answer_type& answer) mutable {
      // CAF keeps a request's timer until it is due, and would keep the actor with it.
      self.clock().cancel_request_timeout(&self, id);
      answered(question, answer);
    },
    [question, failed](const caf::error&) mutable { failed(question); });
}

} // namespace ringdown::runtime
