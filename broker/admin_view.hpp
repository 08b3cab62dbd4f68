// The broker as its admin port sees it: asks loops in slices, so that no look holds a loop for
// long, and the directory and DNs by mail.
#pragma once

#include "actors/context.hpp"
#include "actors/directory/directory.hpp"
#include "broker/admin/access.hpp"
#include "broker/admin/server.hpp"
#include "broker/admin/view.hpp"
#include "broker/admin_traces.hpp"
#include "broker/config/config.hpp"
#include "broker/doors.hpp"
#include "broker/edge/admission.hpp"
#include "broker/edge/edge_loop.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ringdown {

/// What of a broker is shown. All but the handle outlives the view.
struct admin_sources {
  broker_context& context;
  std::vector<edge::edge_loop*> loops;
  directory_ref directory;
  const edge::admission& admission;
  const edge::edge_counters& counters;
  const std::atomic<bool>& has_failed;
  const doors& entries;
  bool listens = true;
};

/// What the host brought along for it. Each may be empty: then the access file says who may what,
/// and nobody takes the order. Called on the admin port's thread.
struct admin_host {
  admin_access_function access;
  std::function<void()> on_drain_ordered;
  std::function<void()> on_reload_ordered;
};

/// A configuration holds from now on.
void note_configuration(const broker_context& context) noexcept;

class admin_view final : public admin::view {
public:
  admin_view(admin_sources from, admin_host host, configuration::config running);
  ~admin_view() override;

  /// A configuration was taken over, as far as a running broker takes any. Any thread.
  void taken_over(const configuration::config& next);

  std::size_t loops() const override { return from_.loops.size(); }
  void probe(std::size_t loop, std::function<void()> turned) override;
  std::vector<admin::ready_check> checks() const override;
  const meter_set& counts() const override { return from_.context.counts; }
  void read(std::function<void(std::vector<reading>)> done) override;
  admin::broker_facts facts() const override;
  void connections(const admin::connection_query& wanted,
                   std::function<void(std::vector<admin::connection_row>)> done) override;
  void connection(client_id id,
                  std::function<void(std::optional<admin::connection_row>)> done) override;
  void dns(const list_request& wanted, std::function<void(admin::dn_page)> done) override;
  void dn(const std::string& name,
          std::function<void(std::shared_ptr<const dn_shown>)> done) override;
  void queues(std::function<void(std::vector<admin::queue_row>)> done) override;
  std::vector<admin::config_row> config() const override;
  void open_trace(const trace_wanted& wanted,
                  std::function<void(admin::trace_opened)> done) override;
  void read_trace(std::uint64_t id, const admin::trace_cursor& after, std::size_t limit,
                  std::function<void(std::optional<admin::trace_page>)> done) override;
  bool close_trace(std::uint64_t id) override;
  void disconnect(client_id id, std::function<void(bool)> done) override;
  bool drain() override;
  bool reload() override;
  void tell(severity level, std::string_view what, fields details) override;
  void tell_of_failed_request(std::string_view why) override;

private:
  class busy_watch;

  const admin_sources from_;
  const admin_host host_;
  const std::shared_ptr<busy_watch> busy_; // of `read`, whose answer comes later
  admin_traces traces_;
  mutable std::mutex mutex_; // of what follows
  configuration::config running_;
};

/// The admin port of a broker, with what it shows.
class admin_side {
public:
  /// `access` counts where the host has none.
  admin_side(admin_sources from, const admin_host& host, const configuration::config& running,
             const admin_access_function& access)
    : at_(running.admin), entries_(from.entries), view_(std::move(from), host, running),
      server_(view_, host.access ? host.access : access, by_tls()) {}

  /// Listens, and writes down where. Returns what went wrong, in a line.
  std::optional<std::string> start(std::atomic<std::uint16_t>& port) {
    auto why = server_.start(at_.address, at_.port);
    port = server_.port();
    return why;
  }
  admin_view& shown() noexcept { return view_; }

private:
  /// Empty: plain.
  admin::secured_function by_tls() const {
    if (!at_.tls)
      return {};
    return [entries = &entries_] { return entries->http_context(); };
  }

  const configuration::config::admin_section at_;
  const doors& entries_;
  admin_view view_;
  admin::server server_; // ends before what it shows
};

} // namespace ringdown
