# How everything in this project is compiled. Included once, before any target.
option(RINGDOWN_TESTS "Build the tests" ON)
set(RINGDOWN_SANITIZE "" CACHE STRING "Sanitizers for every target: address,undefined or thread")
option(RINGDOWN_MIMALLOC "Link ringdownd with mimalloc instead of the C library's allocator" OFF)
option(RINGDOWN_SYNTAX_ONLY "Let the compiler look at every source, and make no objects" OFF)
option(RINGDOWN_FUZZ "Build the targets of tests/fuzz for libFuzzer (clang)" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

# Programs at one known place, so that scripts and end-to-end tests find them.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

if(RINGDOWN_SYNTAX_ONLY)
  # Objects are empty files, and so is what is made of them; nothing of it is run.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_CURRENT_LIST_DIR}/syntax_only.sh")
  set(CMAKE_CXX_CREATE_STATIC_LIBRARY "<CMAKE_COMMAND> -E touch <TARGET>")
  set(CMAKE_CXX_LINK_EXECUTABLE "<CMAKE_COMMAND> -E touch <TARGET>")
endif()

# Flags that all our targets share. Warnings are errors here and nowhere else: foreign headers
# come in as system headers.
add_library(ringdown_flags INTERFACE)
target_include_directories(ringdown_flags INTERFACE
  "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>"
  "$<INSTALL_INTERFACE:include>" "$<INSTALL_INTERFACE:include/ringdown>")
target_compile_features(ringdown_flags INTERFACE cxx_std_20)
# Checks that cost time (messages/ensure.hpp): in builds that run tests, not in those that ship.
target_compile_definitions(ringdown_flags INTERFACE
  "$<BUILD_INTERFACE:$<$<CONFIG:Debug>:RINGDOWN_DEBUG_CHECKS>>")
# CAF 0.17's typed interfaces overload virtuals by design.
set(ringdown_warnings
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Wextra-semi -Werror
  -fno-omit-frame-pointer
  -Wno-overloaded-virtual)
target_compile_options(ringdown_flags INTERFACE "$<BUILD_INTERFACE:${ringdown_warnings}>")

# GCC clears an object of 200 bytes by `rep stos`, whose start costs more than the stores; an event
# clears some. Measured: 7 % of an event's time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(ringdown_clearing "$<BUILD_INTERFACE:$<$<CONFIG:Release,RelWithDebInfo>:\
-mmemset-strategy=unrolled_loop:512:noalign,libcall:-1:noalign>>")
  target_compile_options(ringdown_flags INTERFACE "${ringdown_clearing}")
  target_link_options(ringdown_flags INTERFACE "${ringdown_clearing}")
endif()

if(RINGDOWN_MIMALLOC AND RINGDOWN_SANITIZE)
  message(FATAL_ERROR "RINGDOWN_MIMALLOC: sanitizers bring an allocator of their own")
endif()

if(RINGDOWN_SANITIZE)
  # Not vptr: it looks at memory through a pipe, and errs in a process that is out of files, which
  # one of our tests is about.
  add_compile_options(-fsanitize=${RINGDOWN_SANITIZE} -fno-sanitize-recover=all -fno-sanitize=vptr)
  add_link_options(-fsanitize=${RINGDOWN_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's view of instrumented code is full of false alarms (its manual says so of this warning).
    target_compile_options(ringdown_flags INTERFACE
      "$<BUILD_INTERFACE:-Wno-maybe-uninitialized>")
  endif()
endif()

if(RINGDOWN_FUZZ)
  # All of our code counts what it runs through; the targets bring libFuzzer's main.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# ringdown_precompile(<target> <header>): heavy headers parsed once. GCC must keep the header's text
# in its output for ccache to know what it compiled.
function(ringdown_precompile target header)
  target_precompile_headers(${target} PRIVATE "${header}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# ringdown_waits_for_people(<target>): a sanitizer's build leaves it unoptimised, which halves the
# time to compile what parses options.
function(ringdown_waits_for_people target)
  if(RINGDOWN_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()
