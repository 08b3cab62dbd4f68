#include "bench/micro/stage.hpp"

#include "broker/edge/epoll_loop.hpp"
#include "client/internal/codec.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

namespace ringdown::bench {

namespace {

/// Work that is not done within so many turns never will be: an answer has got lost.
constexpr std::size_t turns_max = 100'000'000;

/// After the work: what the actors still tell each other is done when `run` returns, or it would be
/// done or not as the threads happen to go.
constexpr std::size_t turns_to_settle = 64;

/// Actors end their turn by the count of their messages alone, never by the clock: a run under an
/// instrument is slower and must take the same turns.
constexpr std::chrono::microseconds turn_budget{3'600'000'000};

constexpr std::chrono::seconds answer_patience{60};

/// A loop's clock stands still as well: under an instrument each turn would be a long one, behind
/// which a loop times its actors for a while.
constexpr runtime::time_point loop_time{std::chrono::hours{1}};

runtime::loop_options one_loop() {
  runtime::loop_options options;
  options.make_loop = [](std::size_t) { return std::make_unique<edge::epoll_loop>(); };
  options.turn_budget = turn_budget;
  options.now = [] { return loop_time; };
  return options;
}

} // namespace

// ---- a client ------------------------------------------------------------------------------

/// Nobody waits for a signal: the client is asked what it holds.
class stage_client::quiet_edge final : public edge_signal, public socket_side {
public:
  void outbox_ready() noexcept override {}
  void read_credit() noexcept override {}
  void established(std::chrono::milliseconds, std::chrono::milliseconds) override {}
  void wake_at(std::chrono::steady_clock::time_point) override {}
  void close_after_flush() override {}
};

stage_client::stage_client(stage& where)
  : stage_(where), edge_(std::make_shared<quiet_edge>()),
    client_(std::make_shared<t_client>(where.context.bounds, where.context.budget, edge_,
                                       where.context.users)),
    actor_(spawn_connection(*where.system_, runtime::home{*where.loop_}, where.context,
                            where.directory_, client_, edge_)) {}

stage_client::~stage_client() {
  client_->box.close();
  caf::anon_send(actor_.ref().handle(), closed_atom::value, link_end{});
}

read_batch_ptr stage_client::batch_of(std::string_view bytes) {
  auto batch = spare_ ? std::exchange(spare_, nullptr) : std::make_shared<read_batch>();
  if (batch->capacity < bytes.size()) {
    batch->bytes = std::make_unique_for_overwrite<char[]>(bytes.size());
    batch->capacity = bytes.size();
  }
  std::copy(bytes.begin(), bytes.end(), batch->bytes.get());
  batch->end = cutter_.cut({batch->bytes.get(), bytes.size()},
                           stage_.context.bounds.frame_bytes_max, batch->frames);
  batch->time_us = stage_.context.utc_now();
  batch->budget = &stage_.context.budget;
  batch->budget->add(batch->capacity);
  client_->batch_begins();
  batch->from = client_;
  return batch;
}

void stage_client::say(std::string_view bytes) {
  auto batch = batch_of(bytes);
  if (!actor_.try_call(batch))
    return runtime::deliver(actor_.ref(), std::move(batch));
  if (batch.use_count() != 1)
    return; // a DN's mailbox has a part of it
  batch->reset();
  spare_ = std::move(batch);
}

std::size_t stage_client::hear() {
  auto shared = client_->box.take_shared();
  if (shared.frames == 0) {
    taken_.clear();
    shared.frames = client_->box.take(taken_);
    shared.bytes = taken_.view();
  }
  if (shared.frames != 0)
    client_->box.sent(shared.bytes.size(), shared.frames);
  return shared.frames;
}

// ---- the stage -----------------------------------------------------------------------------

class stage::deaf_observer final : public observer {
public:
  bool wants(std::string_view, severity) const noexcept override { return false; }
  void log(std::string_view, severity, std::string_view, fields) noexcept override {}
};

stage::stage(directory_maker make)
  : context(limits{}), observer_(std::make_unique<deaf_observer>()),
    config_(std::make_unique<runtime::loop_system_config>(one_loop())),
    system_(std::make_unique<caf::actor_system>(*config_)),
    loop_(&runtime::loop_scheduler::of(*system_)->loop(0)) {
  context.server.version = "0";
  context.users = threads::one;
  context.share = std::make_unique<turn_share>();
  // Stands still: what a clock's digits cost would differ from run to run.
  context.utc_now = [] { return std::int64_t{1'700'000'000'000'000}; };
  context.observed_by = observer_.get();
  context.counts.make_blocks(1);
  directory_ = make(*system_, context);
}

stage::~stage() {
  clients_.clear();
  caf::anon_send_exit(directory_.handle(), caf::exit_reason::user_shutdown);
  system_.reset(); // waits for the actors, which still know the directory
}

/// Shared with the loop, which may still be leaving the last turn when the caller goes on.
struct stage::job {
  std::function<bool()> work;
  std::promise<void> done;
  std::size_t turns = 0;
  std::size_t settled = 0;
  bool works = true;
};

void stage::turn(const std::shared_ptr<job>& of) {
  if (of->works)
    of->works = of->work();
  else if (of->settled++ == turns_to_settle)
    return of->done.set_value();
  context.share->end_turn(); // whoever is one of many has heard all
  if (++of->turns > turns_max)
    return of->done.set_exception(
      std::make_exception_ptr(std::runtime_error{"the actors have stopped"}));
  loop_->post([this, of] { turn(of); });
}

void stage::run(std::function<bool()> work) {
  auto one = std::make_shared<job>();
  one->work = std::move(work);
  loop_->post([this, one] { turn(one); });
  one->done.get_future().get();
}

void stage::say_and_await(stage_client& who, const std::string& bytes, std::size_t frames) {
  run([&, said = false]() mutable {
    if (!std::exchange(said, true))
      who.say(bytes);
    frames -= std::min(who.hear(), frames);
    return frames > 0;
  });
}

stage_client& stage::join(role as, const std::vector<std::string>& dns,
                          const std::vector<client::capability>& abilities) {
  auto& who = *clients_.emplace_back(std::make_unique<stage_client>(*this));
  client::identity identity;
  identity.application_name = "stage" + std::to_string(clients_.size());
  identity.instance.bytes[0] = 1;
  identity.role = as;
  identity.capabilities = abilities;
  say_and_await(who, client::codec::sign_on({1}, identity), 1);
  auto most = context.bounds.dns_per_request_max;
  for (std::size_t begin = 0; begin < dns.size(); begin += most) {
    std::span<const std::string> part{dns.data() + begin, std::min(most, dns.size() - begin)};
    say_and_await(who, client::codec::register_address({2}, part, {}), part.size());
  }
  return who;
}

dn_ref stage::dn(const std::string& name) {
  caf::scoped_actor self{*system_};
  dn_ref found;
  self->request(directory_.handle(), answer_patience, dns_wanted{{name}, {}, {}})
    .receive([&](const dn_handles& handles) { found = handles.at(0).actor; },
             [](const caf::error&) { throw std::runtime_error{"the directory does not answer"}; });
  return found;
}

} // namespace ringdown::bench
