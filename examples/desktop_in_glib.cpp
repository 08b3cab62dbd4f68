// An agent's desktop in a program whose loop is GLib's, as that of GTK is: the client is one more
// source of it. No thread, no lock.
//   example_desktop_in_glib [HOST:PORT [DN]]
#include "client/desktop.hpp"
#include "client/t_client.hpp"
#include "client/words.hpp"

#include <glib.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <unistd.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

/// What GLib allocates for the client; its base comes first.
struct client_source {
  GSource base;
  t_client* client;
  gpointer watched; ///< GLib's mark of the descriptor; null: none
  int descriptor;
};
client_source& of(GSource* base) {
  return *reinterpret_cast<client_source*>(base);
}

/// For how long the loop may sleep.
gint milliseconds_until(steady_time due, steady_time now) {
  if (due <= now) // also where something waits to be told
    return 0;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(due - now);
  return static_cast<gint>(std::min(left, std::chrono::milliseconds{1min}).count());
}

/// Before each wait: after a reconnect the descriptor is another one.
gboolean before_wait(GSource* base, gint* timeout_ms) {
  auto& source = of(base);
  auto& client = *source.client;
  if (source.descriptor != client.descriptor()) {
    if (source.watched != nullptr)
      g_source_remove_unix_fd(base, source.watched);
    source.descriptor = client.descriptor();
    source.watched =
      source.descriptor < 0 ? nullptr : g_source_add_unix_fd(base, source.descriptor, G_IO_IN);
  }
  if (source.watched != nullptr)
    g_source_modify_unix_fd(base, source.watched, static_cast<GIOCondition>(client.poll_events()));
  *timeout_ms = milliseconds_until(client.next_deadline(), client.now());
  return *timeout_ms == 0;
}

gboolean after_wait(GSource* base) {
  auto& source = of(base);
  bool is_ready = source.watched != nullptr && g_source_query_unix_fd(base, source.watched) != 0;
  return is_ready || source.client->next_deadline() <= source.client->now();
}

gboolean its_turn(GSource* base, GSourceFunc, gpointer) {
  of(base).client->poll(0ms); // calls the handlers, and never waits
  return G_SOURCE_CONTINUE;
}

/// The keyboard, for this example: a line is a command.
struct keyboard {
  desktop& agent;
  GMainLoop* loop;
};
gboolean take_line(GIOChannel* from, GIOCondition, gpointer data) {
  auto& [agent, loop] = *static_cast<keyboard*>(data);
  gchar* line = nullptr;
  gsize size = 0;
  if (g_io_channel_read_line(from, &line, nullptr, &size, nullptr) != G_IO_STATUS_NORMAL) {
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
  }
  std::string word{line, size};
  g_free(line);
  auto command = parse_capture_verb(word);
  if (!command || !is_command(*command)) {
    std::cout << "start, stop, pause, resume or query" << std::endl;
    return G_SOURCE_CONTINUE;
  }
  auto done = [word](const completion& c) {
    std::cout << word << ": " << in_words(c) << std::endl;
  };
  if (auto sent = agent.send(*command, {}, done); !sent)
    std::cout << word << ": not sent, " << to_string(sent.status) << std::endl;
  return G_SOURCE_CONTINUE;
}

int main(int argc, char** argv) {
  auto broker = parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1:7480");
  if (!broker)
    return std::cerr << "expected HOST:PORT\n", 2;
  t_client client{{.places = {*broker}, .who = desktop_identity("example-glib")}};
  desktop agent{client, argc > 2 ? argv[2] : "7001", [](const light_view& now) {
                  std::cout << "light: " << to_string(now.state);
                  std::cout << " " << in_words(now.because) << std::endl; // why it is unknown
                }};
  client.start();
  GSourceFuncs calls{before_wait, after_wait, its_turn, nullptr, nullptr, nullptr};
  auto* base = g_source_new(&calls, sizeof(client_source));
  of(base).client = &client; // the rest is zero
  of(base).descriptor = -1;
  g_source_attach(base, nullptr);
  auto* loop = g_main_loop_new(nullptr, FALSE);
  keyboard typed{agent, loop};
  auto* input = g_io_channel_unix_new(STDIN_FILENO);
  g_io_add_watch(input, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), take_line, &typed);
  g_main_loop_run(loop);
  g_source_destroy(base);
  g_source_unref(base);
  g_io_channel_unref(input);
  g_main_loop_unref(loop);
  client.stop(2s);
}
