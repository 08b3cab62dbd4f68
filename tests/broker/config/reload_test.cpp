// What SIGHUP would change, and what it refuses.
#include "broker/config/reload.hpp"
#include "tests/broker/config/loading.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

using namespace ringdown;
using namespace ringdown::configuration;
using namespace ringdown::test;

TEST_CASE("equal configurations have no differences, wherever their values come from") {
  CHECK(differences(config{}, config{}).empty());
  CHECK(differences(load_text("listen.port = 7480\n").value,
                    load_text("", {}, {{"port", "7480"}}).value)
          .empty());
}

TEST_CASE("a difference says what was, what is, and whether a restart is needed") {
  const auto before = load_text("listen.port = 1\n").value;
  const auto after = load_text("listen.port = 2\nlog.level = \"debug\"\nlog.levels.dn = \"off\"\n"
                               "limits.drain_timeout = \"20 s\"\n")
                       .value;
  const auto changes = differences(before, after);
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].key == "listen.port");
  CHECK(changes[0].before == "1");
  CHECK(changes[0].after == "2");
  CHECK_FALSE(changes[0].reloadable);
  CHECK(changes[1].key == "log.level");
  CHECK(changes[1].after == "\"debug\"");
  CHECK(changes[1].reloadable);
  CHECK(changes[2].key == "log.levels.dn");
  CHECK(changes[2].before == "\"inherit\"");
  CHECK(changes[3].key == "limits.drain_timeout");
  CHECK(changes[3].before == "\"10 s\"");
  CHECK(changes[3].after == "\"20 s\"");
}

TEST_CASE("a DN file with other content is a change of dns.file") {
  const folder f;
  sources from;
  from.flags.emplace_back("dns.file", f.write("dns", "7001\n"));
  const auto before = load(from).value;
  f.write("dns", "7001\n7002\n");
  const auto changes = differences(before, load(from).value);
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].key == "dns.file");
  CHECK(changes[0].before == "1 DNs");
  CHECK(changes[0].after == "2 DNs");
  CHECK(changes[0].reloadable);
}

TEST_CASE("a file turned bad leaves errors, so that the old configuration stays") {
  CHECK_FALSE(load_text("log.level = \"loud\"\n").ok());
}

namespace {

/// A program that runs with the text, and reads its file again.
struct running {
  explicit running(const folder& f, std::string_view text, bool file_required = true)
    : files(f), from(sources_of(text, file_required)), first(load(from)), again(from, first) {
    INFO(lines(first.errors));
    REQUIRE(first.ok());
  }

  sources sources_of(std::string_view text, bool file_required) const {
    sources result;
    result.file = files.write("ringdownd.toml", text);
    result.file_required = file_required;
    return result;
  }
  /// The errors; without any the program runs with what was read.
  std::string reload() {
    auto next = again.read(first.value);
    if (next.ok())
      first.value = next.value;
    return lines(next.errors);
  }
  std::string reload_with(std::string_view text) {
    files.write("ringdownd.toml", text);
    return reload();
  }

  const folder& files;
  sources from;
  load_result first;
  reloader again;
};

std::string list_of(int first, int last) {
  std::string text = "dns.list = [";
  for (int dn = first; dn <= last; ++dn)
    text += '"' + std::to_string(dn) + "\",";
  return text + "]\n";
}

} // namespace

TEST_CASE("the default file that was there and is gone is a refused reload") {
  const folder f;
  running daemon{f, list_of(1, 20), false};
  std::filesystem::rename(f.path() / "ringdownd.toml", f.path() / "ringdownd.toml~");
  for (int i = 0; i < 2; ++i) // a second word does not help: there is no list to believe
    CHECK(daemon.reload() ==
          (f.path() / "ringdownd.toml").string() + ": cannot be read: No such file or directory\n");
  CHECK(daemon.first.value.dns.list.size() == 20);
  std::filesystem::rename(f.path() / "ringdownd.toml~", f.path() / "ringdownd.toml");
  CHECK(daemon.reload().empty());
}

