// SPDX-License-Identifier: MIT
//
// Go's net/http with its default client: proxy from the environment (never for loopback names), roots from
// SSL_CERT_FILE, redirects followed.
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
	method, url := os.Args[1], os.Args[2]
	var body io.Reader
	header := http.Header{}
	for rest := os.Args[3:]; len(rest) > 0; rest = rest[2:] {
		switch rest[0] {
		case "--body":
			content, err := os.ReadFile(rest[1])
			check(err)
			body = bytes.NewReader(content)
			header.Set("Content-Type", "application/octet-stream")
		case "--header":
			name, value, _ := strings.Cut(rest[1], ": ")
			header.Set(name, value)
		default:
			check(fmt.Errorf("what is %s?", rest[0]))
		}
	}
	request, err := http.NewRequest(method, url, body)
	check(err)
	request.Header = header
	answer, err := http.DefaultClient.Do(request)
	check(err)
	_, err = io.Copy(io.Discard, answer.Body)
	check(err)
	fmt.Println(answer.StatusCode, answer.Request.URL)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
