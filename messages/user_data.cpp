#include "messages/user_data.hpp"

#include "messages/limits.hpp"
#include "messages/wire.hpp"

#include <ringdown/v1/ringdown.pb.h>

namespace ringdown {

namespace {

constexpr std::string_view verb_names[] = {"none",   "start",  "stop",    "pause",
                                           "resume", "query",  "enabled", "disabled",
                                           "paused", "failed", "unknown"};

} // namespace

std::string_view to_string(capture_verb verb) noexcept {
  return verb_names[static_cast<std::size_t>(verb)];
}

std::optional<capture_verb> parse_capture_verb(std::string_view text) noexcept {
  for (std::size_t i = 1; i < std::size(verb_names); ++i)
    if (text == verb_names[i])
      return static_cast<capture_verb>(i);
  return std::nullopt;
}

capture_state state_of(capture_verb indication) noexcept {
  switch (indication) {
  case capture_verb::enabled: return capture_state::enabled;
  case capture_verb::disabled: return capture_state::disabled;
  case capture_verb::paused: return capture_state::paused;
  case capture_verb::none:
  case capture_verb::start:
  case capture_verb::stop:
  case capture_verb::pause:
  case capture_verb::resume:
  case capture_verb::query:
  case capture_verb::failed:
  case capture_verb::unknown: return capture_state::unknown;
  }
  return capture_state::unknown;
}

std::optional<capture_state> desired_by(capture_verb command) noexcept {
  switch (command) {
  case capture_verb::start:
  case capture_verb::resume: return capture_state::enabled;
  case capture_verb::pause: return capture_state::paused;
  case capture_verb::stop: return capture_state::disabled;
  case capture_verb::none:
  case capture_verb::query:
  case capture_verb::enabled:
  case capture_verb::disabled:
  case capture_verb::paused:
  case capture_verb::failed:
  case capture_verb::unknown: return std::nullopt;
  }
  return std::nullopt;
}

capture_verb indication_of(capture_state state) noexcept {
  switch (state) {
  case capture_state::enabled: return capture_verb::enabled;
  case capture_state::disabled: return capture_verb::disabled;
  case capture_state::paused: return capture_verb::paused;
  case capture_state::unknown: return capture_verb::unknown;
  }
  return capture_verb::unknown;
}

// ---- one pass over received bytes ----------------------------------------------------------

namespace {

// Field numbers of Pair and UserData.
constexpr std::uint32_t pairs_field = 1;
constexpr std::uint32_t key_field = 1;
constexpr std::uint32_t int_field = 2;
constexpr std::uint32_t string_field = 3;
constexpr std::uint32_t list_field = 5; // 4, between them, is binary: nothing to look at

/// What one pair says, as far as routing and checks need it.
struct pair_view {
  std::string_view key;
  std::string_view text;
  bool has_key = false;
  bool has_value = false;
  bool is_text = false;
};

class scanner {
public:
  user_data_scan result;

  void list(std::string_view bytes, int depth) noexcept {
    if (depth > user_data_depth_max)
      return fail(user_data_fault::too_deep);
    wire::reader fields{bytes};
    wire::field f;
    for (;;) {
      switch (fields.next(f)) {
      case wire::step::end: return;
      case wire::step::malformed: return fail(user_data_fault::malformed);
      case wire::step::field: break;
      }
      if (f.number != pairs_field)
        continue; // of a later version: passes untouched
      if (f.type != wire::wire_type::bytes)
        return fail(user_data_fault::field_type);
      if (++pairs_ > user_data_pairs_max)
        return fail(user_data_fault::too_many_pairs);
      one_pair(f.bytes, depth);
      if (result.fault != user_data_fault::none)
        return;
    }
  }

private:
  void fail(user_data_fault fault) noexcept { result.fault = fault; }

  void one_pair(std::string_view bytes, int depth) noexcept {
    pair_view pair;
    wire::reader fields{bytes};
    wire::field f;
    for (;;) {
      switch (fields.next(f)) {
      case wire::step::malformed: return fail(user_data_fault::malformed);
      case wire::step::field:
        pair_field(f, pair, depth);
        if (result.fault != user_data_fault::none)
          return;
        continue;
      case wire::step::end: break;
      }
      break;
    }
    if (depth == 1)
      capture(pair);
  }

