// A broker of the test's own with an admin port.
#pragma once

#include "tests/broker/admin/http_client.hpp"
#include "tests/broker/embedded/in_process.hpp"

#include <functional>

namespace ringdown::test {

inline configuration::config watched(way how) {
  auto config = run_as(how);
  config.admin.enabled = true;
  config.admin.port = 0;
  return config;
}

/// One that may do anything shows the token "all", one that may look "look".
inline admin_access_function two_tokens() {
  return [](std::string_view token) -> admin_rights {
    if (token == "all")
      return {"wim", true, true};
    if (token == "look")
      return {"rita", true, false};
    return {};
  };
}

struct watched_broker {
  explicit watched_broker(way how = way::one_loop, admin_access_function access = {},
                          std::function<void()> on_drain = {})
    : broker_(watched(how), with(log, std::move(access), std::move(on_drain))) {
    auto started = broker_.start();
    INFO(started.text());
    REQUIRE(started);
    REQUIRE(port() != 0);
  }

  std::uint16_t port() const { return broker_.admin_port(); }
  broker& operator*() { return broker_; }
  broker* operator->() { return &broker_; }

  /// Asks until the answer is as it should be: what is counted is counted behind what was heard.
  template <class Right>
  nlohmann::json json_once(std::string_view target, Right is_right) {
    auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
      auto answer = get(port(), target);
      REQUIRE(answer.status == 200);
      auto json = answer.json();
      if (is_right(json) || std::chrono::steady_clock::now() > until)
        return json;
    }
  }
  nlohmann::json json(std::string_view target) {
    return json_once(target, [](auto&) { return true; });
  }

  kept_log log;

private:
  static broker_options with(kept_log& log, admin_access_function access,
                             std::function<void()> on_drain) {
    auto options = quiet(log);
    options.admin_access = std::move(access);
    options.on_drain_ordered = std::move(on_drain);
    return options;
  }

  broker broker_;
};

} // namespace ringdown::test
