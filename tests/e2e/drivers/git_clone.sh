#!/bin/bash
# SPDX-License-Identifier: MIT
# git clone URL into ./clone: proxy and roots from the environment. By itself git follows a redirect of its first request
# only; --everywhere lets it follow all. Prints the commit that it got.
set -euo pipefail
url=$1
shift
options=(-c advice.detachedHead=false)
while (($#)); do
	case $1 in
	--header) options+=(-c "http.extraHeader=$2") && shift 2 ;;
	--everywhere) options+=(-c http.followRedirects=true) && shift ;;
	*) echo "git_clone.sh: what is $1?" >&2 && exit 2 ;;
	esac
done
rm -rf clone
GIT_TERMINAL_PROMPT=0 git "${options[@]}" clone --quiet "$url" clone
git -C clone rev-parse HEAD
