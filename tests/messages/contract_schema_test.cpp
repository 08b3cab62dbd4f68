// The schema is frozen: what a released client knows keeps its name, number, type and label.
#include "tests/messages/golden.hpp"

#include <catch2/catch.hpp>
#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::test;
namespace pb = google::protobuf;

namespace {

const std::string path = RINGDOWN_GOLDEN_DIR "/schema.txt";

constexpr std::string_view heading =
  "# Every field and enum value of the wire contract, as clients know them. A test compares this\n"
  "# with messages/proto. Lines are added (RINGDOWN_UPDATE_GOLDEN=1), never changed or removed.\n";

constexpr auto rule =
  "The wire contract is frozen. Clients of other versions and languages hold this line, so a field "
  "or enum value never changes its name, number, type or label and is never removed. To change "
  "something, add a field with a new number and keep the old one working. What nobody needs any "
  "more stays, marked as deprecated. If you mean to break the contract before anything was "
  "released, edit tests/messages/golden/schema.txt by hand and say why in the commit.";

constexpr auto new_rule =
  "This is new in the schema, which is allowed, but not frozen yet: run the test with "
  "RINGDOWN_UPDATE_GOLDEN=1 and commit tests/messages/golden.";

std::string type_of(const pb::FieldDescriptor& field) {
  if (field.type() == pb::FieldDescriptor::TYPE_MESSAGE)
    return field.message_type()->full_name();
  if (field.type() == pb::FieldDescriptor::TYPE_ENUM)
    return field.enum_type()->full_name();
  return field.type_name();
}

std::string label_of(const pb::FieldDescriptor& field) {
  if (field.is_repeated())
    return field.is_packed() ? "repeated packed" : "repeated";
  if (auto* group = field.real_containing_oneof())
    return "oneof " + group->name();
  return field.has_optional_keyword() ? "optional" : "singular";
}

void add_message(golden_file::entries& lines, const pb::Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    auto& field = *message.field(i);
    lines.emplace_back(field.full_name(), std::to_string(field.number()) + " " + type_of(field) +
                                            " " + label_of(field));
  }
  for (int i = 0; i < message.nested_type_count(); ++i)
    add_message(lines, *message.nested_type(i));
}

/// The live schema, in its own order.
golden_file::entries live_schema() {
  auto& file = *v1::Frame::descriptor()->file();
  golden_file::entries lines;
  for (int i = 0; i < file.message_type_count(); ++i)
    add_message(lines, *file.message_type(i));
  for (int i = 0; i < file.enum_type_count(); ++i)
    for (int j = 0; j < file.enum_type(i)->value_count(); ++j) {
      auto& value = *file.enum_type(i)->value(j);
      lines.emplace_back(file.enum_type(i)->full_name() + "." + value.name(),
                         std::to_string(value.number()));
    }
  return lines;
}

} // namespace

TEST_CASE("nothing of the wire contract is changed or removed") {
  auto live_lines = live_schema();
  const std::map<std::string, std::string> live{live_lines.begin(), live_lines.end()};
  REQUIRE(live.size() == live_lines.size()); // no two lines with one name
  auto stored = golden_file::read(path);
  CHECK((!stored.empty() || updating_golden()));
  bool broken = false;
  for (auto& [name, value] : stored) {
    auto now = live.find(name);
    auto text = now == live.end() ? std::string{"(removed)"} : now->second;
    INFO(rule);
    INFO(name);
    CHECK(text == value);
    broken |= text != value;
  }
  if (updating_golden() && !broken)
    golden_file::write(path, heading, live_lines);
}

TEST_CASE("all of the wire contract is frozen") {
  auto stored_lines = golden_file::read(path);
  const std::map<std::string, std::string> stored{stored_lines.begin(), stored_lines.end()};
  for (auto& [name, value] : live_schema()) {
    INFO(new_rule);
    INFO(name << " = " << value);
    CHECK(stored.count(name) == 1);
  }
}

TEST_CASE("the schema is proto3, and every enum begins with a zero") {
  auto& file = *v1::Frame::descriptor()->file();
  CHECK(file.syntax() == pb::FileDescriptor::SYNTAX_PROTO3);
  CHECK(file.package() == "ringdown.v1");
  // An enum value that a program does not know is kept as a number; one not said is zero.
  for (int i = 0; i < file.enum_type_count(); ++i)
    CHECK(file.enum_type(i)->value(0)->number() == 0);
}
