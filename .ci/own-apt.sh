# Sourced. apt over a folder of its own: the packages and lists of the machine are left alone, root is not needed.

# own_apt FOLDER SOURCE: makes the folder, reads the lists of SOURCE (a line of sources.list), and sets OWN_APT, the options
# for calls of apt-get that mean this folder.
own_apt() {
  local folder=$1 source=$2
  mkdir -p "$folder"/{lists/partial,cache/archives/partial,parts}
  echo "$source" >"$folder/sources.list"
  OWN_APT=(-o "Dir::State::Lists=$folder/lists" -o Dir::State::status=/dev/null -o "Dir::Etc::sourcelist=$folder/sources.list"
    -o "Dir::Etc::sourceparts=$folder/parts" -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User= -o Acquire::Languages=none)
  apt-get "${OWN_APT[@]}" update
}
