#include "broker/edge/link_signal.hpp"

#include <new>
#include <string>
#include <string_view>

namespace ringdown::edge {

void link_signal::visit() noexcept {
  if (loop_.host().is_current())
    mark();
  else
    loop_.host().post([self = shared_from_this()] { self->mark(); });
}

void link_signal::note_refusal(const refused_request& refused) noexcept {
  loop_.context().counts.shared().errors.count(refused.why.code);
  constexpr auto debug = observer::severity::debug;
  auto& told = *loop_.context().observed_by;
  std::string_view part = refused.dn.empty() ? "connection" : "dn";
  if (!told.wants(part, debug)) [[likely]]
    return;
  try {
    auto& why = refused.why;
    told.log(part, debug, "request refused",
             {{"client", to_string(refused.from.id)},
              {"application", refused.from.application},
              {"reference", std::to_string(refused.reference.value)},
              {"dn", refused.dn},
              {"code", std::to_string(static_cast<unsigned>(why.code))},
              {"text", why.text.empty() ? info(why.code).text : std::string_view{why.text}},
              {"attribute", why.attribute},
              {"accepted", why.accepted}});
  } catch (const std::bad_alloc&) { // then it is not told
  }
}

void link_signal::mark() {
  if (link_ != nullptr)
    loop_.mark(*link_);
}

} // namespace ringdown::edge
