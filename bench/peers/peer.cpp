#include "bench/peers/peer.hpp"

#include "bench/peers/mqtt_protocol.hpp"
#include "bench/peers/nats_protocol.hpp"
#include "bench/peers/redis_protocol.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

namespace ringdown::bench {

namespace {

using words = std::vector<std::string>;

template <class Protocol>
protocol_factory speaker() {
  return [](const std::vector<link_plan>& plans, const event_template& events) {
    return std::make_unique<Protocol>(plans, events);
  };
}

words ringdown_command(const peer_place& at) {
  return {at.program, "--config=/dev/null", "--listen.address=127.0.0.1",
          "--listen.port=" + std::to_string(at.port)};
}

words floor_command(const peer_place& at) {
  return {at.program, "--port", std::to_string(at.port)};
}

/// No snapshots; a subscriber is never disconnected for what waits for it.
words redis_command(const peer_place& at) {
  return {at.program,
          "--port",
          std::to_string(at.port),
          "--bind",
          "127.0.0.1",
          "--dir",
          at.folder,
          "--save",
          "",
          "--appendonly",
          "no",
          "--maxclients",
          "20000",
          "--client-output-buffer-limit",
          "pubsub 0 0 0"};
}

words nats_command(const peer_place& at) {
  auto file = at.folder + "/nats.conf";
  std::ofstream{file} << "listen: 127.0.0.1:" << at.port
                      << "\nmax_connections: 20000\nmax_pending: 1GB\nwrite_deadline: \"60s\"\n";
  return {at.program, "--config", file};
}

words mosquitto_command(const peer_place& at) {
  auto file = at.folder + "/mosquitto.conf";
  std::ofstream{file}
    << "listener " << at.port
    << " 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
       "max_inflight_messages 0\nmax_queued_messages 0\n";
  return {at.program, "-c", file};
}

const std::array<peer, 5> all{{
  {"ringdown", "ringdownd", "--version", ringdown_command, nullptr},
  {"floor", "ringdown-bench-floor", "", floor_command, nullptr},
  {"redis", "redis-server", "--version", redis_command, speaker<redis_protocol>},
  {"nats", "nats-server", "--version", nats_command, speaker<nats_protocol>},
  {"mosquitto", "mosquitto", "-h", mosquitto_command, speaker<mqtt_protocol>},
}};

std::filesystem::path own_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

/// Debian keeps servers where not every PATH looks.
std::optional<std::string> in_known_folder(std::string_view program) {
  for (auto folder : {own_folder(), std::filesystem::path{"/usr/sbin"}}) {
    std::error_code ignored;
    if (auto path = folder / program; std::filesystem::exists(path, ignored))
      return path.string();
  }
  return std::nullopt;
}

} // namespace

std::span<const peer> peers() noexcept {
  return all;
}

const peer* find_peer(std::string_view name) noexcept {
  auto found = std::find_if(all.begin(), all.end(), [&](auto& p) { return p.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string peer_names() {
  std::string names;
  for (auto& p : all)
    names += (names.empty() ? "" : ",") + std::string{p.name};
  return names;
}

std::string program_of(const peer& p, const std::string& wished) {
  if (!wished.empty())
    return wished;
  return in_known_folder(p.program).value_or(std::string{p.program});
}

std::string version_of(const peer& p, const std::string& program) {
  if (p.version_argument.empty())
    return "-";
  auto command = "'" + program + "' " + std::string{p.version_argument} + " 2>/dev/null";
  std::unique_ptr<FILE, int (*)(FILE*)> out{::popen(command.c_str(), "r"), &::pclose};
  std::array<char, 256> line{};
  if (!out || std::fgets(line.data(), line.size(), out.get()) == nullptr)
    return {};
  std::string text{line.data()};
  return text.substr(0, text.find('\n'));
}

} // namespace ringdown::bench
