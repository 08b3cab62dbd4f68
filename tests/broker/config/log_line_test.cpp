// How a line looks, to people and to programs.
#include "broker/logging/line.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck/catch.h>

#include <cmath>
#include <limits>

using namespace ringdown::logging;

namespace {

// 2026-11-22 15:04:05.123456 UTC
const std::chrono::system_clock::time_point noon{
  std::chrono::duration_cast<std::chrono::system_clock::duration>(
    std::chrono::microseconds{1'795'359'845'123'456})};

std::string line(format f, std::string_view message, std::initializer_list<field> fields = {}) {
  std::string out;
  append_line(out, f, {noon, component::edge, level::info, message, fields});
  return out;
}

} // namespace

TEST_CASE("a line for people") {
  CHECK(line(format::human, "connection accepted",
             {{"client", "00000000000000a1"}, {"peer", "127.0.0.1:5004"}, {"bytes", 12U}}) ==
        "2026-11-22 15:04:05.123 INFO  edge       connection accepted  "
        "client=00000000000000a1 peer=127.0.0.1:5004 bytes=12");
  CHECK(line(format::human, "up") == "2026-11-22 15:04:05.123 INFO  edge       up");
}

TEST_CASE("a line for programs") {
  CHECK(
    line(format::json, "connection accepted", {{"client", "a1"}, {"bytes", -12}, {"ok", true}}) ==
    R"({"time":"2026-11-22T15:04:05.123456Z","level":"info","component":"edge",)"
    R"("message":"connection accepted","client":"a1","bytes":-12,"ok":true})");
}

TEST_CASE("values with blanks, quotes or nothing in them stand between quotes") {
  CHECK(line(format::human, "m", {{"a", "x y"}, {"b", ""}, {"c", "say \"hi\""}, {"d", "k=v"}})
          .ends_with(R"(a="x y" b="" c="say \"hi\"" d="k=v")"));
}

TEST_CASE("control characters in values reach no terminal") {
  const auto text = line(format::human, "bad\x1b[2J name", {{"name", "x\n2026 ERROR forged"}});
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("x\\n2026 ERROR forged") != std::string::npos);
}

TEST_CASE("long values are cut, and the line says by how much") {
  const std::string value(text_bytes_max + 7, 'x');
  for (const auto f : {format::human, format::json}) {
    const auto text = line(f, "m", {{"v", value}});
    CHECK(text.find(std::string(text_bytes_max, 'x') + "...(+7 bytes)") != std::string::npos);
  }
}

TEST_CASE("every number is one in JSON too") {
  const auto parsed =
    nlohmann::json::parse(line(format::json, "m",
                               {{"min", std::numeric_limits<std::int64_t>::min()},
                                {"max", std::numeric_limits<std::uint64_t>::max()},
                                {"half", 0.5},
                                {"nan", std::nan("")},
                                {"inf", std::numeric_limits<double>::infinity()}}));
  CHECK(parsed["min"] == std::numeric_limits<std::int64_t>::min());
  CHECK(parsed["max"] == std::numeric_limits<std::uint64_t>::max());
  CHECK(parsed["half"] == 0.5);
  CHECK(parsed["nan"].is_null());
  CHECK(parsed["inf"].is_null());
}

TEST_CASE("a field cannot take the place of the line's own") {
  const auto parsed =
    nlohmann::json::parse(line(format::json, "m", {{"message", "x"}, {"level", 1}}));
  CHECK(parsed["message"] == "m");
  CHECK(parsed["_message"] == "x");
  CHECK(parsed["level"] == "info");
}

TEST_CASE("whatever the bytes are, a line is one line and JSON is JSON") {
  rc::prop("arbitrary message, key and value", [](const std::string& m, const std::string& v) {
    const auto json = line(format::json, m, {{"v", v}});
    const auto parsed = nlohmann::json::parse(json, nullptr, false);
    RC_ASSERT(parsed.is_object());
    RC_ASSERT(parsed.contains("v"));
    for (const auto& text : {json, line(format::human, m, {{"v", v}})})
      for (const char c : text)
        RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

TEST_CASE("a line for the journal has its priority in front, and no time where people read it") {
  auto for_journal = [](format f, level l) {
    std::string out;
    append_line(out, f, {noon, component::edge, l, "up", {}}, reader::journal);
    return out;
  };
  CHECK(for_journal(format::human, level::error) == "<3>ERROR edge       up");
  CHECK(for_journal(format::human, level::warn) == "<4>WARN  edge       up");
  CHECK(for_journal(format::human, level::info) == "<6>INFO  edge       up");
  CHECK(for_journal(format::human, level::debug) == "<7>DEBUG edge       up");
  CHECK(for_journal(format::human, level::trace) == "<7>TRACE edge       up");
  CHECK(for_journal(format::json, level::info).starts_with(R"(<6>{"time":"2026-)"));
}
