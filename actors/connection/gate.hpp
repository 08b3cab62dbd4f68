// The gate between a client and whoever answers it: a request that has passed it is in the client's
// window, and must be answered or handed on.
#pragma once

#include "actors/context.hpp"
#include "actors/t_client.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace ringdown {

/// A request in its client's window. It is owed so many answers; each is given here, or handed on
/// to whoever gives it. Only a connection that fails over a request leaves any: then its client
/// hears that the connection failed, and the credit comes back without an answer.
class [[nodiscard]] admitted_request {
public:
  admitted_request(const broker_context& context, t_client& client, reference_id reference,
                   std::uint32_t answers) noexcept
    : context_(&context), client_(&client), reference_(reference), owed_(answers) {}
  admitted_request(admitted_request&& other) noexcept
    : context_(other.context_), client_(other.client_), reference_(other.reference_),
      owed_(std::exchange(other.owed_, 0)) {}
  admitted_request& operator=(admitted_request&&) = delete;
  ~admitted_request() {
    if (owed_ != 0) [[unlikely]]
      give_back();
  }

  std::uint32_t answers_owed() const noexcept { return owed_; }

  /// Gives one answer, and the credit back with the last.
  void answer(std::string_view frame);
  /// The same, about this DN; nothing: about the request as a whole.
  void refuse(const fault& why, std::optional<std::string_view> dn);
  /// One answer is now owed by whoever is given the ReferenceID.
  [[nodiscard]] reference_id hand_on() noexcept {
    --owed_;
    return reference_;
  }

private:
  void give_back() noexcept;

  const broker_context* context_;
  t_client* client_;
  reference_id reference_;
  std::uint32_t owed_;
};

/// Why the gate is closed to a request. Small, so that to pass costs nothing; `describe` makes the
/// answer of it.
enum class gate_fault : std::uint8_t {
  reference,   ///< none, or it is outstanding: 53
  service,     ///< the broker drains: 58
  window_full, ///< 111
  memory,      ///< the broker's budget is spent: 1186
};
fault describe(gate_fault why);

/// The fault of a request without a ReferenceID, or with one that is outstanding.
fault reference_missing();

/// What the gate asks of a request.
struct gate_request {
  reference_id reference;
  std::size_t bytes = 0;
  std::uint32_t answers = 1;
  bool safety = false;    ///< it may use the reserves of window and budget
  bool confirms = false;  ///< it may use that of the budget: a pause is nothing without it
  bool in_service = true; ///< the broker takes such requests
};

/// What came of it: the request in the window, or why not.
using gate_answer = std::variant<admitted_request, gate_fault>;

/// Asks for ReferenceID, service, window and budget, in the order of checks.
[[nodiscard]] inline gate_answer pass_gate(const broker_context& context, t_client& client,
                                           const gate_request& what) {
  if (!what.reference)
    return gate_fault::reference;
  if (!what.in_service)
    return gate_fault::service;
  switch (client.window.admit(what.reference, what.bytes, what.safety, what.answers)) {
  case request_window::admission::accepted: break;
  case request_window::admission::reused: return gate_fault::reference;
  case request_window::admission::full: return gate_fault::window_full;
  }
  auto& budget = context.budget;
  if (!budget.spent() || ((what.safety || what.confirms) && !budget.reserve_spent()))
    return gate_answer{std::in_place_type<admitted_request>, context, client, what.reference,
                       what.answers};
  for (auto left = what.answers; left > 0; --left)
    client.window.answered(what.reference);
  return gate_fault::memory;
}

} // namespace ringdown
