// The routing fields read by hand against the generated parser's reading of the same bytes, and the
// check of every other request by name against it: what one accepts, the other accepts, with the
// same values.
//
// Input: a byte that picks the request, then its bytes.
//
// What differs by design, and why:
// - A singular field given twice, a string field among them: Protobuf takes the last or merges,
//   other libraries may not. We refuse it.
// - Groups nested deeper than unknown_group_depth_max: the parsers of other languages recurse too.
// - A tag above 32 bits or a varint above 64: Protobuf's C++ parser cuts them off, others refuse.
// - What the contract bounds and Protobuf does not: DN, user data, message type, command id,
//   deadline. There the fault must be true of what Protobuf has read.
#include "messages/limits.hpp"
#include "messages/schema_check.hpp"
#include "messages/send_event.hpp"
#include "tests/fuzz/oracle.hpp"
#include "tests/fuzz/promise.hpp"
#include "tests/messages/send_event_compare.hpp"

#include <google/protobuf/dynamic_message.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <vector>

using namespace ringdown;
using namespace ringdown::fuzz;

namespace {

namespace pb = google::protobuf;

const limits bounds;
/// Above all that the requests may nest; Protobuf itself ends at 100.
constexpr int depth_max = 100;

std::string number_of(send_fault fault) {
  return "send_fault " + std::to_string(static_cast<int>(fault));
}

bool has_control(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f)
      return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return true;
  }
  return false;
}

/// Whether the fault of a DN is true of it; written apart from the product's own check.
bool is_true(send_fault fault, const std::string& dn) {
  switch (fault) {
  case send_fault::none: return !dn.empty() && dn.size() <= 255 && !has_control(dn);
  case send_fault::dn_empty: return dn.empty();
  case send_fault::dn_too_long: return dn.size() > 255;
  case send_fault::dn_control_character: return has_control(dn);
  default: return false;
  }
}

/// Whether it would not be one line as it stands, from the left to the right. Written apart from
/// the product's own check.
bool is_no_line(const std::string& text) {
  static const char* const marks[] = {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029",
                                      "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
                                      "\u2066", "\u2067", "\u2068", "\u2069"};
  return has_control(text) || std::any_of(std::begin(marks), std::end(marks), [&](auto* mark) {
           return text.find(mark) != std::string::npos;
         });
}

/// Those of what a request says for people. Protobuf has read it, so it is UTF-8.
void add_faults_for_people(const v1::RequestSendEvent& request, std::set<send_fault>& faults) {
  if (request.reason().size() > 64 || is_no_line(request.reason()))
    faults.insert(send_fault::reason_text);
  if (request.agent_id().size() > 64 || is_no_line(request.agent_id()))
    faults.insert(send_fault::agent_id_text);
  if (request.failure().text().size() > 128 || is_no_line(request.failure().text()))
    faults.insert(send_fault::failure_text);
  auto verb = verb_of(request.event().user_data());
  bool is_command = verb >= capture_verb::start && verb <= capture_verb::query;
  if (!is_command && !(request.reason().empty() && request.agent_id().empty()))
    faults.insert(send_fault::reason_not_command);
  if ((is_command || verb == capture_verb::none) && request.has_failure())
    faults.insert(send_fault::failure_not_indication);
}

/// The content faults that this request may be refused for, those of user data aside.
std::set<send_fault> content_faults(const v1::RequestSendEvent& request) {
  std::set<send_fault> faults;
  if (!request.command_id().empty() && request.command_id().size() != 16)
    faults.insert(send_fault::command_id_size);
  if (request.has_confirm_timeout_ms() &&
      (request.confirm_timeout_ms() == 0 || request.confirm_timeout_ms() > 60'000))
    faults.insert(send_fault::confirm_timeout_range);
  add_faults_for_people(request, faults);
  if (!request.has_event()) {
    faults.insert(send_fault::event_missing);
    return faults;
  }
  if (request.event().message_type() == 0)
    faults.insert(send_fault::message_type_unspecified);
  if (request.event().this_dn() != request.this_dn())
    faults.insert(send_fault::event_dn_mismatch);
  return faults;
}

/// Protobuf has taken a field of a known number for unknown, for its wire type is another.
bool hides_known_field(const google::protobuf::Message& message) {
  auto* reflection = message.GetReflection();
  auto& unknown = reflection->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i)
    if (message.GetDescriptor()->FindFieldByNumber(unknown.field(i).number()) != nullptr)
      return true;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i)
      if (hides_known_field(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                 : reflection->GetMessage(message, field)))
        return true;
  }
  return false;
}

