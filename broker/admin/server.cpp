#include "broker/admin/server.hpp"

#include "broker/admin/api.hpp"
#include "broker/admin/request_reader.hpp"
#include "broker/admin/visitor_stream.hpp"
#include "messages/what_is_thrown.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/system/system_error.hpp>

#include <pthread.h>

#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace ringdown::admin {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// After an accept that failed, as for want of files: nothing changes faster than visitors leave.
constexpr std::chrono::milliseconds accept_pause{100};

/// What others have to do on the port's thread, as long as there is one.
class letter_box {
public:
  explicit letter_box(asio::io_context& to) : to_(&to) {}

  void post(std::function<void()> what) {
    std::scoped_lock lock{mutex_};
    if (to_ != nullptr)
      asio::post(*to_, std::move(what));
  }
  void close() {
    std::scoped_lock lock{mutex_};
    to_ = nullptr;
  }

private:
  std::mutex mutex_;
  asio::io_context* to_;
};

/// Of the exception that is handled, in words: Boost's own would name a place in its sources.
std::string what_was_thrown() {
  try {
    throw;
  } catch (const boost::system::system_error& e) {
    return e.code().message();
  } catch (...) {
    return what_is_thrown();
  }
}

std::string head_of(const http_response& response, bool keeps_alive) {
  auto reason =
    boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head.append(reason.data(), reason.size());
  head.append("\r\nContent-Type: ").append(response.type);
  head += "\r\nContent-Length: " + std::to_string(response.body.size());
  head += "\r\nCache-Control: no-store"
          "\r\nContent-Security-Policy: default-src 'self'; frame-ancestors 'none'"
          "\r\nX-Content-Type-Options: nosniff"
          "\r\nX-Frame-Options: DENY";
  for (auto& [name, value] : response.fields)
    head.append("\r\n").append(name).append(": ").append(value);
  return head += keeps_alive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
}

class session;
using session_ptr = std::shared_ptr<session>;

/// The connections, the one that has been idle longest first.
using session_list = std::list<session_ptr>;

/// One visitor's connection: reads a request, answers it, reads the next.
class session final : public std::enable_shared_from_this<session> {
public:
  session(tcp::socket socket, const std::shared_ptr<SSL_CTX>& secured, api& answers, view& shown,
          session_list& all)
    : stream_(std::move(socket), secured), timer_(stream_.below().get_executor()), api_(answers),
      view_(shown), all_(all) {}

  void begin(session_list::iterator place) {
    place_ = place;
    step([this] {
      error_code ignored;
      auto& socket = stream_.below();
      socket.set_option(tcp::no_delay{true}, ignored);
      auto peer = socket.remote_endpoint(ignored).address();
      auto here = socket.local_endpoint(ignored).address();
      peer_ = peer.to_string();
      local_address_ = here.to_string();
      is_from_loopback_ = is_loopback(peer);
      if (stream_.is_encrypted())
        shake_hands();
      else
        read_for(request_timeout);
    });
  }

  /// An answer is under way.
  bool is_busy() const noexcept { return is_busy_; }

  void close() {
    if (std::exchange(is_closed_, true))
      return;
    timer_.cancel();
    stream_.close();
    auto self = shared_from_this();
    all_.erase(place_);
  }

private:
  static bool is_loopback(const asio::ip::address& at) {
    if (at.is_v6() && at.to_v6().is_v4_mapped())
      return asio::ip::make_address_v4(asio::ip::v4_mapped, at.to_v6()).is_loopback();
    return at.is_loopback();
  }

  /// Takes a step of this conversation. Whatever it throws, a function of the host or want of
  /// memory, is this visitor's alone: he hears 500, or nothing more where an answer has begun, and
  /// is gone.
  template <class Step>
  void step(Step taken) noexcept {
    try {
      taken();
    } catch (...) {
      give_up();
    }
  }

