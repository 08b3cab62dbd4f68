# The event loop on epoll and sockets on it, a library of its own: the runtime's tests need them
# without the edge.
add_library(ringdown_epoll_loop STATIC
  "${CMAKE_CURRENT_LIST_DIR}/epoll_loop.hpp"
  "${CMAKE_CURRENT_LIST_DIR}/epoll_loop.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/io_loop.hpp"
  "${CMAKE_CURRENT_LIST_DIR}/io_loop.cpp"
  "${CMAKE_CURRENT_LIST_DIR}/tcp_stream.hpp"
  "${CMAKE_CURRENT_LIST_DIR}/tcp_stream.cpp")
target_link_libraries(ringdown_epoll_loop
  PUBLIC ringdown_runtime ringdown_messages Threads::Threads
  PRIVATE ringdown_flags)
