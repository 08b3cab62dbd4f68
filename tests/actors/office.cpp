#include "tests/actors/office.hpp"

#include "actors/connection.hpp"
#include "actors/directory.hpp"
#include "tests/actors/complaint.hpp"
#include "tests/actors/in_words.hpp"
#include "tests/actors/outbox_support.hpp"
#include "tests/runtime/systems.hpp"

#include <caf/actor_registry.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <ostream>
#include <thread>

namespace ringdown::test {

std::ostream& operator<<(std::ostream& out, const stage& s) {
  static constexpr const char* names[] = {"virtual time", "loops", "stock scheduler"};
  return out << names[static_cast<int>(s.scheduler)] << " " << s.threads;
}

// ---- office --------------------------------------------------------------------------------

namespace {

scenario scenario_of(stage s) {
  switch (s.scheduler) {
  case runs_on::virtual_time: return {scheduler_kind::testing, 1};
  case runs_on::loops: return {scheduler_kind::plain, s.threads};
  case runs_on::stock: return {scheduler_kind::stock, s.threads};
  }
  return {scheduler_kind::testing, 1};
}

} // namespace

/// Remembers what an operator is told.
class office::notebook final : public observer {
public:
  bool wants(std::string_view, severity) const noexcept override { return true; }
  void tell(std::string_view part, severity level, std::string_view what,
            fields) noexcept override {
    std::lock_guard lock{mutex};
    if (level >= severity::warning)
      told.push_back(std::string{part} + ": " + std::string{what});
  }
  std::mutex mutex;
  lines told;
};

struct office::inside {
  explicit inside(stage where)
    : system(scenario_of(where)), is_virtual(where.scheduler == runs_on::virtual_time) {}

  caf::scheduler::test_coordinator& testing() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
  }

  test_system system;
  bool is_virtual;
  std::size_t connections = 0;
  directory_actor directory;
  std::vector<std::pair<std::string, std::weak_ptr<t_client>>> clients; // all that ever were
};

