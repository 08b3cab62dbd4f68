#include "broker/daemon/reload.hpp"

#include "broker/logging/logging.hpp"

#include <utility>

namespace ringdown {

using logging::component;

namespace {

/// What differs stands in the message itself: the log counts equal messages and writes a few.
void tell_changes(const configuration::config& running, const configuration::config& next,
                  logging::logger& log) {
  for (auto& change : configuration::differences(running, next))
    log.write(component::config, change.reloadable ? logging::level::info : logging::level::warn,
              (change.reloadable ? "reloaded " : "needs a restart: ") + change.key,
              {{"before", change.before}, {"after", change.after}});
}

} // namespace

std::string reload(configuration::reloader& again, configuration::config& running, broker& b,
                   logging::logger& log) {
  auto next = again.read(running);
  if (next.ok())
    next.errors = b.reload(next.value).errors;
  else
    b.note_refused_reload();
  if (!next.ok()) {
    for (auto& error : next.errors)
      log.error(component::config, "reload refused: " + to_string(error));
    return "reload refused: " + to_string(next.errors.front());
  }
  tell_changes(running, next.value, log);
  running.dns = next.value.dns;
  const auto threads = std::exchange(running.tls, next.value.tls).handshake_threads;
  running.tls.handshake_threads = threads; // of those that were started
  const auto file = std::exchange(running.log, next.value.log).file;
  log.set_levels(running.log.thresholds());
  log.set_format(running.log.format);
  log.set_bytes_per_second_max(running.log.bytes_per_second_max);
  if (auto failed = log.open_file(running.log.file)) {
    running.log.file = file;
    log.error(component::config, "the log stays where it was", {{"error", *failed}});
    return "the log stays where it was: " + *failed;
  }
  return {};
}

} // namespace ringdown
