#!/bin/bash
# SPDX-License-Identifier: MIT
# curl, following, with the method that is curl's own for the options given (a -X would be repeated on every hop).
#   hopaudit lab -- scripts/drivers/curl.sh {method} {url} {bodyfile} {headerfile}
set -euo pipefail
method=$1 url=$2 body=$3 fields=$4
options=(-sSL --max-time 15 -o /dev/null -H "@$fields")
case $method in
GET) ;;
HEAD) options+=(--head) ;;
POST) options+=(--data-binary "@$body") ;;
PUT) options+=(--upload-file "$body") ;;
*)
	options+=(-X "$method")
	if [ -s "$body" ]; then
		options+=(--data-binary "@$body")
	fi
	;;
esac
exec curl "${options[@]}" "$url"
