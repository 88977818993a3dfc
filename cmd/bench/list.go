package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// list measures planning for users that the pool has, and beside it the SDK's
// own paginator, with one server after the other.
func (b *bench) list() ([]line, error) {
	few, many := pick(b, 100_000, 2_000), pick(b, 1_000_000, 20_000)
	var lines []line
	var memories []int64
	for _, users := range []int{few, many} {
		own, err := b.listing(users, func(url string) (measured, error) { return b.planPool(url, users) })
		if err != nil {
			return lines, err
		}
		sdk, err := b.listing(users, func(url string) (measured, error) {
			m, result, err := b.loopOverSDK(map[string]any{"endpoint": url, "pool": poolID, "concurrency": 1, "retries": "none", "list": true})
			if err == nil && result.OK != int64(users) {
				err = fmt.Errorf("the SDK listed %d users of %d", result.OK, users)
			}
			return m, err
		})
		if err != nil {
			return lines, err
		}
		memories = append(memories, own.rss)
		lines = append(lines,
			line{what: fmt.Sprintf("planning for a pool of %d", users), figure: seconds(own.wall), peer: seconds(sdk.wall) + " (SDK, listing alone)"},
			line{what: "its pages", figure: fmt.Sprint(own.stats.Pages), peer: fmt.Sprintf("%d (SDK)", sdk.stats.Pages)},
			line{what: "its pages a second", figure: fmt.Sprintf("%.0f", own.pages()), peer: fmt.Sprintf("%.0f (SDK)", sdk.pages()),
				ratio: times(own.pages() / sdk.pages()), server: percent(own.share)},
			memory("memory of it", own.measured, mostMemory))
	}
	if memories[0] > 0 && !b.quick { // so few users are less than the program's own ups and downs
		growth := float64(memories[1]) / float64(memories[0])
		lines = append(lines, line{what: fmt.Sprintf("memory, %d users over %d", many, few), figure: times(growth), want: "≤ 1.10", reached: reached(growth <= 1.1)})
	}
	return lines, nil
}

// listing carries a client out against a server that has so many users, and
// answers at once.
func (b *bench) listing(users int, client func(url string) (measured, error)) (*fast, error) {
	return b.fastRun(client, "-latency", "0s", "-users", fmt.Sprint(users))
}

// pages is pages a second, from the first that was asked for to the last.
func (f *fast) pages() float64 {
	return float64(f.stats.Pages-1) / time.Duration(f.stats.LastPage-f.stats.FirstPage).Seconds()
}

func (b *bench) planPool(url string, users int) (measured, error) {
	name := fmt.Sprintf("list%d", users)
	path := filepath.Join(b.dir, name+".yaml")
	err := os.WriteFile(path, fmt.Appendf(nil, `version: 1
name: %s
userPoolId: us-west-2_%s
action: sign-out
users: [{pool: {status: [CONFIRMED]}}]
limits: {rates: {UserList: max}}
`, name, name), 0o600)
	if err != nil {
		return measured{}, err
	}
	return b.measure(b.cogpass, "plan", "--endpoint-url", url, path, "--out", filepath.Join(b.dir, name+".run"))
}
