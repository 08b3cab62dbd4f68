// Reading the tables of an access file: what is there, of which type, with which key, and what is
// wrong with it where. Not thread-safe.
#pragma once

#include "broker/config/config.hpp"
#include "broker/config/toml_file.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::security {

using configuration::position;

/// The errors of one file, as many as anybody reads.
class file_errors {
public:
  explicit file_errors(std::string source) : source_{std::move(source)} {}

  void add(position at, std::string key, std::string message, std::string nearest = {});
  /// In the order of the file.
  std::vector<configuration::config_error> take();
  bool empty() const noexcept { return all_.empty(); }
  const std::string& source() const noexcept { return source_; }

private:
  std::string source_;
  std::vector<configuration::config_error> all_;
  bool is_full_ = false;
};

/// A text and where it stands.
struct placed_text {
  std::string text;
  position at;
};

/// What a value must be to be read: its problem in words, or nothing.
using text_check = std::function<std::optional<std::string>(const std::string&)>;

/// One `[[kind]]` with its keys. What is wrong is told as soon as it is seen; what is returned then
/// is nothing, and the entry is not to be used (`is_good`).
class entry_reader {
public:
  /// Tells of keys that are not among `known`. All three outlive this.
  entry_reader(const configuration::toml_node& entry, std::string_view kind,
               std::span<const std::string_view> known, file_errors& errors);

  bool has(std::string_view key) const noexcept { return find(key) != nullptr; }
  bool is_good() const noexcept { return is_good_; }
  position at() const noexcept { return entry_.at; }
  /// Of the key's value; the entry's without one.
  position at(std::string_view key) const noexcept;

  /// A string of 1 to `bytes_max` bytes that must be there, without control characters.
  std::optional<placed_text> text(std::string_view key, std::size_t bytes_max);
  /// The same; `otherwise` if there is none.
  std::optional<placed_text> text_or(std::string_view key, std::size_t bytes_max,
                                     std::string_view otherwise);
  /// A not empty array of such strings, at most `count_max`, that must be there.
  std::optional<std::vector<placed_text>> texts(std::string_view key, std::size_t bytes_max,
                                                std::size_t count_max);
  /// Words of a closed list, as the bits of their places in it.
  std::optional<std::uint32_t> words(std::string_view key,
                                     std::span<const std::string_view> accepted);
  /// A date and time with its offset, in microseconds of UTC; 0 if there is none.
  std::optional<std::int64_t> moment(std::string_view key);
  /// Milliseconds within bounds; `otherwise` if there is none.
  std::optional<std::uint64_t> duration_ms(std::string_view key, std::uint64_t min,
                                           std::uint64_t max, std::uint64_t otherwise);

  /// Tells what is wrong with a value.
  void refuse(position at, std::string_view key, std::string message, std::string nearest = {});

private:
  const configuration::toml_node* find(std::string_view key) const noexcept;
  /// The same, and tells if it is not there.
  const configuration::toml_node* require(std::string_view key);
  std::optional<placed_text> as_text(std::string_view key, std::size_t bytes_max,
                                     const configuration::toml_node& node);

  const configuration::toml_node& entry_;
  const configuration::toml_node::table& members_;
  std::string_view kind_;
  file_errors& errors_;
  bool is_good_ = true;
};

} // namespace ringdown::security
