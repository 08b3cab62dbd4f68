#include "client/connection.hpp"

#include "client/internal/connection_impl.hpp"

#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <random>

namespace ringdown::client {

using std::chrono::milliseconds;

// ---- values --------------------------------------------------------------------------

std::optional<endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view secure_scheme{"tls://"};
  endpoint result;
  if (text.starts_with(secure_scheme)) {
    text.remove_prefix(secure_scheme.size());
    result.port = tls_port;
    result.tls.emplace();
  }
  std::string_view port;
  if (text.starts_with('[')) {
    auto close = text.find(']');
    if (close == std::string_view::npos)
      return std::nullopt;
    result.host = text.substr(1, close - 1);
    auto rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':'))
      return std::nullopt;
    port = rest.empty() ? rest : rest.substr(1);
    if (!rest.empty() && port.empty())
      return std::nullopt;
  } else {
    auto colon = text.find(':');
    if (colon != text.rfind(':'))
      return std::nullopt; // an IPv6 address needs its brackets
    result.host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty())
        return std::nullopt;
    }
  }
  if (result.host.empty())
    return std::nullopt;
  if (!port.empty()) {
    auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc{} || end != port.data() + port.size() || result.port == 0)
      return std::nullopt;
  }
  return result;
}

numeric_endpoints look_up(const endpoint& where) {
  auto resolved = resolve(where.host, where.port);
  numeric_endpoints result;
  result.text = "cannot resolve '" + where.host + "': " + resolved.text;
  auto tls = where.tls;
  if (tls && tls->server_name.empty())
    tls->server_name = where.host;
  if (tls && !resolved.addresses.empty())
    result.secured = std::make_shared<tls_context>(*tls);
  for (auto& address : resolved.addresses)
    if (auto host = host_text(address); !host.empty())
      result.found.push_back({std::move(host), where.port, tls});
  return result;
}

std::string_view to_string(send_status s) noexcept {
  switch (s) {
  case send_status::accepted: return "accepted";
  case send_status::window_full: return "window_full";
  case send_status::buffer_full: return "buffer_full";
  case send_status::too_large: return "too_large";
  case send_status::disconnected: return "disconnected";
  }
  return "disconnected";
}

outgoing_event outgoing_event::capture(std::string dn, capture_verb verb, conn_id connection) {
  outgoing_event what;
  what.this_dn = std::move(dn);
  what.connection = connection;
  what.data.add(std::string{screen_capture_key}, std::string{to_string(verb)});
  return what;
}

namespace {

template <class Id>
Id random_id() {
  Id id;
  auto wanted = static_cast<ssize_t>(id.bytes.size());
  if (::getrandom(id.bytes.data(), id.bytes.size(), 0) != wanted) {
    std::random_device source; // a kernel without getrandom
    for (auto& byte : id.bytes)
      byte = static_cast<std::uint8_t>(source());
  }
  return id;
}

bool is_safety(const outgoing_event& what) {
  auto* value = what.data.find(screen_capture_key);
  auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  auto verb = text != nullptr ? parse_capture_verb(*text) : std::nullopt;
  return verb && is_safety_command(*verb);
}

} // namespace

command_id random_command_id() {
  return random_id<command_id>();
}

instance_id random_instance_id() {
  return random_id<instance_id>();
}

// ---- the public face -----------------------------------------------------------------------

connection::connection() : impl_(std::make_unique<impl>()) {}
connection::connection(time_source now) : impl_(std::make_unique<impl>(std::move(now))) {}
connection::~connection() = default;
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;

void connection::start(endpoint where, identity who, bounds limits) {
  impl_->start(look_up(where), std::move(who), limits);
}

void connection::start_at_any(const numeric_endpoints& where, identity who, bounds limits) {
  impl_->start(where, std::move(who), limits);
}

void connection::start(std::unique_ptr<transport> stream, identity who, bounds limits) {
  impl_->start(std::move(stream), std::move(who), limits);
}

open_result connection::open(endpoint where, identity who, bounds limits) {
  start(std::move(where), std::move(who), limits);
  return impl_->wait_until_open();
}