  /// Of the exception that is handled.
  void give_up() noexcept {
    try {
      view_.tell_of_failed_request(what_was_thrown());
      if (!is_writing_ && !is_closed_) {
        keeps_alive_ = false;
        return write(error_response(500, "the broker could not answer this: its log says why"));
      }
    } catch (...) { // for want of memory, most likely: what is left to do needs none
    }
    close();
  }

  /// Closes it, or does what else is due then, unless another step begins before.
  void after(std::chrono::nanoseconds time, std::function<void()> late) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this(), late = std::move(late)](error_code error) {
      if (!error && !self->is_closed_)
        self->step(late);
    });
  }
  void close_after(std::chrono::nanoseconds time) {
    after(time, [this] { close(); });
  }

  void shake_hands() {
    close_after(request_timeout);
    stream_.shake_hands([self = shared_from_this()](error_code error) {
      if (self->is_closed_)
        return;
      if (error)
        return self->close();
      self->step([&] { self->read_for(request_timeout); });
    });
  }

  void read_for(std::chrono::nanoseconds time) {
    close_after(time);
    read_some();
  }

  void read_some() {
    stream_.read_some(asio::buffer(bytes_),
                      [self = shared_from_this()](error_code error, std::size_t bytes) {
                        if (self->is_closed_)
                          return;
                        if (error)
                          return self->close();
                        self->step([&] { self->heard(bytes); });
                      });
  }

  void heard(std::size_t bytes) {
    // The clock of a request runs from its first byte, however slowly the others come.
    if (!reader_.has_begun())
      close_after(request_timeout);
    reader_.put({bytes_.data(), bytes});
    take();
  }

  void take() {
    auto taken = reader_.take();
    if (auto* wrong = std::get_if<http_response>(&taken)) {
      keeps_alive_ = false;
      return write(*wrong);
    }
    if (auto* request = std::get_if<http_request>(&taken))
      return serve(std::move(*request));
    read_some();
  }

  void serve(http_request request) {
    is_busy_ = true;
    auto number = ++requests_;
    keeps_alive_ = request.keeps_alive && number < requests_per_connection_max;
    request.peer = peer_;
    request.is_from_loopback = is_from_loopback_;
    request.is_encrypted = stream_.is_encrypted();
    request.local_address = local_address_;
    timer_.cancel();
    auto promised =
      api_.handle(request, [to = weak_from_this(), number](const http_response& response) {
        if (auto self = to.lock())
          self->answer(number, response);
      });
    if (is_busy_ && requests_ == number && !is_writing_)
      after(promised.patience,
            [this, number, late = std::move(promised.when_late)] { answer(number, late()); });
  }

  void answer(std::size_t number, const http_response& response) {
    if (number == requests_ && is_busy_ && !is_writing_ && !is_closed_)
      step([&] { write(response); });
  }

  void write(const http_response& response) {
    is_busy_ = is_writing_ = true;
    head_ = head_of(response, keeps_alive_);
    body_ = response.body;
    close_after(request_timeout);
    std::array<asio::const_buffer, 2> both{asio::buffer(head_), asio::buffer(body_)};
    stream_.write(both, [self = shared_from_this()](error_code error, std::size_t) {
      if (self->is_closed_)
        return;
      self->step([&] {
        if (error || !self->keeps_alive_)
          self->end();
        else
          self->go_on();
      });
    });
  }

  /// The last answer is on its way: closing now, with input unread, would take it from the visitor.
  void end() {
    is_busy_ = false;
    if (stream_.is_encrypted())
      return stream_.end_tls([self = shared_from_this()](error_code) {
        if (!self->is_closed_)
          self->close();
      });
    error_code ignored;
    stream_.below().shutdown(tcp::socket::shutdown_send, ignored);
    discard();
  }

  void discard() {
    stream_.read_some(asio::buffer(bytes_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (self->is_closed_)
                          return;
                        if (error)
                          return self->close();
                        // until its write's clock runs out
                        self->step([&] { self->discard(); });
                      });
  }

  void go_on() {
    is_busy_ = is_writing_ = false;
    body_ = {};
    all_.splice(all_.end(), all_, place_); // the last to be idle
    if (!reader_.has_begun())
      return read_for(idle_timeout);
    close_after(request_timeout);
    take();
  }

  visitor_stream stream_;
  asio::steady_timer timer_;
  api& api_;
  view& view_;
  session_list& all_;
  session_list::iterator place_;
  std::string peer_;
  std::string local_address_;
  bool is_from_loopback_ = false;
  request_reader reader_;
  std::size_t requests_ = 0;
  bool keeps_alive_ = false;
  bool is_busy_ = false; ///< with a request
  bool is_writing_ = false;
  bool is_closed_ = false;
  std::string head_;
  std::string body_;
  std::array<char, 4096> bytes_{};
};

} // namespace

