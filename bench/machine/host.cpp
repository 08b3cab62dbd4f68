#include "bench/machine/host.hpp"

#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace ringdown::bench {

namespace {

std::string processor_model() {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name"))
      if (auto colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
  return {};
}

} // namespace

host_facts this_host() {
  host_facts facts;
  utsname names{};
  if (::uname(&names) == 0) {
    facts.name = names.nodename;
    facts.kernel = std::string{names.sysname} + " " + names.release;
  }
  facts.processor = processor_model();
  facts.processors = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  return facts;
}

std::string date_and_time() {
  auto now = ::time(nullptr);
  tm parts{};
  std::array<char, sizeof "2026-11-30T18:42:06Z"> text{};
  ::gmtime_r(&now, &parts);
  auto size = ::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

} // namespace ringdown::bench
