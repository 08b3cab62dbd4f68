// The check of control messages by the schema: it names the field, and what it lets pass the
// generated parser reads.
#include "messages/schema_check.hpp"

#include "tests/messages/bytes.hpp"
#include "tests/messages/filled.hpp"
#include "tests/messages/generators.hpp"

#include <rapidcheck/catch.h>
#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr int depth_max = 20;

/// The field that the check names; empty if it finds nothing wrong.
template <class Message>
std::string wrong_field(std::string_view bytes) {
  auto why = check_message(*Message::descriptor(), bytes, depth_max);
  if (!why)
    return {};
  CHECK(why->code == error_code::invalid_attribute);
  CHECK_FALSE(why->accepted.empty());
  return why->attribute;
}

std::vector<filled_message> live_messages() {
  return all_filled(*v1::Frame::descriptor()->file());
}

} // namespace

TEST_CASE("nothing is wrong with any message of the schema") {
  for (auto& [name, message] : live_messages()) {
    INFO(name);
    CHECK_FALSE(check_message(*message->GetDescriptor(), message->SerializeAsString(), depth_max));
  }
}

TEST_CASE("what the check lets pass, the generated parser reads") {
  auto messages = live_messages();
  int untouched = 0;
  rc::prop("damaged messages", [&](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    for (auto& [name, message] : messages) {
      std::unique_ptr<google::protobuf::Message> parsed{message->New()};
      auto bytes = message->SerializeAsString();
      for (int i = 0; i < 10; ++i) {
        auto damaged = mutate(bytes, random);
        if (check_message(*message->GetDescriptor(), damaged, depth_max))
          continue;
        RC_LOG() << name << " " << to_hex(damaged) << "\n";
        RC_ASSERT(parsed->ParseFromString(damaged));
        ++untouched;
      }
    }
  });
  CHECK(untouched > 0);
}

TEST_CASE("a singular field given twice is named") {
  auto name = bytes_field(4, "desktop");
  CHECK(wrong_field<v1::RequestSignOn>(name) == "");
  CHECK(wrong_field<v1::RequestSignOn>(name + name) == "application_name");
  CHECK(wrong_field<v1::RequestRegisterAddress>(bytes_field(1, "7001") + bytes_field(1, "7001")) ==
        "");
  auto both = pair(bytes_field(1, "k") + number_field(2, 1) + bytes_field(3, "v"));
  CHECK(wrong_field<v1::UserData>(both) == "pairs.string_value");
}

TEST_CASE("a string that is not UTF-8 is named, bytes are not looked at") {
  CHECK(wrong_field<v1::RequestSignOn>(bytes_field(4, "\xff")) == "application_name");
  CHECK(wrong_field<v1::RequestSignOn>(bytes_field(7, "\xff")) == "");
  CHECK(wrong_field<v1::RequestRegisterAddress>(bytes_field(1, "7001") + bytes_field(1, "\xc3")) ==
        "this_dn");
  CHECK(wrong_field<v1::RequestRegisterAddress>(bytes_field(7, bytes_field(1, "\xff"))) ==
        "extensions.key");
}

TEST_CASE("bytes that are no message are a fault of the frame") {
  CHECK(wrong_field<v1::RequestSignOn>("\x0a") == "frame");
  CHECK(wrong_field<v1::RequestRegisterAddress>(bytes_field(7, "\x0a")) == "frame");
  CHECK(wrong_field<v1::RequestRegisterAddress>(std::string(1, '\0')) == "frame");
}

TEST_CASE("packed numbers are whole") {
  auto capabilities = [](std::string_view packed) {
    return wrong_field<v1::RequestSignOn>(bytes_field(3, packed));
  };
  CHECK(capabilities("") == "");
  CHECK(capabilities("\x01\x02" + varint(0xffffffffffffffff)) == "");
  CHECK(capabilities("\x01\x80") == "capabilities");
  CHECK(capabilities(long_varint(1, 11)) == "capabilities");
  auto former_calls = [](std::size_t bytes) {
    return wrong_field<v1::Call>(bytes_field(5, std::string(bytes, '\x01')));
  };
  CHECK(former_calls(0) == "");
  CHECK(former_calls(16) == "");
  CHECK(former_calls(17) == "former_connection_ids");
  CHECK(former_calls(12) == "former_connection_ids"); // but for varints all right
  // Not packed is allowed too, and another type is a field of a later version.
  CHECK(wrong_field<v1::RequestSignOn>(number_field(3, 1) + number_field(3, 2)) == "");
  CHECK(wrong_field<v1::RequestSignOn>(fixed32_field(3, 1)) == "");
}

TEST_CASE("messages nest as deep as is allowed and no deeper") {
  auto nested = [](int lists) {
    std::string bytes;
    for (; lists > 0; --lists)
      bytes = pair(bytes_field(5, bytes));
    return bytes;
  };
  // A list is two messages: UserData and its Pair.
  CHECK(wrong_field<v1::UserData>(nested(9)) == "");
  CHECK(wrong_field<v1::UserData>(nested(11)) != "");
  CHECK(wrong_field<v1::UserData>(nested(2000)) != "");
}

TEST_CASE("unknown fields pass") {
  CHECK(wrong_field<v1::Heartbeat>(number_field(1, 1) + bytes_field(1, "\xff") + group(9, "")) ==
        "");
}
