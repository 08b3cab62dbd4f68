// What call sources tell a DN of calls, and whether any tells it.
#include "actors/dn/dn.hpp"

#include "actors/admit.hpp"
#include "messages/frame.hpp"
#include "messages/refusals.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown {

/// RequestMergeCalls and RequestEndCall.
void dn_impl::tell_of_call(dn_batch& batch, const dn_request& request) {
  dn_screen::scope within{screen_};
  bool is_end = request.what == dn_request::kind::end_call;
  auto wrong = is_end ? check_call(batch, request.connection, "connection_id")
                      : check_call(batch, request.former, "old_connection_id");
  if (!wrong && !is_end) {
    auto* from = find_call(screen_.shown(), request.former);
    auto* into = find_call(screen_.shown(), request.connection);
    auto count =
      (from != nullptr ? from->former.size() : 0) + 1 + (into != nullptr ? into->former.size() : 0);
    if (!request.connection || request.connection == request.former)
      wrong = invalid("connection_id", "another ConnID than old_connection_id, not 0");
    else if (from != nullptr && from == into)
      wrong = invalid("connection_id", "a call that old_connection_id is not merged into already");
    else if (count > former_connections_max)
      wrong = refused(error_code::overloaded, "old_connection_id",
                      "at most " + std::to_string(former_connections_max) + " calls in one",
                      "too many calls were merged into this one");
  }
  if (wrong)
    return batch.refuse(*wrong, about(batch));
  char frame[ack_frame_bytes_max];
  auto* end = encode_ack(frame, request.reference,
                         {{}, state_.sequence, state_.epoch, state_.version, 0, batch.time_us()});
  batch.answer({frame, static_cast<std::size_t>(end - frame)});
  if (is_end)
    state_.context.observed_by->log(
      "dn", observer::severity::info, "call ended",
      {{"dn", state_.name()}, {"conn", to_string(request.connection)}});
  screen_.tell(is_end ? screen_event{call_ended{request.connection}}
                      : screen_event{calls_merged{request.former, request.connection}});
}

/// What is wrong with a call source's request about this call.
std::optional<fault> dn_impl::check_call(const dn_batch& batch, conn_id connection,
                                         std::string_view attribute) {
  auto& who = batch.client()->who;
  auto* own = state_.clients.find(*batch.client());
  if (own == nullptr)
    return not_registered();
  if (who.role != role::call_source)
    return refused(error_code::access_restricted, "only a call source tells of calls");
  if ((own->may & bit_of(action::tell_of_calls)) == 0 ||
      !state_.context.may(who, action::tell_of_calls, state_.name()))
    return forbidden(to_string(action::tell_of_calls));
  if (!connection || !is_known(screen_.shown(), connection))
    return invalid(std::string{attribute}, "the ConnID of a call that something was said of here");
  return std::nullopt;
}

/// A call source whose link breaks for a moment does not take the calls' lives with it: a `resume`
/// of one must not lift the pause of another meanwhile.
bool dn_impl::calls_are_told() {
  return state_.clients.has_role(role::call_source) ||
         (calls_told_until_ && steady_now() < *calls_told_until_);
}

} // namespace ringdown
