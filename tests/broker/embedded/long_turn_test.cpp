// What an operator hears of turns that take long: how long, and what ran.
#include "tests/broker/embedded/in_process.hpp"

#include <thread>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// Registers on one DN after the other, and looks as the daemon does each second, until the log has
/// this: on a busy machine another turn may take longer than what makes this one long.
bool is_told(broker& b, client::connection& desk, const kept_log& log, std::string_view text) {
  auto until = std::chrono::steady_clock::now() + patience;
  for (int dn = 7001; !log.has(text); ++dn) {
    if (std::chrono::steady_clock::now() >= until)
      return false;
    register_on(desk, std::to_string(dn));
    static_cast<void>(b.tick());
  }
  return true;
}

} // namespace

TEST_CASE("a host's function that blocks a loop is told in the log, and in which DN it did") {
  kept_log log;
  auto options = quiet(log);
  options.authorize = [](const client_identity&, action what, std::string_view, std::string_view) {
    if (what == action::register_)
      std::this_thread::sleep_for(std::chrono::milliseconds{30});
    return true;
  };
  broker b{run_as(way::one_loop), std::move(options)};
  REQUIRE(b.start());
  auto desk = join(b, role::desktop);
  CHECK(is_told(b, desk, log, "a loop took long turns"));
  CHECK(is_told(b, desk, log, "actor=\"dn 70"));
}
