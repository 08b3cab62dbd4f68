// What a broker, or a machine that claims to be one, answers a client: each frame decoded, and
// shown to people.
//
// Input: frames with their lengths.
#include "client/codec.hpp"
#include "client/describe.hpp"
#include "messages/frame.hpp"
#include "tests/fuzz/promise.hpp"

#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::fuzz;

namespace {

void check_frame(std::string_view frame) {
  auto what = codec::decode(frame);
  v1::Frame parsed;
  bool parses = parsed.ParseFromArray(frame.data(), static_cast<int>(frame.size()));
  if (!parses)
    promise(std::holds_alternative<codec::garbage>(what), "what Protobuf cannot read is garbage");
  if (auto* linked = std::get_if<codec::link_connected>(&what))
    promise(linked->reference.value == parsed.reference_id(), "the ReferenceID is kept");
  auto* heard = std::get_if<event>(&what);
  if (heard == nullptr)
    return;
  promise(is_one_line(describe(*heard)), "an event may be shown to people as one line");
  promise(!name_of(*heard).empty(), "an event has a name");
  if (auto* error = std::get_if<event_error>(heard))
    promise(is_one_line(describe_error(*error)), "an error may be shown to people as one line");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto stream = input{data, size}.rest();
  for (;;) {
    auto next = next_frame(stream, bounds{}.frame_bytes_max);
    if (next.status != cut_status::complete)
      return 0;
    check_frame(next.frame);
    stream.remove_prefix(next.consumed);
  }
}
