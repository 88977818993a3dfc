package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// fast is a client's run at its full speed.
type fast struct {
	measured
	stats serverStats
	share float64
}

// rate is calls a second, from the first to the last that the server saw.
func (f *fast) rate() float64 {
	return float64(f.stats.Requests) / time.Duration(f.stats.Last-f.stats.First).Seconds()
}

func (f *fast) cpuPerCall() time.Duration { return f.cpu / time.Duration(f.stats.Requests) }

// fastRun carries a client out against a server of its own.
func (b *bench) fastRun(client func(url string) (measured, error), args ...string) (*fast, error) {
	s, err := b.serve(append(args, "-latency", "5ms")...)
	if err != nil {
		return nil, err
	}
	f := new(fast)
	if f.measured, err = client(s.url); err != nil {
		return nil, err
	}
	f.stats, f.share, err = s.close(processors())
	return f, err
}

// max measures how fast calls are made where nothing limits them. The loop
// over the SDK runs before and after, for a machine gets slower and faster.
func (b *bench) max() ([]line, error) {
	users := pick(b, 50_000, 5_000)
	job, err := b.job("max", int64(users), "max")
	if err != nil {
		return nil, err
	}
	own := func(url string) (measured, error) { return b.measure(b.cogpass, carryOut(url, job)...) }
	sdk := func(url string) (measured, error) {
		m, _, err := b.measureLoop(url, users, concurrency, "none")
		return m, err
	}
	var ran [3]*fast
	for i, client := range []func(string) (measured, error){sdk, own, sdk} {
		if ran[i], err = b.fastRun(client); err != nil {
			return nil, err
		}
	}
	trusting := *b
	certificate := filepath.Join(b.dir, "certificate.pem")
	trusting.env = append(slices.Clip(b.env), "AWS_CA_BUNDLE="+certificate)
	secure, err := b.fastRun(func(url string) (measured, error) {
		return trusting.measure(b.cogpass, carryOut(url, job)...)
	}, "-tls", certificate)
	if err != nil {
		return nil, err
	}
	before, f, after := ran[0], ran[1], ran[2]
	peerRate, peerCPU := (before.rate()+after.rate())/2, (before.cpuPerCall()+after.cpuPerCall())/2
	return []line{
		{what: "calls a second", figure: fmt.Sprintf("%.0f", f.rate()), peer: fmt.Sprintf("%.0f (SDK)", peerRate), ratio: times(f.rate() / peerRate),
			want: "≥ 0.75", reached: reached(f.rate() >= 0.75*peerRate), server: percent(f.share)},
		{what: "processor time a call", figure: thousandths(f.cpuPerCall()), peer: thousandths(peerCPU) + " (SDK)", ratio: times(ratio(f.cpuPerCall(), peerCPU)),
			want: "≤ 1.5", reached: reached(f.cpuPerCall().Seconds() <= 1.5*peerCPU.Seconds())},
		{what: "connections opened", figure: fmt.Sprint(f.stats.Connections), peer: fmt.Sprintf("%d (SDK)", before.stats.Connections),
			want: "≤ 128", reached: reached(f.stats.Connections <= 128)},
		{what: "connections opened, over TLS", figure: fmt.Sprint(secure.stats.Connections), want: "≤ 128",
			reached: reached(secure.stats.Connections <= 128), server: percent(secure.share)},
	}, nil
}
