// The command line.
#include "broker/config/table.hpp"
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

namespace {

flags_result read(std::vector<std::string> arguments) {
  return read_flags(arguments);
}

} // namespace

TEST_CASE("a flag and its value stand together or apart") {
  const auto result =
    read({"--listen.port=7481", "--log-level", "debug", "--server.name=a=b", "--log.file="});
  CHECK(result.errors.empty());
  CHECK(result.flags == std::vector<name_value>{{"listen.port", "7481"},
                                                {"log-level", "debug"},
                                                {"server.name", "a=b"},
                                                {"log.file", ""}});
}

TEST_CASE("a boolean flag may stand alone") {
  const auto result = read({"--listen.allow_unauthenticated", "--port=1"});
  CHECK(result.flags ==
        std::vector<name_value>{{"listen.allow_unauthenticated", "true"}, {"port", "1"}});
  CHECK(read({"--listen.allow_unauthenticated", "false"}).flags ==
        std::vector<name_value>{{"listen.allow_unauthenticated", "false"}});
  CHECK(read({"--listen.allow_unauthenticated=false"}).flags ==
        std::vector<name_value>{{"listen.allow_unauthenticated", "false"}});
}

TEST_CASE("a wrong flag is told with the nearest right one") {
  CHECK(lines(read({"--prot=1"}).errors) ==
        "command line: --prot: unknown flag; did you mean \"--port\"?\n");
  CHECK(lines(read({"--limits.dns_mx", "5"}).errors) ==
        "command line: --limits.dns_mx: unknown flag; did you mean \"--limits.dns_max\"?\n");
  CHECK(lines(read({"--"}).errors) == "command line: --: unknown flag\n");
  CHECK(lines(read({"7480"}).errors) ==
        "command line: 7480: is no flag; flags are written --key=value\n");
}

TEST_CASE("a flag without its value is told what it wants") {
  CHECK(lines(read({"--port"}).errors) ==
        "command line: --port: needs a value; accepted is a whole number from 0 to 65535\n");
  CHECK(read({"--port", "--loops=2"}).errors.size() == 1);
  CHECK(read({"--port", "--loops=2"}).flags == std::vector<name_value>{{"loops", "2"}});
}

TEST_CASE("every key has a flag, and the short names are those that were promised") {
  std::vector<std::string> short_names;
  for (const auto& k : keys()) {
    CHECK(read({k.flag + "=x"}).errors.empty());
    if (!k.short_flag.empty())
      short_names.push_back(k.short_flag);
  }
  CHECK(short_names == std::vector<std::string>{"--address", "--port", "--tls-address",
                                                "--tls-port", "--scheduler", "--loops",
                                                "--log-level", "--log-format"});
}

TEST_CASE("the help has a line for every key with its default") {
  const auto help = flags_help();
  for (const auto& k : keys()) {
    INFO(k.name);
    CHECK(help.find("  " + k.flag) != std::string::npos);
    CHECK(help.find('[' + k.default_text + ']') != std::string::npos);
  }
  CHECK(std::count(help.begin(), help.end(), '\n') == static_cast<std::ptrdiff_t>(keys().size()));
}
