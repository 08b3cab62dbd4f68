#include "messages/errors.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace ringdown {

namespace {

constexpr error_info catalog[] = {
#define RINGDOWN_ERROR(code, name, retry, text, when, action)                                      \
  {error_code::name, #name, retry_class::retry, text, when, action},
#include "messages/error_catalog.def"
#undef RINGDOWN_ERROR
};

constexpr bool sorted_by_code() {
  for (std::size_t i = 1; i < std::size(catalog); ++i)
    if (catalog[i - 1].code >= catalog[i].code)
      return false;
  return true;
}
static_assert(sorted_by_code(), "find_error searches by halves");

constexpr check_info order[] = {
  {check::signed_on, error_code::not_signed_on, "the client has signed on"},
  {check::version, error_code::protocol_version, "a common protocol version exists"},
  {check::request_known, error_code::unsupported_operation, "the request is known"},
  {check::dn_valid, error_code::invalid_attribute, "the DN is well formed"},
  {check::dn_configured, error_code::dn_not_configured, "the DN is configured"},
  {check::registered, error_code::not_registered, "the client is registered and may send"},
  {check::permitted, error_code::access_restricted, "the role and the access list permit it"},
  {check::event_type, error_code::unsupported_operation, "the event type is EventUserEvent"},
  {check::content, error_code::invalid_attribute, "the other fields are well formed"},
  {check::in_service, error_code::out_of_service, "the broker is not draining"},
  {check::window, error_code::too_many_requests, "the client's window has room"},
  {check::budget, error_code::overloaded, "the broker's memory budget has room"},
  {check::state, error_code::wrong_state, "if_version holds (strict mode: 43 too)"},
  {check::recorder, error_code::service_unavailable, "a query has a recorder to answer it"},
  {check::queue_space, error_code::no_queue_space, "an active recorder can take the command"},
};

} // namespace

std::span<const error_info> error_catalog() noexcept {
  return catalog;
}

const error_info* find_error(std::uint32_t code) noexcept {
  auto by_code = [](const error_info& row, std::uint32_t wanted) {
    return static_cast<std::uint32_t>(row.code) < wanted;
  };
  auto row = std::lower_bound(std::begin(catalog), std::end(catalog), code, by_code);
  if (row == std::end(catalog) || static_cast<std::uint32_t>(row->code) != code)
    return nullptr;
  return row;
}

const error_info& info(error_code code) noexcept {
  auto* row = find_error(static_cast<std::uint32_t>(code));
  if (row == nullptr)
    std::abort(); // a number was cast to error_code without a look into the catalog
  return *row;
}

std::string_view to_string(retry_class r) noexcept {
  switch (r) {
  case retry_class::failed: return "failed";
  case retry_class::overloaded: return "overloaded";
  case retry_class::disconnected: return "disconnected";
  case retry_class::unknown_outcome: return "unknown_outcome";
  }
  return "failed";
}

std::span<const check_info> check_order() noexcept {
  return order;
}

} // namespace ringdown
