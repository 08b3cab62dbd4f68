// What clients ask for beside events, read from the bodies of their frames and checked as far as it
// can be without knowing anything of the connection. Pure.
#pragma once

#include "actors/batches.hpp"
#include "messages/errors.hpp"
#include "messages/limits.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace google::protobuf {
class Message;
}

namespace ringdown {

/// A request about DNs, the same for each of them.
struct control_request {
  dn_request each;                                    ///< without its ReferenceID
  boost::container::small_vector<std::string, 1> dns; // a desktop mostly has one
  bool every_dn = false; ///< of a registration or its end: in place of `dns`

  /// All but a registration ask for a DN on which the client is registered.
  bool needs_registration() const noexcept { return each.what != dn_request::kind::register_; }
};

using read_control = std::variant<control_request, fault>;
read_control read_registration(std::string_view body, const limits& bounds);
read_control read_unregistration(std::string_view body, const limits& bounds);
read_control read_query(std::string_view body);
read_control read_merge_calls(std::string_view body);
read_control read_end_call(std::string_view body);

/// The name of one of a request's `count` DNs, for who is told that it is none.
std::string dn_attribute(std::size_t entry, std::size_t count);

/// The answer to a registration for every DN, or its end; `why`: nobody asked for that.
std::string encode_watch(reference_id reference, dn_request::kind what, std::int64_t time_us,
                         std::optional<error_code> why = {});

/// A command for many DNs: for each of them a RequestSendEvent as if it had come alone.
struct many_commands {
  struct one {
    std::string dn;
    std::string request; ///< the body of RequestSendEvent
  };
  std::vector<one> each;
  bool safety = false; ///< `pause` or `stop`
};
std::variant<many_commands, fault> read_many_commands(std::string_view body, const limits& bounds);

/// Which DNs a client wants to have listed.
struct list_request {
  using answer_type = struct list_page; // actors/interfaces.hpp
  std::string after;
  std::string prefix = {}; ///< of the names; an operator's filter
  std::size_t limit = list_page_default;
  std::optional<capture_state> light;
  bool alarmed = false;
  bool recorder_missing = false;
  /// Whose list it is: only what it may monitor is in it; null: everything.
  std::shared_ptr<const grants> may;
  role as = role::unspecified;
};
std::variant<list_request, fault> read_list(std::string_view body);

/// The mask that RequestSetInputMask asks for, of `event_kind`.
std::variant<std::uint8_t, fault> read_input_mask(std::string_view body);

/// Checks and parses the body of a control request. What is wrong with it, if anything is.
std::optional<fault> parse_control(std::string_view body, google::protobuf::Message& out);
/// The bytes were no message: nothing that follows can be trusted.
inline bool is_untrusted(const fault& why) {
  return why.attribute == "frame";
}

} // namespace ringdown
