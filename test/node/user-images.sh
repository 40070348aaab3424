#!/usr/bin/env bash
# Two images as users bring them, for the tests that bring the session daemon into them, and one of a store. They know
# nothing of the platform.
#
#   user-images.sh FOLDER      writes FOLDER/user-glibc.tar, FOLDER/user-musl.tar and FOLDER/user-store.tar
#
# localhost/user-glibc:1   Debian as debootstrap makes it with curl and git, with an older glibc than that of Node in the platform's image
# localhost/user-musl:1    Debian's musl and a busybox linked to it by musl-gcc; there is no glibc in it
# localhost/user-store:1   Debian 13 with its Valkey
# Needs root for debootstrap, and the packages debootstrap, musl-tools, gcc, make, bzip2 and debian-archive-keyring.
set -euo pipefail
# shellcheck source=../../.ci/own-apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../.ci/own-apt.sh"
OUT=$(realpath "$1")
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"

# image NAME: the folder NAME as an archive in the form of `docker save`.
image() {
  local machine layer config
  machine=$(dpkg --print-architecture)
  tar --sort=name --mtime=@0 --numeric-owner --exclude='./dev/*' --exclude='./proc/*' -C "$1" -cf "$1.layer" .
  layer=$(sha256sum "$1.layer" | cut -d' ' -f1)
  mkdir "$1.image"
  mv "$1.layer" "$1.image/layer.tar"
  printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$machine" "$layer" >"$1.image/config.json"
  printf '[{"Config":"config.json","RepoTags":["localhost/%s:1"],"Layers":["layer.tar"]}]' "$1" >"$1.image/manifest.json"
  tar -C "$1.image" -cf "$OUT/$1.tar" manifest.json config.json layer.tar
}

# The source of Debian's busybox, checked by apt.
busybox_source() {
  own_apt "$WORK/apt" deb-src bookworm
  apt-get "${OWN_APT[@]}" source --download-only busybox
  mkdir source
  tar -C source --strip-components 1 -xf busybox_*.orig.tar.*
}

# Few programs, because most of the others want the headers of Linux, which musl-gcc does not have.
busybox() {
  local wanted=(ASH SH_IS_ASH ASH_ECHO ASH_TEST ASH_PRINTF CAT ECHO ENV ID LS MKDIR PRINTENV SLEEP TOUCH TRUE LFS LONG_OPTS)
  make -C source CC=musl-gcc allnoconfig
  sed -i -E "s/^# CONFIG_($(IFS='|'; echo "${wanted[*]}")) is not set/CONFIG_\1=y/" source/.config
  # Questions that come up by it get the default. `yes` ends by a broken pipe.
  (yes '' || true) | make -C source CC=musl-gcc oldconfig
  make -C source CC=musl-gcc busybox busybox.links
}

# debian NAME SUITE PACKAGES: the smallest Debian with these packages as the folder NAME.
debian() {
  debootstrap --variant=minbase "--keyring=$KEYRING" "--include=$3" "$2" "$1" "$MIRROR"
  rm -rf "$1"/var/{cache/apt/archives,lib/apt/lists}/*
}

debian user-glibc bookworm curl,git
image user-glibc

debian user-store trixie valkey-server
image user-store

busybox_source
busybox
mkdir -p user-musl/{bin,lib,usr/bin}
cp source/busybox user-musl/bin/
while read -r link; do ln -s /bin/busybox "user-musl$link"; done <source/busybox.links
for loader in /lib/ld-musl-*.so.1; do cp -L "$loader" user-musl/lib/; done
image user-musl
