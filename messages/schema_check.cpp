#include "messages/schema_check.hpp"

#include "messages/refusals.hpp"
#include "messages/wire.hpp"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <set>
#include <string>

namespace ringdown {

namespace {

namespace pb = google::protobuf;

fault no_protobuf() {
  return invalid("frame", "a ringdown.v1.Frame", "the frame cannot be parsed");
}

wire::wire_type wire_type_of(const pb::FieldDescriptor& field) {
  switch (field.type()) {
  case pb::FieldDescriptor::TYPE_STRING:
  case pb::FieldDescriptor::TYPE_BYTES:
  case pb::FieldDescriptor::TYPE_MESSAGE: return wire::wire_type::bytes;
  case pb::FieldDescriptor::TYPE_FIXED64:
  case pb::FieldDescriptor::TYPE_SFIXED64:
  case pb::FieldDescriptor::TYPE_DOUBLE: return wire::wire_type::fixed64;
  case pb::FieldDescriptor::TYPE_FIXED32:
  case pb::FieldDescriptor::TYPE_SFIXED32:
  case pb::FieldDescriptor::TYPE_FLOAT: return wire::wire_type::fixed32;
  default: return wire::wire_type::varint;
  }
}

class checker {
public:
  explicit checker(int depth_max) : depth_max_(depth_max) {}

  std::optional<fault> message(const pb::Descriptor& type, std::string_view bytes,
                               const std::string& path, int depth) {
    if (depth > depth_max_)
      return invalid(path, "at most " + std::to_string(depth_max_) + " messages deep");
    std::set<int> seen;
    wire::reader fields{bytes};
    wire::field f;
    for (;;) {
      switch (fields.next(f)) {
      case wire::step::end: return std::nullopt;
      case wire::step::malformed: return no_protobuf();
      case wire::step::field: break;
      }
      if (auto wrong = field(type, f, seen, path, depth))
        return wrong;
    }
  }

private:
  std::optional<fault> field(const pb::Descriptor& type, const wire::field& f, std::set<int>& seen,
                             const std::string& path, int depth) {
    auto* known = type.FindFieldByNumber(static_cast<int>(f.number));
    if (known == nullptr)
      return std::nullopt; // of a later version
    auto name = path.empty() ? known->name() : path + "." + known->name();
    bool is_packed = known->is_packable() && known->is_repeated();
    if (f.type != wire_type_of(*known))
      return is_packed && f.type == wire::wire_type::bytes ? packed(*known, f.bytes, name)
                                                           : std::nullopt;
    // The fields of a oneof count as one: the last would win.
    auto* group = known->real_containing_oneof();
    int key = group != nullptr ? -1 - group->index() : known->number();
    if (!known->is_repeated() && !seen.insert(key).second)
      return invalid(name, "given once");
    if (known->type() == pb::FieldDescriptor::TYPE_STRING && !wire::valid_utf8(f.bytes))
      return invalid(name, "UTF-8");
    if (known->type() == pb::FieldDescriptor::TYPE_MESSAGE)
      return message(*known->message_type(), f.bytes, name, depth + 1);
    return std::nullopt;
  }

  static std::optional<fault> packed(const pb::FieldDescriptor& field, std::string_view bytes,
                                     const std::string& name) {
    return are_whole(wire_type_of(field), bytes) ? std::nullopt
                                                 : std::optional{invalid(name, "whole numbers")};
  }

  static bool are_whole(wire::wire_type numbers, std::string_view bytes) {
    switch (numbers) {
    case wire::wire_type::fixed64: return bytes.size() % sizeof(std::uint64_t) == 0;
    case wire::wire_type::fixed32: return bytes.size() % sizeof(std::uint32_t) == 0;
    case wire::wire_type::varint:
    case wire::wire_type::bytes:
    case wire::wire_type::group:
    case wire::wire_type::group_end: break;
    }
    return wire::reader::are_varints(bytes);
  }

  const int depth_max_;
};

} // namespace

std::optional<fault> check_message(const pb::Descriptor& type, std::string_view bytes,
                                   int depth_max) {
  return checker{depth_max}.message(type, bytes, {}, 1);
}

} // namespace ringdown