class server::state {
public:
  state(view& shown, admin_access_function access, secured_function secured)
    : view_(shown), access_(std::move(access)), secured_(std::move(secured)) {}

  std::optional<std::string> start(const std::string& address, std::uint16_t port) try {
    auto box = letters_;
    api_.emplace(view_, std::move(access_), address,
                 [box](std::function<void()> what) { box->post(std::move(what)); });
    tcp::endpoint at{asio::ip::make_address(address), port};
    acceptor_.open(at.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address{true});
    acceptor_.bind(at);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread{[this] { run(); }};
    return std::nullopt;
  } catch (...) {
    return "cannot listen on " + address + " port " + std::to_string(port) + ": " +
           what_was_thrown();
  }

  void stop() noexcept {
    letters_->close();
    io_.stop();
    if (thread_.joinable())
      thread_.join();
    sessions_.clear(); // what they wait for goes with `io_`
    port_ = 0;
  }

  std::uint16_t port() const noexcept { return port_; }

private:
  void run() {
    pthread_setname_np(pthread_self(), "admin");
    sigset_t all;
    sigfillset(&all); // signals are the host's business
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (...) { // as for want of memory: one visitor's
        view_.tell_of_failed_request(what_was_thrown());
      }
    }
  }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error)
        return accept_later();
      accept(); // first: whatever one visitor's coming ends in, others come
      welcome(std::move(socket));
    });
  }

  void accept_later() {
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](error_code error) {
      if (!error)
        accept();
    });
  }

  void welcome(tcp::socket socket) {
    if (sessions_.size() >= connections_max && !close_idle())
      return; // each has an answer under way, and soon none
    auto secured = secured_ ? secured_() : nullptr;
    if (secured_ && !secured)
      return; // never in the clear where it is to be by TLS
    auto one = std::make_shared<session>(std::move(socket), secured, *api_, view_, sessions_);
    one->begin(sessions_.insert(sessions_.end(), one));
  }

  bool close_idle() {
    for (auto& one : sessions_)
      if (!one->is_busy()) {
        auto oldest = one; // it takes itself off the list
        oldest->close();
        return true;
      }
    return false;
  }

  view& view_;
  admin_access_function access_;
  const secured_function secured_;
  asio::io_context io_{1};
  std::shared_ptr<letter_box> letters_ = std::make_shared<letter_box>(io_);
  std::optional<api> api_;
  session_list sessions_;
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::atomic<std::uint16_t> port_{0};
  std::thread thread_;
};

server::server(view& shown, admin_access_function access, secured_function secured)
  : state_(std::make_unique<state>(shown, std::move(access), std::move(secured))) {}

server::~server() {
  stop();
}

std::optional<std::string> server::start(const std::string& address, std::uint16_t port) {
  return state_->start(address, port);
}

std::uint16_t server::port() const noexcept {
  return state_->port();
}

void server::stop() noexcept {
  state_->stop();
}

} // namespace ringdown::admin
