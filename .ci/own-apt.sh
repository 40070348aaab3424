# Sourced. apt over a folder of its own: the packages and lists of the machine are left alone, root is not needed.

MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# own_apt FOLDER TYPE SUITE: makes the folder, reads the lists of Debian's SUITE, of packages (deb) or sources (deb-src), and sets
# OWN_APT, the options for calls of apt-get that mean this folder.
own_apt() {
  local folder=$1 type=$2 suite=$3
  mkdir -p "$folder"/{lists/partial,cache/archives/partial,parts}
  echo "$type [signed-by=$KEYRING] $MIRROR $suite main" >"$folder/sources.list"
  OWN_APT=(-o "Dir::State::Lists=$folder/lists" -o Dir::State::status=/dev/null -o "Dir::Etc::sourcelist=$folder/sources.list"
    -o "Dir::Etc::sourceparts=$folder/parts" -o "Dir::Cache=$folder/cache" -o APT::Sandbox::User= -o Acquire::Languages=none)
  apt-get "${OWN_APT[@]}" update
}
