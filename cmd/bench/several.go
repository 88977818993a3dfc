package main

import (
	"fmt"

	"golang.org/x/sync/errgroup"
)

// several measures whether runs that share an account's quota have all of it, and no
// more: three jobs, of two pools of one account and of one of another.
func (b *bench) several() ([]line, error) {
	const rate = 10
	jobs := map[string]string{}
	for pool, users := range map[string]int{"several1a": 1, "several1b": 1, "several2a": 2} { // as long as each other
		path, err := b.job(pool, int64(users*rate/2*pick(b, 60, 10)), fmt.Sprintf("%d/s", rate))
		if err != nil {
			return nil, err
		}
		jobs[pool] = path
	}
	var lines []line
	for _, of := range []struct {
		what      string
		processes [][]string // the jobs of each
	}{
		{"one process", [][]string{{jobs["several1a"], jobs["several1b"], jobs["several2a"]}}},
		{"two processes", [][]string{{jobs["several1a"], jobs["several2a"]}, {jobs["several1b"]}}},
	} {
		client := func(url string) (m measured, failed int64, err error) {
			var group errgroup.Group
			for _, paths := range of.processes {
				group.Go(func() error {
					_, err := b.measure(b.cogpass, append(carryOut(url, paths[0]), paths[1:]...)...)
					return err
				})
			}
			return m, 0, group.Wait()
		}
		p, err := b.pacedRun(client, nothing, "-latency", "100ms", "-jitter", "20ms")
		if err != nil {
			return nil, err
		}
		accounts := map[byte][]arrival{}
		for _, a := range p.stats.Arrivals {
			account := a.Pool[len("us-west-2_several")]
			accounts[account] = append(accounts[account], a)
		}
		kept, most := 1., 0
		for _, arrivals := range accounts {
			kept = min(kept, float64(len(arrivals)-1)/span(arrivals).Seconds()/rate)
			most = max(most, busiest(arrivals))
		}
		if len(accounts) != 2 {
			return nil, fmt.Errorf("requests of %d accounts have come, not of 2", len(accounts))
		}
		lines = append(lines,
			line{what: of.what + ": share of a lane's rate", figure: percent(kept), peer: "10/s", ratio: times(kept), want: "≥ 99%", reached: reached(kept >= 0.99), server: percent(p.share)},
			line{what: of.what + ": requests in the busiest second, as they arrive", figure: fmt.Sprint(most), peer: "10", ratio: times(float64(most) / rate), want: "≤ 11", reached: reached(most <= 11)},
		)
	}
	return lines, nil
}
