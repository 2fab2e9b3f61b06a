# bash completion for waldur-cscs-storage; made by "waldur-cscs-storage completion bash"

# What there is after these words; the variables are those of the caller.
_waldur_cscs_storage_at() {
  commands='' options='' valued='' files='' directories='' choices='' operands=''
  case $1 in
@CASES@
  esac
}

_waldur_cscs_storage() {
  local commands options valued files directories choices operands
  local current=${COMP_WORDS[COMP_CWORD]} path='' option='' word i pair
  COMPREPLY=()
  _waldur_cscs_storage_at ''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == = ]]; then
      continue
    elif [[ -n $option && $word != -* ]]; then
      option=''
    elif [[ $word == -* ]]; then
      option=''
      [[ " $valued " == *" $word "* ]] && option=$word
    elif [[ " $commands " == *" $word "* ]]; then
      path+=" $word"
      _waldur_cscs_storage_at "$path"
    fi
  done
  # "--name=" is two words to bash.
  [[ $current == = ]] && current=''
  if [[ -n $option && $current != -* ]]; then
    if [[ " $files " == *" $option "* ]]; then
      _waldur_cscs_storage_paths -f "$current"
    elif [[ " $directories " == *" $option "* ]]; then
      _waldur_cscs_storage_paths -d "$current"
    else
      for pair in $choices; do
        [[ ${pair%%:*} == "$option" ]] || continue
        pair=${pair#*:}
        mapfile -t COMPREPLY < <(compgen -W "${pair//,/ }" -- "$current")
      done
    fi
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
  elif [[ -n $operands ]]; then
    _waldur_cscs_storage_paths -f "$current"
  fi
}

_waldur_cscs_storage_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

complete -F _waldur_cscs_storage waldur-cscs-storage
