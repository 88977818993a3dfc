package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"cogpass/runner"
)

// answering is a server that answers heartbeats.
type answering struct {
	workflowservice.WorkflowServiceClient
	answer *workflowservice.RecordActivityTaskHeartbeatResponse
	err    error
	got    *workflowservice.RecordActivityTaskHeartbeatRequest
}

func (a *answering) RecordActivityTaskHeartbeat(_ context.Context, in *workflowservice.RecordActivityTaskHeartbeatRequest, _ ...grpc.CallOption) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	a.got = in
	return a.answer, a.err
}

// A claim is a heartbeat that was answered; what the answer says is known from it alone.
func TestClaimIsAnAnsweredHeartbeat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer             *workflowservice.RecordActivityTaskHeartbeatResponse
		err                error
		cancelled, refused bool
	}{
		"taken":               {},
		"cancelled":           {answer: &workflowservice.RecordActivityTaskHeartbeatResponse{CancelRequested: true}, cancelled: true},
		"paused by hand":      {answer: &workflowservice.RecordActivityTaskHeartbeatResponse{ActivityPaused: true}, cancelled: true},
		"given up":            {err: serviceerror.NewNotFound("activity not found"), refused: true},
		"of no namespace":     {err: serviceerror.NewNamespaceNotFound("x"), refused: true},
		"too large":           {err: serviceerror.NewInvalidArgument("blob too large"), refused: true},
		"the server is away":  {err: serviceerror.NewUnavailable("no server")},
		"the server is busy":  {err: serviceerror.NewResourceExhausted(0, "busy")},
		"nobody has answered": {err: context.DeadlineExceeded},
	} {
		server := &answering{answer: c.answer, err: c.err}
		cancelled, err := Heartbeats{Service: server, Namespace: "ours", Identity: "me"}.Claim(t.Context(), []byte("token"), []byte("details"))
		if cancelled != c.cancelled || (err != nil) != (c.err != nil) || errors.Is(err, errRefused) != c.refused {
			t.Errorf("%s: got %v, %v", name, cancelled, err)
		}
		if string(server.got.TaskToken) != "token" || server.got.Namespace != "ours" || len(server.got.Details.Payloads) != 1 {
			t.Errorf("%s: got the request %v", name, server.got)
		}
	}
}

// A claim that does not reach the server is made again while this may still be the only
// attempt, and not longer; and nothing leaves when it may not be.
func TestServerIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, away, claims := newJournal(), true, 0
		j.claim = func(context.Context, []byte) error {
			if claims++; away {
				return serviceerror.NewUnavailable("no server")
			}
			return nil
		}
		began := time.Now()
		j.heard = began
		time.AfterFunc(3*time.Second, func() { away = false })
		if err := j.Begin(t.Context(), []runner.Intent{{Seq: 1, Attempts: 1, Began: began}}); err != nil || claims < 2 {
			t.Errorf("away for 3 s: got %v after %d claims", err, claims)
		}
		if err := j.may(); err != nil {
			t.Errorf("after a claim: got %v", err)
		}
		time.Sleep(sendWithin + time.Second)
		if err := j.may(); !errors.Is(err, errLapsed) {
			t.Errorf("long after a claim: got %v", err)
		}
		away = true
		err := j.Begin(t.Context(), []runner.Intent{{Seq: 2, Attempts: 1, Began: time.Now()}})
		if since := time.Since(began); err == nil || since < beatTimeout || since > beatTimeout+10*time.Second {
			t.Errorf("away for good: got %v after %s", err, since)
		}
	})
}

// What is claimed fits into a heartbeat many times over, and is read back as it was.
func TestClaimsAreSmall(t *testing.T) {
	t.Parallel()
	j := newJournal()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for seq := int64(1); seq <= BatchSize; seq++ {
		e := j.of(seq)
		e.begins(&runner.Intent{Seq: seq, Attempts: 1, StartedAt: at, Began: at, Slack: time.Second, Version: "6ba7b810-9dad-41d1-80b4-00c04fd430c8"}, "seals/00000000/0001-000001-1")
		if seq%2 == 0 {
			e.taskEnds(&runner.Result{Seq: seq, Username: "private-name", Outcome: runner.Failed, Attempts: 1, Code: "NotAuthorizedException", Reason: "private-name is disabled", Sub: "private-sub", RequestID: "6ba7b810-9dad-41d1-80b4-00c04fd430c8", StartedAt: at, FinishedAt: at})
		}
	}
	packed, err := encode(j.all(true))
	if err != nil || len(packed) > 100_000 {
		t.Errorf("got %d bytes, %v", len(packed), err)
	}
	entries, err := decode(packed)
	if err != nil || len(entries) != BatchSize {
		t.Fatalf("got %d entries, %v", len(entries), err)
	}
	if e := entries[1]; e.Result == nil || e.Result.Reason != unsaid || e.Result.Sub != "" || e.Result.Code != "NotAuthorizedException" {
		t.Errorf("got %+v", e.Result)
	}
	if d := entries[0].doubt(); d == nil || !d.Began.Equal(at) || d.Slack != time.Second || d.Step != runner.Act {
		t.Errorf("got %+v", d)
	}
}
