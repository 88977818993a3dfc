package sandbox

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

const maxPage = 60 // users that ListUsers and ListUsersInGroup return at most

func (s *Server) listUsers(c *call) (any, *Error) {
	f, err := parseFilter(c.in.Filter)
	if err != nil {
		return nil, err
	}
	c.pool.mu.RLock()
	defer c.pool.mu.RUnlock()
	users, token, err := s.page(c, c.pool.candidates(f), f, c.in.PaginationToken)
	if err != nil {
		return nil, err
	}
	return struct {
		Users           []userOutput
		PaginationToken string `json:",omitempty"`
	}{users, token}, nil
}

func (s *Server) listUsersInGroup(c *call) (any, *Error) {
	c.pool.mu.RLock()
	defer c.pool.mu.RUnlock()
	members, ok := c.pool.groups[c.in.GroupName]
	if !ok && !slices.Contains(c.about.Groups, c.in.GroupName) {
		return nil, &Error{codeResourceNotFound, "Group not found."}
	}
	users, token, err := s.page(c, members, filter{}, c.in.NextToken)
	if err != nil {
		return nil, err
	}
	return struct {
		Users     []userOutput
		NextToken string `json:",omitempty"`
	}{users, token}, nil
}

// candidates returns users in the order in which they were added. They include
// all that the filter takes. p stays locked while they are in use.
func (p *pool) candidates(f filter) []*user {
	one := func(u *user) []*user {
		if u == nil {
			return nil
		}
		return []*user{u}
	}
	switch {
	case f.prefix:
	case f.attribute == "username":
		return one(p.names[p.key(f.value)])
	case f.attribute == "sub":
		return one(p.subs[f.value])
	case isAddress(f.attribute):
		return p.addresses[f.attribute][p.key(f.value)]
	}
	return p.order
}

// page returns the users of the page that a token names, and the token of the
// next page.
func (s *Server) page(c *call, candidates []*user, f filter, token string) ([]userOutput, string, *Error) {
	limit := maxPage
	if c.in.Limit != nil && *c.in.Limit > 0 {
		limit = *c.in.Limit
	}
	stamp := listStamp(c)
	at, ok := 0, true
	if token != "" {
		if at, ok = parseToken(token, stamp); !ok {
			return nil, "", invalidParameter("Invalid pagination token.")
		}
	}
	users := []userOutput{}
	for ; at < len(candidates); at++ {
		u := candidates[at]
		seen, shown := s.listed(u)
		if !shown || !f.takes(u, seen, c.pool.about.CaseInsensitive) {
			continue
		}
		if len(users) == limit {
			return users, fmt.Sprintf("%s.%d", stamp, at), nil
		}
		users = append(users, u.output(seen, c.in.AttributesToGet))
	}
	return users, "", nil
}

// listStamp ties a token to the parameters of its request: Cognito refuses it
// with any others.
func listStamp(c *call) string {
	h := fnv.New64a()
	for _, part := range []string{c.name, c.in.UserPoolId, c.in.Filter, c.in.GroupName} {
		h.Write([]byte(part + "\x00"))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

func parseToken(token, stamp string) (int, bool) {
	place, ok := strings.CutPrefix(token, stamp+".")
	at, err := strconv.Atoi(place)
	return at, ok && err == nil && at >= 0
}
