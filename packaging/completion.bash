# Completes the words of ringdown, ringdown-bench and ringdownd, as their own help names them.
# shellcheck shell=bash

_ringdown() {
    local word=${COMP_WORDS[COMP_CWORD]} verbs verb='' each
    verbs=$("$1" --help 2>/dev/null | sed -n '/^Subcommands:$/,/^$/s/^  \([a-z]*\) .*/\1/p')
    for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        grep -qxF -- "$each" <<<"$verbs" && verb=$each && break
    done
    if [[ $word == -* ]]; then
        verbs=$("$1" ${verb:+"$verb"} --help 2>/dev/null | sed -nE 's/^  (-[a-z],)?(--[a-z-]+).*/\2/p')
    elif [[ -n $verb ]]; then
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
}

_ringdownd() {
    local word=${COMP_WORDS[COMP_CWORD]}
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --config ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $word == -* ]]; then
        # A key takes its value in the same word.
        mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>/dev/null |
            sed -n -e 's/^  \(--[a-z]*\.[a-z._]*\).*/\1=/p' -e 's/^  \(--[a-z-]*\)[ ,].*/\1/p')" -- "$word")
        [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    fi
}

complete -F _ringdown ringdown ringdown-bench
complete -o default -F _ringdownd ringdownd
