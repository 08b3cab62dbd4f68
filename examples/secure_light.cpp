// A DN's light by TLS, with a token that is read anew for each link and before it expires.
//   example_secure_light tls://HOST:PORT CA_FILE TOKEN_FILE [DN]
#include "client/desktop.hpp"
#include "client/t_client.hpp"
#include "client/words.hpp"

#include <fstream>
#include <iostream>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto broker = parse_endpoint(argc > 3 ? argv[1] : "");
  if (!broker || !broker->tls)
    return std::cerr << "expected tls://HOST:PORT CA_FILE TOKEN_FILE [DN]\n", 2;
  broker->tls->ca_file = argv[2]; // empty: the authorities that the system trusts
  auto token = [file = argv[3]]() -> std::optional<std::string> {
    std::string word;
    return std::ifstream{file} >> word ? std::optional{word} : std::nullopt; // none now: later
  };
  t_client client{{.places = {*broker}, .who = desktop_identity("light"), .credentials = token}};
  (void)client.listen([](const notice& n) {
    if (auto* link = std::get_if<link_notice>(&n); link != nullptr && !link->text.empty())
      std::cout << "no link: " << link->text << std::endl; // of a certificate, too
    if (auto* renewal = std::get_if<credentials_notice>(&n); renewal && !renewal->renewed)
      std::cout << "the token was not renewed" << std::endl;
  });
  desktop agent{client, argc > 4 ? argv[4] : "7001", [](const light_view& now) {
                  std::cout << "light: " << to_string(now.state) << std::endl;
                }};
  client.start();
  for (;;)
    client.poll(1s);
}
