// Messages with every field filled, the same at each run: the subjects of the golden bytes.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace ringdown::test {

namespace pb = google::protobuf;

inline void fill(pb::Message& message);

/// A value made of the field's number alone: adding a field leaves the others as they are.
inline void fill_scalar(pb::Message& message, const pb::FieldDescriptor& field, int round) {
  auto& write = *message.GetReflection();
  auto number = static_cast<std::uint32_t>(field.number() * 1000 + round);
  auto wide = std::uint64_t{number} << 40 | number;
  bool many = field.is_repeated();
  auto* m = &message;
  auto* f = &field;
  using field_type = pb::FieldDescriptor;
  switch (field.cpp_type()) {
  case field_type::CPPTYPE_UINT32: return write.SetUInt32(m, f, number);
  case field_type::CPPTYPE_UINT64:
    return many ? write.AddUInt64(m, f, wide) : write.SetUInt64(m, f, wide);
  case field_type::CPPTYPE_INT32: return write.SetInt32(m, f, -static_cast<std::int32_t>(number));
  case field_type::CPPTYPE_INT64: return write.SetInt64(m, f, -static_cast<std::int64_t>(wide));
  case field_type::CPPTYPE_BOOL: return write.SetBool(m, f, true);
  case field_type::CPPTYPE_STRING: {
    auto text = field.type() == field_type::TYPE_BYTES ? std::string{"\x00\xff", 2} + field.name()
                                                       : field.name() + " \xc3\xa9";
    return many ? write.AddString(m, f, text + std::to_string(round)) : write.SetString(m, f, text);
  }
  case field_type::CPPTYPE_ENUM: {
    auto& values = *field.enum_type();
    auto* value = values.value(1 + round % (values.value_count() - 1)); // never zero
    return many ? write.AddEnum(m, f, value) : write.SetEnum(m, f, value);
  }
  case field_type::CPPTYPE_FLOAT:
  case field_type::CPPTYPE_DOUBLE:
  case field_type::CPPTYPE_MESSAGE: break; // the schema has no floating point
  }
  throw std::logic_error("fill_scalar does not know the type of " + field.full_name());
}

inline void fill_field(pb::Message& message, const pb::FieldDescriptor& field) {
  auto& write = *message.GetReflection();
  for (int round = 0; round < (field.is_repeated() ? 2 : 1); ++round) {
    if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE)
      fill_scalar(message, field, round);
    else if (field.is_repeated())
      fill(*write.AddMessage(&message, &field));
    else
      fill(*write.MutableMessage(&message, &field));
  }
}

/// Fills all fields; of a oneof the first, which in a Pair is a number, so user data nests no
/// deeper.
inline void fill(pb::Message& message) {
  auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    auto& field = *type.field(i);
    auto* choice = field.real_containing_oneof();
    if (choice == nullptr || choice->field(0) == &field)
      fill_field(message, field);
  }
}

struct filled_message {
  std::string name;
  std::unique_ptr<pb::Message> message;
};

/// Every message of the file, fully filled; one for each choice where there is a oneof.
inline std::vector<filled_message> all_filled(const pb::FileDescriptor& file) {
  auto& factory = *pb::MessageFactory::generated_factory();
  std::vector<filled_message> all;
  for (int i = 0; i < file.message_type_count(); ++i) {
    // Protobuf lists real oneofs before the ones it makes of `optional` fields.
    auto& type = *file.message_type(i);
    auto add = [&](const std::string& name) -> pb::Message& {
      all.push_back({name, std::unique_ptr<pb::Message>{factory.GetPrototype(&type)->New()}});
      fill(*all.back().message);
      return *all.back().message;
    };
    if (type.real_oneof_decl_count() == 0)
      add(type.full_name());
    for (int j = 0; j < type.real_oneof_decl_count(); ++j)
      for (int k = 0; k < type.oneof_decl(j)->field_count(); ++k) {
        auto& field = *type.oneof_decl(j)->field(k);
        fill_field(add(field.full_name()), field);
      }
  }
  return all;
}

} // namespace ringdown::test
