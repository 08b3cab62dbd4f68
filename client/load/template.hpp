// The event of a load run as bytes made in advance: a frame differs from the next in its
// ReferenceID, its DN, its number and its filling, and these stand at fixed places. So a request
// costs a few copies, and a delivery is compared with what was sent byte for byte. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::load {

class event_template {
public:
  // ReferenceIDs whose varint has exactly two bytes.
  static constexpr std::uint32_t reference_min = 128;
  static constexpr std::uint32_t reference_max = 16'383;
  static constexpr std::size_t user_data_bytes_min = 40;

  /// DNs are `prefix` and a number of seven digits. `user_data_bytes` is the serialized user
  /// data of each event (a byte less where a length's varint makes that one impossible).
  event_template(std::string prefix, std::uint32_t dns, std::size_t user_data_bytes);

  std::uint32_t dns() const noexcept { return dns_; }
  std::string dn_name(std::uint32_t dn) const;
  /// Of a whole request with its length in front.
  std::size_t frame_bytes() const noexcept { return frame_.size(); }
  std::size_t event_bytes() const noexcept { return event_bytes_; }

  /// Writes the request at `out` (room for `frame_bytes()`).
  void write(char* out, std::uint32_t reference, std::uint32_t dn,
             std::uint64_t number) const noexcept;

  /// What the bytes of a delivered event say.
  struct reading {
    bool intact = false; ///< exactly what `write` wrote for this DN and number
    std::uint32_t dn = 0;
    std::uint64_t number = 0;
  };
  reading read(std::string_view event) const noexcept;

private:
  static constexpr std::size_t digits = 7;
  static constexpr std::size_t name_bytes = 4 + 8; // DN's index, number

  std::string_view filling(std::uint32_t dn, std::uint64_t number) const noexcept;
  void build(std::size_t payload_bytes);

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

} // namespace ringdown::load
