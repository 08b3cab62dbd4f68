// A byte stream cut into frames, and the outermost look into each.
//
// Input: a byte that picks the frame limit, a byte n, n lengths of reads, the stream.
#include "messages/frame.hpp"
#include "messages/frame_cutter.hpp"
#include "messages/limits.hpp"
#include "messages/traced_frame.hpp"
#include "tests/fuzz/oracle.hpp"
#include "tests/fuzz/promise.hpp"

#include <algorithm>

using namespace ringdown;
using namespace ringdown::fuzz;

namespace {

constexpr std::size_t limits_of_frames[] = {frame_bytes_before_sign_on_max, 16,
                                            limits{}.frame_bytes_max};

struct outcome {
  std::vector<std::string> frames;
  stream_end end = stream_end::open;
  std::string kept;

  bool operator==(const outcome&) const = default;
};

/// A connection's reading, one read after the other.
class reading {
public:
  explicit reading(std::size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

  void read(std::string_view bytes) {
    if (cutter_.ended() || bytes.empty())
      return;
    if (cutter_.is_short(bytes.size())) {
      cutter_.keep(bytes);
    } else {
      auto stream = std::string{cutter_.kept()}.append(bytes);
      std::vector<std::string_view> fresh;
      so_far_.end = cutter_.cut(stream, frame_bytes_max_, fresh);
      so_far_.frames.insert(so_far_.frames.end(), fresh.begin(), fresh.end());
    }
    promise(cutter_.kept().size() < frame_bytes_max_ + frame_prefix_bytes_max,
            "no more than one frame is kept");
  }

  outcome result() {
    so_far_.kept = cutter_.kept();
    return so_far_;
  }

private:
  const std::size_t frame_bytes_max_;
  frame_cutter cutter_;
  outcome so_far_;
};

/// The reads that the lengths say, around and around; a length of 0 is a read of 256.
outcome in_reads(std::string_view stream, std::size_t frame_bytes_max, std::string_view lengths) {
  reading one{frame_bytes_max};
  for (std::size_t i = 0; !stream.empty(); ++i) {
    auto length = static_cast<std::uint8_t>(lengths[i % lengths.size()]);
    auto read = stream.substr(0, length == 0 ? 256 : length);
    one.read(read);
    stream.remove_prefix(read.size());
  }
  return one.result();
}

outcome in_two(std::string_view stream, std::size_t frame_bytes_max, std::size_t split) {
  reading one{frame_bytes_max};
  one.read(stream.substr(0, split));
  one.read(stream.substr(split));
  return one.result();
}

/// A trace has a word for whatever comes, and its texts have a bound.
void check_trace(std::string_view frame) {
  auto seen = trace_of(frame, "7001");
  promise(!seen.kind.empty(), "every frame has a kind");
  promise(seen.dn.size() <= dn_bytes_max, "a traced DN is no longer than a DN may be");
  promise(seen.result.size() <= 64, "a result is a few words");
  promise(!seen.names_wanted || frame.find("7001") != std::string_view::npos,
          "a frame that names a DN has its bytes: traces look for these first");
}

/// The look against Protobuf's own reading of the same bytes as fields that it does not know.
void check_look(std::string_view frame) {
  auto view = look(frame);
  auto fields = fields_of(frame);
  if (!fields) {
    promise(view.malformed, "what Protobuf cannot read is malformed");
    return;
  }
  std::vector<std::uint64_t> references;
  std::vector<const google::protobuf::UnknownField*> bodies;
  bool has_odd_body = false;
  for (int i = 0; i < fields->field_count(); ++i) {
    auto& field = fields->field(i);
    if (field.number() == 1 && field.type() == google::protobuf::UnknownField::TYPE_VARINT)
      references.push_back(field.varint());
    if (field.number() < 10)
      continue;
    bool is_message = field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED;
    has_odd_body |= !is_message && is_known_body(static_cast<std::uint32_t>(field.number()));
    if (is_message)
      bodies.push_back(&field);
  }
  if (view.malformed) {
    promise(has_odd_body || deepest_group(*fields) > unknown_group_depth_max ||
              has_oversized_number(frame),
            "what Protobuf reads is malformed only by design: a body that is no message, groups "
            "nested too deep, a number that does not fit its type");
    return;
  }
  promise(!has_odd_body, "every body that is known is a message");
  promise(view.doubled == (references.size() > 1 || bodies.size() > 1),
          "ReferenceID or body given twice are noticed");
  promise(view.reference.value ==
            (references.empty() ? 0 : static_cast<std::uint32_t>(references.back())),
          "the ReferenceID is the one that Protobuf reads");
  promise(view.body_number ==
            (bodies.empty() ? 0 : static_cast<std::uint32_t>(bodies.back()->number())),
          "the body's number is the one that Protobuf reads");
  promise(view.body == (bodies.empty() ? std::string{} : bodies.back()->length_delimited()),
          "the body's bytes are those that Protobuf reads");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in{data, size};
  auto frame_bytes_max = limits_of_frames[in.byte() % std::size(limits_of_frames)];
  auto lengths = in.take(in.byte());
  auto stream = in.rest();

  reading at_once{frame_bytes_max};
  at_once.read(stream);
  auto expected = at_once.result();
  if (!lengths.empty())
    promise(in_reads(stream, frame_bytes_max, lengths) == expected,
            "a stream in reads is cut as the stream at once");
  promise(in_reads(stream, frame_bytes_max, "\1") == expected,
          "a stream byte by byte is cut as the stream at once");
  // All splits of long streams would take long, and show nothing that those of short ones do not.
  for (std::size_t split = 1; split < std::min<std::size_t>(stream.size(), 128); ++split)
    promise(in_two(stream, frame_bytes_max, split) == expected,
            "a stream in two is cut as the stream at once");

  std::size_t bytes = expected.kept.size();
  for (auto& frame : expected.frames) {
    promise(frame.size() <= frame_bytes_max, "no frame is above the limit");
    bytes += frame.size() + 1;
    check_look(frame);
    check_trace(frame);
  }
  promise(bytes <= stream.size(), "frames are made of the stream's bytes only");
  return 0;
}
