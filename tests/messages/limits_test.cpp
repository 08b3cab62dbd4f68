// The defaults of all limits: each bounds something, and together they make sense.
#include "messages/limits.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace std::chrono_literals;

TEST_CASE("no limit is zero: zero would mean that nothing works or that nothing is bounded") {
  const limits all;
  for (auto size : {all.frame_bytes_max,
                    all.user_data_bytes_max,
                    all.dns_per_request_max,
                    all.requests_outstanding_max,
                    all.requests_outstanding_reserve,
                    all.request_bytes_outstanding_max,
                    all.request_bytes_outstanding_reserve,
                    all.outbox_bytes_max,
                    all.outbox_bytes_reserve,
                    all.outbox_events_max,
                    all.outbox_high_water_bytes,
                    all.outbox_low_water_bytes,
                    all.coalesced_bytes_max,
                    all.memory_budget_bytes,
                    all.memory_budget_reserve,
                    all.connections_max,
                    all.connections_unsigned_max,
                    all.registrations_per_connection_max,
                    all.registrations_per_dn_max,
                    all.recorders_per_dn_max,
                    all.dns_max,
                    all.calls_per_dn_max,
                    all.read_bytes_per_turn_max,
                    std::size_t{all.heartbeat_timeout_percent}})
    CHECK(size > 0);
  for (auto time : {all.sign_on_timeout, all.heartbeat_interval, all.heartbeat_interval_min,
                    all.heartbeat_interval_max, all.slow_consumer_timeout, all.linger_timeout,
                    all.drain_timeout, all.session_idle_max, all.dn_idle_timeout,
                    all.confirm_timeout_max, all.control_timeout, retry_after_window,
                    retry_after_no_queue_space, retry_after_overloaded, retry_after_draining})
    CHECK(time > 0ms);
}

TEST_CASE("the defaults fit each other") {
  const limits all;
  // An event at its limit, DN and header around it, fits a frame; a frame fits every queue.
  CHECK(all.user_data_bytes_max + 2 * dn_bytes_max + 1024 <= all.frame_bytes_max);
  CHECK(user_data_bytes_ceiling + 2 * dn_bytes_max + 1024 <= all.frame_bytes_max);
  CHECK(all.frame_bytes_max <= all.request_bytes_outstanding_max);
  CHECK(all.frame_bytes_max <= all.outbox_bytes_reserve);
  CHECK(all.frame_bytes_max <= all.coalesced_bytes_max);
  // One read of a connection can hold a whole largest user data.
  CHECK(all.user_data_bytes_max <= all.read_bytes_per_turn_max);
  CHECK(all.outbox_low_water_bytes < all.outbox_high_water_bytes);
  CHECK(all.outbox_high_water_bytes < all.outbox_bytes_max);
  CHECK(all.memory_budget_reserve < all.memory_budget_bytes);
  CHECK(all.connections_unsigned_max <= all.connections_max);
  // A sign-on with the longest credentials and name fits what may come before sign-on.
  CHECK(credentials_bytes_max + application_name_bytes_max + 256 <= frame_bytes_before_sign_on_max);
  CHECK(frame_bytes_before_sign_on_max <= all.frame_bytes_max);
  // A page of the longest names fits a frame.
  constexpr std::size_t summary_bytes_max = dn_bytes_max + 128;
  CHECK(list_page_default <= list_page_max);
  CHECK(list_page_max * summary_bytes_max <= all.frame_bytes_max);
}

TEST_CASE("the defaults are those that clients are promised") {
  const limits all;
  CHECK(all.frame_bytes_max == 128 * 1024);
  CHECK(all.user_data_bytes_max == 16'000);
  CHECK(user_data_bytes_ceiling == 65'535);
  CHECK(user_data_depth_max == 8);
  CHECK(user_data_pairs_max == 1024);
  CHECK(dn_bytes_max == 255);
  CHECK(application_name_bytes_max == 64);
  CHECK(frame_bytes_before_sign_on_max == 16'384);
  CHECK(all.sign_on_timeout == 5s);
  CHECK(all.heartbeat_interval == 2s);
  CHECK(all.heartbeat_interval * all.heartbeat_timeout_percent / 100 == 5s);
  CHECK(all.heartbeat_interval >= all.heartbeat_interval_min);
  CHECK(all.heartbeat_interval <= all.heartbeat_interval_max);
  CHECK(all.drain_timeout == 10s);
  CHECK(all.session_idle_max == 8h);
  CHECK(all.calls_per_dn_max == 16);
  CHECK(reason_bytes_max == 64);
  CHECK(agent_id_bytes_max == 64);
  CHECK(failure_text_bytes_max == 128);
  CHECK(list_page_max == 300);
  CHECK(list_page_default == 100);
}

TEST_CASE("waits are ordered by who is waiting") {
  const limits all;
  CHECK(retry_after_window < retry_after_no_queue_space);
  CHECK(retry_after_no_queue_space < retry_after_overloaded);
  CHECK(retry_after_overloaded < retry_after_draining);
  CHECK(all.linger_timeout <= all.drain_timeout);
  CHECK(all.control_timeout <= all.drain_timeout);
}
