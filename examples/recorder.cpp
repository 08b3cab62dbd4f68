// A screen recorder that does what it is told and says what it does.
//   example_recorder [HOST:PORT [DN...]]
#include "client/recorder.hpp"
#include "client/t_client.hpp"

#include <csignal>
#include <cstdio>
#include <iostream>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

volatile std::sig_atomic_t stop_asked = 0;

int main(int argc, char** argv) {
  auto broker = parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1:7480");
  if (!broker)
    return std::fprintf(stderr, "expected HOST:PORT\n"), 2;
  t_client client{{.places = {*broker}, .who = recorder_identity("example-recorder")}};
  recorder screen{client, [](const recorder::order& o) {
                    // Here a real one would begin, hold or end its video: whatever was commanded,
                    // `screen` is what it is to be now. If it cannot: recorder_failure{code, text}.
                    std::cout << o.this_dn << " " << to_string(o.screen) << std::endl;
                    return o.screen; // said to the DN: it is so
                  }};
  for (int i = 2; i < argc || i == 2; ++i)
    if (screen.record(i < argc ? argv[i] : "7001") != registering::accepted)
      return std::fprintf(stderr, "%s is no DN\n", argv[i]), 2;

  std::signal(SIGINT, [](int) { stop_asked = 1; });
  std::signal(SIGTERM, [](int) { stop_asked = 1; });
  client.start(); // connects, registers, and does so again after each loss
  while (stop_asked == 0)
    client.poll(100ms); // calls the handler above
  client.stop(2s);
}
