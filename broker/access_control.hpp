// Who may come in: the access file in use, and the thread that looks at credentials by it. One
// thread at a time, that of whoever holds the broker's mutex.
#pragma once

#include "actors/context.hpp"
#include "broker/admin/access.hpp"
#include "broker/config/config.hpp"
#include "broker/security/access_file.hpp"
#include "broker/security/file_stamps.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace ringdown {

namespace security {
class authenticator;
}

class access_control {
public:
  using errors = std::vector<configuration::config_error>;

  /// security::read_access_file, or a test's.
  using file_reading =
    std::function<security::access_file_result(const std::filesystem::path& path, bool may_wait)>;
  /// `context` outlives it.
  explicit access_control(broker_context& context,
                          file_reading read_whole = security::read_access_file);
  ~access_control();

  // ---- start and end

  /// Reads the access file, if there is one and the host has no `authenticate` of its own. Before
  /// any thread.
  errors read(const configuration::config& config);
  /// Lets the file answer who clients are, on a thread that blocks the signals that the caller
  /// does. Throws `std::system_error` if there is no thread left.
  void start_thread(const configuration::config& config);
  /// Nobody is looked at any more: who is asked about is refused.
  void stop();

  // ---- while it runs

  /// Whose a bearer token of the admin port is, by the list in use; empty where no file is used.
  /// What it returns may be called from any thread until the end.
  admin_access_function admin_access() const;
  /// What would be taken over; with errors nothing may be. Empty where no file is used.
  struct reading {
    security::access_file_result file;
    /// How its files looked before they were read: what changes meanwhile is read again.
    security::file_stamps stamps;
  };
  reading prepare(const configuration::config& config) const;
  /// Another list is in use from now on. False: there is none, or it is the same, to the byte.
  bool take(reading read);
  /// Looks whether a file has changed, and takes over what is good; tells either way. True: clients
  /// are to be told. Called once a second.
  bool tick();

private:
  reading read_file(const std::filesystem::path& path, bool may_wait) const;
  void watch(const reading& read);
  void tell(const errors& all);

  broker_context& context_;
  const file_reading read_whole_;
  std::filesystem::path path_; ///< empty: no file is used
  std::unique_ptr<security::authenticator> authenticator_;
  std::shared_ptr<const security::access_list> first_; ///< until the thread has it
  std::vector<std::filesystem::path> files_;
  security::sha256_digest digest_{}; ///< of the list in use
  security::file_watch watch_;
  bool stopped_ = false;
};

} // namespace ringdown
