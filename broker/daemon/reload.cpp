#include "broker/daemon/reload.hpp"

#include "broker/logging/logging.hpp"

#include <utility>

namespace ringdown {

using logging::component;

namespace {

/// Whether there is an access file is fixed at start; which one it is can change.
bool keeps_access_file(const configuration::config& running, const configuration::config& next) {
  return running.auth.file.empty() == next.auth.file.empty();
}

/// What differs stands in the message itself: the log counts equal messages and writes a few.
/// Whoever asked has an answer in any case.
void tell_changes(const configuration::config& running, const configuration::config& next,
                  logging::logger& log) {
  const auto all = configuration::differences(running, next);
  if (all.empty())
    log.info(component::config, "the configuration was read again: nothing changed");
  for (auto& change : all) {
    const bool is_taken =
      change.reloadable && (change.key != "auth.file" || keeps_access_file(running, next));
    log.write(component::config, is_taken ? logging::level::info : logging::level::warn,
              (is_taken ? "reloaded " : "needs a restart: ") + change.key,
              {{"before", change.before}, {"after", change.after}});
  }
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
  for (auto& warning : next.warnings)
    log.warn(component::config, to_string(warning));
  tell_changes(running, next.value, log);
  running.dns = next.value.dns;
  if (keeps_access_file(running, next.value))
    running.auth.file = next.value.auth.file;
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
