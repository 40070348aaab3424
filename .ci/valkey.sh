#!/usr/bin/env bash
# The Valkey of Debian 13 with the libraries that it is linked to, for machines whose own packages have none.
#
#   valkey.sh FOLDER      writes FOLDER/bin/valkey-server
#
# Needs apt-get, dpkg-deb and the package debian-archive-keyring.
set -euo pipefail
# shellcheck source=own-apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/own-apt.sh"
OUT=$(realpath -m "$1")
ROOT=$OUT/root
mkdir -p "$ROOT" "$OUT/bin"

own_apt "$OUT/apt" deb trixie
apt-get "${OWN_APT[@]}" install --download-only --yes --no-install-recommends valkey-server
for package in "$OUT"/apt/cache/archives/*.deb; do dpkg-deb --extract "$package" "$ROOT"; done

# By its own loader, since the C library of the machine may be older.
LOADER=$(echo "$ROOT"/usr/lib/*-linux-gnu/ld-linux-*.so.*)
cat >"$OUT/bin/valkey-server" <<END
#!/bin/sh
exec "$LOADER" --library-path "${LOADER%/*}" "$ROOT/usr/bin/valkey-server" "\$@"
END
chmod +x "$OUT/bin/valkey-server"
"$OUT/bin/valkey-server" --version
