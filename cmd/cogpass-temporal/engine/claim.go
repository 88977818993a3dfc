package engine

import (
	"context"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
)

// Heartbeats claims by heartbeats of the activity. The SDK's own are gathered and
// sent later; these are each answered before anything is sent.
type Heartbeats struct {
	Service   workflowservice.WorkflowServiceClient
	Namespace string
	Identity  string // of the worker, for whoever looks
}

// Claim implements Claimer.
func (h Heartbeats) Claim(ctx context.Context, token, details []byte) (cancelled bool, err error) {
	payload, err := converter.GetDefaultDataConverter().ToPayload(details)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	got, err := h.Service.RecordActivityTaskHeartbeat(ctx, &workflowservice.RecordActivityTaskHeartbeatRequest{
		Namespace: h.Namespace, TaskToken: token, Identity: h.Identity, Details: &commonpb.Payloads{Payloads: []*commonpb.Payload{payload}},
	})
	if err != nil {
		return false, refusal(err)
	}
	return got.GetCancelRequested() || got.GetActivityPaused() || got.GetActivityReset(), nil
}

// refusal marks an error that says that the attempt is over. Any other may be one of
// the way to the server.
func refusal(err error) error {
	var gone *serviceerror.NotFound
	var elsewhere *serviceerror.NamespaceNotFound
	var wrong *serviceerror.InvalidArgument
	var denied *serviceerror.PermissionDenied
	if errors.As(err, &gone) || errors.As(err, &elsewhere) || errors.As(err, &wrong) || errors.As(err, &denied) {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return err
}
