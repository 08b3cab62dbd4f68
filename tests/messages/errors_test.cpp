// The error catalog against the list of codes that clients know.
#include "messages/refusals.hpp"

#include <catch2/catch.hpp>
#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <map>
#include <vector>

using namespace ringdown;

namespace {

struct known_error {
  std::uint32_t code;
  std::string_view name;
  retry_class retry;
};

// The contract as clients hold it: a code keeps its number, name and retry class for good.
constexpr known_error known[] = {
  {41, "not_registered", retry_class::failed},
  {42, "resource_seized", retry_class::failed},
  {43, "already_in_state", retry_class::failed},
  {51, "unsupported_operation", retry_class::failed},
  {52, "internal_error", retry_class::unknown_outcome},
  {53, "invalid_attribute", retry_class::failed},
  {55, "protocol_version", retry_class::failed},
  {57, "timeout", retry_class::unknown_outcome},
  {58, "out_of_service", retry_class::overloaded},
  {59, "dn_not_configured", retry_class::failed},
  {109, "link_down", retry_class::disconnected},
  {111, "too_many_requests", retry_class::overloaded},
  {118, "service_unavailable", retry_class::failed},
  {119, "bad_credentials", retry_class::failed},
  {165, "access_restricted", retry_class::failed},
  {185, "wrong_state", retry_class::failed},
  {217, "not_signed_on", retry_class::failed},
  {238, "no_queue_space", retry_class::overloaded},
  {1186, "overloaded", retry_class::overloaded},
};

} // namespace

TEST_CASE("the catalog holds exactly the codes that clients know") {
  auto rows = error_catalog();
  REQUIRE(rows.size() == std::size(known));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(known[i].code);
    CHECK(static_cast<std::uint32_t>(rows[i].code) == known[i].code);
    CHECK(rows[i].name == known[i].name);
    CHECK(rows[i].retry == known[i].retry);
  }
  CHECK(std::is_sorted(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.code < b.code; }));
}

TEST_CASE("every error says what it is, when it comes and what to do") {
  for (auto& row : error_catalog()) {
    INFO(row.name);
    for (auto text : {row.text, row.when, row.action}) {
      CHECK(text.size() > 10);
      CHECK(text.size() < 200);
      CHECK(text.back() == '.');
    }
    CHECK(&info(row.code) == &row);
  }
}

TEST_CASE("a code is found exactly if it is in the catalog") {
  for (std::uint32_t code = 0; code <= 2000; ++code) {
    auto is_known =
      std::any_of(std::begin(known), std::end(known), [&](auto& row) { return row.code == code; });
    auto* row = find_error(code);
    REQUIRE((row != nullptr) == is_known);
    if (row != nullptr)
      REQUIRE(static_cast<std::uint32_t>(row->code) == code);
  }
  CHECK(find_error(65536 + 41) == nullptr); // more than error_code holds
  CHECK(find_error(0xffffffff) == nullptr);
}

TEST_CASE("a retry class has the wire's number and a name of its own") {
  using namespace ringdown::v1;
  CHECK(static_cast<int>(retry_class::failed) == RETRY_CLASS_FAILED);
  CHECK(static_cast<int>(retry_class::overloaded) == RETRY_CLASS_OVERLOADED);
  CHECK(static_cast<int>(retry_class::disconnected) == RETRY_CLASS_DISCONNECTED);
  CHECK(static_cast<int>(retry_class::unknown_outcome) == RETRY_CLASS_UNKNOWN_OUTCOME);
  CHECK(to_string(retry_class::failed) == "failed");
  CHECK(to_string(retry_class::overloaded) == "overloaded");
  CHECK(to_string(retry_class::disconnected) == "disconnected");
  CHECK(to_string(retry_class::unknown_outcome) == "unknown_outcome");
}

TEST_CASE("checks stand in the order of precedence") {
  // 43 shares its place with 185: both say that the DN's state does not allow the command.
  const std::vector<std::uint32_t> precedence{217, 55, 51,  53,   59,  41,  165, 51,
                                              53,  58, 111, 1186, 185, 118, 238};
  auto order = check_order();
  std::vector<std::uint32_t> codes;
  for (std::size_t i = 0; i < order.size(); ++i) {
    CHECK(order[i].stage == static_cast<check>(i));
    CHECK_FALSE(order[i].text.empty());
    codes.push_back(static_cast<std::uint32_t>(order[i].code));
  }
  CHECK(codes == precedence);
  CHECK(static_cast<std::size_t>(check::queue_space) + 1 == order.size());
}

TEST_CASE("53 names the field and what it may be") {
  auto why = invalid("this_dn", "1 to 255 bytes", "the DN is empty");
  CHECK(why.code == error_code::invalid_attribute);
  CHECK(why.attribute == "this_dn");
  CHECK(why.accepted == "1 to 255 bytes");
  CHECK(why.text == "the DN is empty");
  CHECK_FALSE(why.retry_after);
}
