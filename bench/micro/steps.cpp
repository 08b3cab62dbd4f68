#include "bench/micro/steps.hpp"

#include "actors/byte_buffer.hpp"
#include "actors/outbox.hpp"
#include "bench/micro/mute_dns.hpp"
#include "bench/micro/stage.hpp"
#include "bench/speak/event_template.hpp"
#include "client/internal/codec.hpp"
#include "messages/frame.hpp"
#include "messages/send_event.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace ringdown::bench {

namespace {

constexpr std::uint32_t dns = 1000;
constexpr std::size_t payload_bytes = 150;
constexpr limits bounds;

/// Keeps a value that nobody needs from being computed away.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "m"(value) : "memory");
}

const event_template& events() {
  static const event_template all{"micro", dns, payload_bytes};
  return all;
}

std::vector<std::string> names_of(std::size_t count) {
  std::vector<std::string> names;
  for (std::uint32_t dn = 0; dn < count; ++dn)
    names.push_back(events().dn_name(dn));
  return names;
}

/// What one read of a busy socket brings, for one DN after the other. Only the bytes that differ
/// from read to read are written again.
class read_maker {
public:
  explicit read_maker(std::size_t requests, std::size_t of_dns = dns)
    : bytes_(requests * events().frame_bytes(), '\0'), of_dns_(of_dns) {}

  std::string_view next() {
    auto size = events().frame_bytes();
    for (std::size_t i = 0; i < bytes_.size() / size; ++i, ++number_)
      events().write(bytes_.data() + i * size,
                     event_template::reference_min + static_cast<std::uint32_t>(i),
                     {static_cast<std::uint32_t>(number_ % of_dns_), number_, 0});
    return bytes_;
  }

private:
  std::string bytes_;
  std::size_t of_dns_;
  std::uint64_t number_ = 0;
};

// ---- without actors ------------------------------------------------------------------------

/// Cut a stream into frames, look at each, read the routing fields.
class decode final : public step {
public:
  void run(std::size_t items) override {
    for (std::size_t i = 0; i < items; i += items_of_a_turn) {
      std::string_view rest{bytes_};
      while (!rest.empty()) {
        auto piece = next_frame(rest, bounds.frame_bytes_max);
        keep(parse_send_event(look(piece.frame).body, bounds));
        rest.remove_prefix(piece.consumed);
      }
    }
  }

private:
  std::string bytes_{read_maker{items_of_a_turn}.next()};
};

