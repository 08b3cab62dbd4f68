// The language of `ringdown desktop --script`.
#include "client/script.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

namespace {

script good(std::string_view text) {
  auto parsed = parse_script(text);
  if (auto* error = std::get_if<script_error>(&parsed))
    FAIL(error->text());
  return std::get<script>(parsed);
}

script_error bad(std::string_view text) {
  auto parsed = parse_script(text);
  INFO(text);
  REQUIRE(std::holds_alternative<script_error>(parsed));
  return std::get<script_error>(parsed);
}

script_step verb(capture_verb v) {
  script_send s;
  s.verb = v;
  return s;
}

} // namespace

TEST_CASE("a script is a row of steps between commas, semicolons and new lines") {
  script expected{verb(capture_verb::start),  script_wait{200ms},        verb(capture_verb::pause),
                  verb(capture_verb::resume), verb(capture_verb::query), verb(capture_verb::stop)};
  CHECK(good("start, wait 200ms, pause, resume, query, stop") == expected);
  CHECK(good("start;wait 0.2s;pause\nresume # and then\nquery,,\r\n ;stop,") == expected);
  CHECK(good("").empty());
  CHECK(good(" , ;\n# nothing").empty());
}

TEST_CASE("waiting for a state has three spellings and a default time") {
  script expected{script_expect{light::paused, 2s}};
  CHECK(good("expect paused within 2s") == expected);
  CHECK(good("wait for paused within 2000ms") == expected);
  CHECK(good("expect paused") == script{script_expect{light::paused, 5s}});
  CHECK(good("expect enabled; expect disabled; expect off; expect unknown; expect recording") ==
        script{script_expect{light::recording}, script_expect{light::off},
               script_expect{light::off}, script_expect{light::unknown},
               script_expect{light::recording}});
}

TEST_CASE("an outcome is required by its name, within a time") {
  CHECK(good("pause, expect-outcome confirmed") ==
        script{verb(capture_verb::pause), script_expect_outcome{outcome::confirmed, 5s}});
  CHECK(good("expect-outcome timed_out within 3s") ==
        script{script_expect_outcome{outcome::timed_out, 3s}});
  CHECK(good("expect-outcome failed") == script{script_expect_outcome{outcome::failed, 5s}});
  CHECK(bad("expect-outcome").accepted.find("recorder_lost") != std::string::npos);
  CHECK(bad("expect-outcome done").problem == "unknown outcome 'done'");
  CHECK(bad("expect-outcome held for 2s").accepted == "within TIME");
  CHECK(bad("expect-outcome held within").accepted == time_accepted);
}

TEST_CASE("a command takes a reason, where a send takes data of that name") {
  script_send expected;
  expected.verb = capture_verb::pause;
  expected.reason = "card number, read out";
  CHECK(good("pause \"reason=card number, read out\"") == script{expected});
  script_send data;
  data.data.add("reason", std::string{"card"});
  CHECK(good("send reason=card") == script{data});
  CHECK(bad("pause reason=" + std::string(65, 'x')).accepted.find("64 bytes") != std::string::npos);
  CHECK(bad("pause \"reason=a\nb\"").accepted.find("control") != std::string::npos);
  CHECK(bad("pause reason=\xff").accepted.find("UTF-8") != std::string::npos);
}

TEST_CASE("a command takes a ConnID and a version") {
  script_send expected;
  expected.verb = capture_verb::pause;
  expected.connection = conn_id{0x1f};
  expected.if_version = command_version{7};
  CHECK(good("pause conn=1f if-version=7") == script{expected});
}

TEST_CASE("send takes text, numbers, bytes, and quotes around separators") {
  script_send expected;
  expected.data.add("note", std::string{"a, \"b\"; c"});
  expected.data.add("case", std::int64_t{-5});
  expected.data.add("token", binary_value{std::string{"\x00\xff", 2}});
  expected.data.add("n:odd", std::string{"x=y"});
  CHECK(good(R"(send note="a, \"b\"; c" n:case=-5 b:token=00FF "s:n:odd=x=y")") ==
        script{expected});
}

