// Other people's bytes, made safe.
#include "messages/text.hpp"

#include "messages/wire.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck/catch.h>

using namespace ringdown;

namespace {

std::string escaped(std::string_view text, bad_bytes bad) {
  std::string result;
  append_escaped(result, text, bad);
  return result;
}

} // namespace

TEST_CASE("what could move a cursor or end a line is escaped") {
  CHECK(printable("a\nb\r\t\x1b[31m\x7f") == "a\\nb\\r\\t\\u001b[31m\\u007f");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\u009b31m"); // C1: CSI in one character
  CHECK(printable("\xe2\x80\xae"
                  "abc") == "\\u202eabc");       // right-to-left override
  CHECK(printable("\xe2\x80\xa8") == "\\u2028"); // line separator
  CHECK(printable("\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\x9e") ==
        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\x9e");
  CHECK(printable(std::string_view{"\0", 1}) == "\\u0000");
}

TEST_CASE("bytes that are no UTF-8 are shown to people and replaced for parsers") {
  for (auto* text : {"\xff", "\x80", "\xc0", "\xf5", "\xfe"}) {
    CHECK(escaped(text, bad_bytes::shown).starts_with("\\x"));
    CHECK(escaped(text, bad_bytes::replaced) == "\xef\xbf\xbd");
  }
  CHECK(escaped("a\xe2\x82", bad_bytes::shown) == "a\\xe2\\x82");        // cut off
  CHECK(escaped("\xc0\xaf", bad_bytes::shown) == "\\xc0\\xaf");          // overlong
  CHECK(escaped("\xed\xa0\x80", bad_bytes::shown) == "\\xed\\xa0\\x80"); // a surrogate
  CHECK(escaped("\xf4\x90\x80\x80", bad_bytes::shown) == "\\xf4\\x90\\x80\\x80");
}

TEST_CASE("between quotes any bytes are a JSON string") {
  rc::prop("arbitrary bytes", [](const std::string& bytes) {
    auto text = '"' + escaped(bytes, bad_bytes::replaced) + '"';
    auto parsed = nlohmann::json::parse(text, nullptr, false);
    RC_ASSERT(parsed.is_string());
    // What was good UTF-8 comes back as it was.
    if (escaped(bytes, bad_bytes::shown) == escaped(bytes, bad_bytes::replaced))
      RC_ASSERT(parsed.get<std::string>() == bytes);
  });
}

TEST_CASE("a cut falls between characters and never beyond the bound") {
  CHECK(cut_text("abc", 3) == "abc");
  CHECK(cut_text("abcd", 3) == "abc");
  CHECK(cut_text("a\xe2\x82\xac", 3) == "a");
  CHECK(cut_text("a\xe2\x82\xac", 4) == "a\xe2\x82\xac");
  CHECK(cut_text("abc", 0).empty());
  rc::prop("any bytes, any bound", [](const std::string& text) {
    auto bound = *rc::gen::inRange<std::size_t>(0, text.size() + 2);
    auto cut = cut_text(text, bound);
    RC_ASSERT(cut.size() <= bound);
    RC_ASSERT(text.starts_with(cut));
    RC_ASSERT(cut.size() + 3 >= std::min(bound, text.size()));
  });
}

TEST_CASE("what stands in a sentence is in quotes unless it is a plain word") {
  CHECK(printable_word("pause") == "pause");
  CHECK(printable_word("desk@host:1/a+b_c.d-e") == "desk@host:1/a+b_c.d-e");
  CHECK(printable_word("") == "\"\"");
  CHECK(printable_word("a \"b\"") == "\"a \\\"b\\\"\"");
  CHECK(printable_word("\x1b") == "\"\\u001b\"");
}

TEST_CASE("a character is refused in names, or said for people, exactly if it is escaped") {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff)
      continue; // surrogates are no characters
    std::string one;
    if (code < 0x80)
      one = {static_cast<char>(code)};
    else if (code < 0x800)
      one = {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
    else if (code < 0x10000)
      one = {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
             static_cast<char>(0x80 | (code & 0x3f))};
    else
      one = {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3f)),
             static_cast<char>(0x80 | (code >> 6 & 0x3f)), static_cast<char>(0x80 | (code & 0x3f))};
    bool is_harmful = wire::has_control_character(one) || wire::has_layout_character(one);
    if ((printable(one) != one) != is_harmful)
      FAIL("U+" << std::hex << static_cast<std::uint32_t>(code));
  }
}
