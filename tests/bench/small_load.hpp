// A load of a moment, for what is to be seen of any run.
#pragma once

#include "bench/load/run.hpp"
#include "client/connection.hpp"

namespace ringdown::test {

/// On 127.0.0.1.
inline bench::load_options small_load(std::uint16_t port) {
  using namespace std::chrono_literals;
  bench::load_options o;
  o.links.address = client::resolve("127.0.0.1", port).addresses.at(0);
  o.producers = 3;
  o.window = 8;
  o.dns = 20;
  o.receivers = 2;
  o.warmup = 20ms;
  o.seconds = 100ms;
  o.patience = 20s;
  o.silence_max = 1s;
  return o;
}

} // namespace ringdown::test
