package sandbox

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cogpass/jobs"
)

// set sets ana's or another's password and says how it ended.
func (c *client) set(username string) string {
	c.t.Helper()
	a, err := c.send("AdminSetUserPassword", fmt.Sprintf(`{"UserPoolId":%q,"Username":%q,"Password":"Another1!","Permanent":true}`, poolID, username))
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET):
		return "lost"
	case err != nil:
		c.t.Fatalf("setting %s: %v", username, err)
	case a.status == http.StatusOK:
		return "ok"
	}
	return strings.TrimSuffix(fmt.Sprintf("%d %s: %s", a.status, a.code(), a.message()), ": ")
}

func TestUserFaults(t *testing.T) {
	s, c := serve(t, Config{Faults: Faults{User: map[string][]string{
		"ana": {"throttle", "500*2", "ok", "lost-before", "lost-after", "UserLambdaValidationException: no", "ok"},
		"bo":  {"ok", "UserNotFoundException*"},
	}}})
	s.AddUser(poolID, ana())
	s.AddUser(poolID, User{Username: "bo", Enabled: true})
	want := []string{
		"400 TooManyRequestsException: Rate exceeded", "500 InternalErrorException: " + errInternal.Message, "500 InternalErrorException: " + errInternal.Message,
		"ok", "lost", "lost", "400 UserLambdaValidationException: no", "ok", "ok",
	}
	var sets []int
	for i, w := range want {
		if got := c.set("ana"); got != w {
			t.Errorf("ana's request %d: got %q, want %q", i+1, got, w)
		}
		sets = append(sets, s.Counts(poolID, "ana").Sets)
	}
	if w := []int{0, 0, 0, 1, 1, 2, 2, 3, 4}; !slices.Equal(sets, w) {
		t.Errorf("changes made after each: got %v, want %v", sets, w)
	}
	for i, w := range []string{"ok", "400 UserNotFoundException", "400 UserNotFoundException", "400 UserNotFoundException"} {
		if got := c.set("bo"); got != w {
			t.Errorf("bo's request %d: got %q, want %q", i+1, got, w)
		}
	}
	if got := c.set("nobody"); got != "400 UserNotFoundException: User does not exist." {
		t.Errorf("nobody's: got %q", got)
	}

	s.SetFaults(Faults{User: map[string][]string{"ana": {"throttle"}}})
	if got := c.set("ana"); got != want[0] {
		t.Errorf("after new faults: got %q, want %q", got, want[0])
	}
	var codes []string
	for _, r := range s.Log()[:9] {
		codes = append(codes, r.Code)
	}
	if w := []string{codeThrottled, codeInternal, codeInternal, "ok", "lost-before", "lost-after", "UserLambdaValidationException", "ok", "ok"}; !slices.Equal(codes, w) {
		t.Errorf("log: got %q, want %q", codes, w)
	}
}

// TestFaultsBelongToUsers asks in different orders: each user meets the same.
func TestFaultsBelongToUsers(t *testing.T) {
	run := func(order []int) map[string]string {
		s, c := serve(t, Config{Seed: 7, Faults: Faults{Throttle: 0.2, Fail: 0.2, LostAfter: 0.2, LostBefore: 0.2}})
		for i := range order {
			s.AddUser(poolID, User{Username: fmt.Sprintf("user-%d", i), Enabled: true})
		}
		met := map[string]string{}
		for _, i := range order {
			name := fmt.Sprintf("user-%d", i)
			met[name] = c.set(name) + ", " + c.set(name)
		}
		return met
	}
	forwards, backwards := make([]int, 50), make([]int, 50)
	for i := range forwards {
		forwards[i], backwards[i] = i, len(backwards)-1-i
	}
	got, want := run(backwards), run(forwards)
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got %q in one order, %q in the other", name, got[name], want[name])
		}
	}
}

func TestShares(t *testing.T) {
	f := Faults{Throttle: 0.1, Fail: 0.05, LostAfter: 0.05, LostBefore: 0.02}
	count := map[fault]int{}
	const n = 100_000
	for i := range n {
		count[f.of(1, fmt.Sprintf("user-%d", i/4), uint32(i%4))]++
	}
	for what, want := range map[fault]float64{
		{error: errThrottled}: f.Throttle, {error: errInternal}: f.Fail, {lost: lostAfter}: f.LostAfter, {lost: lostBefore}: f.LostBefore, {}: 0.78,
	} {
		if got := float64(count[what]) / n; math.Abs(got-want) > 0.005 {
			t.Errorf("%+v: got a share of %.4f, want %.4f", what, got, want)
		}
	}
}

