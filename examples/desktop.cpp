// An agent's desktop: pauses the recording while a card number is read out, and shows the light.
//   example_desktop [HOST:PORT [DN]]
#include "client/desktop.hpp"
#include "client/background.hpp"
#include "client/words.hpp"

#include <iostream>
#include <string>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto broker = parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1:7480");
  if (!broker)
    return std::cerr << "expected HOST:PORT\n", 2;
  background_client client{{.places = {*broker}, .who = desktop_identity("example-desktop")}};
  // In one write: the handlers are called from the client's thread.
  auto print = [](const std::string& line) { std::cout << line + "\n" << std::flush; };
  auto on_light = [=](const light_view& now) {
    auto line = "light: " + std::string{to_string(now.state)};
    for (auto& pause : now.pauses) // nothing is to be recorded while any stands
      line += ", " + in_words(pause);
    print(line);
  };
  auto on_outcome = [=](const event_outcome& o) { print("outcome: " + in_words(o)); };
  desktop agent{client, argc > 2 ? argv[2] : "7001", on_light, {.on_outcome = on_outcome}};
  client.start(); // connects, registers, and does so again after each loss
  if (!client.await_registered(agent.dn(), 5s))
    print("no broker yet, still trying");
  for (std::string word; std::getline(std::cin, word) && word != "quit";)
    if (auto command = parse_capture_verb(word); command && is_command(*command))
      // Accepted, not done: what became of it, its outcome says; what is so, the light.
      print(word + ": " + in_words(agent.ask(*command, {}, 5s)));
    else
      print("start, stop, pause, resume, query or quit");
  client.stop(2s);
}
