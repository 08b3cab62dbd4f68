// How large the kernel's table of this process's open files is.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace ringdown::test {

inline std::size_t file_table_size() {
  std::ifstream status{"/proc/self/status"};
  std::size_t size = 0;
  for (std::string word; status >> word;)
    if (word == "FDSize:")
      status >> size;
  return size;
}

} // namespace ringdown::test
