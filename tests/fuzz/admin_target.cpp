// What visitors of the admin port send: HTTP, a request's target, parameters, tokens.
//
// Input: a byte n; the connection's bytes, which come in pieces of n (0: all at once). The broker
// behind the port has two clients; "reader" and "writer" are tokens.
#include "broker/admin/api.hpp"
#include "broker/admin/request_reader.hpp"
#include "tests/broker/admin/fake_view.hpp"
#include "tests/fuzz/promise.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace ringdown;
using namespace ringdown::admin;
using namespace ringdown::fuzz;

namespace {

admin_rights rights_of(std::string_view token) {
  if (token == "reader")
    return {"rita", true, false};
  if (token == "writer")
    return {"wim", true, true};
  return {};
}

void check(const http_response& answer) {
  static const std::set<unsigned> known{200, 201, 202, 400, 401, 403, 404,
                                        405, 413, 429, 431, 501, 503, 505};
  promise(known.contains(answer.status), "an answer has one of the port's statuses");
  promise(answer.type != "application/json" || nlohmann::json::accept(answer.body),
          "an answer is JSON");
  for (auto& [name, value] : answer.fields)
    promise(is_one_line(name) && is_one_line(value), "nobody writes a field of an answer but us");
}

class port {
public:
  port() : api_(broker_, rights_of, "127.0.0.1", [](auto what) { what(); }) {
    broker_.rows.emplace_back().id = {1};
    broker_.rows.emplace_back().id = {2};
    broker_.checks_now = {{"listens", ""}};
  }

  /// False: the connection is to end.
  bool hear(std::string_view bytes) {
    reader_.put(bytes);
    for (;;) {
      auto taken = reader_.take();
      if (std::holds_alternative<request_reader::nothing_yet>(taken))
        return true;
      if (auto* wrong = std::get_if<http_response>(&taken)) {
        promise(wrong->status >= 400, "what is no request is an error");
        check(*wrong);
        return false;
      }
      auto& request = std::get<http_request>(taken);
      promise(request.body.size() <= body_bytes_max, "a body is no longer than it may be");
      serve(request);
      if (!request.keeps_alive)
        return false;
    }
  }

private:
  void serve(const http_request& request) {
    auto drains = broker_.drains;
    auto ended = broker_.disconnected.size();
    int answers = 0;
    unsigned status = 0;
    auto done = api_.handle(request, [&](const http_response& answer) {
      ++answers;
      status = answer.status;
      check(answer);
    });
    promise(answers == 1, "a request is answered once");
    check(done.when_late());
    bool has_changed = broker_.drains != drains || broker_.disconnected.size() != ended;
    if (has_changed)
      promise(request.method == "POST" && request.authorization.ends_with(" writer"),
              "only who may write changes anything");
    if (status < 300 && !request.target.starts_with("/livez") &&
        !request.target.starts_with("/readyz"))
      promise(!request.authorization.empty(), "without a token nothing is told but health");
    if (status < 300)
      promise(is_own_host(request.host, "127.0.0.1", {}), "only requests for us are served");
    for (auto& line : broker_.told)
      promise(line.find("Bearer") == std::string::npos, "no token is told in the log");
    broker_.told.clear();
  }

  test::fake_view broker_;
  api api_;
  request_reader reader_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input from{data, size};
  std::size_t piece = from.byte();
  auto bytes = from.rest();
  if (piece == 0)
    piece = std::max<std::size_t>(bytes.size(), 1);
  port one;
  while (!bytes.empty() && one.hear(bytes.substr(0, piece)))
    bytes.remove_prefix(std::min(piece, bytes.size()));
  return 0;
}
