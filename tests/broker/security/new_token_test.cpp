// What `ringdown token new` writes is what the broker reads.
#include "broker/security/authenticate.hpp"
#include "client/cli/new_token.hpp"
#include "tests/broker/security/access_support.hpp"

#include <rapidcheck/catch.h>

using namespace ringdown;
using namespace ringdown::test;

TEST_CASE("who shows a new token is let in by its entry, as its name and in its groups") {
  rc::prop("any bytes, any name that is accepted", [] {
    std::array<std::uint8_t, 32> random{};
    for (auto& byte : random)
      byte = *rc::gen::arbitrary<std::uint8_t>();
    const auto token = cli::make_token(random);
    auto name = *rc::gen::container<std::string>(
      rc::gen::element('a', 'Z', '0', '-', '"', '\\', '\'', '#', ' ', '{', '='));
    name.resize(std::min<std::size_t>(name.size(), 128));
    RC_PRE(!cli::name_fault(name).has_value());
    const auto entry =
      cli::token_entry(token, {name, {"operators"}, cli::expiry_of("2030-01-01")->text});
    const auto list = parse(std::string{usual_issuer} + std::string{usual_grants} + entry).list;
    RC_ASSERT(list != nullptr);
    const sign_on_facts facts{role::admin, "app", token.text, {}};
    const auto got = security::authenticate(*list, facts, 1'800'000'000'000'000);
    RC_ASSERT(got.why == security::cause::none);
    RC_ASSERT(got.answer.principal == name);
    RC_ASSERT(got.answer.credentials_expire_us == 1'893'456'000'000'000);
    RC_ASSERT(got.answer.may->allows(role::admin, action::admin_write, {}));
  });
}
