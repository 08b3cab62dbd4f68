// User data: the broker's one pass against the generated parser, and the value that clients build
// of it.
//
// Input: the bytes of a UserData message.
#include "messages/limits.hpp"
#include "messages/text.hpp"
#include "tests/fuzz/oracle.hpp"
#include "tests/fuzz/promise.hpp"

using namespace ringdown;
using namespace ringdown::fuzz;

namespace {

bool is_about_capture(user_data_fault fault) {
  return fault >= user_data_fault::capture_value;
}

void check_value(std::string_view bytes, const v1::UserData& parsed) {
  auto value = user_data::decode(bytes);
  promise(value.has_value(), "what the pass accepts is a value");
  promise(value->pairs.size() == static_cast<std::size_t>(parsed.pairs_size()),
          "the value has all pairs");
  auto again = user_data::decode(value->encode());
  promise(again == value, "a value written and read again is the same");
  promise(is_one_line(printable(bytes)), "any bytes may be shown to people as one line");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = input{data, size}.rest();
  auto scan = scan_user_data(bytes, limits{}.user_data_bytes_max);
  v1::UserData parsed;
  bool parses = parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (scan.fault == user_data_fault::none || is_about_capture(scan.fault)) {
    promise(parses, "what the pass reads to its end, Protobuf reads");
    promise(scan.verb == verb_of(parsed), "both find the same verb");
    check_value(bytes, parsed);
  }
  if (!parses)
    return 0;
  auto faults = faults_of(parsed);
  switch (scan.fault) {
  case user_data_fault::none: promise(faults.empty(), "no fault is overlooked"); break;
  case user_data_fault::malformed:
    promise(deepest_group(parsed) > unknown_group_depth_max || has_oversized_number(bytes),
            "what Protobuf reads is malformed only by design");
    break;
  case user_data_fault::too_large:
    promise(bytes.size() > limits{}.user_data_bytes_max, "too large is true");
    break;
  case user_data_fault::key_twice:
  case user_data_fault::value_twice:       // Protobuf has taken the last and says nothing
  case user_data_fault::field_type: break; // Protobuf takes it for unknown
  case user_data_fault::not_utf8: broken("Protobuf reads only UTF-8");
  case user_data_fault::too_deep:
  case user_data_fault::too_many_pairs:
    // The list may have stood in a pair with a second value: then Protobuf has dropped it.
    promise(faults.contains(scan.fault) || parsed.ByteSizeLong() < bytes.size(),
            "the fault is true, or Protobuf does not see it");
    break;
  case user_data_fault::capture_value:
  case user_data_fault::capture_twice:
  case user_data_fault::capture_unknown:
  case user_data_fault::capture_not_indication:
    promise(faults.contains(scan.fault), "the fault is true");
    break;
  }
  return 0;
}
