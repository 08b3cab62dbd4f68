# The event loop on Boost.Asio, a library of its own: the runtime's tests need it without the edge.
add_library(ringdown_asio_loop STATIC
  "${CMAKE_CURRENT_LIST_DIR}/asio_loop.hpp"
  "${CMAKE_CURRENT_LIST_DIR}/asio_loop.cpp")
target_compile_definitions(ringdown_asio_loop PUBLIC BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(ringdown_asio_loop
  PUBLIC ringdown_runtime Boost::headers Threads::Threads
  PRIVATE ringdown_flags)
