#include "bench/speak/peers/peer.hpp"

#include "bench/speak/peers/amqp_protocol.hpp"
#include "bench/speak/peers/mqtt_protocol.hpp"
#include "bench/speak/peers/nats_protocol.hpp"
#include "bench/speak/peers/redis_protocol.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

namespace ringdown::bench {

namespace {

server::plan run_as(std::vector<std::string> command) {
  server::plan plan;
  plan.command = std::move(command);
  return plan;
}

template <class Protocol>
protocol_factory speaker() {
  return [](const std::vector<link_plan>& plans, const event_template& events) {
    return std::make_unique<Protocol>(plans, events);
  };
}

/// What tells a peer where to listen, as flags or as lines of its file. In it {port}, {certificate}
/// and {key} stand for what they are in this run.
struct door {
  std::string_view plain;
  std::string_view by_tls;
};
constexpr door ringdown_door{"--listen.address=127.0.0.1 --listen.port={port}",
                             "--listen_tls.enabled=true --listen_tls.address=127.0.0.1 "
                             "--listen_tls.port={port} --tls.certificate_file={certificate} "
                             "--tls.key_file={key}"};
constexpr door redis_door{"--port {port}",
                          "--port 0 --tls-port {port} --tls-cert-file {certificate} "
                          "--tls-key-file {key} --tls-auth-clients no"};
constexpr door nats_door{"listen: 127.0.0.1:{port}\n",
                         "listen: 127.0.0.1:{port}\n"
                         "tls { cert_file: \"{certificate}\", key_file: \"{key}\" }\n"};
/// It would give up being root before it reads the key, which only its owner may read.
constexpr door mosquitto_door{"listener {port} 127.0.0.1\n",
                              "user root\nlistener {port} 127.0.0.1\n"
                              "certfile {certificate}\nkeyfile {key}\n"};

std::string filled(std::string_view words, const peer_place& at) {
  std::string text{words};
  auto fill = [&](std::string_view name, const std::string& value) {
    for (auto i = text.find(name); i != std::string::npos; i = text.find(name, i + value.size()))
      text.replace(i, name.size(), value);
  };
  fill("{port}", std::to_string(at.port));
  if (at.tls) {
    fill("{certificate}", at.tls->certificate);
    fill("{key}", at.tls->key);
  }
  return text;
}

std::string lines_of(const door& d, const peer_place& at) {
  return filled(at.tls ? d.by_tls : d.plain, at);
}

void add_flags(std::vector<std::string>& command, const door& d, const peer_place& at) {
  for (auto rest = at.tls ? d.by_tls : d.plain; !rest.empty();) {
    auto end = std::min(rest.find(' '), rest.size());
    command.push_back(filled(rest.substr(0, end), at)); // what is filled in may have spaces
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

server::plan ringdown_plan(const peer_place& at) {
  auto plan = run_as({at.program, "--config=/dev/null"});
  auto doors = at.tls ? ringdown_doors(0, at.port, *at.tls) : ringdown_doors(at.port, 0, {});
  plan.command.insert(plan.command.end(), doors.begin(), doors.end());
  return plan;
}

server::plan floor_plan(const peer_place& at) {
  return run_as({at.program, "--port", std::to_string(at.port)});
}

/// No snapshots; a subscriber is never disconnected for what waits for it.
server::plan redis_plan(const peer_place& at) {
  auto plan = run_as({at.program, "--bind", "127.0.0.1", "--dir", at.folder, "--save", "",
                      "--appendonly", "no", "--protected-mode", "no", "--maxclients", "20000",
                      "--client-output-buffer-limit", "pubsub 0 0 0"});
  add_flags(plan.command, redis_door, at);
  return plan;
}

server::plan nats_plan(const peer_place& at) {
  auto file = at.folder + "/nats.conf";
  std::ofstream{file} << lines_of(nats_door, at)
                      << "max_connections: 20000\nmax_pending: 1GB\nwrite_deadline: \"60s\"\n";
  return run_as({at.program, "--config", file});
}

server::plan mosquitto_plan(const peer_place& at) {
  auto file = at.folder + "/mosquitto.conf";
  std::ofstream{file} << lines_of(mosquitto_door, at)
                      << "allow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
                         "max_inflight_messages 0\nmax_queued_messages 0\n";
  return run_as({at.program, "-c", file});
}

/// One process, by the script that needs no user of its own, in the foreground. It is a node of
/// Erlang that talks to no other, so none of Erlang's name servers is started.
server::plan rabbitmq_plan(const peer_place& at) {
  const std::string node = "ringdown-bench@localhost";
  auto config = at.folder + "/rabbitmq.conf";
  auto plugins = at.folder + "/enabled_plugins";
  std::ofstream{config} << "listeners.tcp.1 = 127.0.0.1:" << at.port
                        << "\nlog.file.level = error\n";
  std::ofstream{plugins} << "[].\n";
  auto plan = run_as({at.program});
  plan.environment = {"HOME=" + at.folder, // of a secret between nodes
                      "RUNNING_UNDER_SYSTEMD=true",
                      "RABBITMQ_CONF_ENV_FILE=/dev/null",
                      "RABBITMQ_NODENAME=" + node,
                      "RABBITMQ_MNESIA_BASE=" + at.folder,
                      "RABBITMQ_LOG_BASE=" + at.folder,
                      "RABBITMQ_CONFIG_FILE=" + config,
                      "RABBITMQ_ENABLED_PLUGINS_FILE=" + plugins,
                      "RABBITMQ_SERVER_START_ARGS=-sname " + node +
                        " -start_epmd false -erl_epmd_port " + std::to_string(free_port()) +
                        " -kernel inet_dist_use_interface {127,0,0,1}"};
  return plan;
}

const std::array<peer, 6> all{{
  {"ringdown", "ringdownd", R"("$1" --version)", ringdown_plan, nullptr, tls_start::at_once},
  {"floor", "ringdown-bench-floor", "", floor_plan, nullptr, tls_start::never},
  {"redis", "redis-server", R"("$1" --version)", redis_plan, speaker<redis_protocol>,
   tls_start::at_once},
  {"nats", "nats-server", R"("$1" --version)", nats_plan, speaker<nats_protocol>,
   tls_start::behind_greeting},
  {"mosquitto", "mosquitto", R"("$1" -h)", mosquitto_plan, speaker<mqtt_protocol>,
   tls_start::at_once},
  // Its own answer takes seconds; it stands in a folder of that name.
  {"rabbitmq", "rabbitmq-server", R"(readlink -e "$1" | grep -o 'rabbitmq_server-[0-9.]*')",
   rabbitmq_plan, speaker<amqp_protocol>, tls_start::never},
}};

std::filesystem::path own_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

/// Debian keeps servers where not every PATH looks. RabbitMQ's script in /usr/sbin wants to be
/// root.
std::optional<std::string> in_known_folder(std::string_view program) {
  const std::array<std::filesystem::path, 3> folders{own_folder(), "/usr/lib/rabbitmq/bin",
                                                     "/usr/sbin"};
  for (auto& folder : folders) {
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

std::vector<std::string> ringdown_doors(std::uint16_t plain, std::uint16_t by_tls,
                                        const tls_files& files) {
  std::vector<std::string> flags;
  peer_place at;
  at.port = plain;
  if (plain != 0)
    add_flags(flags, ringdown_door, at);
  else
    flags.emplace_back("--listen.enabled=false");
  at.port = by_tls;
  at.tls = files;
  if (by_tls != 0)
    add_flags(flags, ringdown_door, at);
  return flags;
}

std::string program_of(const peer& p, const std::string& wished) {
  if (!wished.empty())
    return wished;
  return in_known_folder(p.program).value_or(std::string{p.program});
}

std::string version_of(const peer& p, const std::string& program) {
  if (p.version_command.empty())
    return "-";
  auto command = "exec 2>/dev/null; set -- '" + program + "'; " + std::string{p.version_command};
  std::unique_ptr<FILE, int (*)(FILE*)> out{::popen(command.c_str(), "r"), &::pclose};
  std::array<char, 256> line{};
  if (!out || std::fgets(line.data(), line.size(), out.get()) == nullptr)
    return {};
  std::string text{line.data()};
  return text.substr(0, text.find('\n'));
}

} // namespace ringdown::bench