TEST_CASE("an error names the place and what is accepted") {
  auto error = bad("start,\n  strat");
  CHECK(error.line == 2);
  CHECK(error.column == 3);
  CHECK(error.problem == "unknown step 'strat'");
  CHECK(error.accepted.find("start") != std::string::npos);
  CHECK(bad("wait").column == 5);
  CHECK(bad("wait 5").problem == "'5' is no time");
  CHECK(bad("wait -5ms").problem == "'-5ms' is no time");
  CHECK(bad("wait infs").problem == "'infs' is no time");
  CHECK(bad("wait nans").problem == "'nans' is no time");
  CHECK(bad("wait 2h").accepted.find("200ms") != std::string::npos);
  CHECK(bad("wait 3601s").problem == "'3601s' is no time");
  CHECK(bad("wait 1s 2s").problem == "unexpected '2s'");
  CHECK(bad("wait for").accepted == "recording, paused, off, unknown");
  CHECK(bad("expect green").problem == "unknown state 'green'");
  CHECK(bad("expect paused in 2s").accepted == "within TIME");
  CHECK(bad("pause now").accepted.find("conn=") != std::string::npos);
  CHECK(bad("pause conn=xyz").problem == "'conn=xyz' is no ConnID");
  CHECK(bad("pause if-version=-1").problem == "'if-version=-1' is no version");
  CHECK(bad("send").problem == "nothing to send");
  CHECK(bad("send =x").accepted.find("key=value") != std::string::npos);
  CHECK(bad("send n:x=1.5").accepted.find("n:case=17") != std::string::npos);
  CHECK(bad("send b:x=0").accepted.find("hex") != std::string::npos);
  CHECK(bad("send \"a=b").problem == "a quote is not closed");
  CHECK(bad("enabled").problem == "unknown step 'enabled'"); // only a recorder may say it
  CHECK(bad("send \xff=1").accepted.find("UTF-8") != std::string::npos);
}

