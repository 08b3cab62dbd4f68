// The connection actor's inside: connection.cpp has its life and frames, requests.cpp what becomes
// of each request, dns.cpp how DNs are found and left, access.cpp who its client is and for how
// long. What decides is beside it, free of CAF
// (README.md).
#pragma once

#include "actors/connection.hpp"
#include "actors/connection/access.hpp"
#include "actors/connection/control_requests.hpp"
#include "actors/connection/dn_table.hpp"
#include "actors/connection/early_reads.hpp"
#include "actors/connection/gate.hpp"
#include "actors/connection/life.hpp"
#include "actors/connection/read_ahead.hpp"
#include "actors/connection/sign_on.hpp"
#include "actors/meters_at.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

class connection_impl final : public runtime::pinned_actor<connection_actor>,
                              public runtime::callable_in_place<const read_batch_ptr> {
public:
  connection_impl(caf::actor_config& config, runtime::home where, broker_context* context,
                  const directory_ref* directory, client_ptr client,
                  std::shared_ptr<socket_side> edge);

  const char* name() const override { return "connection"; }
  std::string called() const override { return to_string(client_->who.id); }
  behavior_type make_behavior() override;
  /// Takes the registrations along, whatever ended the actor.
  void on_exit() override;
  /// All frames of a read.
  void handle(const read_batch_ptr& batch) override;
  void fetch_ahead(const read_batch_ptr& batch, unsigned step) const noexcept override;

private:
  friend class connection_access; // a room of this one: its client's credentials
  using life = connection_life;

  /// What a connection needs only while it has a read at hand, one for each thread.
  struct workplace {
    read_ahead ahead;
    dn_table<dn_ref>::round dns;
    std::uint64_t sends = 0; ///< requests to send of this read, counted together
    bool tells = false;      ///< an operator wants a line for each request
  };

  // Frames.
  void read_from(const read_batch_ptr& batch, std::size_t first, std::size_t frame_bytes_max);
  void put_away() noexcept;
  void read_frame(const frame_ahead& next);
  void dispatch(const frame_ahead& next);
  void end_stream(stream_end end, std::size_t frame_bytes_max);

  // Sign-on.
  void sign_on(const frame_view& frame);
  void ask_to_sign_on(reference_id reference, const heartbeat_terms& terms);
  void signed_on(reference_id reference, client_id id, const heartbeat_terms& terms);

  // Requests.
  void send_event(const frame_ahead& next);
  void ask_dns(const frame_view& frame, const read_control& read);
  void ask_one(const control_request& all, std::size_t which, admitted_request& asked);
  void set_input_mask(const frame_view& frame);
  void command_many(const frame_view& frame);
  void list_addresses(const frame_view& frame);
  void watch(const frame_view& frame, const control_request& asked);
  gate_answer admit(const frame_view& frame, std::size_t answers);
  std::optional<fault> check_name(const std::string& dn, bool needs_registration) const;

  // DNs.
  void hand_over_batches();
  void resolve(std::vector<std::string> names);
  void resolved(const std::vector<std::string>& asked, const dn_handles& found);
  void unresolved(const std::vector<std::string>& asked, const fault& why);
  void leave_dns();
  void leave();

  // Ends.
  void turn_away(reference_id reference, const fault& why,
                 std::optional<std::string_view> this_dn = {});
  void turn_away_or_close(reference_id reference, const fault& why);
  void close(disconnect_reason reason, std::string_view text, reference_id reference = {});
  void log_end(disconnect_reason reason, std::string_view why);
  void socket_closed(const link_end& why);
  void begin_drain();
  void begin_sign_off(reference_id reference);
  void input_ended();
  bool is_owed() const;
  void drain_step();

  broker_context& context_;
  const directory_ref& directory_;
  client_ptr client_;
  std::shared_ptr<socket_side> edge_;
  dn_table<dn_ref> dns_;
  workplace* at_hand_ = nullptr; // while it has a read
  early_reads early_;
  std::unique_ptr<connection_access> access_; // none where nobody asks who a client is
  std::uint32_t resolves_in_flight_ = 0;
  life life_ = life::awaiting_sign_on;
  std::uint8_t refused_ = 0; // before sign-on
  bool socket_gone_ = false;
  bool drain_tick_armed_ = false;
  bool says_no_more_ = false; // its client has closed its side, and may still listen
  bool watches_ = false;      // every DN
  bool is_drained_ = false;   // the broker shuts down, and told its client so
  reference_id sign_off_;
  caf::actor_clock::time_point drain_deadline_;
  caf::actor_clock::time_point signed_on_at_;
};

} // namespace ringdown
