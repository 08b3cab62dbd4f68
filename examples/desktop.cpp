// An agent's desktop: pauses the recording while a card number is read out, and shows the light.
//   example_desktop [HOST:PORT [DN]]
#include "client/desktop.hpp"
#include "client/background.hpp"

#include <cstdio>
#include <iostream>
#include <string>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto broker = parse_endpoint(argc > 1 ? argv[1] : "127.0.0.1:7480");
  if (!broker)
    return std::fprintf(stderr, "expected HOST:PORT\n"), 2;
  background_client client{{.places = {*broker}, .who = desktop_identity("example-desktop")}};
  desktop agent{client, argc > 2 ? argv[2] : "7001", [](const light_view& l) {
                  std::cout << "light: " << to_string(l.state) << std::endl;
                }};
  client.start(); // connects, registers, and does so again after each loss
  if (!client.await_registered(agent.dn(), 5s))
    std::cout << "no broker yet, still trying" << std::endl;

  for (std::string word; std::getline(std::cin, word) && word != "quit";) {
    auto command = parse_capture_verb(word);
    if (!command || !is_command(*command)) {
      std::cout << "start, stop, pause, resume, query or quit" << std::endl;
      continue;
    }
    auto c = agent.ask(*command, {}, 5s); // accepted, not done: what is so, the light says
    std::cout << word << ": " << to_string(c.status);
    if (auto* error = c.error())
      std::cout << " (" << error->code << " " << error->text << ")";
    std::cout << std::endl;
  }
  client.stop(2s);
}
