package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// What a release build sets, with -ldflags -X. The time is the commit's.
var (
	version    = "0.1.0-dev"
	commit     string
	commitTime string
)

// A build says what the program was made from.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // files differed from the commit's
	Time     string `json:"time,omitempty"`     // of the commit, RFC 3339
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild says what this program was made from.
func thisBuild() build {
	info, _ := debug.ReadBuildInfo()
	return buildOf(build{Version: version, Commit: commit, Time: commitTime}, info)
}

// buildOf completes what a release has set with what the Go command has
// recorded: that of a checkout it knows, unless told not to look. info may be nil.
func buildOf(b build, info *debug.BuildInfo) build {
	b.Go, b.Platform = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH
	if info == nil || b.Commit != "" {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) write(w io.Writer) error {
	changed := ""
	if b.Modified {
		changed = ", with changes"
	}
	_, err := fmt.Fprintf(w, "cogpass %s\ncommit    %s%s\ntime      %s\ngo        %s\nplatform  %s\n",
		b.Version, cmp.Or(b.Commit, "unknown"), changed, cmp.Or(b.Time, "unknown"), b.Go, b.Platform)
	return err
}

func newVersion(sys *system) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version, and what the program was made from",
		Long: `Print the version, the commit with its time, the Go version and the platform.
Have it at hand when you report a fault.`,
		Example: `  cogpass version
  cogpass version --format json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if format != "text" && format != "json" {
				return usage("--format %s: want text or json", format)
			}
			return sys.stream(func(w io.Writer) error {
				if format == "json" {
					lines := json.NewEncoder(w)
					lines.SetIndent("", "  ")
					return lines.Encode(thisBuild())
				}
				return thisBuild().write(w)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "write as `FORMAT`: text or json")
	return cmd
}
