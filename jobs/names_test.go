package jobs

import (
	"fmt"
	"testing"
)

// TestNamesBeyondMemory adds enough names to fill each partition several
// times, a few of them again.
func TestNamesBeyondMemory(t *testing.T) {
	const count = 400_000
	var n names
	defer n.close()
	add := func(i, line int) {
		if err := n.add(hashName(fmt.Sprint("user", i)), namedAt{1, line, 1}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range count {
		add(i, i+1)
	}
	again := []int{0, 1, 77, count / 2, count - 1}
	for k, i := range again {
		add(i, count+k+1)
	}
	add(77, count+len(again)+1) // a third time
	if n.file == nil {
		t.Error("nothing went to the file")
	}
	var got []string
	err := n.repeated(func(first, again namedAt) { got = append(got, fmt.Sprint(first.line, " ", again.line)) })
	want := "[1 400001 2 400002 78 400003 200001 400004 400000 400005 400003 400006]"
	if err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
}

func TestNearest(t *testing.T) {
	for misspelt, want := range map[string]string{"usres": "users", "user": "users", "pasword": "password",
		"userPoolID": "userPoolId", "Action": "action", "x": "", "frobnicate": "", "actoin": "action"} {
		if got := nearest(misspelt, jobKeys); got != want {
			t.Errorf("%s: got %q, want %q", misspelt, got, want)
		}
	}
}
