// What answers where the admin port should be: read in one piece, in two and byte by byte, and what
// it says of a DN, of lists and of its refusal shown to people.
//
// Input: an answer of HTTP.
#include "client/cli/admin_port.hpp"
#include "client/cli/operator_tables.hpp"
#include "client/cli/why_text.hpp"
#include "tests/fuzz/promise.hpp"

#include <algorithm>

using namespace ringdown::cli;
using namespace ringdown::fuzz;

namespace {

http_answer_reader read_in_steps(std::string_view text, std::size_t step) {
  http_answer_reader reader;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size())))
    reader.take(text.substr(0, step));
  reader.end();
  return reader;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '\n' || static_cast<unsigned char>(c) >= ' '; });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = input{data, size}.rest();
  auto whole = read_in_steps(text, size + 1);
  for (auto step : {std::size_t{1}, size / 2 + 1}) {
    auto again = read_in_steps(text, step);
    promise(again.problem() == whole.problem(), "an answer is as good in pieces");
    promise(!whole.problem().empty() || again.answer().body == whole.answer().body,
            "an answer is the same in pieces");
  }
  if (!whole.problem().empty())
    return 0;
  promise(whole.answer().body.size() <= size, "what was not sent is not heard");
  auto answer = read_answer({whole.answer(), {}}, "admin_read", "a:1");
  promise(is_printable(answer.problem), "a refusal may be shown on a terminal");
  if (!answer.problem.empty())
    return 0;
  promise(is_printable(why_text(answer.body)), "a DN may be shown on a terminal");
  for (auto* name : {"dns", "connections"}) {
    auto rows = json::array();
    for (auto& row : list_of(answer.body, name))
      if (row.is_object())
        rows.push_back(row);
    promise(is_printable(table_of_clients(rows).text(80)), "clients may be shown");
    promise(is_printable(table_of_dns(rows, 1).text(80)), "DNs may be shown");
  }
  return 0;
}
