// What keys do to the screen of `ringdown top`.
#include "client/cli/top_keys.hpp"

#include <catch2/catch.hpp>

using namespace ringdown::cli;

namespace {

using list = std::vector<std::string>;
const list three{"7001", "7002", "7003"};

top_state pressed(top_state state, std::string_view bytes, const list& dns = three) {
  for (auto press : keys_of(bytes))
    state = step(std::move(state), press, dns);
  return state;
}
top_state pressed(std::string_view bytes) {
  return pressed(top_state{}, bytes);
}

constexpr auto up = "\x1b[A";
constexpr auto down = "\x1b[B";

} // namespace

TEST_CASE("bytes of a terminal are keys, in both modes of the arrows") {
  using press = std::vector<top_press>;
  CHECK(keys_of("aq") == press{{top_key::text, 'a'}, {top_key::text, 'q'}});
  CHECK(keys_of("\x1b[A\x1bOB") == press{{top_key::up}, {top_key::down}});
  CHECK(keys_of("\x1b") == press{{top_key::escape}});
  CHECK(keys_of("\x1b[1;5C\x1b[3~x") ==
        press{{top_key::other}, {top_key::other}, {top_key::text, 'x'}});
  CHECK(keys_of("\r\n\x7f\b\x01") == press{{top_key::enter},
                                           {top_key::enter},
                                           {top_key::backspace},
                                           {top_key::backspace},
                                           {top_key::other}});
  CHECK(keys_of("\x1b[") == press{{top_key::other}}); // cut
}

TEST_CASE("q ends, also where a DN is open, and is a letter of a filter") {
  CHECK(pressed("q").is_over);
  CHECK(pressed("\x1b[B\rq").is_over);
  auto typed = pressed("/q");
  CHECK_FALSE(typed.is_over);
  CHECK(typed.filter == "q");
}

TEST_CASE("a filter is typed, kept by enter and dropped by escape") {
  CHECK(pressed("/70").is_typing);
  auto kept = pressed("/70\r");
  CHECK_FALSE(kept.is_typing);
  CHECK(kept.filter == "70");
  CHECK(pressed("/70\x7f").filter == "7");
  CHECK(pressed("/\xc3\xbc\x7f").filter.empty());
  CHECK(pressed("/70\x1b") == top_state{});
  CHECK(pressed(kept, "\x1b") == top_state{});
  CHECK(pressed(kept, "/01\r").filter == "7001"); // goes on where it was
  CHECK(pressed("/" + std::string(500, 'x')).filter.size() == filter_bytes_max);
  CHECK(pressed("/ps").view == top_view::trouble);
}

TEST_CASE("p and s show all of a kind, and again lead back, as escape does") {
  CHECK(pressed("p").view == top_view::paused);
  CHECK(pressed("ps").view == top_view::slow);
  CHECK(pressed("pp").view == top_view::trouble);
  CHECK(pressed("s\x1b").view == top_view::trouble);
  CHECK(pressed("p/7\r\x1b").view == top_view::paused); // the filter first
}

TEST_CASE("arrows choose a DN, and stop at both ends") {
  CHECK(pressed(down).chosen == "7001");
  CHECK(pressed(up).chosen == "7003");
  CHECK(pressed("\x1b[B\x1b[B").chosen == "7002");
  CHECK(pressed("\x1b[B\x1b[B\x1b[B\x1b[B").chosen == "7003");
  CHECK(pressed("\x1b[B\x1b[A").chosen == "7001");
  top_state gone;
  gone.chosen = "6999";
  CHECK(pressed(gone, down).chosen == "7001");
  CHECK(pressed(gone, down, {}).chosen.empty());
}

TEST_CASE("enter opens the chosen DN if it is on the screen, and any key but q leads back") {
  auto open = pressed("\x1b[B\r");
  CHECK(open.opened == "7001");
  CHECK(pressed("\r").opened.empty());
  top_state gone;
  gone.chosen = "6999";
  CHECK(pressed(gone, "\r").opened.empty());
  for (auto* key : {"\r", "\x1b", "\x7f", up, "p"})
    CHECK(pressed(open, key) == pressed(down));
  CHECK(pressed(open, "\r").chosen == "7001");
}

TEST_CASE("the line of keys says what there is to press now") {
  CHECK(keys_line({}).starts_with("q ends  / filters"));
  CHECK(keys_line(pressed("/7")).starts_with("filter: 7_"));
  CHECK(keys_line(pressed("/7\r")).starts_with("filter: 7  (escape drops it)"));
  CHECK(keys_line(pressed("\x1b[B\r")) == "q ends  enter goes back");
  CHECK(keys_line(pressed("/\xc2\x9b")).find('\x9b') == std::string::npos);
}
