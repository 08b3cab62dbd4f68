// The program `ringdown` as its user meets it: what it prints, and its exit status.
#pragma once

#include "tests/client/fake_broker.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace ringdown::test {

struct cli_result {
  int status = -1;
  std::string text; ///< standard output and standard error

  bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
};

/// Runs a shell command in which `ringdown` is the program, connected to this broker.
inline cli_result run(const std::string& arguments, const fake_broker* broker = nullptr,
                      const std::string& before = {}) {
  auto port = broker == nullptr ? "1" : std::to_string(broker->port());
  auto command =
    before + " env RINGDOWN_CONNECT=127.0.0.1:" + port + " " RINGDOWN_CLI " " + arguments + " 2>&1";
  cli_result result;
  auto* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  char bytes[4096];
  while (auto got = std::fread(bytes, 1, sizeof bytes, pipe))
    result.text.append(bytes, got);
  int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  UNSCOPED_INFO(arguments << "\n" << result.text);
  return result;
}

} // namespace ringdown::test
