// What Protobuf's own parser makes of bytes: what our readers by hand are held against. Nothing
// here uses them.
#pragma once

#include "messages/user_data.hpp"

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>
#include <ringdown/v1/ringdown.pb.h>

#include <memory>
#include <set>
#include <string_view>

namespace ringdown::fuzz {

/// The bytes as a message of which Protobuf knows no field; null if it cannot read them.
std::unique_ptr<google::protobuf::UnknownFieldSet> fields_of(std::string_view bytes);

/// How deep groups are nested in these fields. 0: there are none.
int deepest_group(const google::protobuf::UnknownFieldSet& fields);
/// The deepest in the unknown fields of a message and of all messages within it.
int deepest_group(const google::protobuf::Message& message);

/// True if a tag of five bytes or a varint of ten may be among the bytes that does not fit into
/// 32 or 64 bits. Protobuf's C++ parser cuts such numbers off, parsers in other languages refuse
/// them; we refuse them too.
bool has_oversized_number(std::string_view bytes);

/// The faults that user data of this content may be refused for.
std::set<user_data_fault> faults_of(const v1::UserData& data);
/// What Protobuf makes of the first `screen-capture`, under either key.
capture_verb verb_of(const v1::UserData& data);

} // namespace ringdown::fuzz