func TestQuota(t *testing.T) {
	s, c := serve(t, Config{Quotas: map[jobs.Category]float64{"UserAccountRecovery": 1e-6}, Burst: 3e6 * time.Second})
	s.AddUser(poolID, ana())
	var got []string
	for range 5 {
		got = append(got, c.set("ana"))
	}
	throttled := "400 TooManyRequestsException: Rate exceeded"
	if want := []string{"ok", "ok", "ok", throttled, throttled}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if a := c.call("AdminGetUser", map[string]any{"Username": "ana"}); a.status != http.StatusOK {
		t.Errorf("another category: got %v", a.body)
	}
	s.SetQuota("UserAccountRecovery", 0)
	if got := c.set("ana"); got != "ok" {
		t.Errorf("without the quota: got %q", got)
	}
	if got, want := s.Counts(poolID, "ana"), (Counts{Sets: 4, Requests: 6}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	stats := s.Stats()
	if got, want := stats.Operations["AdminSetUserPassword"], (OperationStats{Requests: 6, OK: 4, Throttled: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestBucket gives the token bucket a clock of its own.
func TestBucket(t *testing.T) {
	var q quotas
	q.init(map[jobs.Category]float64{"c": 10}, 200*time.Millisecond)
	start := time.Unix(0, 0)
	for _, step := range []struct {
		at   time.Duration
		want bool
	}{
		{0, true}, {0, true}, {0, false},
		{99 * time.Millisecond, false}, {100 * time.Millisecond, true}, {100 * time.Millisecond, false},
		{10 * time.Second, true}, {10 * time.Second, true}, {10 * time.Second, false},
	} {
		if got := q.allow(lane{}, "c", start.Add(step.at)); got != step.want {
			t.Errorf("at %v: got %v, want %v", step.at, got, step.want)
		}
	}
}

func TestLatencyIsSpreadAndRepeats(t *testing.T) {
	s := New(Config{Latency: 100 * time.Millisecond, Jitter: 20 * time.Millisecond})
	s.AddPool(Pool{ID: poolID})
	low, high := time.Hour, time.Duration(0)
	for i := range 2000 {
		c := call{name: "AdminSetUserPassword", op: operations["AdminSetUserPassword"], in: input{Username: fmt.Sprint(i)}}
		_, first := s.meet(&c)
		if _, again := s.meet(&c); again != first {
			t.Fatalf("the same request took %v and %v", first, again)
		}
		low, high = min(low, first), max(high, first)
	}
	if low < 80*time.Millisecond || low > 81*time.Millisecond || high > 120*time.Millisecond || high < 119*time.Millisecond {
		t.Errorf("got %v to %v, want 80ms to 120ms", low, high)
	}
}

func TestDailyEmails(t *testing.T) {
	now := time.Date(2031, 1, 1, 8, 59, 0, 0, time.UTC)
	s, c := serve(t, Config{DailyEmails: 1, Now: func() time.Time { return now }})
	s.AddUser(poolID, ana())
	reset := func() string { return c.call("AdminResetUserPassword", map[string]any{"Username": "ana"}).code() }
	first, second := reset(), reset()
	now = now.Add(time.Minute)
	if third := reset(); first != "" || second != "LimitExceededException" || third != "" {
		t.Errorf("got %q, %q, and %q after 09:00, want only the second refused", first, second, third)
	}
	if got := s.Counts(poolID, "ana").Resets; got != 2 {
		t.Errorf("got %d resets, want 2", got)
	}
}

func TestParseValues(t *testing.T) {
	share := func(s string) (any, error) { return ParseShare(s) }
	userFault := func(s string) (any, error) {
		name, list, err := ParseUserFault(s)
		return fmt.Sprintf("%s: %q", name, list), err
	}
	quota := func(s string) (any, error) {
		category, rate, err := ParseQuota(s)
		return fmt.Sprint(category, " ", rate), err
	}
	for _, test := range []struct {
		parse func(string) (any, error)
		text  string
		want  any // an error by a part of its text
	}{
		{share, "10%", 0.1}, {share, "0.25", 0.25}, {share, "100%", 1.0}, {share, "0", 0.0},
		{share, "", errors.New("want 0% to 100%")}, {share, "101%", errors.New("want")}, {share, "-1%", errors.New("want")}, {share, "NaN", errors.New("want")}, {share, "10", errors.New("want")},
		{userFault, "ana=throttle,500*2", `ana: ["throttle" "500*2"]`},
		{userFault, "a=b=ok", `a=b: ["ok"]`},
		{userFault, "ana=ok*,NotAuthorizedException: a = b", `ana: ["ok*" "NotAuthorizedException: a = b"]`},
		{userFault, "ana", errors.New("want NAME=")}, {userFault, "=ok", errors.New("want NAME=")}, {userFault, "ana=", errors.New("unknown fault")},
		{userFault, "ana=slow", errors.New(`unknown fault "slow"`)}, {userFault, "ana=ok*0", errors.New("not a number of times")},
		{quota, "UserList=30", "UserList 30"}, {quota, "UserList=0", "UserList 0"},
		{quota, "UserList", errors.New("want CATEGORY=N")}, {quota, "UserList=-1", errors.New("want")}, {quota, "Users=1", errors.New("no quota category")},
	} {
		got, err := test.parse(test.text)
		if want, ok := test.want.(error); ok {
			if err == nil || !strings.Contains(err.Error(), want.Error()) {
				t.Errorf("%q: got error %v, want %v", test.text, err, want)
			}
		} else if err != nil || got != test.want {
			t.Errorf("%q: got %v, %v, want %v", test.text, got, err, test.want)
		}
	}
}