open_result connection::open(std::unique_ptr<transport> stream, identity who, bounds limits) {
  start(std::move(stream), std::move(who), limits);
  return impl_->wait_until_open();
}

const open_result& connection::result() const noexcept {
  return impl_->result;
}

link_state connection::state() const noexcept {
  return impl_->state;
}

bool connection::stood() const noexcept {
  return impl_->stood;
}

const event_link_connected& connection::link() const noexcept {
  return impl_->granted;
}

submission connection::register_address(std::span<const std::string> dns, const registration& how) {
  auto answers = std::max<std::size_t>(dns.size(), 1);
  auto reference = impl_->awaits.next_reference();
  auto frame = codec::register_address(reference, dns, how);
  if (impl_->is_opening())
    return impl_->submit_behind_sign_on(reference, std::move(frame), answers);
  return impl_->submit(reference, std::move(frame), answers);
}

submission connection::unregister_address(std::span<const std::string> dns) {
  auto answers = std::max<std::size_t>(dns.size(), 1);
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::unregister_address(reference, dns), answers);
}

submission connection::register_every_dn(const registration& how) {
  auto reference = impl_->awaits.next_reference();
  auto frame = codec::register_every_dn(reference, how);
  if (impl_->is_opening())
    return impl_->submit_behind_sign_on(reference, std::move(frame), 1);
  return impl_->submit(reference, std::move(frame), 1);
}

submission connection::unregister_every_dn() {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::unregister_every_dn(reference), 1);
}

submission connection::set_mask(std::span<const event_kind> kinds) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::set_mask(reference, kinds), 1);
}

submission connection::send_event(const outgoing_event& what) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::send_event(reference, what), 1, is_safety(what));
}

submission connection::distribute(const outgoing_event& what) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::distribute(reference, what), 1, is_safety(what));
}

submission connection::query_address(const std::string& dn) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::query_address(reference, dn), 1);
}

submission connection::command_addresses(const bulk_command& what) {
  auto answers = std::max<std::size_t>(what.dns.size(), 1);
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::command_addresses(reference, what), answers,
                       is_safety_command(what.verb));
}

submission connection::list_addresses(const address_list_request& what) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::list_addresses(reference, what), 1);
}

submission connection::merge_calls(const std::string& dn, conn_id old, conn_id into) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::merge_calls(reference, dn, old, into), 1);
}

submission connection::end_call(const std::string& dn, conn_id call) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::end_call(reference, dn, call), 1);
}

submission connection::renew_credentials(std::string_view credentials) {
  auto reference = impl_->awaits.next_reference();
  return impl_->submit(reference, codec::renew_credentials(reference, credentials), 1);
}

submission connection::sign_off() {
  auto reference = impl_->awaits.next_reference();
  auto sent = impl_->submit(reference, codec::sign_off(reference), 1, true);
  if (sent)
    impl_->begin_sign_off();
  return sent;
}

void connection::leave(milliseconds timeout) {
  if (sign_off())
    impl_->wait_for_end(timeout);
  close();
}

void connection::close() {
  impl_->close();
}

bool connection::poll(milliseconds timeout) {
  return impl_->poll(timeout);
}

std::optional<event> connection::next() {
  return impl_->next();
}

std::optional<event> connection::wait(milliseconds timeout) {
  impl_->poll(timeout);
  return impl_->next();
}

reply connection::wait_reply(reference_id reference, milliseconds timeout) {
  return impl_->wait_reply(reference, timeout);
}

std::size_t connection::answers_awaited(reference_id reference) const {
  return impl_->awaits.answers_to(reference);
}

std::vector<reference_id> connection::unanswered() const {
  return impl_->awaits.references();
}

int connection::descriptor() const noexcept {
  return impl_->descriptor();
}

short connection::poll_events() noexcept {
  return impl_->poll_events();
}

bool connection::wants_write() const noexcept {
  return impl_->wants_write();
}

steady_time connection::next_deadline() const noexcept {
  return impl_->next_deadline();
}

} // namespace ringdown::client
