#include "client/cli/admin_port.hpp"

#include "messages/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace ringdown::cli {

namespace {

constexpr unsigned not_known = 401;
constexpr unsigned not_allowed = 403;
constexpr unsigned not_there = 404;
/// The admin port gives at most so many rows a page.
constexpr std::size_t page_rows_max = 1000;
/// Bounds a list that never ends. A filter may leave pages empty: so many pages see a million DNs.
constexpr std::size_t pages_max = 1000;

admin_answer wrong(exit_status status, std::string problem) {
  return {{}, status, std::move(problem)};
}

bool is_good(unsigned status) {
  return status >= 200 && status < 300;
}

/// What the port said of its refusal, with the field and what it accepts.
std::string reason_of(const json& body) {
  auto text = printable(text_of(body, "error"));
  auto field = printable(text_of(body, "field"));
  auto accepted = printable(text_of(body, "accepted"));
  if (!field.empty())
    text += " (" + field + (accepted.empty() ? "" : "; accepted: " + accepted) + ")";
  else if (!accepted.empty())
    text += " (accepted: " + accepted + ")";
  return text;
}

} // namespace

std::string text_of(const json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::int64_t number_of(const json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag_of(const json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const json& list_of(const json& object, const char* key) {
  static const json none = json::array();
  auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

const json& object_of(const json& object, const char* key) {
  static const json none = json::object();
  auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

admin_answer read_answer(http_result&& heard, std::string_view wanted, const std::string& where) {
  auto at = "the admin port at " + printable(where);
  if (!heard.problem.empty())
    return wrong(usage, "cannot ask " + at + ": " + printable(heard.problem));
  auto& answer = heard.answer;
  bool is_json = answer.type.starts_with("application/json");
  auto body = is_json ? json::parse(answer.body, nullptr, false) : json{};
  if (!body.is_object())
    return wrong(usage, fmt::format("{} answered {} without a JSON object: is it a broker's?", at,
                                    answer.status));
  if (is_good(answer.status))
    return {std::move(body)};
  auto why = fmt::format("{} answered {}: {}", at, answer.status, reason_of(body));
  if (answer.status == not_known)
    why += fmt::format("; this takes a token with the right {}: --token-file FILE", wanted);
  if (answer.status == not_allowed)
    why += fmt::format("; this takes the right {}", wanted);
  auto failed = wrong(refused, std::move(why));
  failed.is_not_there = answer.status == not_there;
  return failed;
}

admin_port::admin_port(const admin_access& access, const settings& common)
  : ask_([place = access.place, token = access.token,
          patience = common.timeout()](const http_request& request) {
      auto shown = request;
      shown.token = token;
      return exchange(place, shown, patience);
    }),
    where_(access.address) {}

admin_answer admin_port::get(const std::string& target) const {
  return read_answer(ask_({"GET", target, {}}), "admin_read", where_);
}

admin_answer admin_port::post(const std::string& target, std::string_view wanted) const {
  return read_answer(ask_({"POST", target, {}}), wanted, where_);
}

admin_port::rows_answer admin_port::rows(const std::string& target, const std::string& name,
                                         std::size_t rows_max) const {
  rows_answer all;
  std::string after;
  for (std::size_t page = 0; page < pages_max; ++page) {
    // One more than is wanted tells whether there are others.
    auto limit = std::min(page_rows_max, rows_max - all.rows.size() + 1);
    auto asked =
      fmt::format("{}{}limit={}", target, target.find('?') == std::string::npos ? '?' : '&', limit);
    if (!after.empty())
      asked += "&after=" + percent_encoded(after);
    auto answer = get(asked);
    if (!answer.problem.empty()) {
      all.failed = std::move(answer);
      return all;
    }
    for (auto& row : list_of(answer.body, name.c_str())) {
      if (all.rows.size() == rows_max) {
        all.has_more = true;
        return all;
      }
      if (row.is_object())
        all.rows.push_back(row);
    }
    after = text_of(answer.body, "next");
    if (after.empty())
      return all;
  }
  all.has_more = true;
  return all;
}

int complain(const admin_answer& failed) {
  std::fprintf(stderr, "ringdown: %s\n", failed.problem.c_str());
  return failed.status;
}

int with_admin_port(const settings& common, const std::function<int(const admin_port&)>& then) {
  auto found = find_admin_access(common);
  if (!found.problem.empty())
    return complain(wrong(usage, found.problem));
  return then(admin_port{found.access, common});
}

} // namespace ringdown::cli
