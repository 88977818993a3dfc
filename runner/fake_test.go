package runner

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"cogpass/jobs"
)

// pool is a Directory and Looker in memory, with latency, on the bubble's
// clock. What happens to a user's requests is decided by the user's script.
type pool struct {
	latency time.Duration
	script  map[string][]string // by user, and "user/2" for step 2: "throttle", "500", "lost-after", "lost-before", a code, or "" for ok; the last repeats where it is "…"
	looks   map[string][]string
	down    func() error  // nothing comes of a request where it returns an error
	show    func(*Sight)  // changes what a look shows
	ahead   time.Duration // of the Date of answers, before the users' times

	mu       sync.Mutex
	users    map[string]*fakeUser
	sent     []time.Time // when each Do arrived
	lookedAt []time.Time
	busy     int
	steps    []Step // as they were sent
	busiest  int
}

type fakeUser struct {
	status   Status
	disabled bool
	missing  bool
	signOuts int
	made     int
	modified time.Time
	password string
	resets   int // that took effect
	sets     int
	calls    int
	looks    int
	mu       *sync.Mutex                 // the pool's
	before   func(u *fakeUser, call int) // what the user does of their own accord, before their nth call
}

func newPool(users int) (*pool, iter.Seq2[Task, error]) {
	p := &pool{latency: 50 * time.Millisecond, users: map[string]*fakeUser{}, script: map[string][]string{}, looks: map[string][]string{}}
	var tasks []Task
	for i := range users {
		name := fmt.Sprintf("u%05d", i+1)
		p.users[name] = &fakeUser{mu: &p.mu, status: Confirmed, modified: time.Now().Add(-24 * time.Hour)}
		tasks = append(tasks, Task{Seq: int64(i + 1), Username: name, Action: jobs.Reset})
	}
	return p, seq(tasks)
}

func seq(tasks []Task) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		for _, t := range tasks {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// actions has tasks do what a is.
func actions(tasks iter.Seq2[Task, error], a jobs.Action) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		for t, err := range tasks {
			t.Action = a
			t.Password = jobs.NewSecret("new-" + t.Username)
			if !yield(t, err) {
				return
			}
		}
	}
}

func step1(script []string, n int) string {
	switch {
	case n < len(script) && script[n] != "…":
		return script[n]
	case len(script) > 1 && script[len(script)-1] == "…":
		return script[len(script)-2]
	}
	return ""
}

