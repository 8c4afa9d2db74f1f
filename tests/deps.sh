#!/bin/sh
# Install the Debian packages named that are not there yet. Does nothing, fast, when all are.
set -u
if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "make deps: this is not Debian; install what these packages hold: $*" >&2
	exit 0
fi
have=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package} ${Provides}\n' 2>/dev/null | sed -n 's/^ii *//p' | tr ',' ' ' | tr ' ' '\n')
missing=
for package in "$@"; do
	printf '%s\n' "$have" | grep -qxF -- "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null 2>&1 || {
		echo "make deps: neither root nor sudo here; as root: apt-get install$missing" >&2
		exit 1
	}
	sudo=sudo
fi
echo "installing:$missing"
# env: sudo would drop the variable
apt() { $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o APT::Acquire::Retries=3 "$@"; }
apt update || echo "make deps: apt-get update failed; trying with the lists at hand" >&2
# shellcheck disable=SC2086 # one word a package
apt install -y --no-install-recommends $missing
