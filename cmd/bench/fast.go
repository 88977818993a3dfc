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

// side is one of two that are compared: its runs.
type side []*fast

func (s *side) add(f *fast, err error) error {
	*s = append(*s, f)
	return err
}

// rate is the mean of the runs' calls a second.
func (s side) rate() (mean float64) {
	for _, f := range s {
		mean += f.rate() / float64(len(s))
	}
	return mean
}

// cpu is the mean of the runs' processor time a call, in seconds.
func (s side) cpu() (mean float64) {
	for _, f := range s {
		mean += f.cpu.Seconds() / float64(f.stats.Requests) / float64(len(s))
	}
	return mean
}

// connections is the most that a run opened.
func (s side) connections() (most int) {
	for _, f := range s {
		most = max(most, f.stats.Connections)
	}
	return most
}

// fastRun carries a client out against a server of its own.
func (b *bench) fastRun(client func(url string) (measured, error), args ...string) (*fast, error) {
	s, err := b.serve(append([]string{"-latency", "5ms"}, args...)...)
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

// max measures how fast calls are made where nothing limits them. It runs the
// loop over the SDK three times, and cogpass in between, for a machine gets
// slower and faster.
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
	var ours, sdks side
	for i := range 5 {
		if i%2 == 0 {
			err = sdks.add(b.fastRun(sdk))
		} else {
			err = ours.add(b.fastRun(own))
		}
		if err != nil {
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
	milliseconds := func(seconds float64) string { return fmt.Sprintf("%.3f ms", seconds*1e3) }
	rates, cpus := ours.rate()/sdks.rate(), ours.cpu()/sdks.cpu()
	return []line{
		{what: "calls a second", figure: fmt.Sprintf("%.0f", ours.rate()), peer: fmt.Sprintf("%.0f (SDK)", sdks.rate()), ratio: times(rates),
			want: "≥ 0.75", reached: reached(rates >= 0.75), server: percent(ours[0].share)},
		{what: "processor time a call", figure: milliseconds(ours.cpu()), peer: milliseconds(sdks.cpu()) + " (SDK)", ratio: times(cpus),
			want: "≤ 1.5", reached: reached(cpus <= 1.5)},
		{what: "connections opened", figure: fmt.Sprint(ours.connections()), peer: fmt.Sprintf("%d (SDK)", sdks.connections()),
			want: "≤ 128", reached: reached(ours.connections() <= 128)},
		{what: "connections opened, over TLS", figure: fmt.Sprint(secure.stats.Connections), want: "≤ 128",
			reached: reached(secure.stats.Connections <= 128), server: percent(secure.share)},
	}, nil
}
