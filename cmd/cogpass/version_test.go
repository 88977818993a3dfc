package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestBuildOf(t *testing.T) {
	checkout := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123abcd"}, {Key: "vcs.time", Value: "2026-01-14T09:03:12Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	set := build{Version: "1.2.3", Commit: "beef", Time: "2026-02-01T00:00:00Z"}
	for name, c := range map[string]struct {
		set  build
		info *debug.BuildInfo
		want build
		text string
	}{
		"a release":            {set, checkout, set, "cogpass 1.2.3\ncommit    beef\ntime      2026-02-01T00:00:00Z\n"},
		"a checkout":           {build{Version: "0.1.0-dev"}, checkout, build{Version: "0.1.0-dev", Commit: "0123abcd", Modified: true, Time: "2026-01-14T09:03:12Z"}, "commit    0123abcd, with changes\n"},
		"without a repository": {build{Version: "0.1.0-dev"}, &debug.BuildInfo{}, build{Version: "0.1.0-dev"}, "commit    unknown\ntime      unknown\n"},
		"without build info":   {build{Version: "0.1.0-dev"}, nil, build{Version: "0.1.0-dev"}, "commit    unknown\n"},
	} {
		c.want.Go, c.want.Platform = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH
		got := buildOf(c.set, c.info)
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
		var text strings.Builder
		if err := got.write(&text); err != nil || !strings.Contains(text.String(), c.text) {
			t.Errorf("%s: got %q, %v, want %q in it", name, &text, err, c.text)
		}
	}
}
