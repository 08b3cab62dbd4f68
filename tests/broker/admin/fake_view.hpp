// A broker as the admin port sees it, whose answers the test gives.
#pragma once

#include "broker/admin/view.hpp"

#include <string>
#include <vector>

namespace ringdown::test {

class fake_view final : public admin::view {
public:
  std::size_t loops() const override { return loop_count; }
  void probe(std::size_t loop, std::function<void()> turned) override {
    probed.push_back(loop);
    if (loops_turn)
      turned();
    else
      waiting.push_back(std::move(turned));
  }
  std::vector<admin::ready_check> checks() const override { return checks_now; }
  const meter_set& counts() const override { return numbers; }
  void read(std::function<void(std::vector<reading>)> done) override {
    if (answers)
      done({});
  }
  admin::broker_facts facts() const override { return {}; }
  void connections(const admin::connection_query& wanted,
                   std::function<void(std::vector<admin::connection_row>)> done) override {
    asked_connections = wanted;
    if (answers)
      done(rows);
  }
  void connection(client_id id,
                  std::function<void(std::optional<admin::connection_row>)> done) override {
    for (auto& row : rows)
      if (row.id == id)
        return done(row);
    done(std::nullopt);
  }
  void dns(const list_request& wanted, std::function<void(admin::dn_page)> done) override {
    asked_dns = wanted;
    done({});
  }
  void dn(const std::string& name,
          std::function<void(std::shared_ptr<const dn_shown>)> done) override {
    asked_dn = name;
    done(nullptr);
  }
  void queues(std::function<void(std::vector<admin::queue_row>)> done) override { done({}); }
  std::vector<admin::config_row> config() const override { return {}; }
  void open_trace(const trace_wanted& wanted,
                  std::function<void(admin::trace_opened)> done) override {
    asked_trace = wanted;
    done(next_trace);
  }
  void read_trace(std::uint64_t id, const admin::trace_cursor& after, std::size_t limit,
                  std::function<void(std::optional<admin::trace_page>)> done) override {
    asked_after = after;
    asked_limit = limit;
    done(id == 1 ? std::optional{page} : std::nullopt);
  }
  bool close_trace(std::uint64_t id) override { return id == 1; }
  void disconnect(client_id id, std::function<void(bool)> done) override {
    disconnected.push_back(id);
    done(id.value == 1);
  }
  bool drain() override {
    ++drains;
    return takes_orders;
  }
  bool reload() override { return takes_orders; }
  void tell(severity, std::string_view what, fields details) override {
    std::string line{what};
    for (auto& [name, value] : details)
      line.append(" ").append(name).append("=").append(value);
    told.push_back(std::move(line));
  }
  void tell_of_failed_request(std::string_view why) override { failures.emplace_back(why); }

  std::size_t loop_count = 1;
  bool loops_turn = true;
  bool answers = true;
  bool takes_orders = true;
  meter_set numbers;
  std::vector<admin::ready_check> checks_now;
  std::vector<admin::connection_row> rows;
  std::vector<std::size_t> probed;
  std::vector<std::function<void()>> waiting; // of loops that do not turn
  admin::connection_query asked_connections;
  list_request asked_dns;
  std::string asked_dn;
  trace_wanted asked_trace;
  admin::trace_opened next_trace{1, 5'000'000, {}};
  admin::trace_page page;
  admin::trace_cursor asked_after;
  std::size_t asked_limit = 0;
  std::vector<client_id> disconnected;
  int drains = 0;
  std::vector<std::string> told;
  std::vector<std::string> failures;
};

} // namespace ringdown::test
