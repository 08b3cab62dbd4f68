// Who stands at the broker's door in a conversation: tokens, whose they are and what they give.
#pragma once

#include "tests/actors/conversation.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::test {

inline constexpr action_set party_actions =
  bit_of(action::register_) | bit_of(action::send_command) | bit_of(action::send_user_event);

inline std::shared_ptr<const grants> granted(role as, action_set may,
                                             const std::string& prefix = {}) {
  dn_pattern all{dn_pattern::kind::all, {}, {}};
  dn_pattern some{dn_pattern::kind::prefix, prefix, {}};
  return std::make_shared<const grants>(
    std::vector<grant>{{bit_of(as), may, {prefix.empty() ? all : some}}});
}

/// Who stands at the broker's door: tokens, whose they are and what they give.
class gatehouse {
public:
  struct person {
    std::string principal;
    std::shared_ptr<const grants> may;
    std::int64_t expires_us = 0;
  };

  explicit gatehouse(office& of) {
    of.context.authenticate = [this](sign_on_facts asked,
                                     std::function<void(authenticated)> answer) {
      auto call = [this, asked = std::move(asked), answer = std::move(answer)] {
        answer(look(asked));
      };
      if (is_slow)
        waiting.push_back(std::move(call));
      else
        call();
    };
  }

  std::map<std::string, person> known;
  bool is_slow = false;
  bool is_overrun = false;
  std::int64_t hold_ms = 0;
  std::vector<std::function<void()>> waiting;

private:
  class place final : public standing {
  public:
    place(const gatehouse& of, std::string token) : of_(of), token_(std::move(token)) {}
    authenticated again() const override {
      auto found = of_.known.find(token_);
      if (found == of_.known.end())
        return {.refused = "unknown_token"};
      auto& who = found->second;
      return {.principal = who.principal, .may = who.may, .credentials_expire_us = who.expires_us};
    }

  private:
    const gatehouse& of_;
    const std::string token_;
  };

  authenticated look(const sign_on_facts& asked) const {
    auto found = known.find(asked.credentials);
    if (is_overrun)
      return {.refused = "too_many_waiting", .retry_after_ms = 1000, .overloaded = true};
    if (found == known.end())
      return {.refused = "unknown_token", .retry_after_ms = hold_ms};
    auto& who = found->second;
    return {.principal = who.principal,
            .may = who.may,
            .rests_on = std::make_shared<place>(*this, asked.credentials),
            .credentials_expire_us = who.expires_us};
  }
};

inline v1::Frame sign_on_with(const std::string& token, v1::Role role, std::string_view application,
                              std::string instance = {}) {
  auto frame = sign_on(1, role, application, {}, std::move(instance));
  frame.mutable_request_sign_on()->set_credentials(token);
  return frame;
}

inline v1::Frame renew_with(std::uint32_t reference, const std::string& token) {
  v1::Frame frame;
  frame.set_reference_id(reference);
  frame.mutable_request_renew_credentials()->set_credentials(token);
  return frame;
}

inline constexpr std::int64_t second_us = 1'000'000;

} // namespace ringdown::test
