#include "tests/simulation/complaints.hpp"

#include "tests/actors/complaint.hpp"
#include "tests/simulation/promise.hpp"

#include <utility>

namespace ringdown {

namespace {

std::string complaints;

} // namespace

std::string sim::take_complaints() {
  return std::exchange(complaints, {});
}

void test::complain(const std::string& what) {
  complaints += complaints.empty() ? what : "; " + what;
}

void test::give_up(const std::string& what) {
  sim::broken("the office can go on", what);
}

} // namespace ringdown
