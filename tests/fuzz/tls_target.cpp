// The TLS stream over a wire that gives, takes, is cut, flipped and broken as the input says; the
// client on the other side is OpenSSL's own.
//
// Input: a byte for the version, then steps: a byte for what, a byte for how much.
//
// Promised: what is read is what the client has said, from its beginning and without a hole; the
// same the other way; whoever waits hears once, and never within a call; when nothing disturbs the
// wire all arrives; what is held is bounded, and the memory is given back.
#include "broker/edge/tls_stream.hpp"
#include "messages/limits.hpp"
#include "tests/broker/edge/wire_below.hpp"
#include "tests/broker/security/handshake_in_memory.hpp"
#include "tests/fuzz/promise.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

using namespace ringdown;
using namespace ringdown::edge;
using namespace ringdown::fuzz;
using namespace ringdown::test;

namespace {

/// The same bytes always: where they are cut, nobody cares what they are.
std::string words(std::size_t from, std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>('a' + (from + i) % 23);
  return text;
}

class scene final {
public:
  explicit scene(int version)
    : context_(client_context({.version_max = version})), hands_(*any_server(), *context_) {
    promise(hands_.run(), "a handshake without disturbance is done");
    wire_->gives = [this](std::size_t bytes) { return spend(gives_, bytes); };
    wire_->takes = [this](std::size_t bytes) { return spend(takes_, bytes); };
    stream_ = std::make_unique<tls_stream>(
      std::make_unique<wire_below>(wire_), hands_.take_server(), buffers_, budget_,
      [this](std::function<void()> task) { soon_.push_back(std::move(task)); });
  }

  void step(std::uint8_t what, std::size_t size) {
    switch (what % 14) {
    case 0: return say(size * 100);
    case 1: return hands_.update_keys(size % 2 == 0);
    case 2: return close_notify();
    case 3: gives_ += size * size; return;
    case 4: takes_ += size * size; return;
    case 5: return read(size * 300 + 1);
    case 6: return write(size * 2000);
    case 7: return turn();
    case 8: return flip(size);
    case 9: return cut();
    case 10: return garbage(size);
    case 11: wire_->is_broken = is_disturbed_ = true; return;
    case 12: return end();
    case 13: return renegotiate();
    }
  }

  /// Everything that is under way comes through.
  void finish() {
    gives_ = takes_ = std::size_t{1} << 30;
    for (int quiet = 0; quiet < 3; ++quiet) {
      auto before = read_ + heard_;
      turn();
      read(64 * 1024);
      if (before != read_ + heard_)
        quiet = 0;
    }
    if (!is_disturbed_) {
      promise(read_ == said_, "all that was said is read");
      promise(heard_ == written_, "all that was written is heard");
      promise(stream_->held() == 0, "nothing is held when all has left");
    }
    stream_->close();
    promise(budget_.used() == 0, "memory is given back at the end");
    turn();
  }

private:
  struct party final : stream_user {
    explicit party(scene& of) : scene_(of) {}
    void readable() override { scene_.told(scene_.waits_to_read_); }
    void writable() override { scene_.told(scene_.waits_to_write_); }
    scene& scene_;
  };

  static std::size_t spend(std::size_t& budget, std::size_t wanted) {
    auto some = std::min(budget, wanted);
    budget -= some;
    return some;
  }
  void told(bool& waits) {
    promise(!is_in_call_, "nobody is told within a call");
    promise(std::exchange(waits, false), "who is told was waiting");
  }
  template <class Call>
  auto in_call(Call call) {
    is_in_call_ = true;
    auto result = call();
    is_in_call_ = false;
    promise(stream_->held() <= 2 * ciphertext_waiting_max, "what waits is bounded");
    return result;
  }

  void pass_on() { wire_->coming += hands_.take_ciphertext(); }

  void say(std::size_t size) {
    if (!has_closed_ && hands_.say(words(said_, size)))
      said_ += size;
    pass_on();
  }
  void read(std::size_t size) {
    std::string into(size, '\0');
    auto got = in_call([&] { return stream_->read_some(into.data(), size); });
    promise(got.bytes <= size, "a read fits");
    promise((got.status == transport_status::done) == (got.bytes != 0), "done is some bytes");
    promise(into.substr(0, got.bytes) == words(read_, got.bytes), "what is read was said");
    read_ += got.bytes;
    promise(read_ <= said_, "nothing is read that was not said");
    if (got.status == transport_status::failed)
      promise(is_disturbed_, "nothing fails without a reason");
    if (!std::exchange(waits_to_read_, true))
      in_call([&] { return stream_->await_read(user_), 0; });
  }
  void write(std::size_t size) {
    auto did = in_call([&] { return stream_->write_some(words(written_, size)); });
    if (did.status == transport_status::done)
      written_ += did.bytes;
    if (!std::exchange(waits_to_write_, true))
      in_call([&] { return stream_->await_write(user_), 0; });
  }
  void turn() {
    for (auto left = soon_.size(); left > 0; --left) {
      auto task = std::move(soon_.front());
      soon_.pop_front();
      task();
    }
    if (wire_->has_something_to_read() && (gives_ > 0 || wire_->coming.empty()))
      wire_->tell_reader();
    if (takes_ > 0 || wire_->is_broken)
      wire_->tell_writer();
    auto heard = hands_.hear(std::exchange(wire_->arrived, {}));
    promise(heard == words(heard_, heard.size()), "what is heard was written");
    heard_ += heard.size();
    promise(heard_ <= written_, "nothing is heard that was not written");
    pass_on();
  }
  void flip(std::size_t at) {
    if (wire_->coming.empty())
      return;
    auto& byte = wire_->coming[at % wire_->coming.size()];
    byte = static_cast<char>(byte ^ 1 << at % 8);
    is_disturbed_ = true;
  }
  void cut() {
    wire_->coming.resize(wire_->coming.size() / 2);
    wire_->ends = is_disturbed_ = true;
  }
  void garbage(std::size_t size) {
    wire_->coming += words(size, size);
    is_disturbed_ = true;
  }
  void close_notify() {
    hands_.close_notify();
    has_closed_ = true;
    pass_on();
  }
  void end() {
    is_in_call_ = true;
    stream_->end_writing();
    is_in_call_ = false;
  }
  void renegotiate() {
    hands_.renegotiate();
    pass_on();
    is_disturbed_ = true; // the client waits for an answer that it does not get
  }

  memory_budget budget_{limits{}};
  tls_buffers buffers_;
  std::deque<std::function<void()>> soon_;
  std::shared_ptr<wire_state> wire_ = std::make_shared<wire_state>();
  context_ptr context_;
  handshake_in_memory hands_;
  std::shared_ptr<party> user_ = std::make_shared<party>(*this);
  std::unique_ptr<tls_stream> stream_;
  std::size_t gives_ = 0;
  std::size_t takes_ = 0;
  std::size_t said_ = 0;
  std::size_t read_ = 0;
  std::size_t written_ = 0;
  std::size_t heard_ = 0;
  bool waits_to_read_ = false;
  bool waits_to_write_ = false;
  bool is_in_call_ = false;
  bool is_disturbed_ = false;
  bool has_closed_ = false; ///< the client says no more
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int steps_max = 200;
  input in{data, size};
  scene one{in.byte() % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION};
  for (int i = 0; i < steps_max && !in.rest().empty(); ++i) {
    auto what = in.byte();
    one.step(what, in.byte());
  }
  one.finish();
  return 0;
}
