package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The server's wire is its own: net/http has to understand it.
func TestServer(t *testing.T) {
	s := &server{remember: true}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go s.accept(listener)
	for _, c := range []struct {
		operation string
		quota     float64
		status    int
	}{
		{"DescribeUserPool", 0, http.StatusOK},
		{"AdminSetUserPassword", 0, http.StatusOK},
		{"AdminSetUserPassword", 0.1, http.StatusBadRequest}, // never holds a whole request
		{"DescribeUserPool", 0.1, http.StatusOK},
	} {
		s.mu.Lock()
		s.quota.set(c.quota, time.Now())
		s.mu.Unlock()
		request, err := http.NewRequest(http.MethodPost, "http://"+listener.Addr().String(), strings.NewReader(`{"Username":"ana"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+c.operation)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s: got status %d, want %d", c.operation, answer.StatusCode, c.status)
		}
		if _, err := http.ParseTime(answer.Header.Get("Date")); err != nil {
			t.Error(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stats.Requests != 2 || s.stats.Throttled != 1 || len(s.stats.Arrivals) != 2 {
		t.Errorf("got %+v, want 2 requests, 1 of them throttled", s.stats)
	}
}

// Pages hold every user once, and the last has no token.
func TestPages(t *testing.T) {
	for users, pages := range map[int]int{0: 1, 1: 1, 60: 1, 61: 2, 1000: 17} {
		s := &server{users: users, now: time.Now()}
		seen := map[string]bool{}
		for token := ""; ; {
			body, err := s.page(fmt.Appendf(nil, `{"PaginationToken":%q}`, token))
			if err != nil {
				t.Fatal(err)
			}
			var page struct {
				Users           []struct{ Username string }
				PaginationToken string
			}
			if err := json.Unmarshal([]byte(body), &page); err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Users {
				seen[u.Username] = true
			}
			if token = page.PaginationToken; token == "" {
				break
			}
		}
		if len(seen) != users || s.stats.Pages != pages {
			t.Errorf("got %d users on %d pages, want %d on %d", len(seen), s.stats.Pages, users, pages)
		}
	}
}
