// SPDX-License-Identifier: MIT
// Go's net/http: go run redirects.go PORT
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
)

func answer(w http.ResponseWriter, r *http.Request) {
	content, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "content": len(content)})
}

func redirect(status int, target string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, status) }
}

func main() {
	http.HandleFunc("/pay", redirect(http.StatusTemporaryRedirect, "/v2/pay"))
	http.HandleFunc("/pay-302", redirect(http.StatusFound, "/v2/pay"))
	http.HandleFunc("/v2/pay", answer)
	http.HandleFunc("/orders/", answer) // ServeMux answers /orders with 301, which loses a POST
	http.ListenAndServe("127.0.0.1:"+os.Args[1], nil)
}
