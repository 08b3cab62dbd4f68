#include "broker/config/reload.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringdown::configuration {
namespace {

/// How many of the sorted names are not among the others.
std::size_t removed(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  std::vector<std::string> gone;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(gone));
  return gone.size();
}

constexpr std::string_view second_word = "; if that is meant, reload once more";

} // namespace

reloader::reloader(sources from, const load_result& first) : from_{std::move(from)} {
  from_.file_required = from_.file_required || first.file_read;
  from_.may_wait = false;
}

load_result reloader::read(const config& running) {
  auto loaded = load(from_);
  if (!loaded.ok())
    return loaded;
  if (auto why = doubt(running, loaded.value))
    loaded.errors.push_back(std::move(*why));
  else
    from_.file_required = from_.file_required || loaded.file_read;
  return loaded;
}

std::optional<config_error> reloader::doubt(const config& running, const config& next) {
  const auto percent_max = running.dns.removed_percent_max;
  auto after = next.dns.all();
  if (running.dns.any() || percent_max >= 100 || doubted_ == after) {
    doubted_.reset();
    return std::nullopt;
  }
  const auto before = running.dns.all();
  const auto gone = removed(before, after);
  if (!next.dns.any() && gone * 100 <= before.size() * percent_max) {
    doubted_.reset();
    return std::nullopt;
  }
  doubted_ = std::move(after);
  const std::string key = running.dns.file.empty() ? "dns.list" : "dns.file";
  std::string message;
  if (next.dns.any())
    message = "dns.list and dns.file are gone, and any DN would be accepted";
  else
    message =
      std::to_string(gone) + " of " + std::to_string(before.size()) +
      " DNs would be removed, more than dns.removed_percent_max = " + std::to_string(percent_max) +
      " percent";
  return config_error{"configuration", 0, 0, key, message.append(second_word), {}};
}

} // namespace ringdown::configuration
