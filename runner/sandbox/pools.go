package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// listUserPools lists the pools of the Region that the request is signed for.
func (s *Server) listUserPools(c *call) (any, *Error) {
	limit := c.in.MaxResults
	if limit < 1 || limit > maxPage {
		return nil, invalidParameter("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must be between 1 and 60", limit)
	}
	s.mu.RLock()
	ids := slices.Sorted(maps.Keys(s.pools))
	s.mu.RUnlock()
	ids = slices.DeleteFunc(ids, func(id string) bool {
		return !strings.HasPrefix(id, c.region+"_") || !c.who.mine(s.pool(id).description().Account)
	})
	from := 0
	if c.in.NextToken != "" {
		var found bool
		if from, found = slices.BinarySearch(ids, c.in.NextToken); !found {
			return nil, invalidParameter("Invalid pagination token.")
		}
	}
	out := struct {
		UserPools []map[string]any
		NextToken string `json:",omitempty"`
	}{UserPools: []map[string]any{}}
	for _, id := range ids[from:] {
		if len(out.UserPools) == limit {
			out.NextToken = id
			break
		}
		p := s.pool(id)
		out.UserPools = append(out.UserPools, map[string]any{
			"Id": id, "Name": p.description().Name, "CreationDate": epoch(p.created), "LastModifiedDate": epoch(p.created),
		})
	}
	return out, nil
}