class encode_answer final : public step {
public:
  void run(std::size_t items) override {
    char out[ack_frame_bytes_max];
    for (std::size_t i = 0; i < items; ++i) {
      ++answer_.sequence.value;
      keep(encode_ack(out, {4711}, answer_));
      keep(out);
    }
  }

private:
  // Numbers as long as a busy broker's: a varint costs by its length.
  ack answer_{1, {1'000'000}, {1'700'000'000'000'000}, {}, 0, 1'700'000'000'000'000};
};

user_event_header usual_header() {
  user_event_header header;
  header.sequence = {1'000'000};
  header.epoch = {1'700'000'000'000'000};
  header.time_us = 1'700'000'000'000'000;
  header.origin = {1};
  header.origin_role = role::desktop;
  return header;
}

/// Once for all receivers.
class encode_delivery final : public step {
public:
  void run(std::size_t items) override {
    for (std::size_t i = 0; i < items; ++i) {
      ++header_.sequence.value;
      event_head head{header_, events().event_bytes()};
      keep(head.bytes());
      keep(head);
    }
  }

private:
  user_event_header header_ = usual_header();
};

class silent_edge final : public edge_signal {
public:
  void outbox_ready() noexcept override {}
  void read_credit() noexcept override {}
};

/// Events into an outbox, and out to where a socket would take them, so many at a time.
template <std::size_t AtOnce>
class write_and_take final : public step {
public:
  void run(std::size_t items) override {
    for (std::size_t i = 0; i < items; i += AtOnce) {
      for (std::size_t k = 0; k < AtOnce; ++k)
        if (box_.reserve_event(dn_, head_.size() + tail_.size(), traffic::ordinary) ==
            room::accepted)
          box_.write_event(dn_, head_, tail_);
      taken_.clear();
      auto frames = box_.take(taken_);
      box_.sent(taken_.size(), frames);
    }
  }

private:
  memory_budget budget_{bounds};
  dn_identity dn_{"7001", {1}};
  std::string head_{event_head{usual_header(), events().event_bytes()}.bytes()};
  std::string tail_ = std::string(events().event_bytes(), 't');
  outbox box_{bounds, budget_, std::make_shared<silent_edge>()};
  byte_buffer taken_;
};

/// What the steps through the actors cost beside the broker: writing the requests of a read.
class make_read final : public step {
public:
  void run(std::size_t items) override {
    for (std::size_t i = 0; i < items; i += items_of_a_turn)
      keep(reads_.next());
  }

private:
  read_maker reads_{items_of_a_turn};
};

// ---- through the actors --------------------------------------------------------------------

/// A connection's part: cut, look, window, the table of its DNs, a batch for each DN, its delivery
/// in place. Over what the DN does.
class route final : public step {
public:
  void run(std::size_t items) override {
    stage_.run([this, left = items]() mutable {
      sender_.say(reads_.next());
      if (sender_.hear() != items_of_a_turn)
        throw std::runtime_error{"not every request was answered in place"};
      left -= items_of_a_turn;
      return left > 0;
    });
  }

private:
  stage stage_{spawn_mute_directory};
  stage_client& sender_ = stage_.join(role::desktop, names_of(dns));
  read_maker reads_{items_of_a_turn};
};

/// A DN's turn: decide, encode, reserve and write for so many receivers, answer; over requests that
/// were read before. Its outboxes are emptied now and then, as the edge does at the end of a turn.
template <std::size_t Receivers>
class fan_out final : public step {
public:
  fan_out() {
    for (std::size_t i = 0; i < Receivers; ++i)
      receivers_.push_back(&stage_.join(role::desktop, names_of(1)));
    for (auto frame : read_->frames) {
      auto view = look(frame);
      auto& request = requests_.emplace_back();
      request.reference = view.reference;
      request.event = parse_send_event(view.body, bounds);
    }
  }

  void run(std::size_t items) override {
    stage_.run([this, left = items]() mutable {
      for (auto& request : requests_)
        send(request);
      auto heard = sender_.hear();
      for (auto* one : receivers_)
        heard += one->hear();
      if (heard != items_of_a_turn * (1 + Receivers))
        throw std::runtime_error{"not every receiver heard every event"};
      left -= items_of_a_turn;
      return left > 0;
    });
  }

private:
  void send(const dn_request& request) {
    auto bytes = request.event.event.size();
    static_cast<void>(sender_.client()->window.admit(request.reference, bytes, false, 1));
    batch_.begin(sender_.client(), *read_);
    batch_.add() = request;
    if (!dn_.try_call(batch_) || !batch_.is_done())
      throw std::runtime_error{"the DN was not called in place"};
    batch_.reset();
  }

  stage stage_;
  stage_client& sender_ = stage_.join(role::desktop, names_of(1));
  std::vector<stage_client*> receivers_;
  dn_ref dn_{stage_.dn(events().dn_name(0))};
  read_batch_ptr read_ = sender_.batch_of(read_maker{items_of_a_turn, 1}.next());
  std::vector<dn_request> requests_;
  dn_batch batch_;
};

/// A whole event: a read, the connection, the DN, the outboxes of the sender and of the DN's
/// receivers. `AtOnce` requests come in a read.
template <std::size_t Receivers, std::size_t AtOnce = items_of_a_turn>
class whole_event final : public step {
public:
  whole_event() {
    for (std::size_t i = 0; i < Receivers; ++i) // no recorders: silent ones are asked meanwhile
      receivers_.push_back(&stage_.join(role::desktop, names_of(dns)));
  }

  void run(std::size_t items) override {
    stage_.run([this, left = items]() mutable {
      for (std::size_t i = 0; i < items_of_a_turn; i += AtOnce)
        one_read();
      left -= items_of_a_turn;
      return left > 0;
    });
  }

private:
  void one_read() {
    sender_.say(reads_.next());
    auto heard = sender_.hear();
    for (auto* one : receivers_)
      heard += one->hear();
    if (heard != AtOnce * (1 + Receivers))
      throw std::runtime_error{"not every receiver heard every event"};
  }

  stage stage_;
  stage_client& sender_ = stage_.join(role::desktop, names_of(dns));
  std::vector<stage_client*> receivers_;
  read_maker reads_{AtOnce};
};

/// A DN's birth: the directory's look, an actor, its first registration and the answer.
class spawn final : public step {
public:
  void run(std::size_t items) override {
    stage_.run([this, left = items, awaited = std::size_t{0}]() mutable {
      awaited -= std::min(client_.hear(), awaited);
      if (awaited > 0)
        return true;
      if (left == 0)
        return false;
      std::vector<std::string> names;
      for (; awaited < items_of_a_turn; ++awaited)
        names.push_back("new" + std::to_string(1'000'000 + next_++));
      client_.say(client::codec::register_address({2}, names, {}));
      left -= items_of_a_turn;
      return true;
    });
  }

private:
  stage stage_;
  stage_client& client_ = stage_.join(role::desktop, {});
  std::size_t next_ = 0;
};

/// A confirmed command, pause and resume in turn: command, ACK, delivery, the recorder's
/// indication, its ACK and delivery, the session's decision, the outcome. Before the first a start:
/// where nobody records there is nothing to resume, and the recorder would hear of none.
class command final : public step {
public:
  void run(std::size_t items) override {
    stage_.run([this, left = items]() mutable {
      auto desk = desktop_.hear();
      auto rec = recorder_.hear();
      at_desk_ += desk;
      at_recorder_ += rec;
      if (at_recorder_ == 1 && !indicated_) {
        indicated_ = true;
        recorder_.say(words_[at_].indication);
      }
      if (at_desk_ < frames_at_desk || at_recorder_ < frames_at_recorder)
        return true;
      if (left-- == 0)
        return false;
      at_desk_ = at_recorder_ = 0;
      indicated_ = false;
      at_ = next();
      desktop_.say(words_[at_].command);
      return true;
    });
  }

private:
  static constexpr std::size_t frames_at_desk = 3;     // ACK, indication, outcome
  static constexpr std::size_t frames_at_recorder = 2; // command, ACK

  struct exchange {
    std::string command;
    std::string indication;
  };
  static std::string said(capture_verb verb) {
    return client::codec::send_event(
      {128}, client::outgoing_event::capture(events().dn_name(0), verb, {4711}));
  }

  std::size_t next() noexcept { return said_++ == 0 ? 0 : 1 + said_ % 2; }

  stage stage_;
  stage_client& desktop_ = stage_.join(role::desktop, names_of(1), {client::capability::outcomes});
  stage_client& recorder_ = stage_.join(role::recorder, names_of(1));
  std::array<exchange, 3> words_{{{said(capture_verb::start), said(capture_verb::enabled)},
                                  {said(capture_verb::pause), said(capture_verb::paused)},
                                  {said(capture_verb::resume), said(capture_verb::enabled)}}};
  std::size_t at_ = 0;   // of what is said and not yet answered
  std::size_t said_ = 0; // how many commands
  std::size_t at_desk_ = frames_at_desk;
  std::size_t at_recorder_ = frames_at_recorder;
  bool indicated_ = true;
};

template <class Step>
std::unique_ptr<step> make() {
  return std::make_unique<Step>();
}

const std::array<named_step, 16> all{{
  {"decode", "cut, look, read the routing fields", make<decode>},
  {"encode_ack", "an EventACK", make<encode_answer>},
  {"encode_event", "what stands before an event in an EventUserEvent", make<encode_delivery>},
  {"outbox", "an event written and taken, alone", make<write_and_take<1>>},
  {"outbox_64", "the same, 64 at a time", make<write_and_take<64>>},
  {"make_read", "the requests themselves: a part of route and of event", make<make_read>},
  {"route", "a connection's part, 64 requests a read, 1,000 DNs", make<route>},
  {"fan_out_0", "a DN's turn without receivers", make<fan_out<0>>},
  {"fan_out_1", "a DN's turn with 1 receiver", make<fan_out<1>>},
  {"fan_out_10", "a DN's turn with 10 receivers", make<fan_out<10>>},
  {"fan_out_100", "a DN's turn with 100 receivers", make<fan_out<100>>},
  {"event", "a whole event, 64 requests a read, 1,000 DNs, 1 receiver", make<whole_event<1>>},
  {"event_alone", "the same, 1 request a read", make<whole_event<1, 1>>},
  {"event_8", "the same as event, 8 receivers", make<whole_event<8>>},
  {"command", "a confirmed command, to its outcome", make<command>},
  {"spawn", "a new DN and its first registration", make<spawn>, true},
}};

} // namespace

std::span<const named_step> steps() noexcept {
  return all;
}

const named_step* find_step(std::string_view name) noexcept {
  auto found = std::find_if(all.begin(), all.end(), [&](auto& s) { return s.name == name; });
  return found == all.end() ? nullptr : &*found;
}

} // namespace ringdown::bench
