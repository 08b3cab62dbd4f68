#include "tests/fuzz/oracle.hpp"

#include "messages/limits.hpp"

#include <algorithm>
#include <vector>

namespace ringdown::fuzz {

namespace pb = google::protobuf;

std::unique_ptr<pb::UnknownFieldSet> fields_of(std::string_view bytes) {
  // By a generated parser of a message without fields: UnknownFieldSet's own is another one, which
  // takes longer tags.
  v1::RequestSignOff without_fields;
  if (!without_fields.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return nullptr;
  auto fields = std::make_unique<pb::UnknownFieldSet>();
  fields->MergeFrom(without_fields.GetReflection()->GetUnknownFields(without_fields));
  return fields;
}

int deepest_group(const pb::UnknownFieldSet& fields) {
  int deepest = 0;
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).type() == pb::UnknownField::TYPE_GROUP)
      deepest = std::max(deepest, 1 + deepest_group(fields.field(i).group()));
  return deepest;
}

int deepest_group(const pb::Message& message) {
  auto& reflection = *message.GetReflection();
  int deepest = deepest_group(reflection.GetUnknownFields(message));
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (auto* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    if (!field->is_repeated()) {
      deepest = std::max(deepest, deepest_group(reflection.GetMessage(message, field)));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i)
      deepest = std::max(deepest, deepest_group(reflection.GetRepeatedMessage(message, field, i)));
  }
  return deepest;
}

bool has_oversized_number(std::string_view bytes) {
  std::size_t continued = 0; // bytes before this one that say that the number goes on
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      ++continued;
      continue;
    }
    if ((continued >= 4 && byte > 0x0f) || (continued >= 9 && byte > 1))
      return true;
    continued = 0;
  }
  return false;
}

namespace {

int depth_of(const v1::UserData& data) {
  int deepest = 0;
  for (auto& pair : data.pairs())
    if (pair.has_list_value())
      deepest = std::max(deepest, depth_of(pair.list_value()));
  return deepest + 1;
}

std::size_t pairs_of(const v1::UserData& data) {
  auto count = static_cast<std::size_t>(data.pairs_size());
  for (auto& pair : data.pairs())
    if (pair.has_list_value())
      count += pairs_of(pair.list_value());
  return count;
}

bool is_capture(const v1::Pair& pair) {
  return pair.key() == "screen-capture" || pair.key() == "screen-capture-indication";
}

capture_verb verb_of(const v1::Pair& pair) {
  return parse_capture_verb(pair.string_value()).value_or(capture_verb::none);
}

} // namespace

std::set<user_data_fault> faults_of(const v1::UserData& data) {
  std::set<user_data_fault> faults;
  if (depth_of(data) > user_data_depth_max)
    faults.insert(user_data_fault::too_deep);
  if (pairs_of(data) > user_data_pairs_max)
    faults.insert(user_data_fault::too_many_pairs);
  int captures = 0;
  for (auto& pair : data.pairs()) {
    if (!is_capture(pair))
      continue;
    auto verb = verb_of(pair);
    if (++captures > 1)
      faults.insert(user_data_fault::capture_twice);
    if (verb == capture_verb::none)
      faults.insert(user_data_fault::capture_value);
    else if (verb == capture_verb::unknown)
      faults.insert(user_data_fault::capture_unknown);
    else if (pair.key() == "screen-capture-indication" && !is_indication(verb))
      faults.insert(user_data_fault::capture_not_indication);
  }
  return faults;
}

capture_verb verb_of(const v1::UserData& data) {
  for (auto& pair : data.pairs())
    if (is_capture(pair))
      return verb_of(pair);
  return capture_verb::none;
}

} // namespace ringdown::fuzz
