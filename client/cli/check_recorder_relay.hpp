// A wire between a recorder and its broker that shows what goes over it, and can be cut, or be
// silent for a while. One thread; nothing in it waits.
#pragma once

#include "client/connection.hpp"
#include "client/internal/socket.hpp"
#include "messages/frame_cutter.hpp"

#include <poll.h>

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::cli {

class relay {
public:
  /// Links at once: one, and a few more while a recorder comes back.
  static constexpr std::size_t links_max = 8;
  /// Bytes that one side has not taken yet: past it the other is left unread.
  static constexpr std::size_t buffer_bytes_max = 1024 * 1024;

  struct handlers {
    std::function<void(std::string_view frame)> from_recorder;
    std::function<void(std::string_view frame)> to_recorder;
    std::function<void()> ended; ///< a link that carried something
  };

  explicit relay(handlers told) : told_(std::move(told)) {}

  /// What went wrong, or nothing.
  std::optional<std::string> listen(const client::endpoint& where);
  /// Where the broker is, for links to come. 127.0.0.1.
  void lead_to(std::uint16_t port) { broker_port_ = port; }

  /// All links are reset, and who comes is.
  void cut();
  /// Links stand, and carry nothing either way.
  void hold() { held_ = true; }
  void mend();

  void add_to(std::vector<pollfd>& set) const;
  /// Does what can be done now.
  void turn();

private:
  /// One direction of a link.
  struct lane {
    client::unique_fd* from = nullptr;
    client::unique_fd* to = nullptr;
    std::string waiting = {}; // bytes that were read and not written
    frame_cutter cutter = {};
  };
  struct link {
    client::unique_fd recorder;
    client::unique_fd broker;
    lane up;   // recorder to broker
    lane down; // broker to recorder
    bool is_over = false;
    bool has_spoken = false;
  };

  void accept_all();
  void carry(link& l);
  void read(link& l, lane& way);
  void write(link& l, lane& way);
  void show(link& l, lane& way, std::string_view bytes);
  void end(link& l);

  handlers told_;
  client::unique_fd listener_;
  std::list<link> links_; // stay where they are: their lanes point into them
  std::uint16_t broker_port_ = 0;
  bool whole_ = true;
  bool held_ = false;
};

} // namespace ringdown::cli
