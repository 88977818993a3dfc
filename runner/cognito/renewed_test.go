package cognito

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
)

// Credentials that are good for a time are fetched anew when it is over, in the middle
// of a run. Where that fails, nothing has left, and it is nobody's fault but theirs.
func TestCredentialsAreRenewed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are a shell's")
	}
	var keys []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(rest, "/")
		keys = append(keys, key)
		fmt.Fprint(w, "{}")
	}))
	defer server.Close()
	script := filepath.Join(t.TempDir(), "credentials.sh")
	text := `echo x >>$0.count; n=$(grep -c x $0.count); test $n -lt 4 || exit 7
		echo "{\"Version\":1,\"AccessKeyId\":\"AKID$n\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":\"2026-01-01T00:00:00Z\"}"`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings(t, "[default]\nregion = us-west-2\ncredential_process = sh "+script+"\n", "")
	client, err := Open(t.Context(), Config{EndpointURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	d := client.Directory(Pool{ID: testPool})
	reset := func() error {
		_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
		return err
	}
	for range 3 {
		if err := reset(); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(keys, " "); got != "AKID1 AKID2 AKID3" {
		t.Errorf("signed with %s, want each key once", got)
	}
	fault := mustFault(t, reset())
	if fault.Class != runner.Fatal || !strings.Contains(fault.Message, "no valid credentials") || len(keys) != 3 {
		t.Errorf("got class %d (%v) and %d requests, want that it stops and nothing is sent", fault.Class, fault, len(keys))
	}
}

// An answer that is packed though nobody asked for that is read, or is no proof of
// anything; in neither case is it taken for a refusal.
func TestPackedAnswer(t *testing.T) {
	d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		fmt.Fprint(packed, "{}")
		packed.Close()
	}))
	if _, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset}); err != nil && mustFault(t, err).Class != runner.Unreadable {
		t.Errorf("got %v", err)
	}
}
