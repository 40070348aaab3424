import { WORKSPACE_META } from '../protocol/runs';

/**
 * Clones repositories into a workspace, for any `sh`. Arguments: the workspace, the text of `repos.json`, and six for each
 * repository: URL, place in the workspace, branch or tag, depth, origin of the credential, credential helper. The last four
 * may be empty.
 *
 * A clone is moved into place when it is complete, so an attempt that is killed leaves nothing that looks like one. It runs
 * in the background, because a shell sees to signals between its children only. Files are for the group too: a later run
 * of the workspace may have another user, and has the group in common.
 */
export const SEED_SCRIPT = `set -eu
umask 002
workspace=$1 list=$2
shift 2
meta=$workspace/${WORKSPACE_META}
unfinished=$meta/seed
child=
trap 'test -z "$child" || kill "$child"; exit 143' TERM
mkdir -p "$meta"
while test $# -gt 0; do
  url=$1 path=$2 branch=$3 depth=$4 origin=$5 helper=$6
  shift 6
  place=$workspace/$path
  if test -d "$place/.git"; then
    printf 'seed: %s is there\\n' "$path"
    continue
  fi
  rmdir "$place" 2>/dev/null || :
  if test -e "$place"; then
    printf 'seed: %s holds something else, so %s is not cloned to it\\n' "$path" "$url" >&2
    exit 1
  fi
  rm -rf "$unfinished"
  printf 'seed: cloning %s to %s\\n' "$url" "$path"
  git -c core.hooksPath=/dev/null -c credential.helper= \${helper:+-c} \${helper:+"credential.$origin.helper=$helper"} \\
    clone --quiet --no-recurse-submodules \${branch:+"--branch=$branch"} \${depth:+"--depth=$depth"} -- "$url" "$unfinished" &
  child=$!
  wait "$child"
  child=
  mkdir -p "\${place%/*}"
  mv "$unfinished" "$place"
done
printf '%s\\n' "$list" > "$meta/repos.json.new"
mv "$meta/repos.json.new" "$meta/repos.json"
`;
