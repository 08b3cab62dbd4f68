# Takes the compiler's intermediate code out of archives, and leaves the machine code beside it.
# With it, whoever links a program with the installed libraries optimises all of them anew, for 20 s
# and more each time, and needs the very compiler that built them.
#   cmake -Dobjcopy=PROGRAM -Darchives=LIST -P without_lto.cmake
foreach(archive IN LISTS archives)
  execute_process(
    COMMAND "${objcopy}" --wildcard --remove-section=.gnu.lto_* --remove-section=.gnu.debuglto_*
      "${archive}"
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
