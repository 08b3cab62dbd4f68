#include "client/cli/http_exchange.hpp"

#include "client/cli/settings.hpp"
#include "client/internal/connector.hpp"
#include "client/internal/tls_context.hpp"

#include <fmt/format.h>

#include <poll.h>

#include <algorithm>
#include <limits>

namespace ringdown::cli {

using namespace ringdown::client;

namespace {

using clock = std::chrono::steady_clock;

enum class waited : std::uint8_t { ready, too_long, stopped };

/// Until the descriptor is ready, the time is over or a signal asks to stop.
waited wait_for(int descriptor, short events, clock::time_point until) {
  for (;;) {
    if (stop_requested())
      return waited::stopped;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0)
      return waited::too_long;
    pollfd entry{descriptor, events, 0};
    auto most = static_cast<decltype(left)>(std::numeric_limits<int>::max());
    if (::poll(&entry, 1, static_cast<int>(std::min(left, most))) > 0)
      return waited::ready;
  }
}

http_result wrong(std::string problem) {
  return {{}, std::move(problem)};
}

/// A request on its way over one connection.
class conversation {
public:
  explicit conversation(std::chrono::milliseconds patience) : until_(clock::now() + patience) {}

  http_result run(const endpoint& where, const std::string& text) {
    if (!connect(where) || !say(text) || !hear())
      return wrong(std::move(problem_));
    return {reader_.answer(), {}};
  }

private:
  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  /// False, with the reason, unless it became ready in time.
  bool await(int descriptor, short events, std::string_view what) {
    switch (wait_for(descriptor, events, until_)) {
    case waited::ready: return true;
    case waited::too_long: return fail(fmt::format("no {} in time (--timeout)", what));
    case waited::stopped: break;
    }
    return fail("stopped by a signal");
  }

  bool connect(const endpoint& where) {
    auto found = look_up(where);
    if (where.tls) // the link's own protocol is refused where HTTP is spoken
      found.secured = std::make_shared<tls_context>(*where.tls, "http/1.1");
    connector connecting{found};
    auto how = connecting.begin(clock::now(), until_);
    while (how == connector::progress::under_way) {
      auto until = std::min(until_, connecting.next_deadline());
      if (wait_for(connecting.descriptor(), connecting.poll_events(), until) == waited::stopped)
        return fail("stopped by a signal");
      how = connecting.go_on(clock::now());
    }
    stream_ = connecting.take();
    return stream_ != nullptr || fail(connecting.fault().text);
  }

  /// A server that answers before it has heard all has a reason, which is heard then.
  bool say(std::string_view text) {
    while (!text.empty()) {
      auto did = stream_->write_some(text);
      if (did.status == transport_status::done)
        text.remove_prefix(did.bytes);
      else if (did.status != transport_status::would_block)
        return true;
      else if (!await(stream_->descriptor(), stream_->poll_events(false, true), "way out"))
        return false;
    }
    return true;
  }

  bool hear() {
    char bytes[16 * 1024];
    auto how = http_answer_reader::progress::wants_more;
    while (how == http_answer_reader::progress::wants_more) {
      // Looked at before each read: who sends a byte at a time gets no more time than others.
      if (!await(stream_->descriptor(), stream_->poll_events(true, false), "answer"))
        return false;
      auto did = stream_->read_some(bytes, sizeof bytes);
      if (did.status == transport_status::done)
        how = reader_.take({bytes, did.bytes});
      else if (did.status == transport_status::end)
        how = reader_.end();
      else if (did.status == transport_status::failed)
        return fail(error_text(did.error));
    }
    return how == http_answer_reader::progress::whole || fail(reader_.problem());
  }

  clock::time_point until_;
  std::unique_ptr<transport> stream_;
  http_answer_reader reader_;
  std::string problem_;
};

} // namespace

std::string to_text(const http_request& request, const endpoint& where) {
  bool is_v6 = where.host.find(':') != std::string::npos;
  auto host = is_v6 ? "[" + where.host + "]" : where.host;
  auto text = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\nAccept: application/json\r\n",
                          request.method, request.target, host, where.port);
  if (!request.token.empty())
    text += "Authorization: Bearer " + request.token + "\r\n";
  if (request.method != "GET")
    text += "Content-Length: 0\r\n";
  return text + "Connection: close\r\n\r\n";
}

http_result exchange(const endpoint& where, const http_request& request,
                     std::chrono::milliseconds patience) {
  return conversation{patience}.run(where, to_text(request, where));
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view others{"-._~"};
  std::string out;
  for (char c : text) {
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    others.find(c) != std::string_view::npos;
    if (is_plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

} // namespace ringdown::cli
