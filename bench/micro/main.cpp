// Parts of an event's way through the broker, one by one, with Google Benchmark. They say which
// part has changed; what a whole event costs, only a run says (ringdown-bench).
#include "actors/outbox.hpp"
#include "bench/event_template.hpp"
#include "bench/verifier.hpp"
#include "broker/broker.hpp"
#include "client/connection.hpp"
#include "messages/frame.hpp"
#include "messages/send_event.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace ringdown::bench {

namespace {

constexpr std::uint32_t dns = 1000;
constexpr std::size_t payload_bytes = 150;
constexpr limits bounds;

const event_template& events() {
  static const event_template all{"micro", dns, payload_bytes};
  return all;
}

/// What one read of a busy socket brings.
std::string a_read_of(std::size_t requests) {
  std::string bytes(requests * events().frame_bytes(), '\0');
  for (std::size_t i = 0; i < requests; ++i)
    events().write(bytes.data() + i * events().frame_bytes(), event_template::reference_min,
                   {static_cast<std::uint32_t>(i % dns), i, 0});
  return bytes;
}

/// Cut a stream into frames, look at each, read the routing fields.
void decode(benchmark::State& state) {
  auto bytes = a_read_of(256);
  for (auto _ : state) {
    std::string_view rest{bytes};
    while (!rest.empty()) {
      auto piece = next_frame(rest, bounds.frame_bytes_max);
      auto request = parse_send_event(look(piece.frame).body, bounds);
      benchmark::DoNotOptimize(request);
      rest.remove_prefix(piece.consumed);
    }
  }
  state.SetItemsProcessed(state.iterations() * 256);
}
BENCHMARK(decode);

void encode_answer(benchmark::State& state) {
  char out[ack_frame_bytes_max];
  ack answer;
  answer.recorders_queued = 1;
  for (auto _ : state) {
    ++answer.sequence.value;
    benchmark::DoNotOptimize(encode_ack(out, {4711}, answer));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_answer);

void encode_event(benchmark::State& state) {
  auto request = a_read_of(1);
  auto event = std::string_view{request}.substr(request.size() - events().event_bytes());
  user_event_header header;
  for (auto _ : state) {
    ++header.sequence.value;
    event_head head{header, event.size()};
    benchmark::DoNotOptimize(head.bytes());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_event);

class silent_edge : public edge_signal {
public:
  void outbox_ready() noexcept override {}
  void read_credit() noexcept override {}
};

/// One event into the outboxes of so many receivers, and out to where a socket would take it.
void fan_out(benchmark::State& state) {
  memory_budget budget{bounds};
  dn_identity dn{"7001", {1}};
  std::string head(60, 'h');
  std::string tail(events().event_bytes(), 't');
  std::vector<std::unique_ptr<outbox>> all;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    all.push_back(std::make_unique<outbox>(bounds, budget, std::make_shared<silent_edge>()));
  byte_buffer taken;
  for (auto _ : state)
    for (auto& one : all) {
      if (one->reserve_event(dn, head.size() + tail.size(), traffic::ordinary) == room::accepted)
        one->write_event(dn, head, tail);
      taken.clear();
      auto frames = one->take(taken);
      one->sent(taken.size(), frames);
    }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fan_out)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

/// A DN's birth: an actor, its first registration and the answer, through an embedded broker.
void register_new_dn(benchmark::State& state) {
  configuration::config config;
  config.log.level = logging::level::error;
  config.limits.registrations_per_connection_max = config.limits.dns_max;
  broker inside{config, {.listen = false}};
  client::connection link;
  if (!inside.start() || !link.open(inside.connect("micro").transport, {}))
    return state.SkipWithError("no broker");
  std::size_t next = 0;
  for (auto _ : state) {
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i)
      names.push_back("micro" + std::to_string(next++));
    auto sent = link.register_address(names);
    while (link.answers_awaited(sent.reference) > 0 && link.wait(std::chrono::seconds{5}))
      continue;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}
BENCHMARK(register_new_dn)->Iterations(1000)->UseRealTime();

/// What the harness itself spends on an event, both ways.
void verify(benchmark::State& state) {
  delivery_verifier verifier{dns};
  std::string frame(events().frame_bytes(), '\0');
  auto event = std::string_view{frame}.substr(frame.size() - events().event_bytes());
  std::uint64_t sequence = 0;
  for (auto _ : state) {
    auto number = verifier.send(1);
    events().write(frame.data(), event_template::reference_min, {1, number, 0});
    verifier.acked(1, number, ++sequence);
    auto reading = events().read(event);
    verifier.delivered(reading.of.dn, 0, reading.of.number, sequence);
  }
  if (verifier.finish().faults() != 0)
    state.SkipWithError("the verifier found faults where there are none");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(verify);

} // namespace

} // namespace ringdown::bench

BENCHMARK_MAIN();
