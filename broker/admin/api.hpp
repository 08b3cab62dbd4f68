// What the admin port answers: checks the host and the rights, takes the request apart, asks the
// view, and makes the answer. Knows no sockets and no timers: whoever serves it has both.
//
//   server                     api                          view        loops, actors
//     | handle(request) -------> | host, rights, parameters    |            |
//     | <----------- patience    | --- connections(query) ---> | - asks --> |
//     |                          | <------------ home(rows) ---|------------|
//     | <--------- answer(json)  |
//     | (late: when_late)        |
//
// One thread, the admin port's.
#pragma once

#include "broker/admin/access.hpp"
#include "broker/admin/health.hpp"
#include "broker/admin/http.hpp"
#include "broker/admin/routes.hpp"
#include "broker/admin/target.hpp"
#include "broker/admin/view.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace ringdown::admin {

/// What follows for whoever handed in a request.
struct promised {
  /// How long the answer may take.
  std::chrono::milliseconds patience{};
  /// What is answered then; the other answer goes nowhere.
  std::function<http_response()> when_late;
};

class api {
public:
  /// Whose answer comes from loops or actors: a busy broker's take some turns, and whoever asked is
  /// still there.
  static constexpr std::chrono::milliseconds answer_patience{5000};

  using answer_function = std::function<void(http_response)>;

  /// `shown` outlives it. `access`: empty where nobody is asked who he is; then who comes from this
  /// machine may read. `address`: the one that is configured.
  api(view& shown, admin_access_function access, std::string address, home_call home)
    : view_(shown), access_(std::move(access)), address_(std::move(address)),
      home_(std::move(home)), health_(shown, home_) {}

  /// Answers once, within this call or later, on this thread; not at all if the view does not.
  promised handle(const http_request& request, answer_function answer);

private:
  struct call;
  struct visitor;
  using call_ptr = std::shared_ptr<const call>;

  visitor visitor_of(const http_request& request) const;
  std::variant<http_response, std::string> check_rights(const route& at,
                                                        const http_request& request);
  promised serve(const route& at, const call_ptr& from);
  promised livez(const call_ptr& from);
  void readyz(const call& from);
  void metrics(const call_ptr& from);
  void connections(const call_ptr& from);
  void connection(const call_ptr& from);
  void disconnect(const call_ptr& from);
  void dns(const call_ptr& from, bool alarmed);
  void dn(const call_ptr& from);
  void queues(const call_ptr& from);
  void open_trace(const call_ptr& from);
  void read_trace(const call_ptr& from);
  void close_trace(const call& from);
  void order(const call& from, bool (view::*what)(), std::string_view word);

  view& view_;
  const admin_access_function access_;
  const std::string address_;
  const home_call home_;
  loop_health health_;
};

} // namespace ringdown::admin
