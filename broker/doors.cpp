#include "broker/doors.hpp"

#include "broker/security/certificate_files.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown {

// ---- start and end -------------------------------------------------------------------------

doors::errors doors::read(const configuration::config& config, bool listens) {
  has_tls_ = (listens && config.listen_tls.enabled) || (config.admin.enabled && config.admin.tls);
  auto material = prepare(config.tls);
  if (material)
    take(std::move(material));
  return std::move(material.errors);
}

void doors::start_threads(const configuration::config& config,
                          const std::function<void()>& on_failure) {
  if (!config.listen_tls.enabled)
    return;
  handshakes_ = std::make_unique<edge::handshakes>(
    config.tls.handshake_threads, context_, counters_, [this] { return certificates_.context(); },
    on_failure);
  tls_door_ = std::make_unique<edge::tls_door>(*handshakes_);
}

doors::errors doors::open(const configuration::config& config,
                          const std::vector<edge::edge_loop*>& loops) {
  errors all;
  auto& plain = config.listen;
  if (plain.enabled)
    if (auto error =
          open({"listen", plain.address, plain.port, plain.dual_stack}, loops, plain_port_))
      all.push_back(std::move(*error));
  auto& tls = config.listen_tls;
  if (tls.enabled)
    if (auto error = open({"listen_tls", tls.address, tls.port, tls.dual_stack, tls_door_.get()},
                          loops, tls_port_))
      all.push_back(std::move(*error));
  return all;
}

std::optional<configuration::config_error> doors::open(edge::door at,
                                                       const std::vector<edge::edge_loop*>& loops,
                                                       std::atomic<std::uint16_t>& port) {
  auto key = at.section + ".port";
  auto& one = listeners_.emplace_back(
    std::make_shared<edge::listener>(std::move(at), loops, context_, admission_));
  if (auto why = one->open())
    return configuration::config_error{"program", 0, 0, std::move(key), std::move(*why), {}};
  port = one->port();
  return std::nullopt;
}

void doors::close() {
  for (auto& one : listeners_)
    one->close();
  if (handshakes_)
    handshakes_->drain();
}

void doors::stop() {
  close();
  if (handshakes_)
    handshakes_->stop();
}

void doors::forget_listeners() {
  listeners_.clear();
  plain_port_ = 0;
  tls_port_ = 0;
}

// ---- while it runs -------------------------------------------------------------------------

security::tls_material doors::prepare(const security::tls_settings& settings) const {
  if (!has_tls_)
    return {};
  return certificates_.read(settings, context_.utc_now());
}

void doors::take(security::tls_material material) {
  if (!material.context)
    return; // no door needs it
  tell(material.warnings, observer::severity::warning, "the TLS doors' files");
  if (certificates_.context())
    context_.observed_by->log("edge", observer::severity::info,
                              "the TLS doors' files were read: new connections use them",
                              {{"certificate_until", security::time_text(material.expires_us)}});
  certificates_.renew_ticket_keys(context_.utc_now());
  certificates_.take(std::move(material));
  certificate_expires_us_ = certificates_.expires_us();
}

void doors::tick() {
  if (!has_tls_)
    return;
  auto now_us = context_.utc_now();
  if (certificates_.have_files_changed()) {
    auto material = certificates_.read_again(now_us);
    tell(material.errors, observer::severity::error,
         "the TLS doors' files have changed and are not good: the old ones are still used");
    take(std::move(material));
  }
  certificates_.renew_ticket_keys(now_us);
  tell_expiry(now_us);
}

void doors::tell(const errors& all, observer::severity level, std::string_view what) {
  for (auto& each : all)
    context_.observed_by->log("edge", level, what, {{"key", each.key}, {"reason", each.message}});
}

void doors::tell_expiry(std::int64_t now_us) {
  auto& files = certificates_.settings();
  auto tell_of = [&](observer::severity level, std::string_view what, std::int64_t until_us,
                     std::int64_t days, const std::string& file) {
    context_.observed_by->log("edge", level, what,
                              {{"days_left", std::to_string(std::max<std::int64_t>(days, 0))},
                               {"until", security::time_text(until_us)},
                               {"file", file}});
  };
  constexpr auto warning = observer::severity::warning;
  constexpr auto error = observer::severity::error;
  auto until_us = certificates_.expires_us();
  if (auto days = certificate_expiry_.due(until_us, now_us))
    tell_of(*days < 1 ? error : warning,
            *days < 0 ? "the broker's certificate has expired" : "the broker's certificate ends",
            until_us, *days, files.certificate_file);
  // A list's time is short by nature: only that it is over is worth a line.
  auto due_us = certificates_.crl_due_us();
  if (due_us == 0)
    return;
  if (auto days = crl_expiry_.due(due_us, now_us); days && *days < 0)
    tell_of(files.crl_stale == configuration::stale_crl::refuse ? error : warning,
            "a list of revoked certificates is past its time", due_us, *days, files.crl_file);
}

} // namespace ringdown
