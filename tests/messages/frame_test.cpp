// Frames: cutting a stream, and the outermost look.
#include "messages/frame.hpp"
#include "messages/frame_cutter.hpp"
#include "messages/limits.hpp"

#include "tests/messages/bytes.hpp"
#include "tests/messages/generators.hpp"

#include <google/protobuf/descriptor.h>
#include <rapidcheck/catch.h>
#include <ringdown/v1/ringdown.pb.h>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr std::size_t frame_max = 128 * 1024;

std::string in_frame(std::string_view content) {
  return varint(content.size()) + std::string{content};
}

/// Cuts a stream that comes in reads, as the broker's edge does.
struct framer {
  frame_cutter cutter;
  std::vector<std::string> frames;
  stream_end end = stream_end::open;

  void feed(std::string_view read) {
    if (cutter.is_short(read.size()))
      return cutter.keep(read);
    auto stream = std::string{cutter.kept()}.append(read);
    std::vector<std::string_view> fresh;
    end = cutter.cut(stream, frame_max, fresh);
    frames.insert(frames.end(), fresh.begin(), fresh.end());
  }
};

} // namespace

TEST_CASE("a message comes back from its frame") {
  rc::prop("any query of any DN", [](std::uint32_t reference) {
    v1::Frame message;
    message.set_reference_id(reference);
    message.mutable_request_query_address()->set_this_dn(*any_text());
    auto bytes = delimited(message);
    auto next = next_frame(bytes, frame_max);
    RC_ASSERT((next.status == cut_status::complete));
    RC_ASSERT(next.consumed == bytes.size());
    v1::Frame back;
    RC_ASSERT(back.ParseFromArray(next.frame.data(), static_cast<int>(next.frame.size())));
    RC_ASSERT(back.SerializeAsString() == message.SerializeAsString());

    auto view = look(next.frame);
    RC_ASSERT(!view.malformed);
    RC_ASSERT(!view.doubled);
    RC_ASSERT(view.reference.value == reference);
    RC_ASSERT(view.body_number == 17u);
    RC_ASSERT(view.body == message.request_query_address().SerializeAsString());
  });
}