  void pair_field(const wire::field& f, pair_view& pair, int depth) noexcept {
    if (f.number > list_field)
      return; // of a later version: passes untouched
    auto right = f.number == int_field ? wire::wire_type::varint : wire::wire_type::bytes;
    if (f.type != right)
      return fail(user_data_fault::field_type);
    if (f.number == key_field) {
      if (pair.has_key)
        return fail(user_data_fault::key_twice);
      pair.has_key = true;
      pair.key = f.bytes;
      if (!wire::valid_utf8(f.bytes))
        fail(user_data_fault::not_utf8);
      return;
    }
    if (pair.has_value)
      return fail(user_data_fault::value_twice);
    pair.has_value = true;
    if (f.number == string_field) {
      pair.is_text = true;
      pair.text = f.bytes;
      if (!wire::valid_utf8(f.bytes))
        fail(user_data_fault::not_utf8);
    } else if (f.number == list_field) {
      list(f.bytes, depth + 1);
    }
  }

  /// Takes the verb if this top-level pair is `screen-capture`. What is odd about the verb is
  /// remembered without ending the pass, so that a malformed rest still counts as malformed.
  void capture(const pair_view& pair) noexcept {
    bool indication_key = pair.key == screen_capture_indication_key;
    if (!indication_key && pair.key != screen_capture_key)
      return;
    auto verb = capture_verb::none;
    if (pair.is_text)
      verb = parse_capture_verb(pair.text).value_or(capture_verb::none);
    if (seen_)
      capture_fault_ = user_data_fault::capture_twice;
    else if (verb == capture_verb::none)
      capture_fault_ = user_data_fault::capture_value;
    else if (verb == capture_verb::unknown)
      capture_fault_ = user_data_fault::capture_unknown;
    else if (indication_key && !is_indication(verb))
      capture_fault_ = user_data_fault::capture_not_indication;
    if (!seen_)
      result.verb = verb;
    result.indication_key |= indication_key;
    seen_ = true;
  }

public:
  void finish() noexcept {
    if (result.fault == user_data_fault::none)
      result.fault = capture_fault_;
  }

private:
  std::size_t pairs_ = 0;
  bool seen_ = false;
  user_data_fault capture_fault_ = user_data_fault::none;
};

} // namespace

user_data_scan scan_user_data(std::string_view bytes, std::size_t user_data_bytes_max) noexcept {
  scanner scan;
  scan.list(bytes, 1);
  scan.finish();
  if (bytes.size() > user_data_bytes_max && scan.result.fault != user_data_fault::malformed)
    scan.result.fault = user_data_fault::too_large;
  return scan.result;
}

// ---- the value -----------------------------------------------------------------------------

// Written out: clang 14 cannot default a comparison that comes back to itself through a variant.
bool user_data_pair::operator==(const user_data_pair& other) const {
  return key == other.key && value == other.value;
}

user_data& user_data::add(std::string key, user_data_value value) {
  pairs.push_back({std::move(key), std::move(value)});
  return *this;
}

const user_data_value* user_data::find(std::string_view key) const noexcept {
  for (auto& p : pairs)
    if (p.key == key)
      return &p.value;
  return nullptr;
}

namespace {

void to_proto(const std::vector<user_data_pair>& pairs, v1::UserData& out) {
  for (auto& p : pairs) {
    auto& pair = *out.add_pairs();
    pair.set_key(p.key);
    if (auto* number = std::get_if<std::int64_t>(&p.value))
      pair.set_int_value(*number);
    else if (auto* text = std::get_if<std::string>(&p.value))
      pair.set_string_value(*text);
    else if (auto* binary = std::get_if<binary_value>(&p.value))
      pair.set_binary_value(binary->bytes);
    else if (auto* list = std::get_if<std::vector<user_data_pair>>(&p.value))
      to_proto(*list, *pair.mutable_list_value());
  }
}

std::vector<user_data_pair> from_proto(const v1::UserData& in) {
  std::vector<user_data_pair> pairs;
  pairs.reserve(static_cast<std::size_t>(in.pairs_size()));
  for (auto& pair : in.pairs()) {
    user_data_value value;
    switch (pair.value_case()) {
    case v1::Pair::kIntValue: value = std::int64_t{pair.int_value()}; break;
    case v1::Pair::kStringValue: value = pair.string_value(); break;
    case v1::Pair::kBinaryValue: value = binary_value{pair.binary_value()}; break;
    case v1::Pair::kListValue: value = from_proto(pair.list_value()); break;
    case v1::Pair::VALUE_NOT_SET: break;
    }
    pairs.push_back({pair.key(), std::move(value)});
  }
  return pairs;
}

} // namespace

std::string user_data::encode() const {
  v1::UserData message;
  to_proto(pairs, message);
  return message.SerializeAsString();
}

std::optional<user_data> user_data::decode(std::string_view bytes) {
  auto fault = scan_user_data(bytes, user_data_bytes_ceiling).fault;
  if (fault >= user_data_fault::malformed && fault <= user_data_fault::field_type)
    return std::nullopt; // an odd `screen-capture` is for the broker to judge
  v1::UserData message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return std::nullopt;
  return user_data{from_proto(message)};
}

} // namespace ringdown
