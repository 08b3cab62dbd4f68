// `ringdown context`: addresses of brokers, and what they are shown, saved under names.
#include "client/cli/access.hpp"
#include "client/cli/json.hpp"
#include "client/cli/settings.hpp"
#include "messages/text.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>

namespace ringdown::cli {

namespace {

struct context_options {
  std::string action = "list";
  std::string name;
};

int complain(const std::string& text) {
  std::fprintf(stderr, "ringdown: %s\n", text.c_str());
  return usage;
}

void print(const std::string& name, const saved_context& context, const settings& common) {
  json object{{"context", name}};
  std::string lines = printable(name) + "\n";
  for (auto& [key, member] : context_keys) {
    if ((context.*member).empty())
      continue;
    object[std::string{key}] = context.*member;
    auto head = "  " + std::string{key};
    head.resize(20, ' ');
    lines += head + printable(context.*member) + "\n";
  }
  std::fputs((common.json ? object.dump() + "\n" : lines).c_str(), stdout);
}

/// A file's path that is the same wherever `ringdown` is called.
std::string whole(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

/// What the flags say, as it is saved.
saved_context said_by(const settings& common) {
  return {common.connect,
          whole(common.tls_ca),
          whole(common.tls_cert),
          whole(common.tls_key),
          whole(common.token_file),
          common.app,
          common.admin_given == given::no ? std::string{} : common.admin};
}

int change(const context_options& options, const settings& common, const std::string& path,
           saved_contexts contexts) {
  if (options.action == "remove" && contexts.erase(options.name) == 0)
    return complain("context '" + printable(options.name) + "': there is none");
  if (options.action == "add") {
    if (!is_context_name(options.name))
      return complain("context '" + printable(options.name) +
                      "': a name is 1 to 64 letters, digits, - and _");
    if (common.connect_given == given::no)
      return complain("context add: --connect is missing, as HOST:PORT or tls://HOST:PORT");
    auto what = said_by(common);
    if (auto found = access_of(what); !found.problem.empty())
      return complain(found.problem);
    contexts[options.name] = std::move(what);
  }
  auto problem = write_contexts(path, contexts);
  return problem.empty() ? all_well : complain(problem);
}

int run_context(const context_options& options, const settings& common) {
  auto path = contexts_path();
  if (path.empty())
    return complain("neither HOME nor XDG_CONFIG_HOME says where contexts are saved");
  auto all = read_contexts(path);
  if (!all.problem.empty())
    return complain(all.problem);
  if (options.action != "list" && options.name.empty())
    return complain("context " + options.action + ": NAME is missing");
  if (options.action == "add" || options.action == "remove")
    return change(options, common, path, std::move(all.contexts));
  bool found = options.action == "list";
  for (auto& [name, context] : all.contexts)
    if (options.name.empty() || options.name == name) {
      print(name, context, common);
      found = true;
    }
  return found ? all_well : complain("context '" + printable(options.name) + "': there is none");
}

} // namespace

void add_context(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<context_options>();
  auto* verb = app.add_subcommand(
    "context", "Save brokers' addresses and what they are shown, for --context NAME");
  verb->add_option("action", options->action, "list, show, add or remove")
    ->check(CLI::IsMember({"list", "show", "add", "remove"}))
    ->capture_default_str();
  verb->add_option("name", options->name, "The context's name");
  verb->footer(
    std::string{
      "Example:\n"
      "  ringdown context add office --connect tls://broker.example --tls-ca ca.pem "
      "--token-file token\n"
      "  ringdown list --context office\n"
      "`add` saves what --connect, --tls-ca, --tls-cert, --tls-key, --token-file, --app and "
      "--admin say: "
      "files by their paths, never what is in them. They are kept in "
      "$XDG_CONFIG_HOME/ringdown/contexts.toml, or below ~/.config, for their owner's eyes "
      "only.\n"} +
    exit_status_help());
  verb->callback([&common, &status, options] { status = run_context(*options, common); });
}

} // namespace ringdown::cli
