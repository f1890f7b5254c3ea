#!/bin/bash
# SPDX-License-Identifier: MIT
# curl -L as a user writes it: the method follows from the options (GET, --data-binary for POST, -T for PUT), so that curl
# is free to change it by the redirect's status. --sticky names the method by -X instead, which curl then never changes.
set -euo pipefail
method=$1 url=$2
shift 2
options=(-sS -L -o /dev/null -w '%{http_code} %{url_effective}\n')
sticky=''
while (($#)); do
	case $1 in
	--body) body=$2 && shift 2 ;;
	--header) options+=(-H "$2") && shift 2 ;;
	--sticky) sticky=1 && shift ;;
	*) echo "curl.sh: what is $1?" >&2 && exit 2 ;;
	esac
done
case $method in
GET) ;;
HEAD) options+=(-I) ;;
POST) options+=(--data-binary "@$body" -H 'Content-Type: application/octet-stream') ;;
PUT) options+=(-T "$body") ;;
*) options+=(-X "$method" ${body:+--data-binary "@$body"}) ;;
esac
exec curl "${options[@]}" ${sticky:+-X "$method"} "$url"