office::office(const limits& bounds, stage where, authorize_function authorize)
  : context(bounds), notebook_(std::make_unique<notebook>()) {
  context.server = {"ringdown", "1.2.3", 0xabcdef, 1'600'000'000'000'000, 7};
  context.utc_now = [this] { return now_us_.load(); };
  context.authorize = std::move(authorize);
  context.tells = notebook_.get();
  inside_ = std::make_unique<inside>(where);
  inside_->directory = spawn_directory(*inside_->system, context);
}

office::~office() {
  close();
}

party& office::connect(const std::string& name) {
  return parties_.emplace_back(*this, name);
}

party& office::join(const std::string& name, v1::Role role, const capabilities& abilities) {
  auto& who = connect(name);
  who.says(sign_on(1, role, name, abilities));
  auto heard = who.hears(1);
  if (heard != lines{"connected 1"})
    give_up(name + " cannot sign on: " + (heard.empty() ? "silence" : heard.front()));
  return who;
}

void office::drain() {
  caf::anon_send(inside_->directory, drain_atom::value);
  for (auto& one : parties_)
    one.drains();
}

void office::settle() {
  if (inside_->is_virtual)
    inside_->system.settle();
}

void office::pass(std::chrono::milliseconds time) {
  now_us_ += std::chrono::microseconds{time}.count();
  inside_->system.pass(time);
}

void office::stand_still(std::chrono::milliseconds time) {
  now_us_ += std::chrono::microseconds{time}.count();
  inside_->testing().advance_time(time);
}

bool office::has_timers() {
  settle();
  return inside_->testing().has_pending_timeout();
}

bool office::step() {
  return inside_->testing().try_run_once();
}

bool office::step_of(std::uint64_t which) {
  auto& jobs = inside_->testing().jobs;
  if (jobs.empty())
    return false;
  auto job = jobs.begin() + static_cast<std::ptrdiff_t>(which % jobs.size());
  std::rotate(jobs.begin(), job, job + 1);
  return inside_->testing().try_run_once();
}

void office::configure(const dn_names& dns) {
  context.configured.replace(
    std::make_shared<const dn_list::names>(dn_list::names{dns.begin(), dns.end()}));
  caf::anon_send(inside_->directory, reload_atom::value);
}

lines office::told() {
  settle();
  std::lock_guard lock{notebook_->mutex};
  return std::exchange(notebook_->told, {});
}

std::size_t office::actors() {
  settle();
  return inside_->system->registry().running();
}

std::size_t office::loop_of(const std::string& dn) {
  caf::scoped_actor self{*inside_->system};
  std::size_t loop = 0;
  self->request(inside_->directory, 60s, dns_wanted{{dn}, {}})
    .receive(
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

std::string office::name_of(std::uint64_t client) const {
  for (auto& one : parties_)
    if (one.id() == client)
      return one.name();
  return "client " + std::to_string(client);
}

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
  settle();
  parties_.clear();
  caf::anon_send_exit(inside_->directory, caf::exit_reason::user_shutdown);
  inside_->directory = nullptr;
  if (inside_->is_virtual) {
    settle();
    inside_->testing().trigger_timeouts(); // armed ticks keep their actors
    settle();
  }
  inside_->system->await_all_actors_done();
  auto clients = std::move(inside_->clients);
  inside_.reset();
  for (auto& [name, client] : clients)
    if (!client.expired())
      complain("somebody holds on to " + name + ", who is gone");
  if (auto left = context.budget.used(); left != 0)
    complain("all are gone, and the memory budget still counts " + std::to_string(left) + " bytes");
}

// ---- party ---------------------------------------------------------------------------------

namespace {

class fake_link final : public link {
public:
  void established(std::chrono::milliseconds heartbeat_interval,
                   std::chrono::milliseconds heartbeat_timeout) override {
    interval = heartbeat_interval;
    timeout = heartbeat_timeout;
  }
  void close_after_flush() override { closing = true; }

  std::atomic<std::chrono::milliseconds> interval{0ms};
  std::atomic<std::chrono::milliseconds> timeout{0ms};
  std::atomic<bool> closing{false};
};

} // namespace

struct party::inside {
  explicit inside(broker_context& context)
    : signal(std::make_shared<counting_signal>()),
      client(std::make_shared<t_client>(context.bounds, context.budget, signal, context.users)),
      edge(client->box) {}

  std::shared_ptr<counting_signal> signal;
  client_ptr client;
  std::shared_ptr<fake_link> socket = std::make_shared<fake_link>();
  fake_edge edge;
  frame_cutter cutter;
  runtime::pinned_ref<connection_actor> actor;
};

party::party(office& where, std::string name)
  : office_(where), name_(std::move(name)), inside_(std::make_unique<inside>(where.context)) {
  auto& world = *where.inside_;
  world.clients.emplace_back(name_, inside_->client);
  inside_->client->who.peer = name_;
  inside_->actor =
    spawn_connection(*world.system, runtime::home::at(*world.system, world.connections++),
                     where.context, world.directory, inside_->client, inside_->socket)
      .handle();
}

party::~party() = default;

void party::meanwhile(std::function<void()> act) {
  inside_->signal->meanwhile = std::move(act);
}

void party::read(const std::vector<v1::Frame>& frames) {
  std::vector<std::string> bytes;
  for (auto& frame : frames)
    bytes.push_back(frame.SerializeAsString());
  read_bytes(bytes);
}

void party::read_bytes(const std::vector<std::string>& frames, int end) {
  auto batch = std::make_shared<read_batch>();
  for (auto& frame : frames)
    batch->capacity += frame.size();
  batch->bytes = std::make_unique<char[]>(batch->capacity);
  auto* at = batch->bytes.get();
  for (auto& frame : frames) {
    std::copy(frame.begin(), frame.end(), at);
    batch->frames.emplace_back(at, frame.size());
    at += frame.size();
  }
  batch->end = static_cast<stream_end>(end);
  hand_over(std::move(batch));
}

void party::read_stream(std::string_view bytes) {
  auto& cutter = inside_->cutter;
  if (cutter.ended() || closing())
    return;
  if (cutter.is_short(bytes.size()))
    return cutter.keep(bytes);
  auto batch = std::make_shared<read_batch>();
  auto stream = std::string{cutter.kept()}.append(bytes);
  batch->capacity = stream.size();
  batch->bytes = std::make_unique<char[]>(stream.size());
  std::copy(stream.begin(), stream.end(), batch->bytes.get());
  bool is_established = inside_->socket->interval.load() != 0ms;
  batch->end = cutter.cut({batch->bytes.get(), stream.size()},
                          is_established ? office_.context.bounds.frame_bytes_max
                                         : frame_bytes_before_sign_on_max,
                          batch->frames);
  if (!batch->frames.empty() || batch->end != stream_end::open)
    hand_over(std::move(batch));
}

void party::hand_over(read_batch_ptr batch) {
  batch->time_us = office_.context.utc_now();
  batch->budget = &office_.context.budget;
  batch->budget->add(batch->capacity);
  inside_->client->batch_begins();
  batch->from = inside_->client;
  // As the edge does: in place on the connection's loop, else through the mailbox.
  auto home = inside_->actor.pinned()->where();
  if (home)
    home.loop()->post([to = inside_->actor, batch] { runtime::deliver(to, batch); });
  else
    runtime::deliver(inside_->actor, std::move(batch));
}

void party::take_all() {
  office_.settle();
  auto& edge = inside_->edge;
  for (;;) {
    edge.take();
    if (!edge.sending())
      break;
    edge.send(edge.left());
  }
  auto fresh = edge.read_new();
  heard_.insert(heard_.end(), fresh.begin(), fresh.end());
}

std::vector<v1::Frame> party::frames(std::size_t at_least) {
  take_all();
  if (!office_.inside_->is_virtual)
    static_cast<void>(eventually([&] {
      take_all();
      return heard_.size() >= at_least;
    }));
  return std::exchange(heard_, {});
}

lines party::hears(std::size_t at_least) {
  lines words;
  for (auto& frame : frames(at_least))
    words.push_back(in_words(frame, [this](std::uint64_t id) { return office_.name_of(id); }));
  return words;
}

v1::Frame party::frame() {
  auto all = frames(1);
  if (all.size() != 1)
    give_up(name_ + " was sent " + std::to_string(all.size()) + " frames, not one");
  return all.front();
}

void party::reads_only(std::size_t bytes) {
  office_.settle();
  inside_->edge.take();
  inside_->edge.send(bytes);
}

void party::vanishes() {
  inside_->client->box.close();
  if (inside_->actor)
    caf::anon_send(inside_->actor.handle(), closed_atom::value);
  inside_->actor = {};
}

void party::is_closed(v1::DisconnectReason reason) {
  caf::anon_send(inside_->actor.handle(),
                 close_order{static_cast<std::uint32_t>(reason), "closed by a rule"});
}

void party::drains() {
  caf::anon_send(inside_->actor.handle(), drain_atom::value);
}

std::uint64_t party::id() const {
  return inside_->client->who.id.value;
}

t_client& party::client() {
  return *inside_->client;
}

bool party::closing() const {
  return inside_->socket->closing;
}

std::chrono::milliseconds party::heartbeat_interval() const {
  return inside_->socket->interval;
}

std::chrono::milliseconds party::heartbeat_timeout() const {
  return inside_->socket->timeout;
}

std::uint32_t party::reads_in_flight() const {
  return inside_->client->batches_in_flight();
}

bool office::step_without(const party& one) {
  auto& testing = inside_->testing();
  auto* idle = dynamic_cast<caf::resumable*>(
    caf::actor_cast<caf::abstract_actor*>(one.inside_->actor.handle()));
  auto job = std::find_if(testing.jobs.begin(), testing.jobs.end(),
                          [idle](auto* any) { return any != idle; });
  if (job == testing.jobs.end())
    return false;
  std::rotate(testing.jobs.begin(), job, job + 1);
  return testing.try_run_once();
}

void office::next_is(party& one) {
  inside_->testing().prioritize(one.inside_->actor.handle());
}

} // namespace ringdown::test
