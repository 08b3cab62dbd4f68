// An agent's desktop in a program that has an event loop of its own: poll(2), which waits for the
// keyboard and for the client at once. No thread, no lock.
//   example_desktop_in_a_loop [HOST:PORT [DN]]
#include "client/desktop.hpp"
#include "client/t_client.hpp"
#include "client/words.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

/// For how long the loop may sleep.
int milliseconds_until(steady_time due, steady_time now) {
  if (due <= now) // also where something waits to be told
    return 0;
  auto left = std::chrono::ceil<std::chrono::milliseconds>(due - now);
  return static_cast<int>(std::min(left, std::chrono::milliseconds{1min}).count());
}

/// Takes what was typed; false at its end.
bool take_typed(std::string& typed, desktop& agent) {
  char bytes[256];
  auto size = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (size <= 0)
    return false;
  typed.append(bytes, static_cast<std::size_t>(size));
  for (auto end = typed.find('\n'); end != std::string::npos; end = typed.find('\n')) {
    auto word = typed.substr(0, end);
    typed.erase(0, end + 1);
    auto done = [word](const completion& c) {
      std::cout << word << ": " << in_words(c) << std::endl;
    };
    auto command = parse_capture_verb(word);
    if (!command || !is_command(*command))
      std::cout << "start, stop, pause, resume or query" << std::endl;
    else if (auto sent = agent.send(*command, {}, done); !sent)
      std::cout << word << ": not sent, " << to_string(sent.status) << std::endl;
  }
  return true;
}

int main(int argc, char** argv) {
  auto broker = parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1:7480");
  if (!broker)
    return std::cerr << "expected HOST:PORT\n", 2;
  t_client client{{.places = {*broker}, .who = desktop_identity("example-loop")}};
  desktop agent{client, argc > 2 ? argv[2] : "7001", [](const light_view& now) {
                  std::cout << "light: " << to_string(now.state);
                  std::cout << " " << in_words(now.because) << std::endl; // why it is unknown
                }};
  client.start();
  std::string typed;
  for (bool goes_on = true; goes_on;) {
    // Asked anew before each wait: after a reconnect the descriptor is another one.
    pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {client.descriptor(), client.poll_events(), 0}};
    ::poll(waits, 2, milliseconds_until(client.next_deadline(), client.now()));
    if (waits[0].revents != 0)
      goes_on = take_typed(typed, agent);
    client.poll(0ms); // calls the handlers, and never waits
  }
  client.stop(2s);
}
