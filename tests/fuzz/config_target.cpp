// The daemon's configuration file, and a list of DNs.
//
// Input: the file; what stands behind the first form feed is the content of `dns.file`.
#include "broker/config/config.hpp"
#include "tests/fuzz/promise.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

using namespace ringdown::configuration;
using namespace ringdown::fuzz;

namespace {

/// A file in memory with a path, so that nothing is written to a disk thousands of times a second.
class memory_file {
public:
  explicit memory_file(const char* name) : fd_{memfd_create(name, MFD_CLOEXEC)} {
    promise(fd_ >= 0, "the system makes files in memory");
  }
  ~memory_file() { close(fd_); }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  void write(std::string_view text) const {
    promise(ftruncate(fd_, 0) == 0 &&
              pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
            "the system takes a small file");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
  int fd_;
};

std::size_t lines_of(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool has_place(const config_error& e, std::string_view text) {
  return e.line >= 1 && static_cast<std::size_t>(e.line) <= lines_of(text) && e.column >= 1 &&
         static_cast<std::size_t>(e.column) <= text.size() + 1;
}

/// Two errors of a file have no key: one of the syntax, and the last of very many.
void check_error(const config_error& e, const std::string& file, std::string_view text,
                 const std::string& dn_file, std::string_view dn_text, bool is_only, bool is_last) {
  auto shown = to_string(e);
  promise(is_one_line(shown), "an error may be shown to people as one line");
  promise(!e.source.empty() && !e.message.empty(), "an error says where and what");
  if (is_last && e.message.starts_with("more than "))
    return;
  if (e.source == file) {
    if (!has_place(e, text))
      broken("an error of the file has a place in it", shown);
    if (e.key.empty() && !is_only)
      broken("an error of the file names its key, but for one of its syntax", shown);
  } else if (e.source == dn_file) {
    if (!has_place(e, dn_text) && e.key != "dns.file")
      broken("an error of the list of DNs has a place in it", shown);
  } else {
    promise(!e.key.empty(), "any other error names its key");
  }
}

/// What a printed configuration may still be refused for: relations between its values, and the
/// list of DNs, which is a file of its own.
bool is_of_values(const config_error& e, const std::string& dn_file) {
  return e.message.find("; now ") != std::string::npos || e.key == "dns.file" ||
         e.source == dn_file;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const memory_file main_file{"ringdownd.toml"};
  static const memory_file printed_file{"printed.toml"};
  static const memory_file dns_file{"dns"};
  auto text = input{data, size}.rest();
  std::string_view dns;
  sources from;
  from.file = main_file.path();
  if (auto feed = text.find('\f'); feed != std::string_view::npos) {
    dns = text.substr(feed + 1);
    text = text.substr(0, feed);
    from.flags = {{"dns.file", dns_file.path()}};
    dns_file.write(dns);
  }
  main_file.write(text);

  auto loaded = load(from);
  auto& errors = loaded.errors;
  auto of_file = std::count_if(errors.begin(), errors.end(),
                               [&](auto& e) { return e.source == main_file.path(); });
  for (auto& e : errors)
    check_error(e, main_file.path(), text, loaded.value.dns.file, dns, of_file == 1,
                &e == &errors.back());

  auto printed = print(loaded.value);
  printed_file.write(printed);
  sources second;
  second.file = printed_file.path();
  auto again = load(second);
  for (auto& e : again.errors)
    if (loaded.ok() || !is_of_values(e, loaded.value.dns.file))
      broken("what is printed can be loaded", to_string(e) + "\nin:\n" + printed);
  for (auto& change : differences(loaded.value, again.value))
    broken("what is printed and loaded is the same",
           change.key + ": " + change.before + " became " + change.after);
  return 0;
}
