#!/bin/bash
# SPDX-License-Identifier: MIT
# HTTPie: proxy and roots from the environment, as requests takes them; following is asked for. It tells the status in the
# response head that it prints.
set -euo pipefail
method=$1 url=$2
shift 2
options=(--follow --print=h --pretty=none --timeout=20)
items=()
input=/dev/null
while (($#)); do
	case $1 in
	--body) input=$2 && items+=('Content-Type: application/octet-stream') && shift 2 ;;
	--header) items+=("$2") && shift 2 ;;
	*) echo "httpie.sh: what is $1?" >&2 && exit 2 ;;
	esac
done
if [ "$input" = /dev/null ]; then
	options+=(--ignore-stdin)
fi
head=$(http "${options[@]}" "$method" "$url" "${items[@]/: /:}" <"$input")
sed -nE '1s/^HTTP\/1\.[01] ([0-9]{3}).*/\1/p' <<<"$head"
