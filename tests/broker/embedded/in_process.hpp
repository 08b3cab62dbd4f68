// A broker of the test's own and T-Clients beside it in the same process.
#pragma once

#include "broker/broker.hpp"
#include "client/connection.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace ringdown::test {

/// Bounds a failure; never decides a success.
inline constexpr std::chrono::seconds patience{60};

enum class way { one_loop, two_loops, stock };
inline constexpr std::array every_way{way::one_loop, way::two_loops, way::stock};

inline configuration::config run_as(way how) {
  configuration::config config;
  config.runtime.loops = how == way::two_loops ? 2 : 1;
  if (how == way::stock)
    config.runtime.scheduler = configuration::scheduler::stock;
  return config;
}

/// The lines of a broker's log. Any thread.
class kept_log {
public:
  logging::sink sink() {
    return [this](logging::level, logging::component, std::string_view line) {
      std::scoped_lock lock{mutex_};
      lines_.emplace_back(line);
    };
  }
  /// Waits for a line with this in it: another thread may write it behind the answer that a test
  /// has seen. False: there is none.
  bool tells(std::string_view text) const {
    auto until = std::chrono::steady_clock::now() + patience;
    while (!has(text)) {
      if (std::chrono::steady_clock::now() >= until)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
  }
  /// For what is not to be there.
  bool has(std::string_view text) const { return count(text) > 0; }
  /// The lines with this in them.
  std::size_t count(std::string_view text) const {
    std::scoped_lock lock{mutex_};
    std::size_t lines = 0;
    for (auto& line : lines_)
      lines += line.find(text) != std::string::npos ? 1 : 0;
    return lines;
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A broker without sockets whose log does not disturb.
inline broker_options quiet(kept_log& log) {
  broker_options options;
  options.listen = false;
  options.log_sink = log.sink();
  return options;
}

inline client::identity as(role r, std::string name = "test") {
  client::identity who;
  who.role = r;
  who.application_name = std::move(name);
  return who;
}

inline client::connection join(broker& b, role r, const client::bounds& limits = {}) {
  auto link = b.connect("test");
  INFO(link.text);
  REQUIRE(link);
  client::connection connection;
  auto opened = connection.open(std::move(link.transport), as(r), limits);
  INFO(opened.text);
  REQUIRE(opened);
  return connection;
}

template <class Event>
Event answer_to(client::connection& link, client::submission sent) {
  REQUIRE(sent);
  auto answered = link.wait_reply(sent.reference, patience);
  REQUIRE(answered);
  auto* found = std::get_if<Event>(&*answered.answer);
  REQUIRE(found != nullptr);
  return *found;
}

template <class Event>
Event next(client::connection& link) {
  auto e = link.wait(patience);
  REQUIRE(e);
  auto* found = std::get_if<Event>(&*e);
  REQUIRE(found != nullptr);
  return *found;
}

inline void register_on(client::connection& link, const std::string& dn) {
  std::string one[] = {dn};
  CHECK(answer_to<client::event_registered>(link, link.register_address(one)).this_dn == dn);
}

inline client::connection registered(broker& b, role r, const std::string& dn) {
  auto link = join(b, r);
  register_on(link, dn);
  return link;
}

inline client::submission send(client::connection& link, const std::string& dn, capture_verb verb) {
  return link.send_event(client::outgoing_event::capture(dn, verb));
}

} // namespace ringdown::test
