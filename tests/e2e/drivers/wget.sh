#!/bin/bash
# SPDX-License-Identifier: MIT
# GNU wget, which follows redirects by itself. It prints no status: the last status line of -S is taken. Debian's is built
# with GnuTLS and reads no variable for the roots: one option.
set -euo pipefail
method=$1 url=$2
shift 2
options=(-S -O /dev/null --tries=1 --no-hsts --method="$method" ${SSL_CERT_FILE:+"--ca-certificate=$SSL_CERT_FILE"})
while (($#)); do
	case $1 in
	--body) options+=(--body-file="$2" --header='Content-Type: application/octet-stream') && shift 2 ;;
	--header) options+=(--header="$2") && shift 2 ;;
	*) echo "wget.sh: what is $1?" >&2 && exit 2 ;;
	esac
done
status=0
told=$(wget "${options[@]}" "$url" 2>&1) || status=$?
sed -nE 's/^ *HTTP\/1\.[01] ([0-9]{3}).*/\1/p' <<<"$told" | tail -n 1
((status == 0)) || echo "$told" >&2
exit $status