TEST_CASE("an error's text cannot steer a terminal and stays short") {
  auto text = bad("\x1b[31m" + std::string(10'000, 'x')).text();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.size() < 1000);
}

TEST_CASE("size and number of steps are bounded") {
  CHECK(bad(std::string(script_bytes_max + 1, ',')).problem == "the script is too long");
  CHECK(good(std::string(script_bytes_max, ',')).empty());
  std::string steps;
  for (std::size_t i = 0; i < script_steps_max; ++i)
    steps += "stop,";
  CHECK(good(steps).size() == script_steps_max);
  CHECK(bad(steps + "stop").problem == "too many steps");
}

namespace {

rc::Gen<script_step> any_step() {
  using namespace rc;
  auto time =
    gen::map(gen::inRange(0, 3'600'001), [](int ms) { return std::chrono::milliseconds{ms}; });
  auto send = gen::exec([] {
    script_send s;
    s.verb = static_cast<capture_verb>(*gen::inRange(0, 6));
    if (*gen::arbitrary<bool>())
      s.connection = conn_id{*gen::arbitrary<std::uint64_t>()};
    if (*gen::arbitrary<bool>())
      s.if_version = command_version{*gen::arbitrary<std::uint64_t>()};
    if (s.verb != capture_verb::none) {
      s.reason = *gen::container<std::string>(*gen::inRange<std::size_t>(0, 65),
                                              gen::inRange<char>(' ', 127));
      return script_step{s};
    }
    auto ascii = gen::string<std::string>(); // any bytes; only UTF-8 is text
    for (int i = *gen::inRange(1, 5); i > 0; --i) {
      auto key = *gen::nonEmpty(gen::container<std::string>(gen::inRange<char>(' ', '<')));
      switch (*gen::inRange(0, 3)) {
      case 0: s.data.add(key, *gen::arbitrary<std::int64_t>()); break;
      case 1: s.data.add(key, binary_value{*ascii}); break;
      default: s.data.add(key, *gen::container<std::string>(gen::inRange<char>(1, 127)));
      }
    }
    return script_step{s};
  });
  auto wait = gen::map(time, [](auto t) { return script_step{script_wait{t}}; });
  auto expect = gen::map(gen::pair(gen::inRange(0, 4), time), [](auto p) {
    return script_step{script_expect{static_cast<light>(p.first), p.second}};
  });
  auto merge = gen::map(gen::pair(gen::arbitrary<std::uint64_t>(), gen::arbitrary<std::uint64_t>()),
                        [](auto p) {
                          return script_step{script_merge{{p.first}, {p.second}}};
                        });
  auto end = gen::map(gen::arbitrary<std::uint64_t>(),
                      [](auto id) { return script_step{script_end_call{{id}}}; });
  auto outcomes = gen::map(gen::pair(gen::inRange(1, 9), time), [](auto p) {
    return script_step{script_expect_outcome{static_cast<outcome>(p.first), p.second}};
  });
  return gen::oneOf(send, wait, expect, outcomes, merge, end);
}

} // namespace

TEST_CASE("calls are merged and ended by their ConnIDs, and nothing else") {
  auto parsed = parse_script("merge 71 into 0x72, end-call 72");
  REQUIRE(std::holds_alternative<script>(parsed));
  CHECK(std::get<script>(parsed) == script{script_merge{{0x71}, {0x72}}, script_end_call{{0x72}}});
  for (auto* bad : {"merge", "merge 71", "merge 71 72", "merge 71 into", "merge 71 into x",
                    "merge 71 into 72 73", "end-call", "end-call x", "end-call 71 72"})
    CHECK(std::holds_alternative<script_error>(parse_script(bad)));
}

TEST_CASE("a script written out is read as the same script") {
  CHECK(rc::check([] {
    auto steps = *rc::gen::container<script>(any_step());
    std::string text;
    for (auto& step : steps)
      text += to_text(step) + (*rc::gen::arbitrary<bool>() ? "," : "\n");
    auto parsed = parse_script(text);
    RC_ASSERT(std::holds_alternative<script>(parsed));
    RC_ASSERT(std::get<script>(parsed) == steps);
  }));
}

TEST_CASE("no text makes the parser fail otherwise than by an error with a place") {
  CHECK(rc::check([] {
    constexpr std::string_view words[] = {"start",
                                          "wait",
                                          "for",
                                          "expect",
                                          "paused",
                                          "within",
                                          "send",
                                          "a=b",
                                          "conn=",
                                          "2s",
                                          "\"",
                                          "\\",
                                          ",",
                                          ";",
                                          "\n",
                                          "#",
                                          " ",
                                          "\xff",
                                          "n:x=",
                                          "b:x=0",
                                          "1e9s",
                                          "wait for",
                                          "expect-outcome",
                                          "held"};
    std::string text;
    for (int i = *rc::gen::inRange(0, 40); i > 0; --i)
      text += std::string{words[*rc::gen::inRange<std::size_t>(0, std::size(words))]} +
              (*rc::gen::arbitrary<bool>() ? " " : "");
    auto parsed = parse_script(text);
    if (auto* error = std::get_if<script_error>(&parsed)) {
      RC_ASSERT(error->line >= 1u);
      RC_ASSERT(error->column <= text.size() + 1);
      RC_ASSERT(!error->accepted.empty());
    }
  }));
}

TEST_CASE("what may be typed next is offered by how it begins") {
  using words = std::vector<std::string_view>;
  auto offered = [](std::string_view line) { return complete_script(line).words; };
  CHECK(offered("pa") == words{"pause"});
  CHECK(complete_script("pa").begun == 2);
  CHECK(offered("pause, re") == words{"resume"});
  CHECK(offered("pause r") == words{"reason="});
  CHECK(offered("expect-outcome p") == words{"partial"});
  CHECK(offered("expect ") == words{"recording", "paused", "off", "unknown"});
  CHECK(complete_script("expect ").begun == 0);
  CHECK(offered("expect paused w") == words{"within"});
  CHECK(offered("expect paused within ").empty());
  CHECK(offered("wait f") == words{"for"});
  CHECK(offered("wait for o") == words{"off"});
  CHECK(offered("merge 71 i") == words{"into"});
  for (auto* line : {"xyz", "xyz ", "send a", "wait 2s ", "end-call ", "merge "})
    CHECK(offered(line).empty());
}

TEST_CASE("every step that is offered is one") {
  for (auto word : complete_script("").words) {
    if (word == "status" || word == "help" || word == "quit")
      continue; // of the prompt
    auto parsed = parse_script(word);
    INFO(word);
    if (auto* error = std::get_if<script_error>(&parsed))
      CHECK(error->problem.find("unknown step") == std::string::npos);
  }
}