/// Of a request in which each field is given once: the hand-read faults are true, and none is
/// missing.
void check_faults(const send_event_view& view, const v1::RequestSendEvent& request,
                  bool hides_a_field) {
  promise(is_true(view.dn_fault, request.this_dn()), "the fault of the DN is true");
  auto type = request.event().message_type();
  promise((view.type_fault == send_fault::message_type_unsupported) == (type != 0 && type != 1),
          "the fault of the message type is true");
  auto expected = content_faults(request);
  auto data = faults_of(request.event().user_data());
  auto size = request.event().user_data().ByteSizeLong();
  if (size > bounds.user_data_bytes_max)
    data.insert(user_data_fault::too_large);
  auto content = view.content_fault;
  if (content == send_fault::none) {
    promise(expected.empty(), "no fault of the content is overlooked");
    promise(data.empty(), "no fault of the user data is overlooked");
  } else if (content == send_fault::header_field_type || content == send_fault::event_field_type ||
             view.data_fault == user_data_fault::field_type) {
    promise(hides_a_field, "a known field has another wire type");
  } else if (content == send_fault::user_data) {
    // As received it may be larger than Protobuf would write it.
    promise(view.data_fault == user_data_fault::too_large || data.contains(view.data_fault),
            "the fault of the user data is true");
  } else if (!expected.contains(content)) {
    broken("the fault of the content is true", number_of(content));
  }
}

template <class Request>
bool parse(Request& request, std::string_view bytes) {
  return request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

bool differs_by_design(const pb::Message& request, std::string_view bytes) {
  return deepest_group(request) > unknown_group_depth_max || has_oversized_number(bytes);
}

void check_send(std::string_view bytes, request_form form) {
  auto view = parse_send_event(bytes, bounds, form);
  v1::RequestSendEvent request;
  v1::RequestDistributeUserEvent older;
  bool is_send = form == request_form::send_event;
  bool parses = is_send ? parse(request, bytes) : parse(older, bytes);
  auto& type = is_send ? *request.GetDescriptor() : *older.GetDescriptor();
  bool by_design = is_send ? differs_by_design(request, bytes) : differs_by_design(older, bytes);
  if (!is_send && parses) {
    request.set_this_dn(older.this_dn());
    if (older.has_event())
      *request.mutable_event() = older.event();
  }
  auto wrong = check_message(type, bytes, depth_max);
  if (test::has_no_fault(view)) {
    promise(parses, "what the hand reader accepts, Protobuf reads");
    promise(!wrong, "what the hand reader accepts, the check by name accepts");
    if (auto what = test::difference(view, request); !what.empty())
      broken("both read the same values", what);
  }
  if (!parses)
    return;
  if (view.malformed()) {
    promise(by_design, "what Protobuf reads is malformed only by design");
    return;
  }
  if (wrong) // a field given twice: which of the two the fault is about, nobody can say
    promise(!test::has_no_fault(view), "a field given twice is refused by both");
  else
    check_faults(view, request, is_send ? hides_known_field(request) : hides_known_field(older));
}

/// A request that is not on the path of an event.
void check_by_name(const pb::Descriptor& type, std::string_view bytes) {
  static pb::DynamicMessageFactory factory;
  std::unique_ptr<pb::Message> request{factory.GetPrototype(&type)->New()};
  bool parses = parse(*request, bytes);
  auto wrong = check_message(type, bytes, depth_max);
  if (!wrong) {
    promise(parses, "what the check accepts, Protobuf reads");
    return;
  }
  promise(!wrong->attribute.empty() && !wrong->accepted.empty(),
          "a fault names the field and what it may be");
  promise(is_one_line(wrong->attribute + wrong->accepted), "a fault may be shown to people");
  if (parses && wrong->accepted != "given once")
    promise(differs_by_design(*request, bytes), "what Protobuf reads is refused only by design");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const pb::Descriptor* const control[] = {v1::RequestSignOn::descriptor(),
                                                  v1::RequestRegisterAddress::descriptor(),
                                                  v1::RequestUnregisterAddress::descriptor(),
                                                  v1::RequestSetInputMask::descriptor(),
                                                  v1::RequestQueryAddress::descriptor(),
                                                  v1::RequestListAddresses::descriptor(),
                                                  v1::RequestCommandAddresses::descriptor(),
                                                  v1::RequestMergeCalls::descriptor(),
                                                  v1::RequestEndCall::descriptor()};
  input in{data, size};
  auto which = in.byte() % (2 + std::size(control));
  if (which < 2)
    check_send(in.rest(),
               which == 0 ? request_form::send_event : request_form::distribute_user_event);
  else
    check_by_name(*control[which - 2], in.rest());
  return 0;
}
