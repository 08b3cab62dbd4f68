# What a program that uses Ringdown may include. Each compiles alone and shows no CAF, Protobuf,
# fmt or Boost (tests/headers); these, the one below and no others are installed, under
# include/ringdown/.
set(ringdown_public_headers
  messages/access_rules.hpp
  messages/ids.hpp
  messages/limits.hpp
  messages/confirm_rules.hpp
  messages/errors.hpp
  messages/outcome.hpp
  messages/user_data.hpp
  messages/send_event.hpp
  messages/transport.hpp
  messages/words.hpp
  actors/authorize.hpp
  actors/grants.hpp
  broker/admin/access.hpp
  broker/broker.hpp
  broker/config/config.hpp
  broker/logging/level.hpp
  broker/logging/logging.hpp
  client/any_t_client.hpp
  client/background.hpp
  client/backoff.hpp
  client/command_ledger.hpp
  client/connection.hpp
  client/desktop.hpp
  client/events.hpp
  client/light_model.hpp
  client/recorder.hpp
  client/recorder_model.hpp
  client/requests.hpp
  client/script.hpp
  client/t_client.hpp
  client/t_client_values.hpp
  client/tls.hpp
  client/words.hpp)

# For programs that run CAF themselves: the only one that shows it.
set(ringdown_caf_headers
  client/caf_bridge/caf_bridge.hpp)
