// Work of a loop that ends nothing but itself when it fails.
#pragma once

#include <functional>

namespace ringdown::runtime {

/// Does it. What it throws is told to `on_failure`, from inside the handler; without one it goes on
/// its way.
template <class Work>
void guarded(Work& work, const std::function<void()>& on_failure) {
  if (!on_failure)
    return work();
  try {
    work();
  } catch (...) {
    on_failure();
  }
}

} // namespace ringdown::runtime
