#include "docs/generate/errors_page.hpp"

#include "docs/generate/table.hpp"
#include "messages/errors.hpp"

#include <string_view>

namespace ringdown::docs {
namespace {

constexpr std::string_view introduction = R"(# Error codes

<!-- Made by ringdown-docs from messages/error_catalog.def and messages/errors.cpp: do not edit. -->

A refusal is an `EventError` with the ReferenceID of its request. Its `code` is API and stays; its
text is for people and may change. `attribute` names the field at fault, `accepted` what it may be.
`ringdown error 118` prints a row of this page.

## Retry classes

| class | what a client does |
|---|---|
| failed | does not send the request again as it is |
| overloaded | sends it again after `retry_after_ms` |
| disconnected | connects again first |
| unknown_outcome | the answer was lost: sends it again under the same command id |

## Codes

| code | name | retry class | meaning | when | what to do |
|---|---|---|---|---|---|
)";

constexpr std::string_view precedence = R"(
## Order of precedence

A request is checked in this order, and where several checks fail the first one answers.

| | what must hold | otherwise |
|---|---|---|
)";

} // namespace

std::string errors_page() {
  std::string out{introduction};
  for (const auto& row : error_catalog()) {
    out += '|';
    add_cell(out, std::to_string(static_cast<unsigned>(row.code)));
    add_cell(out, row.name);
    add_cell(out, to_string(row.retry));
    add_cell(out, row.text);
    add_cell(out, row.when);
    add_cell(out, row.action);
    out += '\n';
  }
  out += precedence;
  int place = 0;
  for (const auto& step : check_order()) {
    out += '|';
    add_cell(out, std::to_string(++place));
    add_cell(out, step.text);
    add_cell(out, std::to_string(static_cast<unsigned>(step.code)) + ' ' +
                    std::string{info(step.code).name});
    out += '\n';
  }
  return out;
}

} // namespace ringdown::docs
