// The event of a run as bytes made in advance: a frame differs from the next in its ReferenceID,
// its DN, its mark and its filling, and these stand at fixed places. So a request
// costs a few copies, and a delivery is compared with what was sent byte for byte. Pure.
#pragma once

#include "messages/user_data.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::bench {

class event_template {
public:
  // ReferenceIDs whose varint has exactly two bytes.
  static constexpr std::uint32_t reference_min = 128;
  static constexpr std::uint32_t reference_max = 16'383;
  /// So many requests of a link can be told apart.
  static constexpr std::uint32_t slots_max = reference_max - reference_min + 1;
  /// Of a DN's number in its name.
  static constexpr std::size_t digits = 7;
  static constexpr std::size_t user_data_bytes_min = 48;

  /// DNs are `prefix` and a number of seven digits. `user_data_bytes` is the serialized user
  /// data of each event (a byte less where a length's varint makes that one impossible). With a
  /// `command` each event is one.
  event_template(std::string prefix, std::uint32_t dns, std::size_t user_data_bytes,
                 capture_verb command = capture_verb::none);

  std::uint32_t dns() const noexcept { return dns_; }
  std::string dn_name(std::uint32_t dn) const;
  /// Of a whole request with its length in front.
  std::size_t frame_bytes() const noexcept { return frame_.size(); }
  std::size_t event_bytes() const noexcept { return event_bytes_; }

  std::string_view dn_digits(std::uint32_t dn) const noexcept {
    return {all_digits_.data() + std::size_t{dn} * digits, digits};
  }
  /// The index of a DN's name; nothing if it is none of ours.
  std::optional<std::uint32_t> dn_of(std::string_view name) const noexcept;
  const std::string& prefix() const noexcept { return prefix_; }

  /// What tells one event from the next.
  struct mark {
    std::uint32_t dn = 0;
    std::uint64_t number = 0;  ///< of this DN
    std::int64_t stamp_ns = 0; ///< when it was meant to be sent
  };

  /// Writes the request at `out` (room for `frame_bytes()`).
  void write(char* out, std::uint32_t reference, const mark& m) const noexcept;
  /// Writes the event alone (room for `event_bytes()`), for brokers with another frame around it.
  void write_event(char* out, const mark& m) const noexcept;

  /// What the bytes of a delivered event say.
  struct reading {
    bool intact = false; ///< exactly what `write` wrote for this mark
    mark of;
  };
  reading read(std::string_view event) const noexcept;

private:
  static constexpr std::size_t mark_bytes = 4 + 8 + 8; // DN's index, number, stamp

  std::string_view filling(const mark& m) const noexcept;
  void fill(char* event, const mark& m) const noexcept;
  void build(std::size_t payload_bytes, const std::string& first_pair);

  std::string prefix_;
  std::uint32_t dns_;
  std::string all_digits_; ///< of every DN, one behind the other
  std::string noise_;      ///< fillings are windows into this
  std::string frame_;
  std::size_t event_bytes_ = 0;
  std::size_t payload_bytes_ = 0;
  // Places in the frame.
  std::size_t reference_at_ = 0;
  std::size_t request_dn_at_ = 0;
  std::size_t event_at_ = 0;
  std::size_t event_dn_at_ = 0;
  std::size_t payload_at_ = 0;
};

} // namespace ringdown::bench