func (p *pool) Do(ctx context.Context, t Task) (Answer, error) {
	p.mu.Lock()
	p.sent = append(p.sent, time.Now())
	p.steps = append(p.steps, t.Step)
	p.busy++
	p.busiest = max(p.busiest, p.busy)
	u := p.users[t.Username]
	what := ""
	var down error
	if p.down != nil {
		down = p.down()
	}
	if u != nil && down == nil {
		what = step1(p.script[t.Username], u.calls)
		if t.Step != Act {
			key := fmt.Sprintf("%s/%d", t.Username, t.Step)
			if s := p.script[key]; len(s) > 0 {
				what, p.script[key] = s[0], s[1:]
			} else {
				what = ""
			}
		} else {
			u.calls++
		}
		if u.before != nil {
			u.before(u, u.calls)
		}
	}
	p.mu.Unlock()
	err := wait(ctx, p.latency)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	ans := Answer{RequestID: fmt.Sprintf("req-%s-%d", t.Username, len(p.sent)), Date: time.Now().Add(p.ahead).Truncate(time.Second)}
	if err != nil {
		return Answer{}, err
	}
	if down != nil {
		return Answer{}, down
	}
	if u == nil || u.missing && t.Step != Create {
		return ans, &Error{Class: UserFault, Code: "UserNotFoundException", Message: "User does not exist.", Answer: ans}
	}
	switch what {
	case "throttle":
		return ans, &Error{Class: Throttled, Code: "TooManyRequestsException", Message: "Rate exceeded", Answer: ans}
	case "refused":
		return Answer{}, &Error{Class: Transient, Message: "connection refused"}
	case "500":
		return ans, &Error{Class: InDoubt, Code: "InternalErrorException", Message: "oops", Answer: ans}
	case "limit":
		return ans, &Error{Class: UserLimit, Code: "LimitExceededException", Message: "Attempt limit exceeded", Answer: ans}
	case "lost-before":
		return Answer{}, fmt.Errorf("EOF")
	case "history":
		return ans, &Error{Class: HistoryFault, Code: "PasswordHistoryPolicyViolationException", Message: "used before", Answer: ans}
	case "weak":
		return ans, &Error{Class: PasswordFault, Code: "InvalidPasswordException", Message: "too weak", Answer: ans}
	case "user":
		return ans, &Error{Class: UserFault, Code: "NotAuthorizedException", Message: "User is disabled.", Answer: ans}
	case "lambda":
		return ans, &Error{Class: LambdaFault, Code: "UnexpectedLambdaException", Message: "trigger failed", Answer: ans}
	case "budget":
		return ans, &Error{Class: Budget, Code: "LimitExceededException", Message: "too many e-mails", Answer: ans}
	case "fatal":
		return ans, &Error{Class: Fatal, Code: "AccessDeniedException", Message: "no", Answer: ans}
	}
	if t.Step == Create && !u.missing {
		return ans, &Error{Class: Exists, Code: "UsernameExistsException", Message: "User account already exists", Answer: ans}
	}
	if t.Step == Check && t.Password.Reveal() != u.password {
		return ans, &Error{Class: UserFault, Code: "NotAuthorizedException", Message: "Incorrect username or password.", Answer: ans}
	}
	if t.Step != SignOut && t.Step != Check {
		u.modified = time.Now()
	}
	switch a := t.Action; {
	case t.Step == Create:
		u.missing, u.status, u.made = false, ForceChangePassword, u.made+1
		if a == jobs.SetTemporary {
			u.password = t.Password.Reveal()
		}
	case t.Step == Enable:
		u.disabled = false
	case t.Step == Act && a == jobs.Disable:
		u.disabled = true
	case t.Step == Check:
	case t.Step == SignOut:
		u.signOuts++
	case a == jobs.Reset:
		u.status, u.resets = ResetRequired, u.resets+1
	case a == jobs.SetPermanent:
		u.status, u.password, u.sets = Confirmed, t.Password.Reveal(), u.sets+1
	case a == jobs.SetTemporary:
		u.status, u.password, u.sets = ForceChangePassword, t.Password.Reveal(), u.sets+1
	}
	switch what {
	case "lost-after":
		return Answer{}, fmt.Errorf("EOF")
	case "500-after":
		return ans, &Error{Class: InDoubt, Code: "InternalErrorException", Message: "oops", Answer: ans}
	case "gateway-429":
		return ans, &Error{Class: Throttled, Message: "HTTP status 429", Answer: ans, Unproven: true}
	case "gateway-403":
		return ans, &Error{Class: Fatal, Message: "HTTP status 403, with a web page", Answer: ans, Unproven: true}
	case "delivery":
		return ans, &Error{Class: Undelivered, Code: "CodeDeliveryFailureException", Message: "no message", Answer: ans}
	case "unreadable":
		return ans, &Error{Class: Unreadable, Message: "an answer that is not JSON", Answer: ans}
	}
	return ans, nil
}

func (p *pool) Look(ctx context.Context, username string) (Sight, error) {
	if err := wait(ctx, p.latency); err != nil {
		return Sight{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down != nil {
		if err := p.down(); err != nil {
			return Sight{}, err
		}
	}
	p.lookedAt = append(p.lookedAt, time.Now())
	s := Sight{Answer: Answer{Date: time.Now().Add(p.ahead).Truncate(time.Second)}}
	u := p.users[username]
	if u == nil || u.missing {
		return s, nil
	}
	u.looks++
	switch step1(p.looks[username], u.looks-1) {
	case "throttle":
		return s, &Error{Class: Throttled, Message: "Rate exceeded"}
	case "500":
		return s, &Error{Class: Transient, Message: "oops"}
	case "unreadable":
		return s, &Error{Class: Unreadable, Message: "an answer that is not JSON"}
	case "refused":
		return s, &Error{Class: UserFault, Code: "AccessDeniedException", Message: "not allowed to list users"}
	}
	s.Found, s.Username, s.Status, s.Modified = true, username, u.status, u.modified
	s.KnowsEnabled, s.Enabled = true, !u.disabled
	if p.show != nil {
		p.show(&s)
	}
	return s, nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run carries tasks out and returns the results by username.
func run(t *testing.T, ctx context.Context, dir Directory, tasks iter.Seq2[Task, error], opt Options) (map[string]Result, error) {
	t.Helper()
	got := map[string]Result{}
	err := Run(ctx, dir, tasks, opt, func(r Result) error {
		if _, twice := got[r.Username]; twice {
			t.Errorf("%s was emitted twice", r.Username)
		}
		got[r.Username] = r
		return nil
	})
	return got, err
}

// wantAll fails unless every user has the outcome.
func wantAll(t *testing.T, got map[string]Result, n int, want Outcome) {
	t.Helper()
	if len(got) != n {
		t.Errorf("got %d results, want %d", len(got), n)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name].Outcome != want {
			t.Errorf("%s: got %v (%s), want %v", name, got[name].Outcome, got[name].Reason, want)
		}
	}
}

// busiestSecond returns how many of the times lie in the fullest half-open window of one second.
func busiestSecond(times []time.Time) (most int) {
	slices.SortFunc(times, time.Time.Compare)
	from := 0
	for i, t := range times {
		for t.Sub(times[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
