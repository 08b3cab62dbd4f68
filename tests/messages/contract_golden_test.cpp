// Golden bytes: what released clients send and expect, for every message of the schema.
#include "messages/ids.hpp"

#include "tests/messages/filled.hpp"
#include "tests/messages/golden.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/unknown_field_set.h>
#include <ringdown/v1/ringdown.pb.h>

#include <set>

using namespace ringdown;
using namespace ringdown::test;

namespace {

const std::string path = RINGDOWN_GOLDEN_DIR "/messages.txt";

constexpr std::string_view heading =
  "# The bytes of every message, all fields filled (one line for each choice of a oneof), in hex.\n"
  "# A test compares them with what the schema writes now, and reads them back.\n";

constexpr auto rule =
  "These bytes are what clients in the field send and expect. If you only added fields, run the "
  "test with RINGDOWN_UPDATE_GOLDEN=1: the old bytes must stay within the new line. If anything "
  "else changed, the change breaks clients: undo it and add a field instead.";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (; hex.size() >= 2; hex.remove_prefix(2))
    bytes += static_cast<char>(parse_conn_id(hex.substr(0, 2))->value);
  return bytes;
}

/// True if some field of `message`, or of one within it, is not in the schema.
bool has_unknown_fields(const pb::Message& message) {
  auto& read = *message.GetReflection();
  if (!read.GetUnknownFields(message).empty())
    return true;
  std::vector<const pb::FieldDescriptor*> fields;
  read.ListFields(message, &fields);
  for (auto* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    for (int i = 0; field->is_repeated() && i < read.FieldSize(message, field); ++i)
      if (has_unknown_fields(read.GetRepeatedMessage(message, field, i)))
        return true;
    if (!field->is_repeated() && has_unknown_fields(read.GetMessage(message, field)))
      return true;
  }
  return false;
}

std::vector<filled_message> live_messages() {
  return all_filled(*v1::Frame::descriptor()->file());
}

/// True if today's schema knows all of `bytes` and writes them alike.
bool reads_back(pb::Message& message, std::string_view hex) {
  return message.ParseFromString(from_hex(hex)) && !has_unknown_fields(message) &&
         to_hex(message.SerializeAsString()) == hex;
}

/// True if today's schema still reads all that is stored. Says what it does not.
bool check_stored(const std::map<std::string, std::string>& stored) {
  std::set<std::string> names;
  bool all = true;
  auto check = [&](const std::string& name, bool holds) {
    INFO(rule);
    INFO(name);
    CHECK(holds);
    all &= holds;
  };
  for (auto& [name, message] : live_messages()) {
    names.insert(name);
    if (auto line = stored.find(name); line != stored.end())
      check(name, reads_back(*message, line->second));
  }
  for (auto& [name, hex] : stored)
    check(name, names.count(name) == 1);
  return all;
}

} // namespace

TEST_CASE("golden bytes are read by the schema of today, and written alike") {
  auto lines = golden_file::read(path);
  auto holds = check_stored({lines.begin(), lines.end()});
  golden_file::entries live;
  for (auto& [name, message] : live_messages())
    live.emplace_back(name, to_hex(message->SerializeAsString()));
  if (updating_golden() && holds)
    golden_file::write(path, heading, live);
}

TEST_CASE("every message has golden bytes with all of its fields") {
  auto lines = golden_file::read(path);
  const std::map<std::string, std::string> stored{lines.begin(), lines.end()};
  auto live = live_messages();
  for (auto& [name, message] : live) {
    INFO(rule);
    INFO(name);
    auto line = stored.find(name);
    CHECK((line != stored.end() && line->second == to_hex(message->SerializeAsString())));
  }
  CHECK(live.size() > 35); // the schema is really walked
}
