package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cogpass/runner/sandbox"
)

const pageSize = 60

// page answers ListUsers. Users are invented as they are asked for, so that a
// million take no memory. All are confirmed, whatever the filter.
func (s *server) page(body []byte) (string, error) {
	var in struct{ PaginationToken string }
	if err := json.Unmarshal(body, &in); err != nil {
		return "", err
	}
	from := 0
	if in.PaginationToken != "" {
		var err error
		if from, err = strconv.Atoi(in.PaginationToken); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	s.stats.Pages++
	s.stats.LastPage = time.Now().UnixNano()
	if s.stats.FirstPage == 0 {
		s.stats.FirstPage = s.stats.LastPage
	}
	s.mu.Unlock()
	to := min(from+pageSize, s.users)
	var out strings.Builder
	out.WriteString(`{"Users":[`)
	for n := from; n < to; n++ {
		if n > from {
			out.WriteByte(',')
		}
		writeUser(&out, n, s.now)
	}
	out.WriteByte(']')
	if to < s.users {
		fmt.Fprintf(&out, `,"PaginationToken":"%d"`, to)
	}
	out.WriteByte('}')
	return out.String(), nil
}

// writeUser writes what is invented of a user, none of which needs to be escaped.
func writeUser(out *strings.Builder, n int, now time.Time) {
	u := sandbox.Invented(n, now)
	fmt.Fprintf(out, `{"Username":%q,"Enabled":%t,"UserStatus":"CONFIRMED","UserCreateDate":%d,"UserLastModifiedDate":%d,"Attributes":[{"Name":"sub","Value":"00000000-0000-4000-8000-%012x"}`,
		u.Username, u.Enabled, u.Created.Unix(), u.Modified.Unix(), n)
	for name, value := range u.Attributes {
		fmt.Fprintf(out, `,{"Name":%q,"Value":%q}`, name, value)
	}
	out.WriteString("]}")
}
