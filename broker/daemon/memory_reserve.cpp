#include "broker/daemon/memory_reserve.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <new>

namespace ringdown {
namespace {

/// What 10,000 links need to be told of the end, at 1.6 KB each. Never touched, so it takes no
/// memory but in the accounts.
constexpr std::size_t reserve_bytes = std::size_t{16} * 1024 * 1024;

std::atomic<void*> reserve{nullptr};
std::atomic<bool> is_spent{false};

/// The second time there is nothing to give back: who asked hears of it as of any failure.
void give_back() {
  auto* kept = reserve.exchange(nullptr);
  if (kept == nullptr)
    throw std::bad_alloc{};
  ::munmap(kept, reserve_bytes);
  is_spent = true;
  ::kill(::getpid(), SIGALRM);
}

} // namespace

void keep_memory_reserve() {
  auto* kept =
    ::mmap(nullptr, reserve_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (kept == MAP_FAILED)
    return;
  reserve = kept;
  std::set_new_handler(give_back);
}

bool is_memory_reserve_spent() noexcept {
  return is_spent;
}

} // namespace ringdown
