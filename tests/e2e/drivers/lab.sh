#!/bin/bash
# SPDX-License-Identifier: MIT
# What `hopaudit lab` gives, in the words of the drivers here: lab.sh METHOD URL BODYFILE HEADERFILE PROGRAM [ARGUMENT...].
# The drivers set a Content-Type of their own.
set -euo pipefail
method=$1 url=$2 body=$3 fields=$4
shift 4
options=()
if [ -s "$body" ]; then
	options+=(--body "$body")
fi
while IFS= read -r line; do
	case $line in
	Content-Type:*) ;;
	?*) options+=(--header "$line") ;;
	esac
done <"$fields"
exec "$@" "$method" "$url" "${options[@]}"
