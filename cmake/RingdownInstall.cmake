# `cmake --install`, find_package(ringdown CONFIG) and the Debian packages.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
include("${CMAKE_CURRENT_LIST_DIR}/public_headers.cmake")

# ---- programs: component `ringdown` ----------------------------------------------------------

install(TARGETS ringdown ringdownd RUNTIME COMPONENT ringdown)
install(TARGETS ringdown-bench ringdown-bench-embedded ringdown-bench-floor RUNTIME COMPONENT bench)
install(FILES "${CMAKE_SOURCE_DIR}/broker/config/ringdownd.example.toml"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT ringdown)
install(FILES "${CMAKE_SOURCE_DIR}/packaging/access.example.toml"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT ringdown)
# For monitoring and for clients of the admin port.
install(FILES "${CMAKE_SOURCE_DIR}/packaging/prometheus-rules.yml"
  "${CMAKE_SOURCE_DIR}/packaging/grafana-dashboard.json" "${CMAKE_SOURCE_DIR}/docs/openapi.json"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/ringdown" COMPONENT ringdown)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/CHANGELOG.md"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT ringdown)

# The unit names whole paths, and only an installation knows its prefix: `cmake --install --prefix`
# and cpack choose others than the build did. systemd looks below lib/, never below
# lib/<architecture>/. Its group of system calls has a name that looks like one of our variables.
install(CODE "
  set(bindir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(docdir \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  set(systemd_filter \"@system-service\")
  configure_file(\"${CMAKE_SOURCE_DIR}/packaging/ringdownd.service.in\"
    \"${CMAKE_BINARY_DIR}/packaging/ringdownd.service\" @ONLY)"
  COMPONENT ringdown)
install(FILES "${CMAKE_BINARY_DIR}/packaging/ringdownd.service"
  DESTINATION lib/systemd/system COMPONENT ringdown)

# What an operator edits. Only in a package: dpkg knows which file an operator has changed, and an
# installation does not. The access file does nothing until auth.file names it.
install(CODE "
  if(DEFINED ENV{DESTDIR} AND CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
    foreach(from_to \"broker/config/ringdownd.example.toml;ringdownd.toml\"
        \"packaging/access.example.toml;access.toml\")
      list(GET from_to 0 from)
      list(GET from_to 1 to)
      file(INSTALL DESTINATION \"/etc/ringdown\" TYPE FILE RENAME \"\${to}\"
        PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ FILES \"${CMAKE_SOURCE_DIR}/\${from}\")
    endforeach()
  endif()"
  COMPONENT ringdown)

# Manual pages and completions say what the programs say of themselves.
set(packaging "${CMAKE_SOURCE_DIR}/packaging")
set(example_configuration "${CMAKE_SOURCE_DIR}/broker/config/ringdownd.example.toml")
set(completions "${CMAKE_BINARY_DIR}/packaging/completions")
file(MAKE_DIRECTORY "${completions}")
set(completions_in_bash "${CMAKE_INSTALL_DATADIR}/bash-completion/completions/@")
set(completions_in_zsh "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions/_@")
set(completions_in_fish "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/@.fish")
find_program(GZIP_PROGRAM gzip REQUIRED)
set(manuals "")
foreach(page ringdown.1 ringdownd.8 ringdown-bench.1)
  get_filename_component(program "${page}" NAME_WE)
  set(output "${CMAKE_BINARY_DIR}/packaging/${page}.gz")
  add_custom_command(OUTPUT "${output}"
    COMMAND sh "${packaging}/manual.sh" ${program} "$<TARGET_FILE:${program}>" ${PROJECT_VERSION}
      "${CMAKE_SOURCE_DIR}/docs/cli.md" > "${CMAKE_BINARY_DIR}/packaging/${page}"
    COMMAND "${GZIP_PROGRAM}" -9nf "${CMAKE_BINARY_DIR}/packaging/${page}"
    DEPENDS ${program} "${packaging}/manual.sh" "${CMAKE_SOURCE_DIR}/docs/cli.md" VERBATIM
    COMMENT "Writing the manual page ${page}")
  list(APPEND manuals "${output}")
  string(REGEX MATCH "[0-9]$" section "${page}")
  set(component ringdown)
  if(program STREQUAL "ringdown-bench")
    set(component bench)
  endif()
  install(FILES "${output}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}"
    COMPONENT ${component})
  set(example "")
  if(program STREQUAL "ringdownd")
    set(example "${example_configuration}")
  endif()
  foreach(shell bash zsh fish)
    set(output "${completions}/${program}.${shell}")
    add_custom_command(OUTPUT "${output}"
      COMMAND sh "${packaging}/completion.sh" ${shell} ${program} "$<TARGET_FILE:${program}>"
        ${example} > "${output}"
      DEPENDS ${program} "${packaging}/completion.sh" ${example} VERBATIM
      COMMENT "Writing the completion of ${program} in ${shell}")
    list(APPEND manuals "${output}")
    string(REPLACE "@" "${program}" installed "${completions_in_${shell}}")
    cmake_path(GET installed PARENT_PATH folder)
    cmake_path(GET installed FILENAME name)
    install(FILES "${output}" RENAME "${name}" DESTINATION "${folder}" COMPONENT ${component})
  endforeach()
endforeach()
set(always ALL)
if(RINGDOWN_SANITIZE OR RINGDOWN_SYNTAX_ONLY)
  set(always "") # nobody installs it, and where memory is placed at random it may not even start
endif()
add_custom_target(manuals ${always} DEPENDS ${manuals})

# ---- the Python client: component `python` ---------------------------------------------------

# Debian's folder for every version of Python 3; elsewhere it is for PYTHONPATH.
if(RINGDOWN_PYTHONPATH)
  install(DIRECTORY "${RINGDOWN_PYTHONPATH}/ringdown"
    DESTINATION lib/python3/dist-packages COMPONENT python
    FILES_MATCHING PATTERN "*.py" PATTERN "*.pyi" PATTERN "py.typed"
    PATTERN "__pycache__" EXCLUDE)
endif()

# ---- documents and programs to learn from: components `doc`, `examples` ----------------------

install(FILES "${CMAKE_SOURCE_DIR}/README.md"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/ringdown-doc" COMPONENT doc)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/docs" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/ringdown-doc"
  COMPONENT doc FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png" PATTERN "*.json"
  PATTERN "generate" EXCLUDE)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/examples"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/ringdown-examples" COMPONENT examples
  FILES_MATCHING PATTERN "*.cpp" PATTERN "*.py" PATTERN "*.md" PATTERN "__pycache__" EXCLUDE)
# The demonstration, with the programs of the packages: demo.sh --installed.
install(PROGRAMS "${CMAKE_SOURCE_DIR}/scripts/demo.sh"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/ringdown/scripts" COMPONENT examples)
install(FILES "${CMAKE_SOURCE_DIR}/scripts/lib.sh" "${CMAKE_SOURCE_DIR}/scripts/transcript.py"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/ringdown/scripts" COMPONENT examples)

# ---- libraries and headers: component `dev` --------------------------------------------------

set(ringdown_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/ringdown")

# A program links ringdown::client, ringdown::broker or ringdown::caf_bridge; the rest comes along.
# Each is a component of find_package, with an export of its own: who asks for the client alone
# needs nothing of what the others stand on. They stand on the client's export.
set(ringdown_libraries_of_client ringdown_client ringdown_flags ringdown_messages ringdown_proto)
set(ringdown_libraries_of_broker
  ringdown_actors ringdown_admin ringdown_broker ringdown_certificates ringdown_config ringdown_core
  ringdown_epoll_loop ringdown_link_watch ringdown_logging ringdown_runtime ringdown_security
  ringdown_tls_stream)
set(ringdown_libraries_of_caf_bridge ringdown_caf_bridge)
set(ringdown_archives "")
foreach(component client broker caf_bridge)
  foreach(library IN LISTS ringdown_libraries_of_${component})
    string(REPLACE "ringdown_" "" exported "${library}")
    set_target_properties(${library} PROPERTIES EXPORT_NAME "${exported}")
    get_target_property(kind ${library} TYPE)
    if(kind STREQUAL "STATIC_LIBRARY")
      list(APPEND ringdown_archives "$<TARGET_FILE_NAME:${library}>")
    endif()
  endforeach()
  install(TARGETS ${ringdown_libraries_of_${component}} EXPORT ringdown_${component}
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}/ringdown" COMPONENT dev)
  install(EXPORT ringdown_${component} NAMESPACE ringdown:: FILE ringdown-${component}.cmake
    DESTINATION "${ringdown_cmake_dir}" COMPONENT dev)
endforeach()
# Without machine code beside it the intermediate code has to stay.
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
if("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}" MATCHES "-ffat-lto-objects")
  install(CODE "
    set(objcopy \"${CMAKE_OBJCOPY}\")
    set(archives \"${ringdown_archives}\")
    list(TRANSFORM archives
      PREPEND \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/ringdown/\")
    include(\"${CMAKE_SOURCE_DIR}/cmake/without_lto.cmake\")"
    COMPONENT dev)
endif()

foreach(header IN LISTS ringdown_public_headers ringdown_caf_headers)
  get_filename_component(folder "${header}" DIRECTORY)
  install(FILES "${CMAKE_SOURCE_DIR}/${header}"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/ringdown/${folder}" COMPONENT dev)
endforeach()
# The contract, for clients in other languages; the catalog is a part of errors.hpp.
install(FILES "${CMAKE_SOURCE_DIR}/messages/error_catalog.def"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/ringdown/messages" COMPONENT dev)
install(FILES "${CMAKE_SOURCE_DIR}/messages/proto/ringdown/v1/ringdown.proto"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/ringdown/proto/ringdown/v1" COMPONENT dev)

configure_package_config_file("${CMAKE_SOURCE_DIR}/packaging/ringdown-config.cmake.in"
  "${CMAKE_BINARY_DIR}/packaging/ringdown-config.cmake"
  INSTALL_DESTINATION "${ringdown_cmake_dir}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/packaging/ringdown-config-version.cmake"
  COMPATIBILITY SameMinorVersion) # before 1.0 a minor version may break
install(FILES
  "${CMAKE_BINARY_DIR}/packaging/ringdown-config.cmake"
  "${CMAKE_BINARY_DIR}/packaging/ringdown-config-version.cmake"
  "${CMAKE_SOURCE_DIR}/cmake/FindCAF.cmake"
  DESTINATION "${ringdown_cmake_dir}" COMPONENT dev)

# They find the prefix from where they are.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" OUTPUT_VARIABLE ringdown_pc_to_prefix)
configure_file("${CMAKE_SOURCE_DIR}/packaging/ringdown-client.pc.in"
  "${CMAKE_BINARY_DIR}/packaging/ringdown-client.pc" @ONLY)
configure_file("${CMAKE_SOURCE_DIR}/packaging/ringdown-broker.pc.in"
  "${CMAKE_BINARY_DIR}/packaging/ringdown-broker.pc" @ONLY)
install(FILES
  "${CMAKE_BINARY_DIR}/packaging/ringdown-client.pc"
  "${CMAKE_BINARY_DIR}/packaging/ringdown-broker.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)

# ---- cpack -----------------------------------------------------------------------------------

# Debian wants two files of every package; the component is told by its package.
configure_file("${CMAKE_SOURCE_DIR}/packaging/changelog.in"
  "${CMAKE_BINARY_DIR}/packaging/changelog" @ONLY)
add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/packaging/changelog.gz"
  COMMAND "${GZIP_PROGRAM}" -9nkf "${CMAKE_BINARY_DIR}/packaging/changelog"
  DEPENDS "${CMAKE_BINARY_DIR}/packaging/changelog" VERBATIM)
add_custom_target(package_changelog ALL DEPENDS "${CMAKE_BINARY_DIR}/packaging/changelog.gz")
set(CPACK_COMPONENTS_ALL "")
function(ringdown_package component package)
  install(FILES "${CMAKE_SOURCE_DIR}/packaging/copyright"
    "${CMAKE_BINARY_DIR}/packaging/changelog.gz"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}" COMPONENT ${component})
  # What Debian's checker says of a package and is meant so.
  set(overrides "${CMAKE_SOURCE_DIR}/packaging/debian/${package}.lintian-overrides")
  if(EXISTS "${overrides}")
    install(FILES "${overrides}" RENAME ${package}
      DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides" COMPONENT ${component})
  endif()
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)
endfunction()
ringdown_package(ringdown ringdown)
ringdown_package(bench ringdown-bench)
ringdown_package(dev libringdown-dev)
ringdown_package(doc ringdown-doc)
ringdown_package(examples ringdown-examples)
if(RINGDOWN_PYTHONPATH)
  ringdown_package(python python3-ringdown)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ringdown)
set(CPACK_PACKAGE_CONTACT "Ringdown maintainers <maintainers@ringdown.example>")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "event broker for contact centers")
set(CPACK_DEBIAN_RINGDOWN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_RINGDOWN_PACKAGE_DEPENDS "adduser")
set(debian "${CMAKE_BINARY_DIR}/packaging/debian")
file(WRITE "${debian}/conffiles" "/etc/ringdown/access.toml\n/etc/ringdown/ringdownd.toml\n")
set(CPACK_DEBIAN_RINGDOWN_PACKAGE_CONTROL_EXTRA "${debian}/conffiles")
foreach(script postinst prerm postrm)
  configure_file("${CMAKE_SOURCE_DIR}/packaging/debian/${script}.sh" "${debian}/${script}" COPYONLY)
  list(APPEND CPACK_DEBIAN_RINGDOWN_PACKAGE_CONTROL_EXTRA "${debian}/${script}")
endforeach()
set(CPACK_DEBIAN_RINGDOWN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_BENCH_PACKAGE_SECTION net)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF) # archives depend on what their users link
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libprotobuf-dev, libfmt-dev, libssl-dev")
# What a client does without: `apt install --no-install-recommends` leaves it out.
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "libcaf-dev, libboost1.81-dev")
set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
set(CPACK_DEBIAN_PYTHON_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS "python3 (>= 3.11), python3-protobuf (>= 3.21)")
foreach(component DOC EXAMPLES)
  set(CPACK_DEBIAN_${component}_PACKAGE_SECTION doc)
  set(CPACK_DEBIAN_${component}_PACKAGE_ARCHITECTURE all)
  set(CPACK_DEBIAN_${component}_PACKAGE_SHLIBDEPS OFF)
endforeach()
set(CPACK_DEBIAN_EXAMPLES_PACKAGE_DEPENDS "ringdown (>= ${PROJECT_VERSION}), python3 (>= 3.11)")
set(CPACK_DEBIAN_EXAMPLES_PACKAGE_RECOMMENDS "ringdown-bench, python3-ringdown")
set(CPACK_COMPONENT_RINGDOWN_DESCRIPTION
  "An agent's desktop tells a screen recorder to start, stop, pause and resume,
and the recorder says whether it does; both are clients of this broker. With
the daemon ringdownd and the command ringdown.")
set(CPACK_COMPONENT_BENCH_DESCRIPTION
  "The benchmark harness: loads a broker of this machine or another,
verifies every delivery, and reports rates, latencies and the broker's CPU
and memory.")
set(CPACK_COMPONENT_DEV_DESCRIPTION
  "Development files: the broker as a library, the client library, their
headers, and the protocol's schema.")
set(CPACK_COMPONENT_PYTHON_DESCRIPTION
  "The client for Python's asyncio: an agent's desktop or a recorder.")
set(CPACK_COMPONENT_DOC_DESCRIPTION
  "What is written of the broker: protocol, clients, operation, decisions.")
set(CPACK_COMPONENT_EXAMPLES_DESCRIPTION
  "Desktops, recorders and an embedded broker in C++ and Python, and a
demonstration that plays one conversation.")
include(CPack)
