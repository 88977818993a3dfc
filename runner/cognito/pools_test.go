package cognito

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cogpass/runner/sandbox"
)

// The pools of the Region are listed, page after page, and no others.
func TestPools(t *testing.T) {
	s := newSandbox(sandbox.Config{})
	want := []string{testPool}
	for n := range 130 {
		id := fmt.Sprintf("us-west-2_b%03d", n)
		s.AddPool(sandbox.Pool{ID: id, Name: fmt.Sprintf("pool %d", n)})
		want = append(want, id)
	}
	s.AddPool(sandbox.Pool{ID: "eu-west-1_x"})
	pools, more, err := serve(t, s).client.Pools(t.Context())
	var got []string
	for _, p := range pools {
		got = append(got, p.ID)
	}
	if err != nil || more || !slices.Equal(got, want) || pools[1].Name != "pool 0" {
		t.Errorf("got %d pools, %v, %v, want %d", len(got), more, err, len(want))
	}
}

// What a list says is shown to a person: nothing of it that is not a pool's, and a
// list that has no end has one.
func TestPoolsOfAHostileList(t *testing.T) {
	requests := 0
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprint(w, `{"UserPools": [{"Id": "us-west-2_a\u001b[31m", "Name": "x"}, {"Name": "none"}, {"Id": "us-west-2_b", "Name": "a\u001b]0;x\u0007\nb"}], "NextToken": "on"}`)
	})
	pools, more, err := serve(t, h).client.Pools(t.Context())
	if err != nil || !more || requests != poolPages || len(pools) != poolPages || pools[0].ID != "us-west-2_b" || strings.ContainsAny(pools[0].Name, "\x1b\n\a") {
		t.Errorf("got %q, %v, %v, in %d requests", pools, more, err, requests)
	}
	_, _, err = serve(t, http.NotFoundHandler()).client.Pools(t.Context())
	if err == nil {
		t.Error("a page that is none: got no error")
	}
}
