#include "actors/connection/sign_on.hpp"

#include "messages/frame.hpp"
#include "messages/refusals.hpp"
#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>

namespace ringdown {

namespace {

bool has(const v1::RequestSignOn& asked, v1::Capability wanted) {
  auto& all = asked.capabilities();
  return std::find(all.begin(), all.end(), static_cast<int>(wanted)) != all.end();
}

} // namespace

std::optional<fault> check_sign_on(const v1::RequestSignOn& asked, const limits& bounds) {
  auto versions =
    std::to_string(protocol_version_min) + " to " + std::to_string(protocol_version_max);
  if (asked.version_max() < protocol_version_min || asked.version_min() > protocol_version_max ||
      asked.version_min() > asked.version_max())
    return refused(error_code::protocol_version, "version_min, version_max", versions);
  auto& name = asked.application_name();
  if (name.empty() || name.size() > application_name_bytes_max || wire::has_control_character(name))
    return invalid("application_name", "1 to 64 bytes of UTF-8 without control characters");
  if (asked.instance_id().size() != 16)
    return invalid("instance_id", "exactly 16 bytes");
  auto role = asked.role();
  if (role != v1::ROLE_DESKTOP && role != v1::ROLE_RECORDER && role != v1::ROLE_SUPERVISOR &&
      role != v1::ROLE_ADMIN && role != v1::ROLE_CALL_SOURCE)
    return invalid("role", "desktop (1), recorder (2), supervisor (3), admin (4), call_source (5)");
  if (role != v1::ROLE_RECORDER && has(asked, v1::CAPABILITY_PER_CALL))
    return invalid("capabilities", "PER_CALL (5) of a recorder only",
                   "only a recorder tells calls apart");
  if (auto wrong = check_credentials(asked.credentials()))
    return wrong;
  std::chrono::milliseconds wanted{asked.heartbeat_interval_ms()};
  if (asked.has_heartbeat_interval_ms() && asked.heartbeat_interval_ms() != 0 &&
      (wanted < bounds.heartbeat_interval_min || wanted > bounds.heartbeat_interval_max))
    return invalid("heartbeat_interval_ms",
                   std::to_string(bounds.heartbeat_interval_min.count()) + " to " +
                     std::to_string(bounds.heartbeat_interval_max.count()) + ", or absent");
  return std::nullopt;
}

std::optional<fault> check_credentials(std::string_view given) {
  if (given.size() <= credentials_bytes_max)
    return std::nullopt;
  return invalid("credentials", "at most " + std::to_string(credentials_bytes_max) + " bytes");
}

void identify(client_identity& who, const v1::RequestSignOn& asked, const instance_secret& secret) {
  who.role = static_cast<role>(asked.role());
  who.application = asked.application_name();
  who.instance =
    published_instance(secret, who.application, *instance_id::from(asked.instance_id()));
  who.coalesce_ok = has(asked, v1::CAPABILITY_COALESCE_OK);
  who.exact_versions = has(asked, v1::CAPABILITY_EXACT_VERSIONS);
  who.outcomes = has(asked, v1::CAPABILITY_OUTCOMES);
  who.directed = has(asked, v1::CAPABILITY_DIRECTED);
  who.per_call = has(asked, v1::CAPABILITY_PER_CALL);
}

heartbeat_terms heartbeat_for(const v1::RequestSignOn& asked, const limits& bounds) {
  auto interval = bounds.heartbeat_interval;
  if (asked.heartbeat_interval_ms() != 0)
    interval = std::chrono::milliseconds{asked.heartbeat_interval_ms()};
  return {interval, interval * bounds.heartbeat_timeout_percent / 100};
}

std::string encode_connected(reference_id reference, client_id id, const heartbeat_terms& terms,
                             std::int64_t expires_us, const broker_context& context) {
  auto& bounds = context.bounds;
  v1::Frame frame;
  frame.set_reference_id(reference.value);
  auto& link = *frame.mutable_event_link_connected();
  link.set_version(protocol_version_max);
  link.set_server_name(context.server.name);
  link.set_server_version(context.server.version);
  link.set_server_instance(context.server.instance);
  link.set_server_start_time_us(context.server.start_time_us);
  link.set_client_id(id.value);
  link.add_capabilities(v1::CAPABILITY_OUTCOMES);
  link.add_capabilities(v1::CAPABILITY_EXACT_VERSIONS);
  link.add_capabilities(v1::CAPABILITY_DIRECTED);
  link.add_capabilities(v1::CAPABILITY_COALESCE_OK);
  link.add_capabilities(v1::CAPABILITY_PER_CALL);
  link.set_window_requests(static_cast<std::uint32_t>(bounds.requests_outstanding_max));
  link.set_window_bytes(static_cast<std::uint32_t>(bounds.request_bytes_outstanding_max));
  link.set_frame_bytes_max(static_cast<std::uint32_t>(bounds.frame_bytes_max));
  link.set_user_data_bytes_max(static_cast<std::uint32_t>(bounds.user_data_bytes_max));
  link.set_dns_per_request_max(static_cast<std::uint32_t>(bounds.dns_per_request_max));
  link.set_heartbeat_interval_ms(static_cast<std::uint32_t>(terms.interval.count()));
  link.set_heartbeat_timeout_ms(static_cast<std::uint32_t>(terms.timeout.count()));
  link.set_time_us(context.utc_now());
  link.set_credentials_expire_time_us(expires_us);
  return delimited(frame);
}

} // namespace ringdown
