#include "tests/simulation/complaints.hpp"

#include "tests/actors/complaint.hpp"
#include "tests/simulation/promise.hpp"

#include <set>
#include <utility>

namespace ringdown {

namespace {

std::string complaints;

} // namespace

std::string sim::take_complaints() {
  return std::exchange(complaints, {});
}

void sim::check_told(const std::vector<std::string>& lines) {
  static const std::set<std::string> expected{
    "dn: outcome of a command",
    "dn: outcome of the broker's order",
    "dn: held command let go",
    "dn: alarm: a person must look",
    "dn: a recorder says failed, and was ordered nothing",
    "connection: connection closed",
    "edge: connection closed",
    "directory: programs of one instance id take over from each other"};
  for (auto& line : lines)
    if (!expected.contains(line))
      broken("the operator hears of no fault of the broker's", line);
}

void test::complain(const std::string& what) {
  complaints += complaints.empty() ? what : "; " + what;
}

void test::give_up(const std::string& what) {
  sim::broken("the office can go on", what);
}

} // namespace ringdown
