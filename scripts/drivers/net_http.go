// SPDX-License-Identifier: MIT
//
// Go's net/http with its default client. Compile it once (go build -o /tmp/net_http scripts/drivers/net_http.go), then
//   hopaudit lab -- /tmp/net_http {method} {url} {bodyfile} {headerfile}
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	method, url, bodyFile, fieldFile := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	content, err := os.ReadFile(bodyFile)
	check(err)
	fields, err := os.ReadFile(fieldFile)
	check(err)
	var body io.Reader
	if len(content) > 0 {
		body = bytes.NewReader(content)
	}
	request, err := http.NewRequest(method, url, body)
	check(err)
	for _, line := range strings.Split(strings.TrimSpace(string(fields)), "\n") {
		if name, value, found := strings.Cut(line, ": "); found {
			request.Header.Set(name, value)
		}
	}
	answer, err := http.DefaultClient.Do(request)
	check(err)
	_, err = io.Copy(io.Discard, answer.Body)
	check(err)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
