package runner

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// A task of a newer program stops the run before anything is sent for it, and
// after what was there before it.
func TestUnknownTasks(t *testing.T) {
	for name, odd := range map[string]Task{
		"task 2: there is no action with number 0":                             {},
		"task 2: there is no action with number 200":                           {Action: 200},
		"task 2: there is no step with number 9 that could be in doubt":        {Action: jobs.Reset, Doubt: &Intent{Step: 9}},
		"task 2: there is no step with number 1 that could be in doubt":        {Action: jobs.Reset, Doubt: &Intent{Step: Look}},
		"task 2: there is no action with number 201 or any other reason to go": {Action: 201, Skip: "excluded"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(3)
			odd.Seq, odd.Username, odd.Password = 2, "u00002", jobs.NewSecret("x")
			tasks := []Task{{Seq: 1, Username: "u00001", Action: jobs.Reset}, odd, {Seq: 3, Username: "u00003", Action: jobs.Reset}}
			got, err := run(t, t.Context(), p, seq(tasks), Options{Journal: &journal{}})
			if err == nil || !strings.HasPrefix(name, err.Error()) {
				t.Errorf("got %v, want %s", err, name)
			}
			wantAll(t, got, 1, OK)
			if len(p.sent) != 1 {
				t.Errorf("%d requests were sent, want that of the task before it alone", len(p.sent))
			}
		})
	}
}

// Each category has a pace of its own, whatever the others do.
func TestLanesKeepTheirPaces(t *testing.T) {
	for _, tt := range []struct {
		lanes map[jobs.Category]float64
		want  float64 // looks a second
	}{
		{nil, 15},
		{map[jobs.Category]float64{jobs.UserList: 2, jobs.UserAccountRecovery: 1}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(60)
			for name := range p.users {
				p.script[name] = []string{"lost-after"}
			}
			got, err := run(t, t.Context(), p, tasks, Options{Rate: math.Inf(1), Lanes: tt.lanes})
			if err != nil {
				t.Fatal(err)
			}
			wantAll(t, got, 60, OK)
			took := p.lookedAt[59].Sub(p.lookedAt[0]).Seconds()
			if want := 59 / tt.want; math.Abs(took-want) > 0.1 {
				t.Errorf("60 looks took %.2f s, want %.2f", took, want)
			}
			if took := p.sent[59].Sub(p.sent[0]); took != 0 {
				t.Errorf("the resets took %s, want no time: they have no limit", took)
			}
		})
	}
}

// What is in doubt is looked at also while there are more requests to send than
// may be in flight.
func TestLooksAreNotStarved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1000)
		p.script["u00001"] = []string{"lost-after"}
		if _, err := run(t, t.Context(), p, tasks, Options{Rate: math.Inf(1), Concurrency: 2}); err != nil {
			t.Fatal(err)
		}
		if after := p.lookedAt[0].Sub(p.sent[0]); after > 2*time.Second {
			t.Errorf("the user in doubt was looked at after %s, want a second or so", after)
		}
	})
}

// Who keeps what Observe tells, once a second, has the course of the run.
func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(100)
		p.script["u00005"] = []string{"user"}
		p.script["u00006"] = []string{"throttle"}
		p.script["u00007"] = []string{"lost-after"}
		rates := make(chan float64)
		go func() {
			time.Sleep(3 * time.Second)
			rates <- 0
			time.Sleep(time.Second)
			rates <- 20
		}()
		var all []Stats
		if _, err := run(t, t.Context(), p, tasks, Options{Rate: 10, Rates: rates, Observe: func(s Stats) { all = append(all, s) }}); err != nil {
			t.Fatal(err)
		}
		last := all[len(all)-1]
		want := Stats{Sent: 102, Throttled: 1, Retried: 1, Asked: 20, Latency: p.latency}
		want.Ended[OK], want.Ended[Failed] = 99, 1
		want.Lanes = []LaneStats{{Category: jobs.UserList, Sent: 1, Asked: 15, Rate: 15}, {Category: jobs.UserAccountRecovery, Sent: 101, Throttled: 1, Steps: 100, Asked: 20}}
		last.Rate, last.Lanes[1].Rate = 0, 0
		if !reflect.DeepEqual(last, want) {
			t.Errorf("got %+v at the end, want %+v", last, want)
		}
		asked := []float64{all[0].Asked}
		for _, s := range all {
			if s.Asked != asked[len(asked)-1] {
				asked = append(asked, s.Asked)
			}
			if s.Rate > s.Asked {
				t.Errorf("the pace is %v, and %v is asked for", s.Rate, s.Asked)
			}
		}
		if len(asked) != 3 || asked[0] != 10 || asked[1] != 0 || asked[2] != 20 {
			t.Errorf("got the rates %v, want 10, a pause, and 20", asked)
		}
	})
}
