#include "broker/access_control.hpp"

#include "broker/security/authenticate.hpp"
#include "broker/security/authenticator.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown {

namespace {

security::file_stamps stamps_of(const std::vector<std::filesystem::path>& files) {
  security::file_stamps all;
  for (auto& file : files)
    all.push_back(security::stamp_of(file.string()));
  return all;
}

} // namespace

access_control::access_control(broker_context& context, file_reading read_whole)
  : context_(context), read_whole_(std::move(read_whole)) {}

access_control::~access_control() = default;

// ---- start and end -------------------------------------------------------------------------

access_control::errors access_control::read(const configuration::config& config) {
  if (config.auth.file.empty() || context_.authenticate)
    return {};
  path_ = config.auth.file;
  auto result = read_file(path_, true);
  watch(result);
  digest_ = result.file.digest;
  first_ = std::move(result.file.list);
  return std::move(result.file.errors);
}

void access_control::start_thread(const configuration::config& config) {
  if (!first_)
    return;
  std::random_device random;
  security::authenticator::options how;
  how.failures.per_second_max = config.auth.failures_per_second_max;
  how.seed = std::uint64_t{random()} << 32 | random();
  authenticator_ = std::make_unique<security::authenticator>(
    std::exchange(first_, nullptr), how,
    security::authenticator::clocks{context_.utc_now, std::chrono::steady_clock::now});
  context_.authenticate = [this](sign_on_facts asked, std::function<void(authenticated)> answer) {
    authenticator_->authenticate(std::move(asked), std::move(answer));
  };
}

void access_control::stop() {
  stopped_ = true;
  if (authenticator_)
    authenticator_->stop();
}

// ---- while it runs -------------------------------------------------------------------------

admin_access_function access_control::admin_access() const {
  if (!authenticator_)
    return {};
  return [this](std::string_view bearer) -> admin_rights {
    sign_on_facts asked{role::admin, "admin port", std::string{bearer}, {}};
    auto found = security::authenticate(*authenticator_->list(), asked, context_.utc_now()).answer;
    if (!found || !found.may)
      return {};
    return {found.principal, found.may->allows(role::admin, action::admin_read, {}),
            found.may->allows(role::admin, action::admin_write, {})};
  };
}

access_control::reading access_control::prepare(const configuration::config& config) const {
  if (path_.empty() || config.auth.file.empty())
    return {}; // whether it is used is fixed at start
  return read_file(config.auth.file, false);
}

bool access_control::take(reading read) {
  if (!authenticator_ || !read.file.list)
    return false;
  const bool is_another = read.file.digest != digest_;
  if (is_another)
    authenticator_->use(std::move(read.file.list));
  digest_ = read.file.digest;
  path_ = read.file.files.front();
  watch(read);
  context_.observed_by->log("broker", observer::severity::info,
                            is_another ? "the access file was read: it holds from now on"
                                       : "the access file was read: it says what it did before",
                            {{"file", path_.string()}});
  return is_another;
}

bool access_control::tick() {
  if (!authenticator_ || stopped_ || !watch_.have_changed(stamps_of(files_)))
    return false;
  auto read = read_file(path_, false);
  tell(read.file.errors);
  if (!read.file.list)
    watch(read); // what is missing may come
  return take(std::move(read));
}

/// The files that it names are known behind the reading only: those that it named before are looked
/// at before.
access_control::reading access_control::read_file(const std::filesystem::path& path,
                                                  bool may_wait) const {
  auto known = files_;
  if (std::find(known.begin(), known.end(), path) == known.end())
    known.push_back(path);
  auto before = stamps_of(known);
  reading read{read_whole_(path, may_wait), {}};
  for (auto& file : read.file.files) {
    auto at = std::find(known.begin(), known.end(), file);
    read.stamps.push_back(at == known.end() ? security::stamp_of(file.string())
                                            : before[static_cast<std::size_t>(at - known.begin())]);
  }
  return read;
}

void access_control::watch(const reading& read) {
  files_ = read.file.files;
  watch_.were_read(read.stamps);
}

void access_control::tell(const errors& all) {
  for (auto& each : all)
    context_.observed_by->log("broker", observer::severity::error,
                              "the access file has changed and is not good: the old one holds",
                              {{"reason", to_string(each)}});
}

} // namespace ringdown
