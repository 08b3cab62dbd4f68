#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

namespace ringdown::test {

void register_all(std::string_view dn, std::initializer_list<party*> clients) {
  for (auto* one : clients) {
    one->says(register_on(2, {std::string{dn}}));
    CHECK_THAT(one->hears(), in_brief({"registered 2: " + std::string{dn}}));
  }
}

std::string ask(party& who, const v1::Frame& request) {
  who.says(request);
  auto heard = who.hears();
  CHECK(heard.size() == 1);
  return heard.empty() ? "" : heard.front();
}

pair_on_7001::pair_on_7001(const limits& bounds, stage where)
  : o(bounds, where), desk(o.confirming_desktop()), recorder(o.recorder()) {
  register_all("7001", {&desk, &recorder});
}

void pair_on_7001::recorder_says(std::uint32_t reference, std::string_view verb,
                                 std::uint64_t call) {
  recorder.hears();
  recorder.says(send(reference, "7001", verb, {.call = call}));
  recorder.hears();
}

} // namespace ringdown::test
