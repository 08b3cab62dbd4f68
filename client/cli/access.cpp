#include "client/cli/access.hpp"

#include "client/internal/private_file.hpp"
#include "messages/text.hpp"

#include <optional>

namespace ringdown::cli {

namespace {

access_result wrong(std::string problem) {
  return {{}, std::move(problem)};
}

/// The context that is chosen; nothing if it is an address.
contexts_result chosen(const settings& common) {
  bool both = common.context_given == common.connect_given && common.context_given != given::no;
  if (both)
    return {{},
            "--connect and --context (RINGDOWN_CONNECT, RINGDOWN_CONTEXT): accepted is one of "
            "them, as a context has an address"};
  if (common.context_given < common.connect_given || common.context_given == given::no)
    return {};
  auto path = contexts_path();
  if (path.empty())
    return {{}, "--context: neither HOME nor XDG_CONFIG_HOME says where contexts are saved"};
  auto all = read_contexts(path);
  if (!all.problem.empty())
    return all;
  auto found = all.contexts.find(common.context);
  if (found == all.contexts.end()) {
    std::string names;
    for (auto& [name, context] : all.contexts)
      names += (names.empty() ? "" : ", ") + name;
    return {{},
            "--context '" + printable(common.context) + "': unknown; " + path + " has " +
              (names.empty() ? "none" : names)};
  }
  return {{*found}, {}};
}

/// What is said with the command outweighs what was saved.
void add_said(const settings& common, saved_context& to) {
  auto outweigh = [](const std::string& said, std::string& saved) {
    if (!said.empty())
      saved = said;
  };
  outweigh(common.tls_ca, to.ca_file);
  outweigh(common.tls_cert, to.certificate_file);
  outweigh(common.tls_key, to.key_file);
  outweigh(common.token_file, to.token_file);
}

/// The admin port where none is said; nothing if the address is none.
std::optional<client::endpoint> parse_admin(const std::string& address) {
  constexpr const char* usual_port = ":7481";                // admin.port
  auto place = client::parse_endpoint(address + usual_port); // fails where a port is said
  if (!place)
    place = client::parse_endpoint(address);
  return place;
}

std::string not_an_admin_port(const std::string& address) {
  return "--admin " + printable(address) + ": expected HOST:PORT or tls://HOST:PORT";
}

/// As of addresses: what is said outweighs what is saved, and a flag a variable.
bool is_admin_said(const settings& common) {
  return common.admin_given != given::no && common.admin_given >= common.context_given;
}

} // namespace

access_result access_of(const saved_context& context) {
  access_result found;
  if (!context.admin.empty() && !parse_admin(context.admin))
    return wrong(not_an_admin_port(context.admin));
  auto& access = found.access;
  access.address = context.address;
  access.token_file = context.token_file;
  access.application = context.application;
  auto place = client::parse_endpoint(context.address);
  if (!place)
    return wrong("--connect " + printable(context.address) +
                 ": expected HOST:PORT or tls://HOST:PORT");
  access.place = *place;
  if (place->tls) {
    access.place.tls->ca_file = context.ca_file;
    access.place.tls->certificate_file = context.certificate_file;
    access.place.tls->key_file = context.key_file;
  } else if (!context.ca_file.empty() || !context.certificate_file.empty() ||
             !context.key_file.empty()) {
    return wrong("--tls-ca, --tls-cert and --tls-key are for tls://HOST:PORT, not for " +
                 printable(context.address));
  }
  if (!context.key_file.empty())
    if (auto problem = client::privacy_problem(context.key_file); !problem.empty())
      return wrong("--tls-key '" + printable(context.key_file) + "': " + problem);
  if (!context.token_file.empty())
    if (auto token = client::read_token(context.token_file); !token.problem.empty())
      return wrong("--token-file '" + printable(context.token_file) + "': " + token.problem);
  return found;
}

access_result find_access(const settings& common) {
  auto context = chosen(common);
  if (!context.problem.empty())
    return wrong(std::move(context.problem));
  saved_context what;
  if (context.contexts.empty())
    what.address = common.connect;
  else
    what = context.contexts.begin()->second;
  add_said(common, what);
  return access_of(what);
}

admin_access_result find_admin_access(const settings& common) {
  auto context = chosen(common);
  if (!context.problem.empty())
    return {{}, std::move(context.problem)};
  saved_context what;
  if (!context.contexts.empty())
    what = context.contexts.begin()->second;
  add_said(common, what);
  if (context.contexts.empty() || is_admin_said(common))
    what.admin = common.admin;
  if (what.admin.empty() && !context.contexts.empty())
    return {{},
            "--context '" + printable(common.context) +
              "' has no address of the admin port: accepted is `admin` in it, or --admin"};
  auto place = parse_admin(what.admin);
  if (!place)
    return {{}, not_an_admin_port(what.admin)};
  admin_access_result found;
  found.access.address = what.admin;
  found.access.place = *place;
  if (auto& tls = found.access.place.tls) {
    tls->ca_file = what.ca_file;
    tls->certificate_file = what.certificate_file;
    tls->key_file = what.key_file;
    if (!what.key_file.empty())
      if (auto problem = client::privacy_problem(what.key_file); !problem.empty())
        return {{}, "--tls-key '" + printable(what.key_file) + "': " + problem};
  }
  if (what.token_file.empty())
    return found;
  auto token = client::read_token(what.token_file);
  if (!token.problem.empty())
    return {{}, "--token-file '" + printable(what.token_file) + "': " + token.problem};
  found.access.token = token.text;
  return found;
}

} // namespace ringdown::cli
