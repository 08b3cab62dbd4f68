// The actors of a broker on one loop, without sockets: clients hand over what a read would bring
// and take what their outboxes hold, as the edge does. All of it happens on the loop's thread, in
// an order that no clock decides; so the instructions of a step can be counted.
#pragma once

#include "actors/batches.hpp"
#include "actors/byte_buffer.hpp"
#include "actors/connection.hpp"
#include "actors/directory/directory.hpp"
#include "client/connection.hpp"

#include <caf/actor_system.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::bench {

class stage;

/// One client of a stage. Loop thread only, but for making and ending it.
class stage_client {
public:
  explicit stage_client(stage& where);
  ~stage_client();
  stage_client(const stage_client&) = delete;
  stage_client& operator=(const stage_client&) = delete;

  /// What one read of its socket brings.
  void say(std::string_view bytes);
  /// Takes what its outbox holds; how many frames these are.
  std::size_t hear();
  /// A read as a batch, for a DN that is given it without a connection.
  read_batch_ptr batch_of(std::string_view bytes);

  const client_ptr& client() const noexcept { return client_; }

private:
  class quiet_edge;

  stage& stage_;
  std::shared_ptr<quiet_edge> edge_;
  client_ptr client_;
  frame_cutter cutter_;
  byte_buffer taken_;
  read_batch_ptr spare_; ///< of a read that is done, as the edge keeps it
  connection_ref actor_;
};

class stage {
public:
  /// Makes the directory: the broker's own, or one whose DNs do nothing.
  using directory_maker =
    std::function<directory_ref(caf::actor_system& system, broker_context& context)>;
  explicit stage(directory_maker make = [](caf::actor_system& system, broker_context& around) {
    return spawn_directory(system, around);
  });
  ~stage();

  /// Calls `work` on the loop, once each turn, until it returns false; waits for that.
  void run(std::function<bool()> work);
  /// A client that has signed on and is registered on these DNs.
  stage_client& join(role as, const std::vector<std::string>& dns,
                     const std::vector<client::capability>& abilities = {});
  /// The actor of a DN; made if need be.
  dn_ref dn(const std::string& name);

  broker_context context;

private:
  friend class stage_client;
  struct job;
  void turn(const std::shared_ptr<job>& of);
  void say_and_await(stage_client& who, const std::string& bytes, std::size_t frames);

  class deaf_observer;
  std::unique_ptr<observer> observer_;
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  runtime::actor_loop* loop_ = nullptr;
  directory_ref directory_;
  std::vector<std::unique_ptr<stage_client>> clients_;
};

} // namespace ringdown::bench
