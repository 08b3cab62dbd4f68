# One seed, one history: runs the same seeds in two processes, with other garbage in what is
# allocated (addresses differ by themselves), and compares. SIM is the program, SEEDS how many.
function(run_seeds history garbage)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env "MALLOC_PERTURB_=${garbage}"
    "${SIM}" --seed 1 --runs ${SEEDS} --hash OUTPUT_VARIABLE out RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${out}\na run failed: ${failed}")
  endif()
  string(REGEX MATCHALL "seed [0-9]+: [0-9a-f]+\n" hashes "${out}")
  list(LENGTH hashes count)
  if(NOT count EQUAL SEEDS)
    message(FATAL_ERROR "${count} hashes of ${SEEDS} runs:\n${out}")
  endif()
  set(${history} "${out}" PARENT_SCOPE)
endfunction()

run_seeds(first 1)
run_seeds(second 165)
if(NOT first STREQUAL second)
  message(FATAL_ERROR "two processes made two histories of the same seeds:\n${first}\n${second}")
endif()
