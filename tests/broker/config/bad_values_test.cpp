// What an operator is told about a mistake: where, what, what is accepted, what was meant.
#include "broker/config/table.hpp"
#include "tests/broker/config/loading.hpp"

#include <rapidcheck/catch.h>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

TEST_CASE("an unknown key names the nearest right one") {
  CHECK(errors_of("[limits]\n\n  outbox_bytes_maxx = 1\n") ==
        "ringdownd.toml:3:3: limits.outbox_bytes_maxx: unknown key; did you mean "
        "\"outbox_bytes_max\"?\n");
  CHECK(errors_of("[listen]\nprot = 1\n") ==
        "ringdownd.toml:2:1: listen.prot: unknown key; did you mean \"port\"?\n");
}

TEST_CASE("a key in the wrong section names the right section") {
  CHECK(errors_of("port = 7480\n") ==
        "ringdownd.toml:1:1: port: unknown key; did you mean \"listen.port\"?\n");
  CHECK(errors_of("[listen]\nloops = 2\n") ==
        "ringdownd.toml:2:1: listen.loops: unknown key; did you mean \"runtime.loops\"?\n");
}

TEST_CASE("an unknown section is one error, not one for each of its keys") {
  CHECK(errors_of("[lisen]\nport = 1\naddress = \"::1\"\n") ==
        "ringdownd.toml:1:2: lisen: unknown key; did you mean \"listen\"?\n");
}

TEST_CASE("a name near to nothing has no suggestion") {
  CHECK(errors_of("[listen]\nxylophone = 1\n") ==
        "ringdownd.toml:2:1: listen.xylophone: unknown key\n");
}

TEST_CASE("a quoted name with a dot is not the path it looks like") {
  CHECK(errors_of("\"listen.port\" = 1\n").find("unknown key") != std::string::npos);
}

TEST_CASE("a section is not a value and a value is not a section") {
  CHECK(errors_of("listen = 5\n") ==
        "ringdownd.toml:1:1: listen: is a section, written [listen]\n");
  CHECK(errors_of("[[listen]]\nport = 1\n").find("is a section") != std::string::npos);
  CHECK(errors_of("[listen.port]\nx = 1\n")
          .find("listen.port: found a section; accepted is a whole "
                "number from 0 to 65535") != std::string::npos);
}

