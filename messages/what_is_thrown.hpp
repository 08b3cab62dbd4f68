// What an exception says to a person.
#pragma once

#include <exception>
#include <new>
#include <string>

namespace ringdown {

/// Of the exception that is handled.
inline std::string what_is_thrown() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "not a std::exception";
  }
}

} // namespace ringdown
