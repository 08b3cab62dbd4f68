// A program with a broker in it. Its own desktop and recorder talk without a socket; with a PORT
// others may join over TCP.
//   example_embedded_broker [PORT]
#include "broker/broker.hpp"
#include "client/desktop.hpp"
#include "client/recorder.hpp"
#include "client/t_client.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  configuration::config config; // the same keys as ringdownd's
  config.listen.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  config.log.level = logging::level::warn;
  broker b{config, {.listen = argc > 1}};
  if (auto started = b.start(); !started)
    return std::fprintf(stderr, "%s\n", started.text().c_str()), 2;
  transport_factory inside = [&b] { return b.connect("inside").transport; };

  t_client video{{.places = {inside}, .who = recorder_identity("video")}};
  recorder screen{video, [](const recorder::order& o) {
                    // Here a real one would begin, hold or end its video.
                    return o.screen; // said to the DN: it is so
                  }};
  static_cast<void>(screen.record("7001"));
  t_client agent{{.places = {inside}, .who = desktop_identity("agent")}};
  desktop desk{agent, "7001",
               [](const light_view& l) { std::cout << "light: " << to_string(l.state) << '\n'; }};
  video.start();
  agent.start();
  auto until = [&](auto is_so) { // both clients on one thread; ten seconds are a failure
    for (auto end = std::chrono::steady_clock::now() + 10s; !is_so();) {
      if (std::chrono::steady_clock::now() > end)
        return false;
      video.poll(1ms);
      agent.poll(1ms);
    }
    return true;
  };
  auto registered = [](t_client& c) {
    return c.registration_of("7001") == registration_phase::registered;
  };
  bool well = until([&] { return registered(video) && registered(agent); });
  for (auto command : {capture_verb::start, capture_verb::pause, capture_verb::resume}) {
    auto done = desk.ask(command, {}, 5s); // accepted, not done: what is so, the light says
    std::cout << to_string(command) << ": " << to_string(done.status) << '\n';
    auto wanted = command == capture_verb::pause ? light::paused : light::recording;
    well = well && done && until([&] { return desk.shown() == wanted; });
  }
  agent.stop(2s);
  video.stop(2s);
  return b.stop(5s) && well ? 0 : 1;
}
