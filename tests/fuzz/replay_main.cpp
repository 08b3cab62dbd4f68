// Runs a fuzz target without libFuzzer: the corpus first, then simple mutations of it from a fixed
// seed. So what was found once is tested in every build, by any compiler.
//
// usage: fuzz_TARGET [--mutations N] [--seed S] FILE|FOLDER...
//
// An input that ends the program is kept in the file `finding-TARGET`; the same program repeats it:
// fuzz_TARGET finding-TARGET.
#include "tests/messages/mutate.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of the sanitizers' run-time library, where there is one: they end a program without a signal.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

namespace fs = std::filesystem;

/// The input at hand, for the callback that runs when the program dies.
std::string input_at_hand;
std::string finding_file;

/// Async-signal-safe.
void keep_input() {
  int file = open(finding_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0 || write(file, input_at_hand.data(), input_at_hand.size()) < 0)
    return;
  close(file);
  constexpr std::string_view words = "the input is kept; repeat it with this program and the file ";
  for (auto part : {words, std::string_view{finding_file}, std::string_view{"\n"}})
    static_cast<void>(!write(STDERR_FILENO, part.data(), part.size()));
}

void on_signal(int number) {
  keep_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(std::string bytes) {
  input_at_hand = std::move(bytes);
  // A copy of the exact size: a sanitizer then sees a read behind the end.
  std::vector<std::uint8_t> exact{input_at_hand.begin(), input_at_hand.end()};
  exact.shrink_to_fit();
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string content_of(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// All inputs that the arguments name, in the order of their paths.
std::vector<std::string> inputs_of(const std::vector<std::string>& names) {
  std::vector<fs::path> paths;
  for (auto& name : names) {
    if (!fs::is_directory(name))
      paths.emplace_back(name);
    else
      for (auto& entry : fs::directory_iterator{name})
        paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (auto& path : paths)
    inputs.push_back(content_of(path));
  return inputs;
}

struct arguments {
  std::uint64_t mutations = 0;
  std::uint64_t seed = 20261122;
  std::vector<std::string> names;
};

bool read_number(std::string_view text, std::uint64_t& into) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_arguments(int argc, char** argv, arguments& out) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    bool is_mutations = word == "--mutations";
    if (is_mutations || word == "--seed") {
      if (++i == argc || !read_number(argv[i], is_mutations ? out.mutations : out.seed))
        return false;
    } else if (fs::exists(word)) {
      out.names.emplace_back(word);
    } else {
      return false;
    }
  }
  return !out.names.empty();
}

/// A damaged input, or two grown together.
std::string mutation_of(const std::vector<std::string>& inputs, std::mt19937_64& random) {
  auto any = [&]() -> const std::string& { return inputs[random() % inputs.size()]; };
  auto bytes = any();
  if (random() % 4 == 0) {
    auto& other = any();
    bytes.resize(random() % (bytes.size() + 1));
    bytes.append(other, random() % (other.size() + 1));
  }
  return ringdown::test::mutate(std::move(bytes), random);
}

} // namespace

int main(int argc, char** argv) {
  arguments asked;
  if (!read_arguments(argc, argv, asked)) {
    std::fprintf(stderr, "usage: %s [--mutations N] [--seed S] FILE|FOLDER...\n", argv[0]);
    return 2;
  }
  finding_file = "finding-" + fs::path{argv[0]}.filename().string();
  std::signal(SIGABRT, on_signal);
  std::signal(SIGSEGV, on_signal);
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(keep_input);

  auto inputs = inputs_of(asked.names);
  if (inputs.empty()) {
    std::fprintf(stderr, "there is no input\n");
    return 2;
  }
  for (auto& one : inputs)
    run(one);
  std::mt19937_64 random{asked.seed};
  for (std::uint64_t i = 0; i < asked.mutations; ++i)
    run(mutation_of(inputs, random));
  std::printf("%zu inputs and %llu mutations: nothing found\n", inputs.size(),
              static_cast<unsigned long long>(asked.mutations));
  return 0;
}
