#include "broker/access_control.hpp"

#include "broker/security/authenticate.hpp"
#include "broker/security/authenticator.hpp"

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

access_control::access_control(broker_context& context) : context_(context) {}

access_control::~access_control() = default;

// ---- start and end -------------------------------------------------------------------------

access_control::errors access_control::read(const configuration::config& config) {
  if (config.auth.file.empty() || context_.authenticate)
    return {};
  path_ = config.auth.file;
  auto result = security::read_access_file(path_, true);
  first_ = std::move(result.list);
  files_ = std::move(result.files);
  watch_.were_read(stamps_of(files_));
  return std::move(result.errors);
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

security::access_file_result access_control::prepare(const configuration::config& config) const {
  if (path_.empty() || config.auth.file.empty())
    return {}; // whether it is used is fixed at start
  return security::read_access_file(config.auth.file, false);
}

bool access_control::take(security::access_file_result read) {
  if (!authenticator_ || !read.list)
    return false;
  authenticator_->use(std::move(read.list));
  path_ = read.files.front();
  files_ = std::move(read.files);
  watch_.were_read(stamps_of(files_));
  context_.observed_by->log("broker", observer::severity::info,
                            "the access file was read: it holds from now on",
                            {{"file", path_.string()}});
  return true;
}

bool access_control::tick() {
  if (!authenticator_ || stopped_ || !watch_.have_changed(stamps_of(files_)))
    return false;
  auto read = security::read_access_file(path_, false);
  tell(read.errors);
  return take(std::move(read));
}

void access_control::tell(const errors& all) {
  for (auto& each : all)
    context_.observed_by->log("broker", observer::severity::error,
                              "the access file has changed and is not good: the old one holds",
                              {{"reason", to_string(each)}});
}

} // namespace ringdown
