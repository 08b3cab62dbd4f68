// What command lines say alike: `ringdown` and `ringdown-bench`. Knows no library of options.
// Internal to client/.
#pragma once

#include <string>
#include <vector>

namespace ringdown::client {

/// The files with which a program shows who it is, and by which it knows the broker. No secret is
/// ever said on the command line.
struct link_files {
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string token_file;
};

/// An option for one of them.
struct link_file_flag {
  const char* name;
  const char* variable; ///< of the environment, for a program that reads these
  const char* text;
  std::string link_files::*file;
};
inline constexpr link_file_flag link_file_flags[] = {
  {"--tls-ca", "RINGDOWN_TLS_CA",
   "File of the authorities that are trusted (default: the system's)", &link_files::tls_ca},
  {"--tls-cert", "RINGDOWN_TLS_CERT",
   "File of this client's certificate, for a broker that wants one", &link_files::tls_cert},
  {"--tls-key", "RINGDOWN_TLS_KEY", "File of the certificate's key; its owner alone may read it",
   &link_files::tls_key},
  {"--token-file", "RINGDOWN_TOKEN_FILE",
   "File of the token to sign on with; its owner alone may read it", &link_files::token_file},
};

struct verb_words {
  std::string name;
  std::string description;
};
/// Why no verb was found among the words that no option has taken, and what would be right.
std::string verb_problem(const std::vector<verb_words>& verbs,
                         const std::vector<std::string>& words);

/// The same of a program of CLI11 that has read its words.
template <class App>
std::string verb_problem(const App& app) {
  std::vector<verb_words> verbs;
  for (auto* verb : app.get_subcommands([](const App*) { return true; }))
    verbs.push_back({verb->get_name(), verb->get_description()});
  return verb_problem(verbs, app.remaining());
}

} // namespace ringdown::client
