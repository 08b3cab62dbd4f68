#include "broker/admin/api.hpp"

#include "broker/admin/json.hpp"
#include "broker/admin/metrics_text.hpp"
#include "messages/limits.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <variant>

namespace ringdown::admin {

/// Who asks, and what he may.
struct api::visitor {
  admin_rights rights;
  bool has_shown_token = false;
};

/// A request on its way to its answer.
struct api::call {
  std::string argument;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string principal;
  std::string peer;
  answer_function answer;

  std::string_view parameter(std::string_view name) const {
    for (auto& [key, value] : parameters)
      if (key == name)
        return value;
    return {};
  }
};

namespace {

std::string_view accepted_by(route_id id, std::string_view name) {
  for (auto& one : routes())
    for (auto& each : one.parameters)
      if (one.id == id && each.name == name)
        return each.accepted;
  return {};
}

http_response bad_parameter(route_id id, std::string_view name) {
  return error_response(400, "the parameter is not one of what is accepted", name,
                        accepted_by(id, name));
}

/// The parameter of a route that it does not know.
http_response unknown_parameter(const route& at, std::string_view name) {
  std::string known;
  for (auto& each : at.parameters)
    known.append(known.empty() ? "" : ", ").append(each.name);
  return error_response(400, "the parameter is not known here", name,
                        known.empty() ? "none" : known);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool is_number = error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional{number} : std::nullopt;
}

/// From 1 to `most`; nothing is `usual`.
std::optional<std::size_t> parse_count(std::string_view text, std::size_t usual, std::size_t most) {
  auto count = text.empty() ? std::optional{usual} : parse_number(text);
  return count && *count >= 1 && *count <= most ? count : std::nullopt;
}

std::optional<std::size_t> parse_limit(std::string_view text) {
  return parse_count(text, page_rows_default, page_rows_max);
}

std::optional<client_id> parse_client(std::string_view text) {
  auto id = parse_conn_id(text); // the same digits
  return id && *id ? std::optional{client_id{id->value}} : std::nullopt;
}

http_response no_client() {
  return error_response(404, "no client that has signed on has this id", "id",
                        "an id of /api/v1/connections");
}

/// `17.4000`, a number for each loop; nothing: from the first line.
std::optional<trace_cursor> parse_cursor(std::string_view text) {
  trace_cursor all;
  while (!text.empty()) {
    auto part = text.substr(0, text.find('.'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    auto number = parse_number(part);
    if (!number)
      return std::nullopt;
    all.push_back(*number);
  }
  return all;
}

http_response trace_opened_response(const trace_opened& opened) {
  if (opened.id != 0)
    return {201, trace_opened_json(opened)};
  auto why = error_response(429, "there are as many traces as there may be at once");
  why.fields.emplace_back("Retry-After", std::to_string(opened.retry_in.count()));
  return why;
}

http_response no_trace() {
  return error_response(404, "there is no such trace, or its time has been over for a while", "id",
                        "the trace of an answer to POST /api/v1/traces");
}

http_response late() {
  return error_response(503, "the broker did not answer in time");
}

} // namespace

// ---- who asks ------------------------------------------------------------------------------

api::visitor api::visitor_of(const http_request& request) const {
  if (!access_)
    return {{{}, request.is_from_loopback, false}, false};
  constexpr std::string_view scheme = "bearer ";
  auto& shown = request.authorization;
  bool is_bearer = shown.size() > scheme.size() &&
                   std::equal(scheme.begin(), scheme.end(), shown.begin(), [](char a, char b) {
                     return a == (b >= 'A' && b <= 'Z' ? b + 32 : b);
                   });
  if (!is_bearer)
    return {};
  return {access_(std::string_view{shown}.substr(scheme.size())), true};
}

/// Why the request may not be answered; else who it comes from.
std::variant<http_response, std::string> api::check_rights(const route& at,
                                                           const http_request& request) {
  if (at.needs == right::none)
    return std::string{};
  auto who = visitor_of(request);
  auto& rights = who.rights;
  if (at.needs == right::read ? rights.may_read : rights.may_write)
    return rights.principal;
  view_.tell(view::severity::warning, "admin request refused",
             {{"peer", request.peer}, {"principal", rights.principal}, {"path", at.path}});
  if (!access_ && request.is_from_loopback)
    return error_response(403, "without auth.file one may only read");
  if (!rights.principal.empty())
    return error_response(403, "the token does not give this right");
  auto why =
    error_response(401, who.has_shown_token ? "the token is not known" : "a bearer token is wanted",
                   "Authorization", "Bearer and a token of auth.file");
  why.fields.emplace_back("WWW-Authenticate", "Bearer");
  return why;
}

promised api::handle(const http_request& request, answer_function answer) {
  auto refuse = [&](http_response why) {
    answer(std::move(why));
    return promised{answer_patience, late};
  };
  // Whoever came by TLS has compared the name that it meant with the certificate's.
  if (!request.is_encrypted && !is_own_host(request.host, address_, request.local_address))
    return refuse(error_response(403, "the request is for another host", "Host",
                                 "localhost, an address of this machine's loopback, or the one "
                                 "that the admin port listens on"));
  auto parsed = parse_target(request.target);
  if (auto* bad = std::get_if<bad_target>(&parsed))
    return refuse(error_response(400, bad->text, bad->field));
  auto& asked = std::get<target>(parsed);
  auto found = find_route(request.method, asked.segments);
  if (found.at == nullptr && found.allowed.empty())
    return refuse(
      error_response(404, "there is nothing at this path", "path", "a path of docs/openapi.json"));
  if (found.at == nullptr) {
    auto why = error_response(405, "the method is not one of this path's", "method", found.allowed);
    why.fields.emplace_back("Allow", found.allowed);
    return refuse(std::move(why));
  }
  auto who = check_rights(*found.at, request);
  if (auto* why = std::get_if<http_response>(&who))
    return refuse(std::move(*why));
  auto known = found.at->parameters;
  for (auto& given : asked.parameters)
    if (std::none_of(known.begin(), known.end(),
                     [&](auto& one) { return one.name == given.first; }))
      return refuse(unknown_parameter(*found.at, given.first));
  return serve(*found.at,
               std::make_shared<call>(call{std::move(found.argument), std::move(asked.parameters),
                                           std::move(std::get<std::string>(who)), request.peer,
                                           std::move(answer)}));
}

promised api::serve(const route& at, const call_ptr& from) {
  switch (at.id) {
  case route_id::livez: return livez(from);
  case route_id::readyz: readyz(*from); break;
  case route_id::metrics: metrics(from); break;
  case route_id::summary:
    from->answer({200, summary_json(view_.facts(), view_.counts(), view_.checks())});
    break;
  case route_id::connections: connections(from); break;
  case route_id::connection: connection(from); break;
  case route_id::dns: dns(from, false); break;
  case route_id::alarms: dns(from, true); break;
  case route_id::dn: dn(from); break;
  case route_id::queues: queues(from); break;
  case route_id::limits:
    from->answer({200, config_json(view_.config(), "limits", "limits.")});
    break;
  case route_id::config: from->answer({200, config_json(view_.config(), "config", {})}); break;
  case route_id::open_trace: open_trace(from); break;
  case route_id::read_trace: read_trace(from); break;
  case route_id::close_trace: close_trace(*from); break;
  case route_id::disconnect: disconnect(from); break;
  case route_id::drain: order(*from, &view::drain, "drain"); break;
  case route_id::reload: order(*from, &view::reload, "reload"); break;
  }
  return {answer_patience, late};
}

// ---- health --------------------------------------------------------------------------------

promised api::livez(const call_ptr& from) {
  health_.ask([this, from] { from->answer({200, health_.json(loop_health::clock::now())}); });
  return {loop_health::patience, [this] {
            return http_response{503, health_.json(loop_health::clock::now())};
          }};
}

void api::readyz(const call& from) {
  auto checks = view_.checks();
  bool is_ready =
    std::all_of(checks.begin(), checks.end(), [](auto& one) { return one.fault.empty(); });
  from.answer({is_ready ? 200u : 503u, checks_json(checks)});
}

void api::metrics(const call_ptr& from) {
  // A loop may answer when the port is gone already: `this` is spoken to at home only.
  view_.read([this, home = home_, from](std::vector<reading> readings) {
    home([this, from, readings = std::move(readings)] {
      from->answer({200, metrics_text(view_.counts(), readings), metrics_type});
    });
  });
}

// ---- clients -------------------------------------------------------------------------------

void api::connections(const call_ptr& from) {
  connection_query wanted;
  auto bad = [&](std::string_view name) {
    from->answer(bad_parameter(route_id::connections, name));
  };
  if (auto limit = parse_limit(from->parameter("limit")))
    wanted.limit = *limit;
  else
    return bad("limit");
  if (auto after = from->parameter("after"); !after.empty()) {
    auto id = parse_client(after);
    if (!id)
      return bad("after");
    wanted.after = *id;
  }
  if (auto word = from->parameter("role"); !word.empty()) {
    wanted.role = parse_role(word);
    if (!wanted.role)
      return bad("role");
  }
  if (auto slow = from->parameter("slow"); slow == "true")
    wanted.slow_first = true;
  else if (!slow.empty() && slow != "false")
    return bad("slow");
  view_.connections(wanted, [home = home_, from, wanted](std::vector<connection_row> rows) {
    home([from, wanted, rows = std::move(rows)] {
      // Who waits most changes while one turns pages: there is one page.
      bool has_next = !wanted.slow_first && rows.size() == wanted.limit;
      from->answer({200, connections_json(rows, has_next ? to_string(rows.back().id) : "")});
    });
  });
}

void api::connection(const call_ptr& from) {
  auto id = parse_client(from->argument);
  if (!id)
    return from->answer(no_client());
  view_.connection(*id, [home = home_, from](std::optional<connection_row> row) {
    home([from, row = std::move(row)] {
      from->answer(row ? http_response{200, connection_json(*row)} : no_client());
    });
  });
}

void api::disconnect(const call_ptr& from) {
  auto id = parse_client(from->argument);
  if (!id)
    return from->answer(no_client());
  view_.tell(view::severity::info, "an operator disconnects a client",
             {{"client", to_string(*id)}, {"principal", from->principal}, {"peer", from->peer}});
  view_.disconnect(*id, [home = home_, from](bool was_there) {
    home([from, was_there] {
      from->answer(was_there ? http_response{202, "{\"done\":\"disconnect\"}\n"} : no_client());
    });
  });
}

// ---- DNs -----------------------------------------------------------------------------------

void api::dns(const call_ptr& from, bool alarmed) {
  auto id = alarmed ? route_id::alarms : route_id::dns;
  list_request wanted;
  wanted.alarmed = alarmed;
  wanted.after = from->parameter("after");
  wanted.prefix = from->parameter("prefix");
  auto limit = parse_limit(from->parameter("limit"));
  if (!limit)
    return from->answer(bad_parameter(id, "limit"));
  wanted.limit = *limit;
  if (auto word = from->parameter("light"); !word.empty()) {
    wanted.light = parse_light(word);
    if (!wanted.light)
      return from->answer(bad_parameter(id, "light"));
  }
  if (auto word = from->parameter("recorder"); word == "none")
    wanted.recorder_missing = true;
  else if (!word.empty())
    return from->answer(bad_parameter(id, "recorder"));
  view_.dns(wanted, [home = home_, from](dn_page page) {
    home([from, page = std::move(page)] { from->answer({200, dns_json(page)}); });
  });
}

void api::dn(const call_ptr& from) {
  view_.dn(from->argument, [home = home_, from](std::shared_ptr<const dn_shown> shown) {
    home([from, shown = std::move(shown)] {
      from->answer(shown
                     ? http_response{200, dn_json(*shown)}
                     : error_response(404, "the DN is not in use", "dn", "a DN of /api/v1/dns"));
    });
  });
}

// ---- traces --------------------------------------------------------------------------------

void api::open_trace(const call_ptr& from) {
  trace_wanted wanted;
  wanted.dn = from->parameter("dn");
  auto client = from->parameter("client");
  auto bad = [&](std::string_view name) {
    from->answer(bad_parameter(route_id::open_trace, name));
  };
  if (wanted.dn.empty() == client.empty()) // of one thing
    return bad("dn");
  if (wanted.dn.size() > dn_bytes_max)
    return bad("dn");
  if (!client.empty()) {
    auto id = parse_client(client);
    if (!id)
      return bad("client");
    wanted.client = *id;
  }
  auto seconds = parse_count(from->parameter("for"), static_cast<std::size_t>(wanted.time.count()),
                             static_cast<std::size_t>(trace_time_max.count()));
  if (!seconds)
    return bad("for");
  wanted.time = std::chrono::seconds{*seconds};
  view_.tell(view::severity::info, "an operator opens a trace",
             {{"dn", wanted.dn},
              {"client", client},
              {"seconds", std::to_string(*seconds)},
              {"principal", from->principal},
              {"peer", from->peer}});
  view_.open_trace(wanted, [home = home_, from](trace_opened opened) {
    home([from, opened] { from->answer(trace_opened_response(opened)); });
  });
}

void api::read_trace(const call_ptr& from) {
  auto bad = [&](std::string_view name) {
    from->answer(bad_parameter(route_id::read_trace, name));
  };
  auto limit = parse_limit(from->parameter("limit"));
  if (!limit)
    return bad("limit");
  auto after = parse_cursor(from->parameter("after"));
  if (!after)
    return bad("after");
  auto id = parse_number(from->argument);
  if (!id)
    return from->answer(no_trace());
  view_.read_trace(*id, *after, *limit, [home = home_, from](std::optional<trace_page> page) {
    home([from, page = std::move(page)] {
      from->answer(page ? http_response{200, trace_json(*page)} : no_trace());
    });
  });
}

void api::close_trace(const call& from) {
  auto id = parse_number(from.argument);
  bool was_there = id && view_.close_trace(*id);
  from.answer(was_there ? http_response{202, "{\"done\":\"close\"}\n"} : no_trace());
}

// ---- the broker ----------------------------------------------------------------------------

void api::queues(const call_ptr& from) {
  view_.queues([home = home_, from](std::vector<queue_row> rows) {
    home([from, rows = std::move(rows)] { from->answer({200, queues_json(rows)}); });
  });
}

void api::order(const call& from, bool (view::*what)(), std::string_view word) {
  view_.tell(view::severity::info, "an operator gives an order",
             {{"order", word}, {"principal", from.principal}, {"peer", from.peer}});
  if ((view_.*what)())
    return from.answer({202, "{\"done\":\"" + std::string{word} + "\"}\n"});
  from.answer(error_response(501, "whoever runs this broker does not take such orders", {},
                             "the signals of ringdownd"));
}

} // namespace ringdown::admin
