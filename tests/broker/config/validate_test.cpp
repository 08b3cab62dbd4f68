// A configuration that a program made itself, without a file.
#include "broker/config/config.hpp"
#include "broker/config/table.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::configuration;

namespace {

std::vector<std::string> keys_of(const std::vector<config_error>& errors) {
  std::vector<std::string> keys;
  for (auto& e : errors) {
    CHECK(e.source == "program");
    CHECK_FALSE(e.message.empty());
    keys.push_back(e.key);
  }
  return keys;
}

std::vector<std::string> wrong_with(const std::function<void(config&)>& change) {
  config c;
  change(c);
  return keys_of(validate(c));
}

} // namespace

TEST_CASE("the defaults of a program are right") {
  CHECK(validate(config{}).empty());
}

TEST_CASE("a program's wrong value is told by its key's name") {
  using strings = std::vector<std::string>;
  CHECK(wrong_with([](config& c) { c.runtime.loops = 0; }) == strings{"runtime.loops"});
  CHECK(wrong_with([](config& c) { c.limits.frame_bytes_max = 0; }) ==
        strings{"limits.frame_bytes_max"});
  CHECK(wrong_with([](config& c) { c.limits.linger_timeout = std::chrono::milliseconds{-1}; }) ==
        strings{"limits.linger_timeout"});
  CHECK(wrong_with([](config& c) { c.listen.address = "localhost"; }) == strings{"listen.address"});
  CHECK(wrong_with([](config& c) { c.runtime.scheduler = static_cast<scheduler>(7); }) ==
        strings{"runtime.scheduler"});
  CHECK(wrong_with([](config& c) { c.log.levels[0] = static_cast<logging::level>(70); }).size() ==
        1);
  CHECK(wrong_with([](config& c) { c.dns.list = {"7001", "70\n01"}; }) == strings{"dns.list"});
  CHECK(wrong_with([](config& c) { c.dns.list = {"with,comma"}; }).empty());
  CHECK(wrong_with([](config& c) { c.dns.file = "/etc/dns"; }) == strings{"dns.file"});
  CHECK(wrong_with([](config& c) { c.server.name = "a\x01"; }) == strings{"server.name"});
}

TEST_CASE("a program hears of each thing that is wrong, and of relations between right values") {
  auto keys = wrong_with([](config& c) {
    c.runtime.loops = 0;
    c.listen.address = "0.0.0.0";
    c.limits.outbox_high_water_bytes = c.limits.outbox_bytes_max;
  });
  CHECK(keys == std::vector<std::string>{"runtime.loops", "listen.address",
                                         "limits.outbox_high_water_bytes"});
}

TEST_CASE("every number is held to its range") {
  for (auto& row : table()) {
    if (row.rule.max == 0 || row.rule.max >= UINT32_MAX ||
        (row.rule.kind != value_kind::number && row.rule.kind != value_kind::size))
      continue;
    INFO(row.name);
    config c;
    row.set(c, row.rule.max + 1);
    if (std::get<std::uint64_t>(row.get(c)) != row.rule.max + 1)
      continue; // its type holds no more than its range
    auto keys = keys_of(validate(c));
    CHECK(std::count(keys.begin(), keys.end(), row.name) == 1);
  }
}