TEST_CASE("a name of very many parts is an error, and no deep recursion") {
  std::string parts;
  for (int i = 0; i < 200'000; ++i)
    parts += "a.";
  const std::string error = "a name of more than 8 parts\n";
  CHECK(errors_of(parts + "a = 1\n") == "ringdownd.toml:1:16: " + error);
  CHECK(errors_of("\n[" + parts + "a]\n") == "ringdownd.toml:2:17: " + error);
  CHECK(errors_of("x = {" + parts + "a = 1}\n") == "ringdownd.toml:1:21: " + error);
  for (auto* before : {"x = 'it'\n", "x = \"\\\"\"\n", "# \"\n", "x = \"\"\"a\n\"\"\"\"\"\n",
                       "x = '''\\'''\n", "x = 07:32:00.5\n", "{x = \"\"\"a\"\"\"\", "})
    CHECK(errors_of(before + parts + "a = 1\n").find(error) != std::string::npos);
  std::string quoted;
  for (int i = 0; i < 200'000; ++i)
    quoted += "\"\" . ";
  CHECK(errors_of(quoted + "a = 1\n").find(error) != std::string::npos);
}

TEST_CASE("a section without a name is an error with a place") {
  for (auto* text : {"[\n", "[=]\n", "[#\n", "[[\n]]\n", "[.a]\n", "[\xc3\xa9]\n", "[\x01\n"}) {
    INFO(text);
    CHECK(errors_of(text).starts_with("ringdownd.toml:1:"));
  }
}

TEST_CASE("only strings and comments may hold characters beyond ASCII") {
  const std::string error = "a character that is not ASCII, outside of strings and comments\n";
  CHECK(errors_of("# \xc3\xa9\n\xc3\xa9 = 1\n") == "ringdownd.toml:2:1: " + error);
  CHECK(errors_of("[server]\nname = \"\xc3\xa9\" \xc2\xa0\n") == "ringdownd.toml:2:12: " + error);
  CHECK(errors_of("x = \xe2\x80\x8b") == "ringdownd.toml:1:5: " + error);
  CHECK(errors_of("[server]\nname = \"\"\"\\\n \xc3\xa9\"\"\"") == "");
  // The parser looks for blanks in what only seems to be a string.
  for (auto* text : {"x = 1\"\xc3\xa9\"", "x = -'\xd0\xb0'", "x = 1979-05-27 \"\xc3\xa9\"",
                     "x = \"\"\"\\\xc3\xa9\"\"\""})
    CHECK(errors_of(text).starts_with("ringdownd.toml:1:"));
  CHECK(errors_of("\xef\xbb\xbf# \xc3\xa9\n[server]\nname = \"\xc3\xa9\" # \xc3\xa9\n") == "");
}

TEST_CASE("dots in strings and comments are no parts of a name") {
  const std::string dots = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p";
  CHECK(errors_of("# " + dots + "\n[dns]\nlist = [\"" + dots + "\", '" + dots + ".q'] # " + dots +
                  "\n[server]\nname = \"\"\"" + dots + "\"\"\"\n") == "");
}

TEST_CASE("values within values are bounded too") {
  CHECK(errors_of("x = " + std::string(100'000, '[')).find("nested") != std::string::npos);
}

TEST_CASE("a wrong type names what was found and what is accepted") {
  struct {
    const char* text;
    const char* error;
  } const cases[] = {
    {"listen.port = \"7480\"", "found a string; accepted is a whole number from 0 to 65535"},
    {"listen.port = 7480.0", "found a fraction; accepted is a whole number from 0 to 65535"},
    {"listen.port = true", "found a boolean; accepted is a whole number from 0 to 65535"},
    {"listen.port = [1]", "found an array; accepted is a whole number from 0 to 65535"},
    {"listen.port = 2026-11-22", "found a date; accepted is a whole number from 0 to 65535"},
    {"listen.allow_unauthenticated = 1", "found a number; accepted is true or false"},
    {"listen.allow_unauthenticated = \"true\"", "found a string; accepted is true or false"},
    {"server.name = 5", "found a number; accepted is a string of 1 to 64 bytes"},
    {"runtime.scheduler = true", "found a boolean; accepted is one of loop, stock"},
    {"dns.list = \"7001\"", "found a string; accepted is an array of strings"},
    {"dns.list = [7001]", "found something else than a string; accepted is an array of strings"},
  };
  for (const auto& c : cases) {
    INFO(c.text);
    const auto errors = errors_of(c.text);
    CHECK(errors.find(c.error) != std::string::npos);
    CHECK(errors.starts_with("ringdownd.toml:1:"));
  }
}

TEST_CASE("a value out of range names the range") {
  CHECK(errors_of("runtime.loops = 65\n") ==
        "ringdownd.toml:1:17: runtime.loops: 65 is out of range; accepted is a whole number "
        "from 1 to 64\n");
  CHECK(errors_of("runtime.loops = 0\n").find("0 is out of range") != std::string::npos);
  CHECK(errors_of("listen.port = -1\n").find("-1 is out of range") != std::string::npos);
  CHECK(errors_of("limits.frame_bytes_max = \"1 GiB\"\n") ==
        "ringdownd.toml:1:26: limits.frame_bytes_max: 1 GiB is out of range; accepted is a size "
        "from 4 KiB to 16 MiB, as a whole number of bytes or with B, KiB, MiB or GiB\n");
  CHECK(errors_of("limits.drain_timeout = \"99999999999999999999 h\"\n").find("is out of range") !=
        std::string::npos);
  CHECK(errors_of("limits.drain_timeout = \"9999999999999999999 h\"\n").find("is out of range") !=
        std::string::npos);
  CHECK(errors_of("server.name = \"\"\n").find("has 0 bytes") != std::string::npos);
  CHECK(errors_of("server.name = \"" + std::string(65, 'x') + "\"\n").find("has 65 bytes") !=
        std::string::npos);
}

TEST_CASE("both ends of every numeric range are accepted, and one step beyond is not") {
  for (const auto& k : table()) {
    if (k.rule.kind != value_kind::number && k.rule.kind != value_kind::size &&
        k.rule.kind != value_kind::duration)
      continue;
    INFO(k.name);
    auto refused = [&](std::uint64_t number) {
      return std::holds_alternative<bad_value>(parse_text(k.rule, std::to_string(number)));
    };
    CHECK_FALSE(refused(k.rule.min));
    CHECK_FALSE(refused(k.rule.max));
    CHECK(refused(k.rule.max + 1));
    if (k.rule.min > 0)
      CHECK(refused(k.rule.min - 1));
  }
}

TEST_CASE("a bad unit names the units and the nearest") {
  CHECK(errors_of("limits.outbox_bytes_max = \"4 MB\"\n") ==
        "ringdownd.toml:1:27: limits.outbox_bytes_max: unknown unit \"MB\"; accepted is a size "
        "from 8 KiB to 1 GiB, as a whole number of bytes or with B, KiB, MiB or GiB; did you "
        "mean \"MiB\"?\n");
  CHECK(errors_of("limits.drain_timeout = \"5 seconds\"\n").find("unknown unit \"seconds\"") !=
        std::string::npos);
  CHECK(errors_of("limits.drain_timeout = \"soon\"\n").find("\"soon\" is not accepted") !=
        std::string::npos);
  CHECK(errors_of("limits.drain_timeout = \"1.5 s\"\n").find("unknown unit") != std::string::npos);
}

TEST_CASE("a wrong word names the words and the nearest") {
  CHECK(errors_of("log.level = \"wran\"\n") ==
        "ringdownd.toml:1:13: log.level: \"wran\" is not accepted; accepted is one of trace, "
        "debug, info, warn, error, off; did you mean \"warn\"?\n");
  CHECK(errors_of("runtime.scheduler = \"Stock\"\n").find("did you mean \"stock\"?") !=
        std::string::npos);
}

TEST_CASE("an address is a number, not a name") {
  CHECK(errors_of("listen.address = \"localhost\"\n").find("accepted is an IPv4 or IPv6 address") !=
        std::string::npos);
  CHECK(errors_of("listen.address = \"127.0.0.1:80\"\n").find("listen.address") !=
        std::string::npos);
  CHECK(errors_of("listen.address = \"::1\"\n").empty());
  CHECK(errors_of("listen.address = \"127.9.9.9\"\n").empty());
  auto with_zone = [](const std::string& address) {
    return errors_of("listen.allow_unauthenticated = true\nlisten.address = \"" + address + "\"\n");
  };
  CHECK(with_zone("fe80::1%lo").empty());
  CHECK(with_zone("fe80::1%2").empty());
  for (auto* bad : {"fe80::1%", "fe80::1%a b", "fe80::1%an-interface-name", "fe80::1%%lo",
                    "2001:db8::1%lo", "127.0.0.1%lo", "%lo"}) {
    INFO(bad);
    CHECK(with_zone(bad).find("accepted is an IPv4 or IPv6 address") != std::string::npos);
  }
}

TEST_CASE("control characters are refused, and shown escaped") {
  const auto errors = errors_of("server.name = \"a\\u001b[31mb\\n\"\n");
  CHECK(errors.find("\"a\\u001b[31mb\\n\" is not accepted") != std::string::npos);
  CHECK(errors.find('\x1b') == std::string::npos);
  CHECK(errors_of("\"k\\u001b[31m\" = 1\n").find('\x1b') == std::string::npos);
}

TEST_CASE("a syntax error has its place") {
  const auto errors = errors_of("[listen]\nport = = 5\n");
  CHECK(errors.starts_with("ringdownd.toml:2:8: "));
  CHECK(errors_of("[listen\n").starts_with("ringdownd.toml:1:"));
  CHECK(errors_of("x = \"\xff\"\n").starts_with("ringdownd.toml:1:"));
  CHECK(errors_of("[listen]\nport = 1\nport = 2\n").starts_with("ringdownd.toml:3:"));
}

TEST_CASE("all errors are told, not only the first") {
  const auto result = load_text("[listen]\nport = -1\nadress = \"::1\"\n[log]\nlevel = 3\n",
                                {{"RINGDOWN_RUNTIME_LOOPS", "many"}}, {{"node", "1"}});
  REQUIRE(result.errors.size() == 5);
  CHECK(result.errors[0].key == "listen.port");
  CHECK(result.errors[1].nearest == "address");
  CHECK(result.errors[2].key == "log.level");
  CHECK(to_string(result.errors[3]) ==
        "environment: RINGDOWN_RUNTIME_LOOPS: \"many\" is not accepted; accepted is a whole "
        "number from 1 to 64");
  CHECK(to_string(result.errors[4]) ==
        "command line: --node: unknown flag; did you mean \"--server.node\"?");
}

TEST_CASE("a file full of nonsense has a bounded number of errors") {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += "nonsense_" + std::to_string(i) + " = 1\n";
  const auto result = load_text(text);
  REQUIRE(result.errors.size() == 101);
  CHECK(result.errors.back().message == "more than 100 errors");
}

TEST_CASE("no text makes loading throw or print a control character") {
  rc::prop("any bytes as a file, a variable and a flag", [] {
    const auto file = *rc::gen::arbitrary<std::string>();
    const auto text = *rc::gen::arbitrary<std::string>();
    const auto key = *rc::gen::elementOf(keys());
    const auto result = load_text(file, {{key.environment, text}}, {{key.name, text}});
    for (const char c : lines(result.errors))
      RC_ASSERT(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
  });
}

TEST_CASE("a configuration file has a greatest size") {
  CHECK(errors_of(std::string(config_bytes_max, '#')).empty());
  CHECK(errors_of(std::string(config_bytes_max + 1, '#')) ==
        "ringdownd.toml: has more than 1 MiB; a long list of DNs belongs into a file of its own "
        "(dns.file)\n");
}

TEST_CASE("whatever a file says, its errors are few and short") {
  const std::string long_name(1'000'000, 'k');
  const std::string digits(100'000, '9');
  std::string many;
  for (int i = 0; i < 50'000; ++i)
    many += "k" + std::to_string(i) + " = 1\n";
  for (auto& text : {long_name + " = 1", "[" + long_name + "]", "listen.port = \"" + digits + '"',
                     "limits.drain_timeout = \"" + digits + " s\"", "x = " + long_name, many,
                     "dns.list = [\"" + long_name + "\"]"}) {
    const auto errors = errors_of(text);
    INFO(text.substr(0, 30));
    CHECK_FALSE(errors.empty());
    CHECK(errors.size() < 20'000);
  }
}

TEST_CASE("what nothing works with is out of range: a desktop and a recorder are two") {
  CHECK(errors_of("limits.registrations_per_dn_max = 1\n").find("from 2 to") != std::string::npos);
  CHECK(errors_of("limits.connections_max = 1\n").find("from 2 to") != std::string::npos);
  CHECK(errors_of("limits.connections_unsigned_max = 1\n").find("from 2 to") != std::string::npos);
}