TEST_CASE("a default file that comes later is read, and must stay from then on") {
  const folder f;
  running daemon{f, "", false};
  std::filesystem::remove(f.path() / "ringdownd.toml");
  daemon.first = load(daemon.from);
  daemon.again = reloader{daemon.from, daemon.first};
  CHECK(daemon.reload().empty());
  CHECK(daemon.reload_with("log.level = \"debug\"\n").empty());
  CHECK(daemon.first.value.log.level == logging::level::debug);
  std::filesystem::remove(f.path() / "ringdownd.toml");
  CHECK(daemon.reload().find("cannot be read") != std::string::npos);
}

TEST_CASE("a reload waits for nobody: what was read from a pipe cannot be read again") {
  const folder f;
  running daemon{f, list_of(1, 20)};
  const auto config = f.path() / "ringdownd.toml";
  const auto list = (f.path() / "dns").string();
  REQUIRE(::mkfifo(list.c_str(), 0600) == 0);
  CHECK(daemon.reload_with("dns.file = \"" + list + "\"\n") ==
        list + ": dns.file: is a pipe, which cannot be read again\n");
  std::filesystem::remove(config);
  REQUIRE(::mkfifo(config.c_str(), 0600) == 0);
  CHECK(daemon.reload() == config.string() + ": is a pipe, which cannot be read again\n");
}

TEST_CASE("a reload that removes many DNs is believed when it comes a second time") {
  const folder f;
  running daemon{f, list_of(1, 20)};
  CHECK(daemon.reload_with(list_of(1, 18)).empty()); // a tenth
  const auto refused = daemon.reload_with(list_of(1, 16));
  CHECK(refused == "configuration: dns.list: 2 of 18 DNs would be removed, more than "
                   "dns.removed_percent_max = 10 percent; if that is meant, reload once more\n");
  CHECK(daemon.first.value.dns.list.size() == 18);
  CHECK(daemon.reload_with(list_of(1, 10)).find("8 of 18") != std::string::npos); // another list
  CHECK(daemon.reload().empty());
  CHECK(daemon.first.value.dns.list.size() == 10);
  CHECK(daemon.reload_with(list_of(6, 10)).find("5 of 10") != std::string::npos);
  CHECK(daemon.reload_with(list_of(1, 10)).empty()); // whole again: the doubt is forgotten
  CHECK(daemon.reload_with(list_of(6, 10)).find("5 of 10") != std::string::npos);
}

TEST_CASE("a DN file that is half written is doubted, however many others come") {
  const folder f;
  const auto list = f.write("dns", "7001\n7002\n7003\n");
  running daemon{f, "dns.file = \"" + list + "\"\n"};
  f.write("dns", "7001\n8001\n8002\n8003\n");
  CHECK(daemon.reload().starts_with("configuration: dns.file: 2 of 3 DNs would be removed"));
  CHECK(daemon.reload().empty());
}

TEST_CASE("that any DN is accepted needs a second word, that only some are does not") {
  const folder f;
  running daemon{f, list_of(1, 3)};
  CHECK(daemon.reload_with("") == "configuration: dns.list: dns.list and dns.file are gone, and "
                                  "any DN would be accepted; if that "
                                  "is meant, reload once more\n");
  CHECK(daemon.reload().empty());
  CHECK(daemon.first.value.dns.any());
  CHECK(daemon.reload_with(list_of(1, 3)).empty());
}

TEST_CASE("who sets dns.removed_percent_max to 100 is believed at once") {
  const folder f;
  const std::string believed = "dns.removed_percent_max = 100\n";
  running daemon{f, believed + list_of(1, 9)};
  CHECK(daemon.reload_with(believed + list_of(9, 9)).empty());
  CHECK(daemon.reload_with("").empty());
}

TEST_CASE("what decides about sockets, threads and sizes needs a restart") {
  for (const auto& k : keys()) {
    INFO(k.name);
    bool is_file_or_list = k.name == "auth.file" || k.name.starts_with("dns.") ||
                           (k.name.starts_with("tls.") && k.name != "tls.handshake_threads");
    CHECK(k.reloadable == (k.name.starts_with("log.") || is_file_or_list));
  }
}
