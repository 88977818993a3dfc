package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// paced is a client's run against a server of its own, and what the server saw.
type paced struct {
	measured
	stats  serverStats
	share  float64 // the server's, of the processors
	failed int64
	back   time.Time // when the quota came back
}

// pacedRun serves, has the client run, and meanwhile does what else is to happen.
func (b *bench) pacedRun(client func(url string) (measured, int64, error), meanwhile func(*serving, *paced) error, args ...string) (*paced, error) {
	s, err := b.serve(append(args, "-remember")...)
	if err != nil {
		return nil, err
	}
	p := new(paced)
	var group errgroup.Group
	group.Go(func() (err error) {
		p.measured, p.failed, err = client(s.url)
		return err
	})
	group.Go(func() error { return meanwhile(s, p) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	p.stats, p.share, err = s.close(processors())
	return p, err
}

func nothing(*serving, *paced) error { return nil }

// cogpassClient carries out a job; a task that fails ends it with an error.
func (b *bench) cogpassClient(job string) func(string) (measured, int64, error) {
	return func(url string) (measured, int64, error) {
		m, err := b.measure(b.cogpass, carryOut(url, job)...)
		return m, 0, err
	}
}

func (b *bench) loopClient(users int, retries string) func(string) (measured, int64, error) {
	return func(url string) (measured, int64, error) {
		m, result, err := b.measureLoop(url, users, concurrency, retries)
		return m, result.Failed, err
	}
}

// pace measures whether a rate is kept.
func (b *bench) pace() ([]line, error) {
	const rate = 25
	users := rate * pick(b, 60, 5)
	job, err := b.job("pace", int64(users), fmt.Sprintf("%d/s", rate))
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, "pace.run")
	client := func(url string) (measured, int64, error) {
		m, err := b.measure(b.cogpass, carryOut(url, job, "--run-file", file)...)
		return m, 0, err
	}
	p, err := b.pacedRun(client, nothing, "-latency", "100ms", "-jitter", "20ms")
	if err != nil {
		return nil, err
	}
	sent, err := b.sent(file)
	if err != nil {
		return nil, err
	}
	kept := float64(len(p.stats.Arrivals)-1) / span(p.stats.Arrivals).Seconds() / rate
	most := busiest(p.stats.Arrivals)
	return []line{
		{what: fmt.Sprintf("share of the asked rate, over %.0f s", span(p.stats.Arrivals).Seconds()), figure: percent(kept),
			peer: "25/s", ratio: times(kept), want: "≥ 99%", reached: reached(kept >= 0.99), server: percent(p.share)},
		{what: "requests in the busiest second, as they arrive", figure: fmt.Sprint(most), peer: "25", ratio: times(float64(most) / rate), want: "≤ 26", reached: reached(most <= 26)},
		{what: "the same, as they are sent", figure: fmt.Sprint(busiest(sent)), peer: "25", ratio: times(float64(busiest(sent)) / rate), want: "≤ 26", reached: reached(busiest(sent) <= 26)},
	}, nil
}

// sent returns when the tasks of a run were sent, by cogpass's own report.
func (b *bench) sent(file string) ([]arrival, error) {
	report, err := b.measure(b.cogpass, "report", file, "--format", "jsonl")
	if err != nil {
		return nil, err
	}
	var list []arrival
	for decoder := json.NewDecoder(bytes.NewReader(report.out)); ; {
		var row struct {
			StartedAt time.Time `json:"started_at"`
		}
		if err := decoder.Decode(&row); errors.Is(err, io.EOF) {
			slices.SortFunc(list, func(a, b arrival) int { return cmp.Compare(a.At, b.At) })
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, arrival{At: row.StartedAt.UnixNano()})
	}
}

// hiddenQuota measures a quota that is lower than the rate asked for.
func (b *bench) hiddenQuota() ([]line, error) {
	const quota = 15
	users := pick(b, 1000, 150)
	job, err := b.job("quota", int64(users), "30/s")
	if err != nil {
		return nil, err
	}
	ran := make([]*paced, 3)
	var group errgroup.Group
	for i, client := range []func(string) (measured, int64, error){
		b.cogpassClient(job), b.loopClient(users, "standard"), b.loopClient(users, "adaptive"),
	} {
		group.Go(func() (err error) {
			ran[i], err = b.pacedRun(client, nothing, "-latency", "5ms", "-quota", fmt.Sprint(quota))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	used := func(p *paced) float64 { return quotaUsed(p.stats.Arrivals, quota) }
	throttled := func(p *paced) float64 { return throttledShare(p.stats.Arrivals) }
	var lines []line
	own := ran[0]
	for i, retries := range []string{"standard", "adaptive"} {
		peer := ran[i+1]
		name := " (SDK, " + retries + ")"
		lines = append(lines,
			line{what: "share of the quota used", figure: percent(used(own)), peer: percent(used(peer)) + name, ratio: times(used(own) / used(peer)),
				want: "≥ 95%", reached: reached(used(own) >= 0.95), server: percent(own.share)},
			line{what: "requests throttled", figure: percent(throttled(own)), peer: percent(throttled(peer)) + name, ratio: times(throttled(own) / throttled(peer)),
				want: "≤ 2%, less than it", reached: reached(throttled(own) <= 0.02 && throttled(own) < throttled(peer))},
			line{what: fmt.Sprintf("failed, of %d users", users), figure: fmt.Sprint(own.failed), peer: fmt.Sprint(peer.failed) + name,
				want: "0", reached: reached(own.failed == 0)},
		)
	}
	return lines, nil
}

// fallingQuota measures a quota that falls and comes back.
func (b *bench) fallingQuota() ([]line, error) {
	const high, low = 30, 10
	before, fallen, after := pick(b, 20, 5), pick(b, 20, 5), pick(b, 30, 15)
	users := high*before + low*fallen + high*after
	job, err := b.job("fall", int64(users), fmt.Sprintf("%d/s", high))
	if err != nil {
		return nil, err
	}
	fall := func(s *serving, p *paced) error {
		time.Sleep(time.Duration(before) * time.Second)
		if _, err := s.order(fmt.Sprintf("quota %d", low)); err != nil {
			return err
		}
		time.Sleep(time.Duration(fallen) * time.Second)
		p.back = time.Now()
		_, err := s.order(fmt.Sprintf("quota %d", high))
		return err
	}
	ran := make([]*paced, 2)
	var group errgroup.Group
	for i, client := range []func(string) (measured, int64, error){b.cogpassClient(job), b.loopClient(users, "adaptive")} {
		group.Go(func() (err error) {
			ran[i], err = b.pacedRun(client, fall, "-latency", "5ms", "-quota", fmt.Sprint(high))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	const wanted = high * 9 / 10
	took := func(p *paced) (time.Duration, string) {
		d, ok := recovery(p.stats.Arrivals, p.back, wanted)
		if !ok {
			return time.Hour, "never"
		}
		return d, seconds(d)
	}
	own, ownText := took(ran[0])
	peer, peerText := took(ran[1])
	ownShare, peerShare := throttledShare(ran[0].stats.Arrivals), throttledShare(ran[1].stats.Arrivals)
	return []line{
		{what: "until 90% of the quota is used again", figure: ownText, peer: peerText + " (SDK, adaptive)", ratio: times(ratio(own, peer)),
			want: "≤ 10 s", reached: reached(own <= 10*time.Second), server: percent(ran[0].share)},
		{what: "requests throttled", figure: percent(ownShare), peer: percent(peerShare) + " (SDK, adaptive)", ratio: times(ownShare / peerShare),
			want: "≤ 3%", reached: reached(ownShare <= 0.03)},
	}, nil
}
