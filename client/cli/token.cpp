// `ringdown token new`: a token for a program, without a broker.
#include "client/cli/new_token.hpp"

#include "client/cli/json.hpp"
#include "client/cli/settings.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace ringdown::cli {

namespace {

struct token_options {
  std::string what;
  token_owner owner;
  std::string expires;
  std::string file;
};

int refuse(const std::string& why) {
  fmt::print(stderr, "ringdown: {}\n", why);
  return usage;
}

/// What is wrong with the options; the expiry is then as the file has it.
std::string problem_of(token_options& options) {
  if (auto fault = name_fault(options.owner.name))
    return "--name " + *fault;
  for (auto& group : options.owner.groups)
    if (auto fault = group_fault(group))
      return "--group " + *fault;
  if (options.expires.empty())
    return {};
  auto until = expiry_of(options.expires);
  if (!until)
    return "--expires '" + printable(options.expires) +
           "' is no date; accepted is UTC as 2027-06-30 or 2027-06-30T08:00:00Z";
  if (until->at <= std::chrono::system_clock::now())
    return "--expires " + until->text + " is in the past";
  options.owner.expires = until->text;
  return {};
}

/// A file that closes itself.
class appended_file {
public:
  explicit appended_file(const std::string& path)
    : descriptor_{
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640)} {}
  ~appended_file() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  appended_file(const appended_file&) = delete;
  appended_file& operator=(const appended_file&) = delete;

  /// All of it, and on the disk; else errno says why not.
  bool write(std::string_view text) {
    while (descriptor_ >= 0 && !text.empty()) {
      auto written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    // What is no file on a disk, as a pipe, cannot be synced and need not be.
    return descriptor_ >= 0 && (::fsync(descriptor_) == 0 || errno == EINVAL);
  }

private:
  int descriptor_;
};

/// The token alone goes to standard output: `TOKEN=$(ringdown token new ...)`.
bool print(const new_token& token, bool as_json) {
  auto line = as_json ? dump({{"token", token.text}, {"sha256", token.sha256}}) : token.text;
  line += '\n';
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
         std::fflush(stdout) == 0;
}

int run_new(token_options options, bool as_json) {
  if (auto problem = problem_of(options); !problem.empty())
    return refuse(problem);
  std::array<std::uint8_t, 32> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return refuse(std::string{"the system has no random bytes: "} + std::strerror(errno));
  const auto token = make_token(random);
  const auto entry = token_entry(token, options.owner);
  // The entry first: a token that nobody can use is worse than an entry that nobody uses.
  if (options.file.empty())
    fmt::print(stderr, "{}", entry);
  else if (!appended_file{options.file}.write('\n' + entry))
    return refuse(printable(options.file) + " cannot be written: " + std::strerror(errno));
  if (!print(token, as_json))
    return refuse(std::string{"the token cannot be printed, and its entry is of no use: "} +
                  std::strerror(errno));
  return all_well;
}

} // namespace

void add_token(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<token_options>();
  auto* verb = app.add_subcommand("token", "Make a token with which a program proves who it is");
  verb->add_option("what", options->what, "What to do: new makes a token")
    ->required()
    ->check(CLI::IsMember({"new"}));
  verb->add_option("--name", options->owner.name, "The principal: its name in the log")->required();
  verb
    ->add_option("--group", options->owner.groups,
                 "A group of the access file, whose grants it has; may be given several times")
    ->required()
    ->allow_extra_args(false);
  verb->add_option("--expires", options->expires,
                   "Until when it is good, UTC: 2027-06-30 or 2027-06-30T08:00:00Z (default: for "
                   "ever)");
  verb->add_option("--append", options->file,
                   "Write its entry to the end of this access file, not to standard error");
  verb->footer("Example:\n  ringdown token new --name video-1 --group recorders --append "
               "/etc/ringdown/access.toml >video-1.token\n"
               "Nothing but the token goes to standard output, and it stands nowhere else: the "
               "entry has its SHA-256. The broker reads the file when it changes.\n"
               "Exit status: 0, or 2 for wrong arguments, or a file that cannot be written.");
  verb->callback(
    [&common, &status, options] { status = run_new(std::move(*options), common.json); });
}

} // namespace ringdown::cli
