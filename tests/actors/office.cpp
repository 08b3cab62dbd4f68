#include "tests/actors/office.hpp"

#include "actors/directory/directory.hpp"
#include "actors/directory/program_register.hpp"
#include "tests/actors/complaint.hpp"
#include "tests/actors/machine.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <mutex>

namespace ringdown::test {

namespace {

constexpr std::int64_t began_us = 1'700'000'000'000'000;

/// So many looks at the links' clocks, at most, while a test lets time pass: they are due ten times
/// a second, and some tests wait for hours.
constexpr int looks_max = 2000;

} // namespace

/// What tests bring about by themselves, in most of them: told_test.cpp looks at these lines.
bool is_brought_about(std::string_view what, observer::fields details) {
  auto is_reason = [](auto& field) {
    return field.first == "reason" &&
           (field.second == "the client closed its side" || field.second == "the link was lost");
  };
  return what == "a client reads too slowly" ||
         (what == "connection closed" && std::any_of(details.begin(), details.end(), is_reason));
}

/// Remembers what an operator is told.
class office::notebook final : public observer {
public:
  bool wants(std::string_view, severity) const noexcept override { return true; }
  void log(std::string_view part, severity level, std::string_view what,
           fields details) noexcept override {
    std::lock_guard lock{mutex};
    if (level >= severity::warning && !is_brought_about(what, details))
      told.push_back(std::string{part} + ": " + std::string{what});
  }
  std::mutex mutex;
  lines told;
};

struct office::inside {
  directory_ref directory;
  std::string directory_failure;
  std::size_t connections = 0;
  std::vector<std::pair<std::string, std::weak_ptr<t_client>>> clients; // all that ever were
};

office::office(const limits& bounds, stage where, authorize_function authorize,
               std::unique_ptr<placement> where_dns_live)
  : context(bounds), notebook_(std::make_unique<notebook>()),
    machine_(std::make_unique<machine>(where)), inside_(std::make_unique<inside>()) {
  context.server = {"ringdown", "1.2.3", 0xabcdef, 1'600'000'000'000'000, 7};
  context.utc_now = [&clock = machine_->clock(), began = machine_->clock().at()] {
    return began_us +
           std::chrono::duration_cast<std::chrono::microseconds>(clock.at() - began).count();
  };
  context.authorize = std::move(authorize);
  context.observed_by = notebook_.get();
  if (!where.is_virtual()) // the machine may be so busy that a test's thread is not heard for long
    context.bounds.heartbeat_interval = context.bounds.heartbeat_interval_max;
  inside_->directory = spawn_directory(
    machine_->system(), context,
    {.where_dns_live = std::move(where_dns_live),
     .on_failure = [this](const std::string& why) { inside_->directory_failure = why; }});
  machine_->open_edges(context, inside_->directory);
}

office::~office() {
  close();
}

// ---- who is there --------------------------------------------------------------------------

std::shared_ptr<memory_wire> office::new_wire(const std::string& name) {
  return machine_->connect(inside_->connections++ % machine_->edges(), name);
}

party& office::connect(const std::string& name) {
  auto& one = parties_.emplace_back(*this, name);
  inside_->clients.emplace_back(name, one.client_);
  return one;
}

party& office::join(const std::string& name, v1::Role role, const capabilities& abilities) {
  auto& who = connect(name);
  who.says(sign_on(1, role, name, abilities));
  auto heard = who.hears(1);
  if (heard.empty() && machine_->is_virtual()) { // one of many take-overs in a row: it must wait
    pass(program_register::longest_wait);
    heard = who.hears(1);
  }
  if (heard != lines{"connected 1"})
    give_up(name + " cannot sign on: " + (heard.empty() ? "silence" : heard.front()));
  return who;
}

std::string office::name_of(std::uint64_t client) const {
  for (auto& one : parties_)
    if (one.id() == client)
      return one.name();
  return "client " + std::to_string(client);
}

// ---- time ----------------------------------------------------------------------------------

void office::settle() {
  machine_->settle();
}

/// All of them before an edge looks whether anybody was silent for too long.
void office::say_heartbeats() {
  for (auto& one : parties_)
    one.say_heartbeat(machine_->clock().at());
  machine_->run_edges();
}

void office::pass(std::chrono::milliseconds time) {
  auto& clock = machine_->clock();
  if (!machine_->is_virtual())
    give_up("with threads time passes by itself");
  auto look = time / looks_max;
  settle();
  say_heartbeats();
  for (auto end = clock.at() + time; clock.at() < end; settle()) {
    auto next = std::min(end, machine_->next_due(look));
    for (auto& one : parties_)
      if (auto due = one.heartbeat_due())
        next = std::min(next, std::max(*due, clock.at() + look));
    stand_still(std::max(next - clock.at(), runtime::clock_type::duration{0}));
  }
}

void office::stand_still(std::chrono::nanoseconds time) {
  machine_->stand_still(time);
  say_heartbeats();
}

std::size_t office::timers() {
  return machine_->timers();
}

bool office::step_of(std::uint64_t which) {
  return machine_->step_of(which);
}

bool office::step_without(const party& one) {
  auto& testing = machine_->testing();
  auto link = one.wire_->link();
  auto* idle = link ? dynamic_cast<caf::resumable*>(
                        caf::actor_cast<caf::abstract_actor*>(link->connection().handle()))
                    : nullptr;
  auto job = std::find_if(testing.jobs.begin(), testing.jobs.end(),
                          [idle](auto* any) { return any != idle; });
  return job != testing.jobs.end() &&
         step_of(static_cast<std::uint64_t>(job - testing.jobs.begin()));
}

void office::next_is(const party& one) {
  if (auto link = one.wire_->link())
    machine_->testing().prioritize(link->connection().handle());
}

void office::meanwhile(std::function<void(std::size_t edge)> act) {
  machine_->meanwhile = std::move(act);
}

bool office::interrupt_for(std::size_t edge) {
  return machine_->interrupt_for(edge);
}

void office::network_is(network_habits how) {
  machine_->network = std::move(how);
}

void office::reading_takes(std::function<std::chrono::nanoseconds()> time) {
  machine_->clock().reading_takes = std::move(time);
}

// ---- what happens to the broker ------------------------------------------------------------

void office::drain() {
  drain_dns();
  drain_links();
}

void office::drain_dns() {
  context.is_draining = true;
  caf::anon_send(inside_->directory.handle(), drain_atom::value);
}

void office::drain_links() {
  context.is_draining = true;
  machine_->drain();
}

void office::change_access() {
  machine_->tell_of_access();
}

void office::fail_directory() {
  caf::anon_send_exit(inside_->directory.handle(), caf::exit_reason::kill);
}

std::string office::directory_failure() const {
  return inside_->directory_failure;
}

void office::configure(const dn_names& dns) {
  context.configured.replace(
    std::make_shared<const dn_list::names>(dn_list::names{dns.begin(), dns.end()}));
  caf::anon_send(inside_->directory.handle(), reload_atom::value);
}

// ---- what can be asked ---------------------------------------------------------------------

lines office::told() {
  settle();
  std::lock_guard lock{notebook_->mutex};
  return std::exchange(notebook_->told, {});
}

std::size_t office::actors() {
  settle();
  return machine_->system().registry().running();
}

std::size_t office::loop_of(const std::string& dn) {
  caf::scoped_actor self{machine_->system()};
  std::size_t loop = 0;
  auto pending = self->request(inside_->directory.handle(), 60s, dns_wanted{{dn}, {}, {}});
  settle();
  pending.receive(
    [&](const dn_handles& found) {
      loop = found.at(0).actor.ref().pinned()->where().loop()->index();
    },
    [&](const caf::error&) { give_up("the directory does not answer"); });
  return loop;
}

std::size_t office::remembered(const std::string& name) {
  settle();
  std::size_t count = 0;
  for (auto& [of, client] : inside_->clients)
    count += of == name && client.use_count() > 1 ? 1u : 0u; // its party is one
  return count;
}

std::uint64_t office::in_place() {
  return machine_->in_place();
}

// ---- the end -------------------------------------------------------------------------------

void office::close() {
  if (!inside_)
    return;
  for (auto& one : parties_)
    for (auto& line : one.hears())
      complain(one.name() + " was told what nobody expected: " + line);
  for (auto& one : parties_)
    one.vanishes();
  // What the clients' end makes of commands and calls is not what a test is about.
  for (auto& line : told())
    if (line != "dn: outcome of a command" && line != "dn: alarm: a person must look")
      complain("the operator was told what nobody expected: " + line);
  auto clients = std::move(inside_->clients);
  end_all();
  for (auto& [name, client] : clients)
    if (!client.expired())
      complain("somebody holds on to " + name + ", who is gone");
  if (auto left = context.budget.used(); left != 0)
    complain("all are gone, and the memory budget still counts " + std::to_string(left) + " bytes");
  if (std::size_t owed = context.outcomes_owed; owed != 0)
    complain("all are gone, and " + std::to_string(owed) + " outcomes are still owed");
}

/// In the order of the broker's end: links, directory, system.
void office::end_all() {
  settle();
  parties_.clear();
  machine_->close_edges();
  caf::anon_send_exit(inside_->directory.handle(), caf::exit_reason::user_shutdown);
  inside_.reset();
  settle();
  if (!machine_->is_virtual())
    machine_->system().await_all_actors_done();
  else if (auto left = machine_->system().registry().running(); left != 0)
    complain(std::to_string(left) + " actors have not ended with what they are for");
  machine_.reset();
}

} // namespace ringdown::test
