// How a run says that the broker broke a promise.
#pragma once

#include <stdexcept>
#include <string>

namespace ringdown::sim {

struct broken_promise : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void broken(const std::string& promise, const std::string& how) {
  throw broken_promise{promise + ": " + how};
}

} // namespace ringdown::sim