TEST_CASE("a stream is cut alike wherever it is split") {
  // Lengths of one, two and three bytes, and an empty frame between.
  const std::vector<std::string> frames{
    "a", "", std::string(127, 'b'), std::string(128, 'c'), std::string(20'000, 'd'), "e"};
  std::string stream;
  for (auto& frame : frames)
    stream += in_frame(frame);
  SECTION("every split into two") {
    for (std::size_t split = 0; split <= stream.size(); ++split) {
      framer cutter;
      cutter.feed(std::string_view{stream}.substr(0, split));
      cutter.feed(std::string_view{stream}.substr(split));
      if (cutter.frames != frames || !cutter.cutter.kept().empty())
        FAIL("split at " << split);
    }
  }
  SECTION("byte by byte") {
    framer cutter;
    for (auto byte : std::string_view{stream}.substr(0, 600))
      cutter.feed({&byte, 1});
    CHECK(cutter.frames.size() == 4);
  }
  SECTION("random pieces") {
    rc::prop("of any lengths", [&](std::vector<std::uint16_t> lengths) {
      framer cutter;
      std::string_view rest = stream;
      for (auto length : lengths) {
        cutter.feed(rest.substr(0, length));
        rest.remove_prefix(std::min<std::size_t>(length, rest.size()));
      }
      cutter.feed(rest);
      RC_ASSERT(cutter.frames == frames);
    });
  }
}

TEST_CASE("a stream that cannot be trusted ends behind its last good frame") {
  for (auto& [bad, end] : {std::pair{varint(frame_max + 1), stream_end::frame_too_large},
                           std::pair{std::string(5, '\xff'), stream_end::malformed}}) {
    framer cutter;
    cutter.feed(in_frame("good") + bad + "and more");
    CHECK(cutter.frames == std::vector<std::string>{"good"});
    CHECK(cutter.end == end);
    CHECK(cutter.cutter.ended());
    CHECK(cutter.cutter.kept().empty());
  }
}

TEST_CASE("reads that cannot complete a frame are kept without looking at them") {
  frame_cutter cutter;
  std::vector<std::string_view> frames;
  auto bytes = in_frame(std::string(300, 'x'));
  CHECK_FALSE(cutter.is_short(1)); // its length is not known
  cutter.cut(bytes.substr(0, 2), frame_max, frames);
  CHECK(cutter.is_short(299));
  CHECK_FALSE(cutter.is_short(300));
  cutter.keep(bytes.substr(2, 299));
  CHECK_FALSE(cutter.is_short(1));
  CHECK(cutter.kept() == bytes.substr(0, 301));
  cutter.release();
  CHECK(cutter.kept().empty());
  CHECK_FALSE(cutter.is_short(0));
}

TEST_CASE("a frame's size is known as soon as its length is") {
  auto bytes = in_frame(std::string(300, 'x'));
  CHECK(next_frame("", frame_max).needed == 0);
  CHECK(next_frame(bytes.substr(0, 1), frame_max).needed == 0);
  for (std::size_t size = 2; size < bytes.size(); ++size)
    CHECK(next_frame(bytes.substr(0, size), frame_max).needed == 302);
}

TEST_CASE("an oversized frame is refused by its length alone") {
  CHECK(next_frame(varint(frame_max), frame_max).status == cut_status::need_more);
  CHECK(next_frame(varint(frame_max + 1), frame_max).status == cut_status::too_large);
  CHECK(next_frame(varint(0xffffffff), frame_max).status == cut_status::too_large);
  CHECK(next_frame(in_frame(std::string(4096, 'x')), 4096).status == cut_status::complete);
  CHECK(next_frame(in_frame(std::string(4097, 'x')), 4096).status == cut_status::too_large);
  // Nothing of it is offered, even if all of it is there.
  auto all_there = in_frame(std::string(4097, 'x'));
  CHECK(next_frame(all_there, 4096).frame.empty());
  CHECK(next_frame(all_there, 4096).consumed == 0);
}

TEST_CASE("a length that is no varint of 32 bits is malformed") {
  CHECK(next_frame(varint(0x100000000), frame_max).status == cut_status::malformed);
  CHECK(next_frame(std::string(5, '\xff'), frame_max).status == cut_status::malformed);
  CHECK(next_frame(std::string(5, '\x80'), frame_max).status == cut_status::malformed);
  CHECK(next_frame(std::string(4, '\x80'), frame_max).status == cut_status::need_more);
  CHECK(next_frame(long_varint(1, 5) + "x", frame_max).status == cut_status::complete);
  CHECK(next_frame(long_varint(1, 6) + "x", frame_max).status == cut_status::malformed);
}

TEST_CASE("cutting arbitrary bytes never reads beyond them") {
  rc::prop("and never consumes more than there are", [] {
    auto bytes = *any_bytes();
    auto next = next_frame(bytes, 64);
    RC_ASSERT(next.consumed <= bytes.size());
    RC_ASSERT(next.frame.size() <= 64u);
    if (next.status == cut_status::complete)
      RC_ASSERT(next.consumed > next.frame.size());
    else
      RC_ASSERT(next.frame.empty());
  });
}

// ---- look ----------------------------------------------------------------------------------

TEST_CASE("an empty frame has no body") {
  auto view = look("");
  CHECK_FALSE(view.malformed);
  CHECK_FALSE(view.doubled);
  CHECK(view.body_number == 0);
  CHECK(view.reference == reference_id{});
}

TEST_CASE("a request of a later version keeps its number and ReferenceID") {
  for (std::uint32_t number : {18u, 59u, 199u, 202u, 536870911u}) {
    auto frame = number_field(1, 7) + bytes_field(number, "what it says");
    auto view = look(frame);
    CHECK_FALSE(view.malformed);
    CHECK(view.reference == reference_id{7});
    CHECK(view.body_number == number);
    CHECK(view.body == "what it says");
  }
}

TEST_CASE("the reserved fields before the bodies pass") {
  auto view = look(number_field(1, 7) + number_field(2, 9) + bytes_field(9, "trace") +
                   group(3, number_field(1, 1)) + bytes_field(200, ""));
  CHECK_FALSE(view.malformed);
  CHECK_FALSE(view.doubled);
  CHECK(view.body_number == 200);
}

TEST_CASE("a ReferenceID or body given twice is told") {
  auto reference = number_field(1, 7);
  auto body = bytes_field(200, "");
  CHECK(look(reference + reference + body).doubled);
  CHECK(look(number_field(1, 0) + reference + body).doubled);
  CHECK(look(reference + body + body).doubled);
  CHECK(look(bytes_field(15, "a") + bytes_field(16, "b")).doubled);
  CHECK_FALSE(look(body + reference).doubled);
}

TEST_CASE("a frame that cannot be parsed is malformed") {
  auto good = number_field(1, 300) + bytes_field(15, "content");
  for (std::size_t size = 1; size < good.size(); ++size)
    if (size != number_field(1, 300).size() && !look(good.substr(0, size)).malformed)
      FAIL("cut after " << size);
  CHECK(look(good + std::string(1, '\0')).malformed);
  CHECK(look(tag(15, 3)).malformed);
  CHECK(look(nested_groups(5, unknown_group_depth_max + 1)).malformed);
}

TEST_CASE("a scalar of a later version passes beside the body") {
  for (auto& later : {number_field(23, 1), fixed64_field(59, 1), fixed32_field(202, 1),
                      number_field(1000, 1), group(300, "")}) {
    auto frame = later + number_field(1, 7) + bytes_field(15, "content") + later;
    auto view = look(frame);
    CHECK_FALSE(view.malformed);
    CHECK_FALSE(view.doubled);
    CHECK(view.body_number == 15);
    CHECK(view.body == "content");
  }
}

TEST_CASE("the bodies that are known are those of the schema") {
  auto* frame = v1::Frame::descriptor();
  for (int number = 1; number < 300; ++number) {
    CAPTURE(number);
    auto* field = frame->FindFieldByNumber(number);
    CHECK(is_known_body(static_cast<std::uint32_t>(number)) ==
          (field != nullptr && field->containing_oneof() != nullptr));
  }
}

TEST_CASE("a body that is not length-delimited is malformed") {
  CHECK(look(number_field(15, 1)).malformed);
  CHECK(look(fixed64_field(15, 1)).malformed);
  CHECK(look(fixed32_field(110, 1)).malformed);
  CHECK(look(group(15, "")).malformed);
}

TEST_CASE("a frame that is neither malformed nor doubled is what the generated parser sees") {
  rc::prop("damaged frames", [](std::uint64_t seed) {
    v1::Frame message;
    message.set_reference_id(static_cast<std::uint32_t>(seed >> 40));
    auto& request = *message.mutable_request_send_event();
    request.set_this_dn("7001");
    request.set_if_version(7);
    request.mutable_event()->set_this_dn("7001");
    auto bytes = message.SerializeAsString();
    std::mt19937_64 random{seed};
    for (int i = 0; i < 100; ++i) {
      auto damaged = mutate(bytes, random);
      auto view = look(damaged);
      v1::Frame parsed;
      // The look does not go into bodies: a parse may fail on what is deeper down.
      if (view.malformed || view.doubled || !parsed.ParseFromString(damaged))
        continue;
      RC_ASSERT(view.reference.value == parsed.reference_id());
      if (parsed.body_case() != v1::Frame::BODY_NOT_SET)
        RC_ASSERT(view.body_number == static_cast<std::uint32_t>(parsed.body_case()));
    }
  });
}
